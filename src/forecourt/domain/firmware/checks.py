"""What people may write about firmware: the checks of names and texts, and of what is sent to stations."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from forecourt.domain.errors import check_note, invalid
from forecourt.domain.firmware.model import (
    MAX_NAME,
    MAX_NOTE,
    MAX_SIGNATURE,
    MAX_SIGNING_CERTIFICATE,
    MAX_WORDS,
    Signed,
    Words,
)

_NOT_IN_NAMES: Final = "/\\"
"""People take names with these for paths."""


def check_name(name: str) -> str:
    """Raises DomainError INVALID."""
    is_bare = name.isprintable() and name == name.strip() and not any(sign in name for sign in _NOT_IN_NAMES)
    if not name or len(name) > MAX_NAME or not is_bare:
        raise invalid(
            "A name has 1 to {} printable characters, no spaces around it, and no / or \\ in it.",
            MAX_NAME,
            field="name",
        )
    return name


def check_words(words: Words) -> Words:
    """Raises DomainError INVALID."""
    check_name(words.name)
    for field in fields(words):
        value: str | None = getattr(words, field.name)
        if value is not None:
            check_note(value, field=field.name, limit=MAX_NOTE if field.name in ("name", "note") else MAX_WORDS)
    return words


def check_can_be_sent(signed: Signed) -> Signed:
    """Raises DomainError INVALID for what no message can carry (security whitepaper §8.3). Whether it is right is
    another question."""
    if len(signed.signature) > MAX_SIGNATURE or not signed.signature:
        raise invalid("A signature has 1 to {} characters in base64.", MAX_SIGNATURE, field="signature")
    if len(signed.certificate) > MAX_SIGNING_CERTIFICATE or not signed.certificate:
        raise invalid(
            "A signing certificate has 1 to {:,} characters as PEM.",
            MAX_SIGNING_CERTIFICATE,
            field="signingCertificate",
        )
    return signed
