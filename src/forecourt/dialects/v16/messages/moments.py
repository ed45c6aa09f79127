"""Date-times of a payload are brought to UTC, so that every moment inside Forecourt can be compared."""

from datetime import UTC, datetime

import msgspec
from msgspec import UnsetType

from forecourt.ocpp.action import Message


def read_in_utc(message: Message, *fields: str) -> None:
    """Restate the named date-times in UTC; for ``__post_init__``.

    The standard asks for a zone (OCPP 1.6 §3.14), but stations leave it out: then UTC is meant.
    Raises ValueError for a moment that falls outside the years 1 to 9999 in UTC.
    """
    for field in fields:
        moment: datetime | UnsetType = getattr(message, field)
        if isinstance(moment, datetime) and moment.tzinfo is not UTC:
            msgspec.structs.force_setattr(message, field, _in_utc(moment, message, field))


def _in_utc(moment: datetime, message: Message, field: str) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        [name] = [known.encode_name for known in msgspec.structs.fields(message) if known.name == field]
        raise ValueError(f"{name} lies outside the years 1 to 9999 in UTC; check the sender's clock") from None
