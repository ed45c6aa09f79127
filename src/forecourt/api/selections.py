"""Which stations a request to many is meant for, and what they are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final, NoReturn, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from forecourt.api.problems import Fault, Refusal
from forecourt.api.words import Line
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.paging import MAX_LIMIT, Page, PageRequest
from forecourt.domain.provisioning.model import Registration, StationFilter, StationSheet
from forecourt.domain.services import Services, Workspace
from forecourt.ocpp.action import Message
from forecourt.operations.operation import AnyOperation
from forecourt.operations.reading import BadField, BadParameters, read_parameters

Value = TypeVar("Value", bound=msgspec.Struct)

UNREGISTERED: Final = "No such station is registered."

_NAMES_PER_READ: Final = 500


class StationsFilter(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Every registered station that matches all of these; at least one must be said."""

    search: Annotated[
        Line | UnsetType, msgspec.Meta(description="Ids, descriptions, vendors, models or serial numbers hold it.")
    ] = UNSET
    registration: Annotated[
        Registration | UnsetType, msgspec.Meta(description="What the operator decided about the station.")
    ] = UNSET
    online: Annotated[bool | UnsetType, msgspec.Meta(description="Whether the station is connected.")] = UNSET
    security_profile: Annotated[
        SecurityProfile | UnsetType, msgspec.Meta(description="The security profile of the station.")
    ] = UNSET

    def wanted(self) -> StationFilter:
        return StationFilter(
            search=None if self.search is UNSET else self.search or None,
            registration=None if self.registration is UNSET else self.registration,
            is_online=None if self.online is UNSET else self.online,
            security_profile=None if self.security_profile is UNSET else self.security_profile,
        )


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which stations: exactly one of the three."""

    stations: Annotated[list[Line] | UnsetType, msgspec.Meta(description="The ids of the stations.")] = UNSET
    filter: Annotated[StationsFilter | UnsetType, msgspec.Meta(description="All stations that match.")] = UNSET
    all: Annotated[bool | UnsetType, msgspec.Meta(description="True for every registered station.")] = UNSET


@dataclass(frozen=True, slots=True)
class Selected:
    """Stations that are registered, each once, and those that were named and are not."""

    stations: Sequence[str]
    unknown: Sequence[str] = ()


def read_single(raw: bytes, operation: AnyOperation) -> Message:
    """The body of a request to one station; raises Refusal 422 with everything that is wrong."""
    try:
        params: Message = read_parameters(raw, operation.params)
    except BadParameters as bad:
        raise unusable(bad.fields) from bad
    return params


def read_many(raw: bytes, operation: AnyOperation) -> tuple[Selection, Message]:
    """The body of a request to many stations; raises Refusal 422 with everything that is wrong."""
    try:
        parts = msgspec.json.decode(raw or b"{}", type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        parts = None
    if parts is None:
        return _refuse_envelope(raw)
    faults = [
        BadField(name, "There is no such field; there are selection, parameters.")
        for name in parts
        if name not in ("selection", "parameters")
    ]
    selection = parameters = None
    if "selection" not in parts:
        faults.append(BadField("selection", "Say which stations: by stations, by filter, or all."))
    else:
        selection = _read_part("selection", parts["selection"], Selection, faults)
        faults += [] if selection is None else _selection_faults(selection)
    parameters = _read_part("parameters", parts.get("parameters", msgspec.Raw(b"{}")), operation.params, faults)
    if faults or selection is None or parameters is None:
        raise unusable(faults)
    return selection, parameters


def check_selection(selection: Selection) -> Selection:
    """For bodies that have a selection beside other fields; raises Refusal 422 with everything that is wrong."""
    faults = list(_selection_faults(selection))
    if faults:
        raise unusable(faults)
    return selection


async def resolve(workspace: Workspace, selection: Selection) -> Selected:
    """The stations; raises Refusal 422 when no registered station is among those that were described."""
    if selection.stations is not UNSET:
        return await _named(workspace, selection.stations)
    wanted = StationFilter() if selection.filter is UNSET else selection.filter.wanted()
    found: list[str] = []
    after: str | None = None
    while True:
        page = PageRequest(MAX_LIMIT, after)
        sheets = await workspace.read(partial(_list, wanted=wanted, page=page))
        found += [sheet.station.identity for sheet in sheets.items]
        after = sheets.next_after
        if after is None:
            break
    if found:
        return Selected(found)
    if selection.filter is UNSET:
        raise unusable([BadField("selection.all", "No station is registered yet.")])
    raise unusable([BadField("selection.filter", "No registered station matches this.")])


def unusable(faults: Sequence[BadField]) -> Refusal:
    """A body that is understood and cannot be used."""
    errors = [Fault(fault.path, fault.reason) for fault in faults]
    return Refusal(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The body cannot be used as it is; nothing was asked.", errors=errors
    )


def _list(services: Services, *, wanted: StationFilter, page: PageRequest) -> Page[StationSheet]:
    return services.provisioning.list(wanted, page)


def _refuse_envelope(raw: bytes) -> NoReturn:
    try:
        read_parameters(raw, Selection)
    except BadParameters as bad:
        if not bad.fields[0].path:
            raise unusable(bad.fields[:1]) from bad
    raise unusable([BadField("", "Expected an object with selection and parameters.")])


def _read_part(name: str, raw: msgspec.Raw, kind: type[Value], faults: list[BadField]) -> Value | None:
    try:
        return read_parameters(bytes(raw), kind)
    except BadParameters as bad:
        faults += [
            BadField(f"{name}{'' if one.path.startswith('[') or not one.path else '.'}{one.path}", one.reason)
            for one in bad.fields
        ]
        return None


def _selection_faults(selection: Selection) -> Iterator[BadField]:
    ways = [name for name in ("stations", "filter", "all") if getattr(selection, name) is not UNSET]
    if len(ways) != 1:
        yield BadField("selection", "Say exactly one of stations, filter, all.")
    if selection.stations == []:
        yield BadField("selection.stations", "Name at least one station.")
    if selection.filter == StationsFilter():
        yield BadField(
            "selection.filter",
            "Say at least one of search, registration, online, securityProfile; for every station say `all`: true.",
        )
    if selection.all is False:
        yield BadField("selection.all", "This can only be true.")


async def _named(workspace: Workspace, said: Sequence[str]) -> Selected:
    names = list(dict.fromkeys(said))
    known: set[str] = set()
    for start in range(0, len(names), _NAMES_PER_READ):
        known |= await workspace.read(partial(_registered, names=names[start : start + _NAMES_PER_READ]))
    if not known:
        raise unusable([BadField(f"selection.stations[{n}]", UNREGISTERED) for n in range(len(said))])
    return Selected([name for name in names if name in known], [name for name in names if name not in known])


def _registered(services: Services, *, names: Sequence[str]) -> set[str]:
    return {name for name in names if services.provisioning.find_station(name) is not None}
