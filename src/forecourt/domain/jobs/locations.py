"""Where files are fetched from and uploaded to: the check of what an operator writes. No error repeats the text,
because it may hold a password."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from forecourt.domain.errors import invalid

MAX_LOCATION_CHARACTERS: Final = 512
"""Security whitepaper §6.5, §6.9."""

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")
_PLAIN: Final = frozenset({"ftp", "http"})
_COMMON: Final = _PLAIN | {"ftps", "https", "sftp"}
"""``SupportedFileTransferProtocols`` (OCPP 1.6 §9.1.26), and SFTP of the security whitepaper (L01.FR.08)."""


def check_location(location: str) -> str:
    """The location, if it is a URI with a host whose credentials can be told apart; raises DomainError INVALID."""
    parts = _split(location) if _URI.fullmatch(location) else None
    if parts is None:
        raise invalid(
            "The location is not a complete URI: write it like ftp://user:password@host/folder, with other characters"
            " percent-encoded.",
            field="location",
        )
    if len(location) > MAX_LOCATION_CHARACTERS:
        raise invalid("The location has more than {} characters.", MAX_LOCATION_CHARACTERS, field="location")
    if "@" in location.partition("://")[2].removeprefix(parts.netloc):
        # Else a password with a slash in it would be taken for a path, and be shown.
        raise invalid(
            "There is an '@' after the host. Write '@' as %40, and in a password '/' as %2F, '?' as %3F, '#' as %23.",
            field="location",
        )
    if not parts.hostname and parts.scheme in _COMMON:
        raise invalid("The location names no host.", field="location")
    return location


def doubts_about_location(location: str) -> list[str]:
    """What looks wrong about a location, in sentences; nothing about what is no URI."""
    parts = _split(location)
    if parts is None:
        return []
    found = []
    if parts.scheme not in _COMMON:
        found.append("Few stations know the location's protocol; FTP, FTPS, HTTP, HTTPS and SFTP are usual.")
    if parts.scheme in _PLAIN and "@" in parts.netloc:
        found.append(
            f"The password in the location goes over the network in clear with {parts.scheme.upper()};"
            f" {parts.scheme.upper()}S would protect it."
        )
    return found


def _split(location: str) -> SplitResult | None:
    try:
        parts = urlsplit(location)
        _ = parts.port  # raises ValueError when it is no number
    except ValueError:
        return None
    return parts
