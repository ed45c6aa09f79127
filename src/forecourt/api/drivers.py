"""Drivers: the people who charge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody, PathParameter
from litestar.response import Stream
from msgspec import UNSET, UnsetType

from forecourt.api.access import access
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import Line, Note, Search, Works
from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.drivers.model import Driver, DriverDraft, DriverNumber
from forecourt.domain.services import Services

Number = Annotated[int, PathParameter(description="The number of the driver.")]


class NewDriver(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """A driver to put on record: a name or an e-mail address at least. ``address`` holds the lines of an envelope,
    ``language`` is a tag such as ``de`` (RFC 5646). Tags get their ``driver`` where they are registered."""

    first_name: Line = ""
    last_name: Line = ""
    email: Line = ""
    phone: Line = ""
    address: Note = ""
    language: Line = ""
    note: Note = ""

    def draft(self) -> DriverDraft:
        return DriverDraft(**msgspec.structs.asdict(self))


class DriverChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """What to change; an absent field keeps its value."""

    first_name: Line | UnsetType = UNSET
    last_name: Line | UnsetType = UNSET
    email: Line | UnsetType = UNSET
    phone: Line | UnsetType = UNSET
    address: Note | UnsetType = UNSET
    language: Line | UnsetType = UNSET
    note: Note | UnsetType = UNSET

    def apply(self, services: Services, number: DriverNumber) -> Driver:
        known = draft_of(services.drivers.get(number))
        given = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        return services.drivers.change(number, replace(known, **given))


class DriverView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A driver. All of it is personal data."""

    number: int
    first_name: str
    last_name: str
    email: str
    phone: str
    address: str
    language: str
    note: str
    added_at: datetime


def draft_of(driver: Driver) -> DriverDraft:
    """What somebody wrote down of a driver."""
    return DriverDraft(
        first_name=driver.first_name,
        last_name=driver.last_name,
        email=driver.email,
        phone=driver.phone,
        address=driver.address,
        language=driver.language,
        note=driver.note,
    )


def show_driver(driver: Driver) -> DriverView:
    return DriverView(
        number=driver.number,
        first_name=driver.first_name,
        last_name=driver.last_name,
        email=driver.email,
        phone=driver.phone,
        address=driver.address,
        language=driver.language,
        note=driver.note,
        added_at=driver.added_at,
    )


_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(DriverView))


def _rows(driver: Driver) -> Iterator[Sequence[Cell]]:
    yield [*msgspec.structs.astuple(show_driver(driver))]


class Drivers(Controller):
    tags = ("Drivers",)
    opt = access(view=Permission.VIEW, change=Permission.MANAGE)

    @post("/drivers", summary="Put a driver on record", operation_id="addDriver")
    async def add(self, data: JSONBody[NewDriver], workspace: Works) -> DriverView:
        """Nothing depends on it: tags may charge without a driver."""
        draft = data.draft()
        return show_driver(await workspace.write(lambda services: services.drivers.add(draft)))

    @get("/drivers", summary="List drivers", operation_id="listDrivers")
    async def list_all(self, workspace: Works, page: Paging, search: Search = None) -> Listing[DriverView]:
        """Ordered by last name. The search looks at names, e-mail addresses, telephone numbers and notes."""
        found = await workspace.read(lambda services: services.drivers.list(search or None, page))
        return listing(found, show_driver)

    @get("/drivers.csv", summary="Download drivers as CSV", operation_id="downloadDrivers")
    async def download(self, workspace: Works, search: Search = None) -> Stream:
        """All that match. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.drivers.list(search or None, page),
            columns=_COLUMNS,
            rows=_rows,
            filename="drivers.csv",
        )

    @get("/drivers/{number:int}", summary="Show a driver", operation_id="getDriver")
    async def show(self, number: Number, workspace: Works) -> DriverView:
        wanted = DriverNumber(number)
        return show_driver(await workspace.read(lambda services: services.drivers.get(wanted)))

    @patch("/drivers/{number:int}", summary="Change a driver", operation_id="changeDriver")
    async def change(self, number: Number, data: JSONBody[DriverChange], workspace: Works) -> DriverView:
        wanted = DriverNumber(number)
        return show_driver(await workspace.write(lambda services: data.apply(services, wanted)))

    @delete("/drivers/{number:int}", summary="Forget a driver", operation_id="forgetDriver")
    async def forget(self, number: Number, workspace: Works) -> None:
        """All personal data is deleted: the record, and the notes on the driver's tags. The tags may charge as before,
        and the transactions stay; neither leads to the person any more."""
        wanted = DriverNumber(number)
        await workspace.write(lambda services: services.drivers.forget(wanted))
