"""Registers stations: one by a form, or many from a list, which is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post

from forecourt.asgi.paths import to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.labels import labels_of
from forecourt.domain.provisioning.model import MAX_DESCRIPTION_CHARACTERS, Registration, StationDraft
from forecourt.domain.provisioning.service import MAX_HEARTBEAT_SECONDS
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import ngettext, translated
from forecourt.web.pages.stations.reading import COLUMNS, FAULTS_SHOWN, MAX_STATIONS, read_stations
from forecourt.web.visit import Typed, Visit, Visiting

MAX_LIST_CHARACTERS: Final = 2_000_000
MAX_LABELS_CHARACTERS: Final = 2000


class NotTaken(Exception):
    """Some of the stations cannot be registered, so that none is."""

    def __init__(self, faults: Sequence[tuple[int, str]]) -> None:
        super().__init__(f"{len(faults)} lines cannot be taken")
        self.faults = faults


class AddingPages(Controller):
    path = "/stations"

    @get("/new", permission=Permission.MANAGE)
    async def show_form(self, visit: Visiting) -> Response[Any]:
        given = visit.query
        form = Fields.of(id=given.text("id"), registration=given.shown("registration") or Registration.ACCEPTED)
        return await _show_form(visit, form)

    @post("/new", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def add(self, visit: Visiting, form: Typed) -> Response[Any]:
        draft = StationDraft(
            identity=form.text("id", is_required=True),
            description=form.text("description", most=MAX_DESCRIPTION_CHARACTERS),
            group=form.text("group"),
            registration=form.choice("registration", Registration, is_required=True) or Registration.ACCEPTED,
            heartbeat_seconds=form.number("heartbeatInterval", low=1, high=MAX_HEARTBEAT_SECONDS),
            labels=tuple(labels_of(form.text("labels", most=MAX_LABELS_CHARACTERS))),
            security_profile=_profile(form),
        )
        if form.is_good:
            with form.refusals():
                await visit.write(lambda services: services.provisioning.add(draft, visit.asked_by))
                return visit.go(f"/stations/{to_path(draft.identity)}", _("The station is registered."))
        return await _show_form(visit, form)

    @get("/new-many", permission=Permission.MANAGE)
    async def show_list_form(self, visit: Visiting) -> Response[Any]:
        return _show_list_form(visit, Fields(), [])

    @post("/new-many", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def add_many(self, visit: Visiting, form: Typed) -> Response[Any]:
        text = await _list_in(form)
        if not form.is_good:
            return _show_list_form(visit, form, [])
        read = read_stations(text)
        faults: Sequence[tuple[int, str]] = read.faults
        if not faults:
            try:
                await visit.write(lambda services: _add_all(services, read.drafts, visit.asked_by))
            except NotTaken as error:
                faults = error.faults
        if faults:
            form.refuse("stations", _("Nothing was registered: correct these lines, and send the list again."))
            return _show_list_form(visit, form, sorted(faults))
        count = len(read.drafts)
        done = ngettext("%(count)s station is registered.", "%(count)s stations are registered.", count)
        return visit.go("/stations", done % {"count": count})


def _profile(form: Fields) -> SecurityProfile | None:
    number = form.number("securityProfile", high=max(SecurityProfile))
    return None if number is None else SecurityProfile(number)


async def _show_form(visit: Visit, form: Fields) -> Response[str]:
    groups = await visit.read(lambda services: services.provisioning.groups())
    return visit.show_form("stations/new.html", form, registrations=Registration, groups=groups)


def _show_list_form(visit: Visit, form: Fields, faults: Sequence[tuple[int, str]]) -> Response[str]:
    return visit.show_form(
        "stations/new_many.html",
        form,
        lines=faults[:FAULTS_SHOWN],
        more=max(len(faults) - FAULTS_SHOWN, 0),
        columns=COLUMNS,
        most=MAX_STATIONS,
    )


async def _list_in(form: Fields) -> str:
    """A file goes before what was typed."""
    file = form.file("file")
    if file is None:
        return form.text("stations", most=MAX_LIST_CHARACTERS, is_required=True)
    try:
        text = (await file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        form.refuse("file", _("This is no text in UTF-8; store the list as “CSV UTF-8”."))
        return ""
    if "\0" in text:
        form.refuse("file", _("The character U+0000 cannot be kept."))
    return text


def _add_all(services: Services, drafts: Sequence[tuple[int, StationDraft]], asked_by: str) -> None:
    """In one unit of work, which is taken back when a line is refused. Raises NotTaken with every line at fault."""
    faults: list[tuple[int, str]] = []
    for line, draft in drafts:
        try:
            services.provisioning.add(draft, asked_by)
        except DomainError as error:
            if error.kind is Kind.UNAVAILABLE:
                raise
            faults.append((line, translated(error.said)))
    if faults:
        raise NotTaken(faults)
