"""Local authorization lists: which tags stations admit by themselves, and how far what they have is from that."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import from_path, to_path
from forecourt.asgi.rows.local_lists import LIST_COLUMNS, list_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.local_list.model import (
    MOST_TAGS,
    ListFilter,
    ListItem,
    ListKind,
    ListRecord,
    ListSheet,
    ListState,
)
from forecourt.domain.paging import MAX_LIMIT, Page, PageRequest
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import mark, ngettext, translated
from forecourt.web.visit import Typed, Visit, Visiting
from forecourt.web.wording import number

_STATES: Final[Mapping[ListState, str]] = {
    ListState.UNMANAGED: mark("Nobody has said what it should hold"),
    ListState.IN_SYNC: mark("As it should be"),
    ListState.DUE: mark("Should be updated"),
    ListState.SENDING: mark("Is being updated"),
    ListState.FAILED: mark("The last update failed"),
    ListState.NOT_SUPPORTED: mark("The station has no such list"),
}
_TONES: Final[Mapping[ListState, str]] = {
    ListState.UNMANAGED: "quiet",
    ListState.IN_SYNC: "good",
    ListState.DUE: "warn",
    ListState.SENDING: "busy",
    ListState.FAILED: "bad",
    ListState.NOT_SUPPORTED: "quiet",
}
MOST_SHOWN: Final = 500
"""So many tags are put into the form, to be changed there; longer lists are typed anew."""
_MAX_TYPED: Final = MOST_TAGS * 22
"""Characters: a tag has at most 20, and an end of line."""


class LocalListPages(Controller):
    @get("/local-lists", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = lists_wanted(visit.query)
        page = await visit.read(lambda services: services.local_lists.overview(wanted, visit.page()))
        return visit.show("local_lists/list.html", page=page, kinds=_kind_choices(), told=told)

    @get("/local-lists.csv", permission=Permission.VIEW, media_type=CSV)
    async def download(self, visit: Visiting) -> Stream:
        wanted = lists_wanted(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.local_lists.overview(wanted, page),
            columns=LIST_COLUMNS,
            rows=list_rows,
            filename="local-lists.csv",
        )

    @get("/local-lists/{station:str}", permission=Permission.VIEW)
    async def show(self, station: FromPath[str], visit: Visiting) -> Response[str]:
        return await _show(visit, from_path(station))

    @post("/local-lists/{station:str}", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def put(self, station: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        """What it should hold. Nothing is sent yet."""
        identity = from_path(station)
        tags = [line.strip() for line in form.text("idTags", most=_MAX_TYPED).splitlines() if line.strip()]
        if form.shown("which") not in ("all", "chosen"):
            form.refuse("which", _("Choose one of the two."))
        if form.shown("which") == "chosen" and not tags and not form.flag("empty"):
            form.refuse("idTags", _("Name the tags, or tick that the list is to be empty."))

        def work(services: Services) -> None:
            found = services.provisioning.get_station(identity)
            if form.shown("which") == "all":
                services.local_lists.follow_all(found)
            else:
                services.local_lists.choose(found, tags)

        with form.refusals():
            if form.is_good:
                await visit.write(work)
                done = _("It is written down. Update the list to send what differs.")
                return visit.go(f"/local-lists/{to_path(identity)}", done)
        return await _show(visit, identity, form)


def lists_wanted(query: Fields) -> ListFilter:
    """The filter in an address."""
    return ListFilter(search=query.maybe_text("search"), kind=query.choice("kind", ListKind))


def told(record: ListRecord) -> tuple[str, str]:
    """The state of a list as far as its record tells, with its tone."""
    if record.is_unsupported:
        return _(_STATES[ListState.NOT_SUPPORTED]), _TONES[ListState.NOT_SUPPORTED]
    if record.failure is not None:
        return _(_STATES[ListState.FAILED]), _TONES[ListState.FAILED]
    if not record.is_managed:
        return _(_STATES[ListState.UNMANAGED]), _TONES[ListState.UNMANAGED]
    if record.sending_version is not None:
        return _(_STATES[ListState.SENDING]), _TONES[ListState.SENDING]
    if record.version is None or not record.is_content_known:
        return _("Not known what the station has"), "warn"
    return _("All tags that are registered") if record.follows_all else _("Chosen tags"), "good"


def drift(sheet: ListSheet) -> str:
    """What differs between the list as it should be and the station's, in words."""
    due = sheet.due
    if not sheet.record.is_managed:
        return _("Nobody has said what it should hold.")
    if due.is_nothing:
        if sheet.record.is_content_known:
            return _("The station has what it should have.")
        return _("What the station has is not known; the next update sends the whole list.")
    parts = [
        (ngettext("%(count)s tag is missing", "%(count)s tags are missing", due.additions), due.additions),
        (ngettext("%(count)s tag has changed", "%(count)s tags have changed", due.changes), due.changes),
        (ngettext("%(count)s tag is superfluous", "%(count)s tags are superfluous", due.deletions), due.deletions),
    ]
    return _("On the station, %(what)s.") % {
        "what": ", ".join(text % {"count": number(count)} for text, count in parts if count)
    }


async def _show(visit: Visit, identity: str, form: Fields | None = None) -> Response[str]:
    def look(services: Services) -> tuple[ListSheet, Page[ListItem], list[str]]:
        station = services.provisioning.get_station(identity)
        lists = services.local_lists
        sheet, page = lists.sheet(station), lists.items(station, visit.page())
        is_short = sheet.record.is_managed and not sheet.record.follows_all and sheet.wanted <= MOST_SHOWN
        items = lists.items(station, PageRequest(MAX_LIMIT)).items if is_short and form is None else ()
        return sheet, page, [item.id_token for item in items if item.wanted is not None]

    try:
        sheet, page, chosen = await visit.read(look)
    except DomainError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return visit.show(
            "operations/gone.html",
            status=HTTPStatus.NOT_FOUND,
            sentence=translated(error.said),
            path="/local-lists",
            way=_("To the local lists"),
        )
    if form is None:
        is_chosen = sheet.record.is_managed and not sheet.record.follows_all
        form = Fields.of(which="chosen" if is_chosen else "all", idTags="\n".join(chosen), empty=False)
    return visit.show_form(
        "local_lists/list_of_one.html",
        form,
        identity=identity,
        sheet=sheet,
        page=page,
        state=(_(_STATES[sheet.state]), _TONES[sheet.state]),
        drift=drift(sheet),
        most=MOST_TAGS,
    )


def _kind_choices() -> list[tuple[str, str]]:
    return [
        (ListKind.MANAGED.value, _("Somebody said what it should hold")),
        (ListKind.UNMANAGED.value, _("Nobody has said what it should hold")),
        (ListKind.FAILED.value, _("The last update failed")),
        (ListKind.NOT_SUPPORTED.value, _("The station has no such list")),
    ]
