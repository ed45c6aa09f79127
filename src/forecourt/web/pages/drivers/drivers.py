"""Drivers: who charges, with their tags and what they charged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorization.model import TokenFilter, fold
from forecourt.domain.drivers.model import MAX_TEXT_CHARACTERS, Driver, DriverDraft, DriverNumber
from forecourt.domain.errors import DomainError
from forecourt.domain.paging import PageRequest
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import TransactionFilter
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.visit import Typed, Visit, Visiting

_SHOWN_OF_EACH: Final = PageRequest(20)
_COLUMNS: Final = ("number", "firstName", "lastName", "email", "phone", "address", "language", "note", "addedAt")
_FORM: Final = "drivers/form.html"


class DriverPages(Controller):
    path = "/drivers"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        search = visit.query.maybe_text("search")
        page = await visit.read(lambda services: services.drivers.list(search, visit.page()))
        return visit.show("drivers/list.html", page=page)

    @get("/download", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        search = visit.query.maybe_text("search")
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.drivers.list(search, page),
            columns=_COLUMNS,
            rows=_rows,
            filename="drivers.csv",
        )

    @get("/new", permission=Permission.MANAGE)
    async def ask_new(self, visit: Visiting) -> Response[str]:
        return visit.show_form(_FORM, Fields.of(), driver=None)

    @post("/new", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def add(self, visit: Visiting, form: Typed) -> Response[Any]:
        draft = _draft(form)
        if form.is_good:
            with form.refusals():
                driver = await visit.write(lambda services: services.drivers.add(draft))
                return visit.go(f"/drivers/{driver.number}", _("The driver is on record."))
        return visit.show_form(_FORM, form, driver=None)

    @get("/{number:int}", permission=Permission.VIEW)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        wanted = DriverNumber(number)

        def work(services: Services) -> dict[str, Any]:  # Any: whatever the template shows
            driver = services.drivers.get(wanted)
            tags = services.authorization.list(TokenFilter(driver=wanted), _SHOWN_OF_EACH)
            return {
                "driver": driver,
                "tags": tags,
                "active": services.transactions.active_on([tag.id_token for tag in tags.items]),
                "transactions": services.transactions.list(TransactionFilter(driver=wanted), _SHOWN_OF_EACH),
            }

        try:
            found = await visit.read(work)
        except DomainError as error:
            return _gone(visit, error)
        return visit.show("drivers/show.html", now=visit.house.clock.now(), fold=fold, **found)

    @get("/{number:int}/edit", permission=Permission.MANAGE)
    async def ask_change(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        try:
            driver = await visit.read(lambda services: services.drivers.get(DriverNumber(number)))
        except DomainError as error:
            return _gone(visit, error)
        return visit.show_form(_FORM, _form_of(driver), driver=driver)

    @post("/{number:int}/edit", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def change(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        draft = _draft(form)
        try:
            driver = await visit.read(lambda services: services.drivers.get(DriverNumber(number)))
            if form.is_good:
                with form.refusals():
                    await visit.write(lambda services: services.drivers.change(DriverNumber(number), draft))
                    return visit.go(f"/drivers/{number}", _("The driver is changed."))
        except DomainError as error:
            return _gone(visit, error)
        return visit.show_form(_FORM, form, driver=driver)

    @post("/{number:int}/forget", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def forget(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        try:
            await visit.write(lambda services: services.drivers.forget(DriverNumber(number)))
        except DomainError as error:
            return _gone(visit, error)
        return visit.go("/drivers", _("The driver is forgotten; all personal data is deleted."))


def _gone(visit: Visit, error: DomainError) -> Response[str]:
    if error.kind.value != "not found":
        raise error
    return visit.show("drivers/gone.html", status=HTTPStatus.NOT_FOUND, sentence=translated(error.said))


def _draft(form: Fields) -> DriverDraft:
    return DriverDraft(
        first_name=form.text("firstName"),
        last_name=form.text("lastName"),
        email=form.text("email"),
        phone=form.text("phone"),
        address=form.text("address", most=MAX_TEXT_CHARACTERS).replace("\r\n", "\n"),
        language=form.text("language"),
        note=form.text("note", most=MAX_TEXT_CHARACTERS).replace("\r\n", "\n"),
    )


def _form_of(driver: Driver) -> Fields:
    return Fields.of(
        firstName=driver.first_name,
        lastName=driver.last_name,
        email=driver.email,
        phone=driver.phone,
        address=driver.address,
        language=driver.language,
        note=driver.note,
    )


def _rows(driver: Driver) -> Iterator[Sequence[Cell]]:
    names = (driver.number, driver.first_name, driver.last_name, driver.email, driver.phone)
    yield [*names, driver.address, driver.language, driver.note, driver.added_at]
