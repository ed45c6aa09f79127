"""The second factor of an account: codes of an authenticator (RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyotp

ISSUER: Final = "Forecourt"
STEP_SECONDS: Final = 30
WINDOW: Final = 1
"""How many steps a clock may be ahead or behind (RFC 6238 §5.2)."""

RECOVERY_CODES: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that people mistake for others."""
_GROUPS: Final = 4
_GROUP_LETTERS: Final = 4


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """A new secret for an authenticator, to be shown once. It counts when a code of it was confirmed."""

    secret: str
    """In base32, for typing it in."""
    uri: str
    """The same as ``otpauth://`` for a picture to be scanned."""


@dataclass(frozen=True, slots=True)
class Totp:
    """The secret of an account, and the newest step of which a code was taken."""

    secret: str
    last_step: int


def new_secret() -> str:
    """160 random bits (RFC 4226 §4), in base32."""
    return pyotp.random_base32()


def offer_of(account: str, secret: str) -> TotpOffer:
    return TotpOffer(secret, pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER))


def step_of(secret: str, code: str, now: datetime, *, after: int = 0) -> int | None:
    """The step of time that a code belongs to, if it is the code of one near ``now`` and later than ``after``: a code
    is taken once (RFC 6238 §5.2)."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdecimal()):
        return None
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    here = int(now.timestamp()) // STEP_SECONDS
    for step in range(here - WINDOW, here + WINDOW + 1):
        if secrets.compare_digest(totp.generate_otp(step), digits) and step > after:
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Codes of 79 random bits each, in groups that can be read out."""
    return ["-".join(_groups()) for _ in range(RECOVERY_CODES)]


def recovery_digest(account: str, code: str) -> str:
    """What is stored of a recovery code. It is random enough for a fast hash; spaces, dashes and case do not count."""
    plain = "".join(code.replace("-", "").split()).lower()
    return hashlib.sha256(f"{account}\n{plain}".encode("utf-8", "surrogatepass")).hexdigest()


def _groups() -> Iterator[str]:
    for _ in range(_GROUPS):
        yield "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LETTERS))
