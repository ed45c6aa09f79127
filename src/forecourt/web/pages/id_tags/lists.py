"""Id tags: all of them, and one with everything about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorization.model import IdToken, TokenFilter, fold
from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.drivers.service import MAX_DRIVER_NUMBER
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.paging import PageRequest
from forecourt.domain.reservation.model import ReservationFilter
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import TransactionFilter
from forecourt.web.fields import Fields
from forecourt.web.language import translated
from forecourt.web.visit import Visit, Visiting

_SHOWN_OF_EACH: Final = PageRequest(10)
_LISTS: Final = 50
_COLUMNS: Final = ("idTag", "parentIdTag", "expiryDate", "blocked", "maxActiveTransactions", "note", "driver")


class IdTagPages(Controller):
    path = "/id-tags"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = _wanted(visit.query)

        def work(services: Services) -> dict[str, Any]:  # Any: whatever the template shows
            page = services.authorization.list(wanted, visit.page())
            tags = [tag.id_token for tag in page.items]
            drivers = services.drivers.names({tag.driver for tag in page.items if tag.driver is not None})
            return {"page": page, "active": services.transactions.active_on(tags), "drivers": drivers}

        found = await visit.read(work)
        return visit.show("id_tags/list.html", now=visit.house.clock.now(), fold=fold, **found)

    @get("/-/download", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        wanted = _wanted(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.authorization.list(wanted, page),
            columns=_COLUMNS,
            rows=_rows,
            filename="id-tags.csv",
        )

    @get("/{id_tag:str}", permission=Permission.VIEW)
    async def show(self, id_tag: FromPath[str], visit: Visiting) -> Response[str]:
        name = from_path(id_tag)

        def work(services: Services) -> dict[str, Any]:  # Any: whatever the template shows
            tag = services.authorization.get(name)
            drivers = services.drivers.names([] if tag.driver is None else [tag.driver])
            return {
                "tag": tag,
                "driver": None if tag.driver is None else drivers.get(tag.driver),
                "active": services.transactions.active_on([name]).get(fold(name), ()),
                "transactions": services.transactions.list(TransactionFilter(id_token=name), _SHOWN_OF_EACH),
                "reservations": services.reservations.list(ReservationFilter(id_token=name), _SHOWN_OF_EACH),
                "holders": services.local_lists.stations_holding(name, _LISTS + 1),
            }

        try:
            found = await visit.read(work)
        except DomainError as error:
            return show_gone(visit, error, name)
        return visit.show("id_tags/show.html", now=visit.house.clock.now(), most_lists=_LISTS, **found)


def show_gone(visit: Visit, error: DomainError, name: str) -> Response[str]:
    """The page of a tag that is not in the register, with the ways on."""
    if error.kind is not Kind.NOT_FOUND:
        raise error
    return visit.show("id_tags/gone.html", status=HTTPStatus.NOT_FOUND, sentence=translated(error.said), name=name)


def _wanted(query: Fields) -> TokenFilter:
    state = query.shown("state")
    driver = query.number("driver", low=1, high=MAX_DRIVER_NUMBER)
    return TokenFilter(
        search=query.maybe_text("search"),
        group=query.maybe_text("group"),
        is_blocked={"blocked": True, "usable": False}.get(state),
        is_expired={"expired": True, "usable": False}.get(state),
        is_charging={"charging": True, "idle": False}.get(state),
        driver=None if driver is None else DriverNumber(driver),
    )


def _rows(tag: IdToken) -> Iterator[Sequence[Cell]]:
    limits = (tag.expires_at, tag.is_blocked, tag.max_active_transactions)
    yield [tag.id_token, tag.parent, *limits, tag.note, tag.driver]
