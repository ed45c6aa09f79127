"""How times, amounts and numbers are written for people: filters of the templates."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal
from markupsafe import Markup

from forecourt.web.language import gettext, manner

_TIED: Final = "\N{NO-BREAK SPACE}"
"""A number stays in one line with its unit."""
_ABBREVIATIONS: Final = frozenset({"ca", "crl", "csr", "ocsp", "rest", "tls"})
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def moment(at: datetime | None) -> Markup | str:
    """A time in the viewer's zone, to the second; the exact one for machines and as a hint."""
    if at is None:
        return "–"
    now = manner()
    shown = format_datetime(at, "medium", tzinfo=now.zone, locale=now.locale)
    return _time(at, shown)


def clock(at: datetime | None) -> Markup | str:
    """Only the time of the day."""
    if at is None:
        return "–"
    now = manner()
    return _time(at, format_time(at, "medium", tzinfo=now.zone, locale=now.locale))


def day(at: datetime | None) -> Markup | str:
    if at is None:
        return "–"
    now = manner()
    return _time(at, format_date(at.astimezone(now.zone).date(), "medium", locale=now.locale))


def ago(at: datetime | None, now: datetime) -> Markup | str:
    """How long ago, or how long until: "3 minutes ago", "in 2 days"."""
    if at is None:
        return "–"
    return _time(at, format_timedelta(at - now, add_direction=True, locale=manner().locale))


def span(seconds: float | timedelta | None) -> str:
    """How long something took: "1 h 05 min", "12 s"."""
    if seconds is None:
        return "–"
    whole = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    days, rest = divmod(max(whole, 0), 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h".replace(" ", _TIED)
    if hours:
        return f"{hours} h {minutes:02} min".replace(" ", _TIED)
    return (f"{minutes} min {rest:02} s" if minutes else f"{rest} s").replace(" ", _TIED)


def number(value: float | None, digits: int = 0) -> str:
    if value is None:
        return "–"
    pattern = "#,##0" + ("." + "#" * digits if digits else "")
    return str(format_decimal(value, pattern, locale=manner().locale))


def energy(watt_hours: float | None) -> str:
    """Watt hours as kWh."""
    return "–" if watt_hours is None else f"{_scaled(watt_hours / 1000)}{_TIED}kWh"


def power(watts: float | None) -> str:
    """Watts as kW."""
    return "–" if watts is None else f"{_scaled(watts / 1000)}{_TIED}kW"


def size(count: int | None) -> str:
    """Bytes: "1.5 MiB"."""
    if count is None:
        return "–"
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{number(value, 0 if unit == 'B' else 1)}{_TIED}{unit}"


def label(value: object) -> str:
    """A member of an enumeration, or a word of OCPP, as people read it: "securityOfficer" is "Security officer"."""
    word = str(value.value if isinstance(value, enum.Enum) else value)
    if word.isupper():
        return gettext(word)
    spaced = " ".join(_spelled(one) for one in _HUMP.sub(" ", word).replace("_", " ").split(" "))
    return gettext(spaced[:1].upper() + spaced[1:])


def _spelled(word: str) -> str:
    is_abbreviation = word.lower() in _ABBREVIATIONS or (word.isupper() and len(word) > 1)
    return word.upper() if is_abbreviation else word.lower()


def local_input(at: datetime | None) -> str:
    """A time as a field of the type ``datetime-local`` takes it, in the viewer's zone."""
    return "" if at is None else at.astimezone(manner().zone).strftime("%Y-%m-%dT%H:%M:%S")


def _scaled(value: float) -> str:
    digits = 2 if abs(value) < 100 else 0
    return str(format_decimal(value, "#,##0" + (".00" if digits else ""), locale=manner().locale))


def _time(at: datetime, shown: str) -> Markup:
    exact = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, shown)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {  # Any: filters differ
    "moment": moment,
    "clock": clock,
    "day": day,
    "ago": ago,
    "span": span,
    "number": number,
    "energy": energy,
    "power": power,
    "size": size,
    "label": label,
    "local_input": local_input,
}
