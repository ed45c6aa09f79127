"""How names and faults of certificates, which strangers may have written, are put into sentences for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cryptography import x509

_MAX_NAME: Final = 80
"""Two names and what is said of them fit into a note of the security log."""
_MAX_FAULT: Final = 200


def shown_name(name: x509.Name) -> str:
    """A name as RFC 4514 writes it, with hex pairs (§2.4) for what would disturb a log or a terminal."""
    return shown_text(name.rfc4514_string())


def shown_text(text: str) -> str:
    """A text of a stranger with hex pairs for what would disturb a log or a terminal."""
    return "".join(character if character.isprintable() else _pairs(character) for character in text)


def _pairs(character: str) -> str:
    return "".join(f"\\{byte:02X}" for byte in character.encode("utf-8", "backslashreplace"))


def quoted(name: str) -> str:
    """A name within a sentence."""
    if not name:
        return "without a name"
    return f'"{name}"' if len(name) <= _MAX_NAME else f'"{name[:_MAX_NAME]}…"'


def in_short(fault: Exception | str) -> str:
    """What the library says of a fault, on one line and without a stop at its end."""
    text = "".join(c if c.isprintable() else " " for c in str(fault) or type(fault).__name__)
    text = text if len(text) <= _MAX_FAULT else f"{text[:_MAX_FAULT]}…"
    return text.strip().rstrip(".")


def moment(at: datetime) -> str:
    """A time within a sentence."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
