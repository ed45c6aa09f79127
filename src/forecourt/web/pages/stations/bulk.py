"""Changes many stations at once: those that were ticked, or all that a filter finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Controller, Response, get, post

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.labels import MAX_LABEL_CHARACTERS, labels_of
from forecourt.domain.provisioning.model import MAX_GROUP_CHARACTERS, Registration
from forecourt.domain.services import Services
from forecourt.web.fields import WHOLE_FORM, Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import ngettext, translated
from forecourt.web.pages.operations.selection import NAMED_AT_MOST, Selection, chosen_by, selection_in
from forecourt.web.visit import Typed, Visit, Visiting

STATIONS_PER_WORK: Final = 100
"""One unit of work for ten thousand stations would keep the messages of stations waiting for seconds."""

Change = Callable[[Services, str], object]


class BulkPages(Controller):
    path = "/stations/bulk"

    @get(permission=Permission.OPERATE)
    async def show(self, visit: Visiting) -> Response[Any]:
        selection = selection_in(visit.query)
        return _show_nothing(visit) if selection is None else await _show(visit, selection, Fields())

    @post(permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def change(self, visit: Visiting, form: Typed) -> Response[Any]:
        """The form repeats the selection of the page, and has one ``action``."""
        selection = selection_in(form)
        if selection is None:
            return _show_nothing(visit)
        stations = (await chosen_by(visit, selection)).stations
        change = _read_change(form, len(stations))
        if change is None or not form.is_good:
            return await _show(visit, selection, form)
        refused = await _do(visit, stations, change)
        done = len(stations) - len(refused)
        if refused:
            return visit.show("stations/bulk_refused.html", done=done, refused=refused)
        sentence = ngettext("%(count)s station was changed.", "%(count)s stations were changed.", done)
        if form.shown("action") == "remove":
            sentence = ngettext("%(count)s station was removed.", "%(count)s stations were removed.", done)
        return visit.go("/stations", sentence % {"count": done})


def _show_nothing(visit: Visit) -> Response[Any]:
    return visit.show("stations/bulk_nothing.html", status=HTTPStatus.UNPROCESSABLE_ENTITY)


async def _show(visit: Visit, selection: Selection, form: Fields) -> Response[Any]:
    chosen = await chosen_by(visit, selection)
    groups, labels = await visit.read(lambda services: (services.provisioning.groups(), services.provisioning.labels()))
    return visit.show_form(
        "stations/bulk.html",
        form,
        stations=chosen.stations,
        named=chosen.stations[:NAMED_AT_MOST],
        unknown=chosen.unknown,
        address=selection.address,
        hidden=_pairs(selection),
        registrations=Registration,
        groups=groups,
        labels=labels,
    )


def _pairs(selection: Selection) -> Sequence[tuple[str, str]]:
    """The selection as the hidden fields of a form."""
    return parse_qsl(selection.address)


def _read_change(form: Fields, count: int) -> Change | None:
    """What is to be done with each; None, with a fault in the form, when that cannot be told."""
    match form.shown("action"):
        case "registration":
            registration = form.choice("newRegistration", Registration, is_required=True)
            return None if registration is None else partial(_change, registration=registration)
        case "group":
            return partial(_change, group=form.text("newGroup", most=MAX_GROUP_CHARACTERS))
        case "addLabel":
            return _label_change(form, "addLabel")
        case "removeLabel":
            return _label_change(form, "removeLabel")
        case "remove":
            return _removal(form, count)
    form.refuse(WHOLE_FORM, _("Choose what is to be done."))
    return None


def _label_change(form: Fields, name: str) -> Change | None:
    labels = labels_of(form.text(name, is_required=True))
    if any(len(label) > MAX_LABEL_CHARACTERS for label in labels):
        form.refuse(name, _("A label has at most %(most)s characters.") % {"most": MAX_LABEL_CHARACTERS})
    if not form.is_good:
        return None
    return partial(_label, add=labels) if name == "addLabel" else partial(_label, remove=labels)


def _removal(form: Fields, count: int) -> Change | None:
    """Only as many as the question said: whoever confirmed 3 must not remove the 300 that were found meanwhile."""
    if form.number("count") != count:
        sentence = _("Meanwhile these are %(count)s stations; look at them again. Nothing was removed.")
        form.refuse(WHOLE_FORM, sentence % {"count": count})
        return None
    return lambda services, identity: services.provisioning.remove(identity)


def _change(
    services: Services, identity: str, *, registration: Registration | None = None, group: str | None = None
) -> None:
    sheet = services.provisioning.get(identity)
    services.provisioning.change(
        identity,
        description=sheet.description,
        registration=registration or sheet.station.registration,
        heartbeat_seconds=sheet.station.heartbeat_seconds,
        group=group,
    )


def _label(services: Services, identity: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
    services.provisioning.label(identity, add=add, remove=remove)


async def _do(visit: Visit, stations: Sequence[str], change: Change) -> dict[str, str]:
    """Each is taken or refused by itself: the domain refuses before it stores anything. All units of work take the
    stations in one order. Raises DomainError UNAVAILABLE."""
    refused: dict[str, str] = {}
    ordered = sorted(stations)
    for start in range(0, len(ordered), STATIONS_PER_WORK):
        refused |= await visit.write(partial(_do_some, stations=ordered[start : start + STATIONS_PER_WORK], do=change))
    return refused


def _do_some(services: Services, *, stations: Sequence[str], do: Change) -> dict[str, str]:
    refused: dict[str, str] = {}
    for identity in stations:
        try:
            do(services, identity)
        except DomainError as error:
            if error.kind is Kind.UNAVAILABLE:
                raise
            refused[identity] = translated(error.said)
    return refused
