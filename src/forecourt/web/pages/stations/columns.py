"""Which columns the list of stations has: chosen by each person, and remembered by their browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from litestar.datastructures import Cookie

from forecourt.web.language import mark as _
from forecourt.web.visit import Visit

COLUMNS_COOKIE: Final = "forecourt_station_columns"
_YEAR_SECONDS: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Column:
    """The label is translated where it is shown."""

    name: str
    label: str
    is_shown: bool = False
    """Unless somebody chose otherwise."""


COLUMNS: Final = (
    Column("description", _("Description"), is_shown=True),
    Column("state", _("State"), is_shown=True),
    Column("connectors", _("Connectors"), is_shown=True),
    Column("lastSeen", _("Last seen"), is_shown=True),
    Column("firmware", _("Firmware"), is_shown=True),
    Column("profile", _("Profile"), is_shown=True),
    Column("labels", _("Labels"), is_shown=True),
    Column("group", _("Group")),
    Column("vendor", _("Vendor and model")),
    Column("serial", _("Serial number")),
    Column("booted", _("Last boot")),
    Column("created", _("Registered")),
    Column("heartbeat", _("Heartbeat interval")),
)
"""Those beside the id, which is always there."""


def columns_of(visit: Visit) -> list[Column]:
    """The columns that somebody sees."""
    remembered = visit.request.cookies.get(COLUMNS_COOKIE)
    if remembered is None:
        return [column for column in COLUMNS if column.is_shown]
    names = remembered.split(".")
    return [column for column in COLUMNS if column.name in names]


def remembering(visit: Visit, names: Sequence[str]) -> Cookie:
    """Names that are none are left out, so that the cookie holds nothing but ours."""
    chosen = ".".join(column.name for column in COLUMNS if column.name in names)
    return Cookie(
        COLUMNS_COOKIE,
        value=chosen or "none",
        path="/stations",
        max_age=_YEAR_SECONDS,
        httponly=True,
        samesite="lax",
        secure=visit.house.is_secure,
    )
