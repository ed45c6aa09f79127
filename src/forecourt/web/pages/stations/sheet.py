"""One station: what it is, how it is connected, what its connectors do; and what is decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.alarms.model import AlarmFilter
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.labels import labels_of
from forecourt.domain.provisioning.model import MAX_DESCRIPTION_CHARACTERS, Registration, StationSheet
from forecourt.domain.provisioning.service import MAX_HEARTBEAT_SECONDS
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import TransactionFilter
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.stations.adding import MAX_LABELS_CHARACTERS
from forecourt.web.pages.stations.looking import gone, look, place_of
from forecourt.web.visit import Typed, Visit, Visiting

_RUNNING = PageRequest(50)
"""A station that lost its stops may have many that run."""
_FEW = PageRequest(5)


class StationPage(Controller):
    path = "/stations/{name:str}"

    @get(permission=Permission.VIEW)
    async def show(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        return await look(visit, name, "stations/sheet.html", _read)

    @get("/edit", permission=Permission.MANAGE)
    async def edit(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        return await _show_form(visit, name, None)

    @post("/edit", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def change(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        identity = from_path(name)
        registration = form.choice("registration", Registration, is_required=True)
        heartbeat = form.number("heartbeatInterval", low=1, high=MAX_HEARTBEAT_SECONDS)
        description = form.text("description", most=MAX_DESCRIPTION_CHARACTERS)
        group = form.text("group")
        labels = labels_of(form.text("labels", most=MAX_LABELS_CHARACTERS))
        if form.is_good and registration is not None:
            decided = registration
            try:
                with form.refusals():
                    await visit.write(
                        lambda services: services.provisioning.change(
                            identity,
                            description=description,
                            registration=decided,
                            heartbeat_seconds=heartbeat,
                            group=group,
                            labels=labels,
                        )
                    )
                    return visit.go(place_of(identity), _("The station is changed."))
            except DomainError:  # it was removed meanwhile
                return await gone(visit, identity)
        return await _show_form(visit, name, form)

    @post("/remove", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def remove(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        identity = from_path(name)
        try:
            await visit.write(lambda services: services.provisioning.remove(identity))
        except DomainError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return await gone(visit, identity)
        return visit.go("/stations", _("The station %(id)s is removed.") % {"id": identity})

    @post("/disconnect", permission=Permission.OPERATE, status_code=HTTPStatus.OK)
    async def disconnect(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        """One that is not connected any more is what was wanted."""
        identity = from_path(name)
        try:
            await visit.write(lambda services: services.presence.ask_to_close(identity))
        except DomainError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return visit.go(place_of(identity), _("The station is not connected."))
        return visit.go(place_of(identity), _("The connection is being closed; most stations connect again soon."))


def _read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
    identity = sheet.station.identity
    wanted = TransactionFilter(station=identity, is_active=True)
    active = services.transactions.list(wanted, _RUNNING).items
    return {
        "link": services.presence.find(identity),
        "active": active,
        "figures": services.transactions.newest_figures([one.transaction_id for one in active]),
        "alarms": services.alarms.list(AlarmFilter(subject=identity, is_open=True), _FEW).items,
    }


async def _show_form(visit: Visit, name: str, form: Fields | None) -> Response[Any]:
    """The form with what is stored, unless something was typed."""

    def read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
        stored = Fields.of(
            description=sheet.description,
            group=sheet.group,
            registration=sheet.station.registration,
            heartbeatInterval=sheet.station.heartbeat_seconds,
            labels=", ".join(sheet.labels),
        )
        return {"fields": form or stored, "groups": services.provisioning.groups()}

    return await look(visit, name, "stations/edit.html", read, form=form, registrations=Registration)
