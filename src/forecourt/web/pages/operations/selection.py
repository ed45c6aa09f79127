"""Which stations an address means: those it names, all that a filter finds, or those of a batch in which it came to
nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlencode

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errands.model import BatchNumber, ErrandFilter, ErrandState
from forecourt.domain.paging import MAX_LIMIT, Page, PageRequest
from forecourt.domain.provisioning.model import MAX_IDENTITY_CHARACTERS, Registration, StationFilter
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.visit import Visit

FILTERS: Final = ("search", "registration", "online", "profile", "group", "label", "faulted")
UNGROUPED: Final = " "
"""As the group in an address: the stations that are in none. No group has this name."""
WORDS: Final = frozenset({"station", "all", "batch", "state", *FILTERS})
"""What addresses say of stations. A parameter of an operation that has such a name gets another one in forms."""

NAMED_AT_MOST: Final = 20
"""So many stations are named to people; the others are counted."""

_NAMES_PER_READ: Final = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """What the address says."""

    named: tuple[str, ...] = ()
    wanted: StationFilter | None = None
    batch: BatchNumber | None = None
    states: frozenset[ErrandState] = frozenset()
    address: str = ""
    """The same as the query of an address."""

    @property
    def single(self) -> str | None:
        """The station, when it names one alone."""
        return self.named[0] if len(self.named) == 1 else None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was found: stations in order, each once, and names that are not registered."""

    stations: Sequence[str]
    unknown: Sequence[str] = ()


def station_filter(query: Fields) -> StationFilter:
    return StationFilter(
        search=query.maybe_text("search"),
        registration=query.choice("registration", Registration),
        is_online=_yes_or_no(query, "online"),
        security_profile=query.choice("profile", SecurityProfile),
        group="" if query.shown("group") == UNGROUPED else query.maybe_text("group"),
        label=query.maybe_text("label"),
        is_faulted=_yes_or_no(query, "faulted"),
    )


def selection_in(query: Fields) -> Selection | None:
    """None when the address does not say which stations are meant, or says it in a way that is not understood: then
    `query` has faults, and rather none are meant than too many."""
    named = tuple(dict.fromkeys(one[:MAX_IDENTITY_CHARACTERS] for one in query.all("station") if one))
    if named:
        return Selection(named=named, address=urlencode([("station", one) for one in named]))
    batch = query.number("batch", low=1, high=2**63 - 1)
    if batch is not None:
        if set(query.all("state")) - {state.value for state in ErrandState}:
            query.refuse("state", _("There is no such state."))
            return None
        states = frozenset(state for state in ErrandState if state.value in query.all("state"))
        pairs = [("batch", str(batch)), *(("state", state.value) for state in ErrandState if state in states)]
        return Selection(batch=BatchNumber(batch), states=states, address=urlencode(pairs))
    if query.flag("all"):
        pairs = [("all", "yes"), *((name, query.shown(name)) for name in FILTERS if query.shown(name))]
        selection = Selection(wanted=station_filter(query), address=urlencode(pairs))
        return selection if query.is_good else None
    return None


def address_of_filter(query: Fields) -> str:
    """The query of an address that means all that the filter in another one finds."""
    return urlencode([("all", "yes"), *((name, query.shown(name)) for name in FILTERS if query.shown(name))])


async def chosen_by(visit: Visit, selection: Selection) -> Chosen:
    """All stations that are meant. Raises DomainError NOT_FOUND for a batch that there is not."""
    if selection.named:
        return await _registered(visit, selection.named)
    found: dict[str, None] = {}
    after: str | None = None
    while True:
        page = await visit.read(partial(_part, selection=selection, page=PageRequest(MAX_LIMIT, after)))
        found |= dict.fromkeys(page.items)
        after = page.next_after
        if after is None:
            break
    if selection.batch is None:
        return Chosen(list(found))
    return await _registered(visit, list(found))


@dataclass(frozen=True, slots=True)
class Told:
    """What a form says of the stations that are meant."""

    count: int
    named: Sequence[str]
    """The first of them."""
    unknown: Sequence[str] = ()


async def told(visit: Visit, selection: Selection) -> Told:
    """How many they are, without all of their names. Raises DomainError NOT_FOUND as `chosen_by` does."""
    if selection.named:
        chosen = await _registered(visit, selection.named)
        return Told(len(chosen.stations), chosen.stations[:NAMED_AT_MOST], chosen.unknown)

    def look(services: Services) -> Told:
        first = _part(services, selection=selection, page=PageRequest(NAMED_AT_MOST))
        if selection.batch is None:
            return Told(services.provisioning.count(selection.wanted or StationFilter()), first.items)
        counts = services.errands.get_batch(selection.batch).counts
        meant = (count for state, count in counts.items() if not selection.states or state in selection.states)
        return Told(sum(meant), first.items)

    return await visit.read(look)


def _part(services: Services, *, selection: Selection, page: PageRequest) -> Page[str]:
    if selection.batch is not None:
        services.errands.get_batch(selection.batch)
        wanted = ErrandFilter(batch=selection.batch, states=selection.states or None)
        errands = services.errands.list(wanted, page)
        return Page([errand.station for errand in errands.items], errands.next_after)
    sheets = services.provisioning.list(selection.wanted or StationFilter(), page)
    return Page([sheet.station.identity for sheet in sheets.items], sheets.next_after)


async def _registered(visit: Visit, names: Sequence[str]) -> Chosen:
    known: set[str] = set()
    for start in range(0, len(names), _NAMES_PER_READ):
        known |= await visit.read(partial(_known, names=names[start : start + _NAMES_PER_READ]))
    return Chosen([one for one in names if one in known], [one for one in names if one not in known])


def _known(services: Services, *, names: Sequence[str]) -> set[str]:
    return {name for name in names if services.provisioning.find_station(name) is not None}


def _yes_or_no(query: Fields, name: str) -> bool | None:
    if query.shown(name) not in ("", "yes", "no"):
        query.refuse(name, _("This is either yes or no."))
    return query.yes_or_no(name)
