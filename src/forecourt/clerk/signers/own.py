"""Signs with the system's own authority."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa

from forecourt.clerk.own_keys import OwnKeys
from forecourt.clerk.own_making import Places
from forecourt.clerk.signers.pkcs11 import TokenTrouble
from forecourt.clock import Clock, SystemClock
from forecourt.domain.authorities.model import IssuingChain, KeyFamily, OwnMaterial
from forecourt.domain.signing.model import (
    Assignment,
    Issued,
    SigningRefused,
    SigningUnavailable,
    Use,
    Wanted,
)
from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import check_csr
from forecourt.pki.drafts import draft
from forecourt.pki.errors import PkiError
from forecourt.pki.issuing import sign
from forecourt.pki.lints import lint
from forecourt.pki.profiles import SERVER, STATION, PublicKey

_PROFILES = {Use.STATION: STATION, Use.SERVER: SERVER}


class OwnSigner:
    """A Signer for one moment: ``material`` was read just before."""

    def __init__(
        self,
        material: OwnMaterial,
        *,
        keys: OwnKeys | None = None,
        places: Places | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._material = material
        self._keys = keys or OwnKeys()
        self._places = places or Places()
        self._clock = clock or SystemClock()

    def sign(self, assignment: Assignment) -> Issued:
        """Only the public key of the request is taken over, and what was wanted of it is checked once more. Raises
        SigningRefused, and SigningUnavailable while there is no issuing CA or its key cannot be used."""
        wanted = assignment.wanted
        try:
            check_csr(wanted.csr, common_name=None, organisation=None, checks_subject=False, host_names=_names(wanted))
            public_key = wanted.csr.public_key
            if not isinstance(public_key, PublicKey):
                raise SigningRefused("The key of the request is neither RSA nor on an elliptic curve.")
            chain = self._chain(_family(public_key))
            leaf = self._leaf(assignment, public_key, chain)
        except TokenTrouble as error:
            raise SigningUnavailable(str(error), needs_person=True) from error
        except PkiError as error:
            raise SigningRefused(f"The own authority does not sign this. {error}") from error
        return Issued((leaf, chain.opened.own.certificate, *_above(wanted.use, chain)))

    def _chain(self, family: KeyFamily) -> IssuingChain:
        """Of the family of the key (A00.FR.501), or of the only one that there is."""
        issuing = self._material.issuing
        found = issuing.get(family) or next(iter(issuing.values()), None)
        if found is None or (family in self._material.policy.families and family not in issuing):
            troubles = " ".join(self._material.troubles)
            sentence = f"The own authority has no issuing CA with {family.value.upper()} keys yet; one is being made."
            raise SigningUnavailable(troubles or sentence, needs_person=bool(troubles))
        return found

    def _leaf(self, assignment: Assignment, public_key: PublicKey, chain: IssuingChain) -> Certificate:
        wanted = assignment.wanted
        policy, issuer = self._material.policy, chain.opened.own
        usual = policy.station_days if wanted.use is Use.STATION else policy.server_days
        now = self._clock.now()
        drafted = draft(
            _PROFILES[wanted.use],
            public_key,
            common_name=wanted.common_name,
            organisation=_organisation(wanted),
            issuer=issuer.certificate,
            not_before=_begin(now - policy.backdated, assignment.newer_than, now),
            not_after=now + timedelta(days=usual if wanted.days is None else wanted.days),
            host_names=wanted.host_names,
            **self._places.of(issuer),
        )
        return sign(lint(drafted), self._keys.signing(chain.opened.key), uses_pss=policy.uses_pss)


def _begin(usual: datetime, newer_than: datetime | None, now: datetime) -> datetime:
    """After the certificate before has begun, because stations take the newer one, and never in the future."""
    return usual if newer_than is None else min(now, max(usual, newer_than + timedelta(seconds=1)))


def _family(public_key: PublicKey) -> KeyFamily:
    return KeyFamily.RSA if isinstance(public_key, rsa.RSAPublicKey) else KeyFamily.ECDSA


def _names(wanted: Wanted) -> tuple[str, ...]:
    return (wanted.common_name, *wanted.host_names)


def _organisation(wanted: Wanted) -> str | None:
    """What the request has is taken over when it is one; who asks has checked it."""
    if wanted.organisation is not None or len(wanted.csr.organisations) != 1:
        return wanted.organisation
    return wanted.csr.organisations[0]


def _above(use: Use, chain: IssuingChain) -> tuple[Certificate, ...]:
    """Stations get all that leads up to what they know, the root last (A02); a server presents no root (RFC 8446
    §4.4.2)."""
    return tuple(one for one in chain.above if use is Use.STATION or not one.is_self_issued)
