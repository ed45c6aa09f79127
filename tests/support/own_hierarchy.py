"""A hierarchy made with the product's own certificate library: root, issuing CA, OCSP responder.

own = OwnHierarchy.of("EC secp256r1")
station = own.issue(STATION, "SN-1")
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import SigningRequest
from forecourt.pki.csr_making import make_csr
from forecourt.pki.drafts import PublicKey, draft
from forecourt.pki.issuing import sign
from forecourt.pki.keys import KeyKind, PrivateKey, new_private_key
from forecourt.pki.lints import lint
from forecourt.pki.path import Anchors
from forecourt.pki.profiles import ISSUING_CA, OCSP_RESPONDER, ROOT_CA, STATION, Profile

KINDS: Final[tuple[KeyKind, ...]] = ("RSA 2048", "EC secp256r1", "EC secp384r1")
OPERATOR: Final = "Forecourt Power"
CRL_URL: Final = "http://ca.example/issuing.crl"
OCSP_URL: Final = "http://ca.example/ocsp/issuing"
ISSUER_URL: Final = "http://ca.example/issuing.cer"


@functools.cache
def key_of(kind: KeyKind, which: str) -> PrivateKey:
    """RSA keys take long to make: each is made once per process."""
    del which
    return new_private_key(kind)


@dataclass(frozen=True)
class Own:
    """A certificate and its key."""

    certificate: Certificate
    key: PrivateKey = field(repr=False)


@dataclass(frozen=True)
class OwnHierarchy:
    """Times are seen from ``now``."""

    kind: KeyKind
    now: datetime
    root: Own
    issuing: Own
    uses_pss: bool

    @classmethod
    def of(cls, kind: KeyKind, *, name: str = OPERATOR, uses_pss: bool = False) -> OwnHierarchy:
        now = datetime.now(UTC).replace(microsecond=0)
        keys = key_of(kind, f"{name} Root"), key_of(kind, f"{name} Issuing CA")
        starts = now - timedelta(days=30)
        wanted = draft(
            ROOT_CA,
            keys[0].for_signing.public_key(),
            common_name=f"{name} Root",
            organisation=OPERATOR,
            issuer=None,
            not_before=starts,
            not_after=now + timedelta(days=7_300),
        )
        root = Own(sign(lint(wanted), keys[0].for_signing, uses_pss=uses_pss), keys[0])
        wanted = draft(
            ISSUING_CA,
            keys[1].for_signing.public_key(),
            common_name=f"{name} Issuing CA",
            organisation=OPERATOR,
            issuer=root.certificate,
            not_before=starts,
            not_after=now + timedelta(days=1_825),
            crl_url="http://ca.example/root.crl",
            issuer_url="http://ca.example/root.cer",
        )
        issuing = Own(sign(lint(wanted), keys[0].for_signing, uses_pss=uses_pss), keys[1])
        return cls(kind, now, root, issuing, uses_pss)

    @property
    def anchors(self) -> Anchors:
        return Anchors([self.root.certificate], [])

    @property
    def chain(self) -> tuple[Certificate, ...]:
        return self.issuing.certificate, self.root.certificate

    def request(
        self, common_name: str, *, kind: KeyKind = "EC secp256r1", host_names: Sequence[str] = ()
    ) -> SigningRequest:
        key = key_of(kind, common_name)
        return make_csr(key, common_name=common_name, organisation=OPERATOR, host_names=host_names)

    def issue(
        self,
        profile: Profile,
        common_name: str = "SN-1",
        *,
        kind: KeyKind = "EC secp256r1",
        days: float = 90,
        host_names: Sequence[str] = (),
        has_places: bool = True,
    ) -> Certificate:
        public: PublicKey = key_of(kind, common_name).for_signing.public_key()
        wanted = draft(
            profile,
            public,
            common_name=common_name,
            organisation=OPERATOR,
            issuer=self.issuing.certificate,
            not_before=self.now - timedelta(hours=1),
            not_after=self.now + timedelta(days=days),
            host_names=host_names,
            crl_url=CRL_URL if has_places else None,
            ocsp_url=OCSP_URL if has_places else None,
            issuer_url=ISSUER_URL if has_places else None,
        )
        return sign(lint(wanted), self.issuing.key.for_signing, uses_pss=self.uses_pss)

    def issue_for(self, csr: SigningRequest, common_name: str = "SN-1") -> Certificate:
        """The certificate of a station for a request that was checked."""
        public = csr.public_key
        assert isinstance(public, PublicKey)
        wanted = draft(
            STATION,
            public,
            common_name=common_name,
            organisation=OPERATOR,
            issuer=self.issuing.certificate,
            not_before=self.now - timedelta(hours=1),
            not_after=self.now + timedelta(days=90),
        )
        return sign(lint(wanted), self.issuing.key.for_signing, uses_pss=self.uses_pss)

    def responder(self) -> Own:
        key = key_of(self.kind, "OCSP")
        return Own(self.issue(OCSP_RESPONDER, "OCSP", kind=self.kind, days=30), key)
