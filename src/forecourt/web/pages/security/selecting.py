"""Which stations a plan or an upgrade is for: all, a group, or those that are named."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from forecourt.domain.paging import MAX_LIMIT, Page, PageRequest
from forecourt.domain.provisioning.model import StationFilter, StationSheet
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.visit import Visit

MAX_NAMES: Final = 500_000
"""Characters of a list of stations."""
_NAMES_PER_READ: Final = 500


async def stations_in(visit: Visit, form: Fields) -> Sequence[str]:
    """Every one is registered; notes a mistake when none is meant, or one is unknown, with its line."""
    match form.shown("which"):
        case "all":
            found = await _matching(visit, StationFilter())
        case "group":
            found = await _matching(visit, StationFilter(group=form.text("group", is_required=True)))
        case _:
            found = await _named(visit, form)
    if not found and form.is_good:
        form.refuse("which", _("No registered station is meant."))
    return found


async def _matching(visit: Visit, wanted: StationFilter) -> list[str]:
    found: list[str] = []
    after: str | None = None
    while True:
        page = await visit.read(partial(_list, wanted=wanted, page=PageRequest(MAX_LIMIT, after)))
        found += [sheet.station.identity for sheet in page.items]
        after = page.next_after
        if after is None:
            return found


async def _named(visit: Visit, form: Fields) -> list[str]:
    lines = [line.strip() for line in form.text("stations", most=MAX_NAMES).splitlines()]
    names = list(dict.fromkeys(line for line in lines if line))
    known: set[str] = set()
    for start in range(0, len(names), _NAMES_PER_READ):
        known |= await visit.read(partial(_registered, names=names[start : start + _NAMES_PER_READ]))
    unknown = [number for number, line in enumerate(lines, 1) if line and line not in known]
    if unknown:
        sentence = _("Line %(line)s: no station %(station)r is registered.")
        form.refuse("stations", sentence % {"line": unknown[0], "station": lines[unknown[0] - 1]})
    elif not names:
        form.refuse("stations", _("Name at least one station."))
    return names


def _list(services: Services, *, wanted: StationFilter, page: PageRequest) -> Page[StationSheet]:
    return services.provisioning.list(wanted, page)


def _registered(services: Services, *, names: Sequence[str]) -> set[str]:
    return {name for name in names if services.provisioning.find_station(name) is not None}
