"""Ids in addresses, and how OCPP 1.6 numbers the places of a station."""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

from forecourt.domain.errors import not_found
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place


def from_path(segment: str) -> str:
    """The id that a segment of a path stands for: percent-decoded, exactly once.

    Raises DomainError NOT_FOUND for what no id can be.
    """
    try:
        text = unquote_to_bytes(segment.encode("latin-1")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_found("The id in the address is not valid UTF-8, so nothing has it.") from error
    if "\x00" in text:
        raise not_found("The id in the address holds the character NUL, so nothing has it.")
    return text


def to_path(text: str) -> str:
    """The segment of a path that stands for an id, whatever is in it."""
    return quote(text, safe="")


def connector_id(place: Place) -> int:
    """How OCPP 1.6 numbers a place: 0 is the whole station."""
    return 0 if place is WHOLE_STATION else place


def place_of(connector: int) -> Place:
    return WHOLE_STATION if connector == 0 else EvseId(connector)
