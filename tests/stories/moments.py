"""Moments as they go over the wire: RFC 3339 in UTC, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_TOLERANCE = timedelta(seconds=20)


def ago(*, hours: float = 0, minutes: float = 0, seconds: float = 0) -> str:
    past = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return wire_time((datetime.now(UTC) - past).replace(microsecond=0))


def wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Raises ValueError for anything but a moment in UTC with a `Z`."""
    if not text.endswith("Z"):
        raise ValueError(f"{text!r} is not a moment in UTC")
    return datetime.fromisoformat(text)


def is_now(text: str) -> bool:
    return abs(datetime.now(UTC) - parse(text)) < _TOLERANCE
