"""Keys and certificates that sign firmware, made here: a root of their own, and signers below it (security whitepaper
L01)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from forecourt.pki.certificate import Certificate
from forecourt.pki.drafts import draft
from forecourt.pki.issuing import SigningKey, sign
from forecourt.pki.keys import PrivateKey
from forecourt.pki.lints import lint
from forecourt.pki.profiles import FIRMWARE_SIGNER, ROOT_CA, Profile

_RSA_BITS: Final = 3_072
"""A signature of it has 512 characters in base64; 800 are the most (security whitepaper §8.3)."""


@dataclass(frozen=True, slots=True)
class Made:
    """A certificate and its key."""

    certificate: Certificate
    key: PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What a certificate that is made here says."""

    common_name: str
    organisation: str | None
    not_before: datetime
    not_after: datetime


def make_root(naming: Naming, *, is_rsa: bool) -> Made:
    """The root of a manufacturer's tree. It takes a second with RSA. Raises PkiError."""
    return _made(ROOT_CA, naming, None, is_rsa=is_rsa)


def make_signer(naming: Naming, root: Made, *, is_rsa: bool) -> Made:
    """A signer, issued by the root without a CA between (L01). Raises PkiError."""
    return _made(FIRMWARE_SIGNER, naming, root, is_rsa=is_rsa)


def _made(profile: Profile, naming: Naming, issuer: Made | None, *, is_rsa: bool) -> Made:
    """What cannot be issued is refused with a key that is quick to make, before one that is not."""
    key: SigningKey = ec.generate_private_key(ec.SECP256R1())
    wanted = draft(
        profile,
        key.public_key(),
        common_name=naming.common_name,
        organisation=naming.organisation,
        issuer=None if issuer is None else issuer.certificate,
        not_before=naming.not_before,
        not_after=naming.not_after,
    )
    linted = lint(wanted)
    if is_rsa:
        key = rsa.generate_private_key(65537, _RSA_BITS)
        linted = lint(replace(wanted, public_key=key.public_key()))
    return Made(sign(linted, key if issuer is None else issuer.key.for_signing), PrivateKey(key))
