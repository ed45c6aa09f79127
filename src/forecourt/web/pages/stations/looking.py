"""What all pages of one station have in common: its head, its tabs, and what is shown when it is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar import Response

from forecourt.asgi.paths import from_path, to_path
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import StationSheet
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import mark as _
from forecourt.web.visit import Visit

TABS: Final = (
    ("", _("Overview")),
    ("/configuration", _("Configuration")),
    ("/security", _("Security")),
    ("/transactions", _("Transactions")),
    ("/charging", _("Charging limits")),
    ("/errands", _("Errands")),
    ("/messages", _("Messages")),
    ("/history", _("Status history")),
    ("/files", _("Files")),
)
"""Path below that of the station, and label; it is translated where it is shown."""

Read = Callable[[Services, StationSheet], Mapping[str, object]]


async def look(
    visit: Visit, name: str, template: str, read: Read, *, form: Fields | None = None, **more: object
) -> Response[Any]:
    """A page of one station, with what ``read`` found; 404 with the way on when it is not registered, and 422 when the
    form has mistakes."""
    identity = from_path(name)

    def work(services: Services) -> tuple[StationSheet, Mapping[str, object]]:
        sheet = services.provisioning.get(identity)
        return sheet, read(services, sheet)

    try:
        sheet, found = await visit.read(work)
    except DomainError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return await gone(visit, identity)
    status = HTTPStatus.OK if form is None or form.is_good else HTTPStatus.UNPROCESSABLE_ENTITY
    return visit.show(
        template,
        status=status,
        sheet=sheet,
        place=place_of(identity),
        tabs=TABS,
        form=form,
        now=visit.house.clock.now(),
        **found,
        **more,
    )


async def gone(visit: Visit, identity: str) -> Response[Any]:
    """The station was removed meanwhile, or there never was one of that name."""
    stranger = await visit.read(lambda services: services.provisioning.find_stranger(identity))
    return visit.show("stations/gone.html", status=HTTPStatus.NOT_FOUND, identity=identity, stranger=stranger)


def place_of(identity: str) -> str:
    """The address of a station's pages."""
    return f"/stations/{to_path(identity)}"


def nothing(_services: Services, _sheet: StationSheet) -> Mapping[str, object]:
    """For a page that shows nothing but the station."""
    return {}
