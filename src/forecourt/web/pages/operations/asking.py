"""The form of an operation, made from its declaration, and what is done with it: no operation has a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path, to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import Delivery
from forecourt.domain.errors import DomainError, Kind, not_found
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.services import Services
from forecourt.ocpp.action import Message
from forecourt.ocpp.redaction import shown
from forecourt.operations.asking import Wish, ask_many
from forecourt.operations.operation import AnyOperation
from forecourt.web.admission import Forbidden
from forecourt.web.fields import WHOLE_FORM, Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import ngettext, translated
from forecourt.web.pages.operations.known import choices_for
from forecourt.web.pages.operations.permits import may_ask, may_send
from forecourt.web.pages.operations.prefilling import prefilled
from forecourt.web.pages.operations.reading import PRIORITIES, name_of, read_message, read_order, secret_names
from forecourt.web.pages.operations.selection import (
    FILTERS,
    NAMED_AT_MOST,
    WORDS,
    Chosen,
    Selection,
    address_of_filter,
    chosen_by,
    selection_in,
    station_filter,
    told,
)
from forecourt.web.pages.operations.widgets import CONTROLS, Look, flat, widgets_of
from forecourt.web.visit import Typed, Visit, Visiting

CONFIRMED: Final = "confirmed"
CHANGE: Final = "change"
"""What the second step of a dangerous operation may say: do it, or back to the form."""


class OperationForm(Controller):
    path = "/operations/{name:str}"

    @get(permission=Permission.VIEW)
    async def ask(self, name: FromPath[str], visit: Visiting) -> Response[str]:
        operation = find_operation(visit, name)
        selection = selection_in(visit.query)
        if selection is None:
            return await _pick(visit, operation)
        return await _show_form(visit, operation, selection, prefilled(visit.query, operation))

    @post(permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def send(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        """The permission is that of the operation."""
        operation = find_operation(visit, name)
        selection = selection_in(visit.query)
        if selection is None:
            return await _pick(visit, operation, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        if form.shown("step") == CHANGE:
            return await _show_form(visit, operation, selection, form)
        message, order = read_message(form, operation), read_order(form, visit)
        if message is None or not form.is_good:
            return await _show_form(visit, operation, selection, form)
        if not may_send(visit, operation, message):
            raise Forbidden
        if not _is_retyped(form):
            return await _confirm(visit, operation, selection, form=form, message=message)
        chosen = await chosen_by(visit, selection)
        if not chosen.stations:
            form.refuse(WHOLE_FORM, _("None of these stations is registered."))
            return await _show_form(visit, operation, selection, form)
        is_told = form.shown("step") == CONFIRMED and form.shown("count") == str(len(chosen.stations))
        if operation.is_dangerous and not is_told:
            return await _confirm(visit, operation, selection, form=form, message=message, chosen=chosen)
        return await _perform(visit, selection, form, Wish(operation, message, order), chosen)


def find_operation(visit: Visit, name: str) -> AnyOperation:
    """Raises DomainError NOT_FOUND, and Forbidden for one that the visitor may not ask for."""
    wanted = from_path(name)
    operation = visit.house.catalogue.get(wanted)
    if operation is None:
        raise not_found(_("There is no operation %(name)s.") % {"name": repr(wanted)})
    if not may_ask(visit, operation):
        raise Forbidden
    return operation


# What is shown


async def _pick(visit: Visit, operation: AnyOperation, *, status: HTTPStatus = HTTPStatus.OK) -> Response[str]:
    """Which stations?"""
    query = visit.query
    wanted, page = station_filter(query), visit.page()

    def look(services: Services) -> dict[str, object]:
        provisioning = services.provisioning
        return {
            "page": provisioning.list(wanted, page),
            "count": provisioning.count(wanted),
            "groups": provisioning.groups(),
            "labels": provisioning.labels(),
        }

    found = await visit.read(look)
    kept = [(name, value) for name, value in visit.request.query_params.multi_items() if name not in _OF_THE_PICKER]
    return visit.show(
        "operations/pick.html",
        status=status,
        operation=operation,
        registrations=Registration,
        kept=kept,
        is_filtered=any(query.shown(name) for name in FILTERS),
        all_address=address_of_filter(query),
        **found,
    )


async def _show_form(visit: Visit, operation: AnyOperation, selection: Selection, form: Fields) -> Response[str]:
    try:
        stations = await told(visit, selection)
    except DomainError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return _gone(visit, error)
    if not stations.count and form.is_good:
        form.refuse(WHOLE_FORM, _("No registered station is meant by this address. Choose others."))
    widgets = widgets_of(operation)
    single = selection.single if stations.count == 1 else None
    choices = await visit.read(lambda services: choices_for(services, flat(widgets), single))
    return visit.show_form(
        "operations/form.html",
        form,
        operation=operation,
        widgets=widgets,
        choices=choices,
        stations=stations,
        single=single,
        deliveries=Delivery,
        priorities=PRIORITIES,
        here=_here(operation, selection),
    )


async def _confirm(
    visit: Visit,
    operation: AnyOperation,
    selection: Selection,
    *,
    form: Fields,
    message: Message,
    chosen: Chosen | None = None,
) -> Response[str]:
    """The second step of what is dangerous: what will happen, and to how many. What is secret is typed once more,
    because no page shows it."""
    chosen = chosen or await chosen_by(visit, selection)
    secrets = [name for name in secret_names(operation, message) if form.shown(name) or name in form.all("retype")]
    for name in secrets:
        form.secret(name)
    widgets = list(flat(widgets_of(operation)))
    names = [name for one in widgets if one.look is not Look.GROUP for name in (one.name, one.empty_name)]
    kept = [(name, form.shown(name)) for name in (*names, "delivery", "expiresAt", "priority") if form.shown(name)]
    return visit.show_form(
        "operations/confirm.html",
        form,
        operation=operation,
        stations=chosen.stations[:NAMED_AT_MOST],
        count=len(chosen.stations),
        has_changed=form.shown("step") == CONFIRMED and form.is_good,
        message=msgspec.json.format(msgspec.json.encode(shown(message)), indent=2).decode(),
        kept=[(name, value) for name, value in kept if name not in secrets],
        secrets=[one for one in widgets if one.name in secrets],
        here=_here(operation, selection),
    )


def _gone(visit: Visit, error: DomainError) -> Response[str]:
    return visit.show(
        "operations/gone.html",
        status=HTTPStatus.NOT_FOUND,
        sentence=translated(error.said),
        path="/operations",
        way=_("To the operations"),
    )


# What is done


async def _perform(visit: Visit, selection: Selection, form: Fields, wish: Wish, chosen: Chosen) -> Response[Any]:
    operation = wish.operation
    try:
        if len(chosen.stations) == 1:
            errand = await visit.write(lambda services: wish.ask(services, chosen.stations[0]))
            path, done = f"/errands/{errand.number}", _("%(operation)s is asked for.") % {"operation": operation.name}
        else:
            asked = await ask_many(visit.workspace, wish, chosen.stations)
            path, done = f"/batches/{asked.batch}", _told_of_many(operation.name, chosen.stations, len(asked.refused))
    except DomainError as error:
        _take(form, operation, error)
        for name in secret_names(operation, wish.parameters):
            form.secret(name)
        return await _show_form(visit, operation, selection, form)
    return visit.go(path, done)


def _told_of_many(name: str, stations: Sequence[str], refused: int) -> str:
    count = len(stations)
    done = ngettext(
        "%(operation)s is asked of %(count)s station.", "%(operation)s is asked of %(count)s stations.", count
    )
    told = done % {"operation": name, "count": count - refused}
    if not refused:
        return told
    more = ngettext("It was refused for %(count)s.", "It was refused for %(count)s.", refused) % {"count": refused}
    return f"{told} {more}"


def _take(form: Fields, operation: AnyOperation, error: DomainError) -> None:
    """Beside the field that the business names, however the form calls it."""
    known = {one.name for one in flat(widgets_of(operation))} | CONTROLS
    name = name_of(operation, error.field)
    form.refuse(name if name in known else WHOLE_FORM, translated(error.said))


def _is_retyped(form: Fields) -> bool:
    """What is secret has to be there again in the second step: without it, another message would be sent."""
    missing = [name for name in form.all("retype") if not form.shown(name)]
    for name in missing:
        form.refuse(name, _("Type this once more."))
    return not missing


def _here(operation: AnyOperation, selection: Selection) -> str:
    return f"/operations/{to_path(operation.name)}?{selection.address}"


_OF_THE_PICKER: Final = WORDS | {"after", "limit"}
