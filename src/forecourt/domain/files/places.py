"""The locations that stations are told: which protocol, and where the token stands in it."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

from forecourt.domain.files.model import Direction
from forecourt.redaction import TOKEN_CHARACTERS, TOKEN_START, without_credentials

UPLOADS: Final = "/up/"
DOWNLOADS: Final = "/down/"
"""The beginnings of paths, before the token."""

_PREFERRED: Final = ("HTTPS", "FTPS", "HTTP", "FTP")
"""What protects the file comes first (security whitepaper L01.FR.08)."""


def choose(places: tuple[str, ...], spoken: str | None) -> str | None:
    """The place for a station that says which protocols it speaks (``SupportedFileTransferProtocols``, OCPP 1.6
    §9.1.26), or that has not said it: then the first. None when it speaks none of those that there are."""
    if spoken is None or not places:
        return places[0] if places else None
    named = {word.strip().upper() for word in spoken.split(",")}
    by_protocol = {urlsplit(place).scheme.upper(): place for place in reversed(places)}
    return next((by_protocol[word] for word in _PREFERRED if word in named and word in by_protocol), None)


def location_at(place: str, direction: Direction, *, user: str, token: str, name: str) -> str:
    """The URI to send. An upload gets a folder: stations write the name of their file behind it, or do not. With FTP
    the token is the password."""
    parts = urlsplit(place)
    tail = quote(name, safe="") if direction is Direction.DOWNLOAD else ""
    if parts.scheme in ("ftp", "ftps"):
        return f"{parts.scheme}://{user}:{token}@{parts.netloc}{parts.path}/{tail}"
    return f"{place}{DOWNLOADS if direction is Direction.DOWNLOAD else UPLOADS}{token}/{tail}"


def shown_location(place: str, direction: Direction, *, name: str) -> str:
    """The same as people see it, without what lets somebody in."""
    token = f"{TOKEN_START}{'x' * TOKEN_CHARACTERS}"
    return without_credentials(location_at(place, direction, user="x", token=token, name=name))
