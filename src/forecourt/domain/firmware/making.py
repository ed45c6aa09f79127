"""What is done with firmware keys outside units of work, because it may take seconds: they are read from what an
operator gives, or made here, and sign."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.errors import invalid
from forecourt.domain.files.model import Kept
from forecourt.domain.firmware.model import MAX_SIGNING_CERTIFICATE, FirmwareKey, Signed
from forecourt.domain.firmware.verification import digests_of
from forecourt.pki.certificate import Certificate, Unreadable, read_bundle
from forecourt.pki.chain import is_issued_by
from forecourt.pki.errors import PkiError
from forecourt.pki.firmware import may_sign_files
from forecourt.pki.firmware_keys import Made, Naming, make_root, make_signer
from forecourt.pki.keys import PrivateKey, read_private_key
from forecourt.pki.signatures import Scheme, sign_digest
from forecourt.pki.strength import weakness

MAX_CHAIN: Final = 2
"""A signer and its root; nothing stands between them (remark in L01)."""

ROOT_DAYS: Final = 365 * 20
SIGNER_DAYS: Final = 365 * 5
MAX_DAYS: Final = 365 * 50
_BACKDATED: Final = timedelta(hours=1)
"""Clocks of stations go wrong (A02.FR.08)."""


@dataclass(frozen=True, slots=True)
class RootOffer:
    """A root that can issue signers."""

    root: Certificate
    key: PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOffer:
    """A key to be kept. Only :func:`read_key` and :func:`make_key` make one."""

    certificate: Certificate
    key: PrivateKey
    root: Certificate | None
    root_key: PrivateKey | None = None

    @property
    def is_made_here(self) -> bool:
        return self.root_key is not None

    def check_times(self, at: datetime) -> None:
        """Raises DomainError INVALID for a certificate that has expired."""
        if self.certificate.has_ended(at):
            raise invalid(
                "The certificate expired on {:%Y-%m-%d %H:%M} UTC; use the key that replaced it.",
                self.certificate.not_after,
                field="certificate",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """A key as it is to be made."""

    common_name: str
    organisation: str | None = None
    family: KeyFamily = KeyFamily.RSA
    days: int = SIGNER_DAYS


def read_key(chain_pem: str, key_pem: str, key_password: str | None) -> KeyOffer:
    """A maker's own: its certificate, and the root that issued it if that is given after it. Raises DomainError
    INVALID, and tells nothing of the key."""
    chain = _read_chain(chain_pem)
    leaf, root = chain[0], chain[1] if len(chain) > 1 else None
    key = _read_private(key_pem, key_password)
    if leaf.is_authority or not may_sign_files(leaf):
        raise invalid(
            "The certificate may not sign files: it is that of an authority (CA), or its key usage forbids it. Put "
            "the certificate of the signer first.",
            field="certificate",
        )
    if (why := weakness(leaf)) is not None:
        raise invalid("The certificate is too weak (A00.FR.501): {}", why, field="certificate")
    if len(leaf.pem) > MAX_SIGNING_CERTIFICATE:
        raise invalid(
            "The certificate has {:,} characters as PEM, and {:,} are the most that a message carries.",
            len(leaf.pem),
            MAX_SIGNING_CERTIFICATE,
            field="certificate",
        )
    if root is not None and not is_issued_by(leaf, root):
        raise invalid("The second certificate did not issue the first one.", field="certificate")
    if not key.fits(leaf):
        raise invalid(
            "The private key ({}) does not belong to the certificate of {}.", key.kind, leaf.subject, field="privateKey"
        )
    return KeyOffer(certificate=leaf, key=key, root=root)


def make_key(wish: KeyWish, root: RootOffer | None, *, at: datetime) -> KeyOffer:
    """A new key, under a root that was made here before or a new one. Raises DomainError INVALID."""
    if not 1 <= wish.days <= MAX_DAYS:
        raise invalid("A certificate is made for 1 to {:,} days.", MAX_DAYS, field="days")
    starts = (at - _BACKDATED).replace(microsecond=0)
    try:
        tree = _new_root(wish, starts) if root is None else Made(root.root, root.key)
        ends = min(starts + timedelta(days=wish.days), tree.certificate.not_after)
        naming = Naming(common_name=wish.common_name, organisation=wish.organisation, not_before=starts, not_after=ends)
        made = make_signer(naming, tree, is_rsa=wish.family is KeyFamily.RSA)
    except PkiError as error:
        raise invalid(str(error), field="commonName") from error
    return KeyOffer(certificate=made.certificate, key=made.key, root=tree.certificate, root_key=tree.key)


def sign_file(file: Kept, key: FirmwareKey, private: PrivateKey, scheme: Scheme | None) -> Signed:
    """A signature over a file that is kept. Without a scheme it is the one of the security whitepaper: RSASSA-PSS, or
    ECDSA for keys on curves (L01.FR.04). Raises DomainError INVALID for a scheme of another kind of key."""
    chosen = scheme or (Scheme.RSA_PSS_SHA256 if private.kind.startswith("RSA ") else Scheme.ECDSA_SHA256)
    try:
        signature = sign_digest(private.for_signing, digests_of(file).of(chosen), chosen)
    except PkiError as error:
        raise invalid(str(error), field="scheme") from error
    return Signed(certificate=key.certificate.pem, signature=base64.b64encode(signature).decode("ascii"))


def _new_root(wish: KeyWish, starts: datetime) -> Made:
    naming = Naming(
        common_name=f"{wish.common_name} root",
        organisation=wish.organisation,
        not_before=starts,
        not_after=starts + timedelta(days=max(ROOT_DAYS, wish.days)),
    )
    return make_root(naming, is_rsa=wish.family is KeyFamily.RSA)


def _read_chain(data: str) -> list[Certificate]:
    try:
        found = read_bundle(data)
    except PkiError as error:
        raise invalid(str(error), field="certificate") from error
    chain = [one for one in found if isinstance(one, Certificate)]
    bad = [one for one in found if isinstance(one, Unreadable)]
    if bad:
        raise invalid("Certificate {} cannot be read: {}", bad[0].position, bad[0].reason, field="certificate")
    if len(chain) > MAX_CHAIN:
        raise invalid(
            "Give the certificate of the signer, and after it the root that issued it, and no others; nothing may "
            "stand between them (L01).",
            field="certificate",
        )
    return chain


def _read_private(data: str, password: str | None) -> PrivateKey:
    try:
        return read_private_key(data, None if password is None else password.encode())
    except PkiError as error:
        field = "password" if password is not None and "password" in str(error).lower() else "privateKey"
        raise invalid(str(error), field=field) from None  # the cause may hold parts of the key
