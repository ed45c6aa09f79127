"""How people and stations write the names of certificates, and how they are kept."""

from __future__ import annotations

import re
from typing import Final

from forecourt.domain.errors import invalid

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_SERIAL: Final = re.compile(r"0|-?[1-9A-F][0-9A-F]{0,127}")
"""With the minus sign and the length of certificates that break RFC 5280 §4.1.2.2, which are to be revoked too."""


def bare_serial(text: str) -> str:
    """A serial number as `Certificate.serial` has it, if it is one. Some stations write ``0x`` before it."""
    return text.strip().replace(":", "").upper().removeprefix("0X").lstrip("0") or "0"


def bare_hash(text: str) -> str:
    """A hash or a fingerprint as certificates have it, if it is one."""
    return text.replace(":", "").lower()


def plain_serial(text: str) -> str:
    """A serial number as it is kept: hexadecimal, as browsers and OpenSSL show it. Raises DomainError INVALID."""
    plain = bare_serial(text)
    if not text or not _SERIAL.fullmatch(plain):
        raise invalid("A serial number is written in hexadecimal digits, such as 1A:2B:3C or 1A2B3C.", field="serial")
    return plain


def plain_hash(text: str, *, field: str = "issuerHash") -> str:
    """The hash of an issuer as it is kept. Raises DomainError INVALID."""
    plain = bare_hash(text)
    if not _HASH.fullmatch(plain):
        raise invalid("The hash of the issuer is the SHA-256 of its name in DER: 64 hexadecimal digits.", field=field)
    return plain
