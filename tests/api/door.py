"""The REST interface over a workspace in memory, asked as a program would ask it."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx
from litestar import Litestar

from forecourt.api.app import create_app
from forecourt.asgi.news import News
from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.access.permissions import EVERYTHING
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.evse import EvseId
from forecourt.domain.files.shelf import Shelf
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.domain.services import Services
from forecourt.domain.transactions.metering import Reading, Sample
from forecourt.domain.transactions.model import StartReport, StopReport
from forecourt.operations.catalogue import Catalogue, make_catalogue
from forecourt.storage.shelf import DiskShelf
from tests.support.clock import NOON, FakeClock
from tests.support.workspace import MemoryWorkspace, PlainHasher

PROBLEM = "application/problem+json"
PASSWORD = "correct horse"
MAX_FIRMWARE = 1_000_000
CATALOGUE = make_catalogue([v16.make()])

Result = TypeVar("Result")


class House:
    """One application for all tests, because making one takes longer than most tests; every test brings a Door of
    its own, with its own workspace and clock."""

    def __init__(self, runner: asyncio.Runner, shelf: Shelf, catalogue: Catalogue = CATALOGUE) -> None:
        self.runner = runner
        self.shelf = shelf
        self.doors = 0
        self.door: Door
        self.news = News()
        self.app = create_app(
            workspace=self,
            catalogue=catalogue,
            news=self.news,
            hasher=PlainHasher(),
            shelf=shelf,
            max_firmware_bytes=MAX_FIRMWARE,
            is_ready=self._is_ready,
            version="1.2.3",
            clock=self,
        )

    async def read(self, work: Callable[[Services], Result]) -> Result:
        self.door.reads += 1
        return await self.door.workspace.read(work)

    async def write(self, work: Callable[[Services], Result]) -> Result:
        return await self.door.workspace.write(work)

    def now(self) -> datetime:
        return self.door.clock.now()

    def monotonic(self) -> float:
        return self.door.clock.monotonic()

    async def _is_ready(self) -> list[str]:
        return self.door.parts_not_ready


class Door:
    """Asks, and looks behind the door. Each has an address of its own, which is what guesses are counted by."""

    def __init__(self, house: House) -> None:
        self._house = house
        house.door = self
        house.doors += 1
        self.clock = FakeClock()
        self.workspace = MemoryWorkspace(clock=self.clock)
        self.reads = 0
        self.parts_not_ready: list[str] = []
        self.addresses = [f"2001:db8:{house.doors:x}:{n}::1" for n in range(2)]
        self.services.access.set_admin_password(PASSWORD)
        _, self.token = self.services.access.create_token("tests", scopes=EVERYTHING)

    @property
    def services(self) -> Services:
        return self.workspace.services

    def ask(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        token: str | None = None,
        address: str | None = None,
    ) -> httpx.Response:
        """Ask with the token of the tests, unless ``headers`` say who asks. Paths lie below /api/v1."""

        return self.run(self.asking(method, path, json, content=content, headers=headers, token=token, address=address))

    async def asking(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        token: str | None = None,
        address: str | None = None,
    ) -> httpx.Response:
        """The same, for who has something else to do meanwhile."""
        app = cast("Any", self._house.app)  # Any: the two libraries spell one type differently
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address or self.addresses[0], 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://forecourt") as client:
            own = {"Authorization": f"Bearer {token or self.token}"} if headers is None else headers
            whole = path if path.startswith(("/health", "/.well-known/")) else f"/api/v1{path}"
            if json is not None:
                return await client.request(method, whole, json=json, headers=own)
            return await client.request(method, whole, content=content, headers=own)

    def run(self, story: Coroutine[Any, Any, Result]) -> Result:
        """Do something on the loop of the application."""
        return self._house.runner.run(story)

    @property
    def shelf(self) -> Shelf:
        return self._house.shelf

    @property
    def app(self) -> Litestar:
        return self._house.app

    @property
    def news(self) -> News:
        """What those wait for who wait for errands; nothing rings by itself here."""
        return self._house.news

    def get(self, path: str) -> Any:  # Any: JSON has no narrower type
        """The body of a successful answer."""
        response = self.ask("GET", path)
        assert response.status_code == 200, response.text
        return response.json()

    def a_station(self, identity: str = "CP1", **changes: Any) -> Station:  # Any: fields of StationDraft
        return self.services.provisioning.add(StationDraft(identity=identity, **changes)).station

    def a_tag(self, id_tag: str = "TAG", **changes: Any) -> IdToken:  # Any: fields of IdToken
        return self.services.authorization.add(IdToken(id_token=id_tag, max_active_transactions=None, **changes))

    def a_transaction(
        self, station: Station, id_tag: str = "TAG", *, evse: int = 1, started_at: datetime = NOON
    ) -> int:
        start = StartReport(evse=EvseId(evse), id_token=id_tag, started_at=started_at, meter_start_wh=1000)
        return self.services.transactions.start(station, start).transaction_id

    def a_stop(self, station: Station, transaction_id: int, *, meter_stop_wh: int = 3500) -> None:
        stop = StopReport(
            transaction_id=transaction_id,
            stopped_at=NOON + timedelta(hours=1),
            meter_stop_wh=meter_stop_wh,
            reason="Local",
        )
        self.services.transactions.stop(station, stop)

    def a_reading(self, station: Station, transaction_id: int, *values: str, minute: int = 0) -> None:
        samples = [Sample(value, None, None, None, None, None, "Wh") for value in values]
        reading = Reading(NOON + timedelta(minutes=minute), samples)
        self.services.transactions.record_readings(station, EvseId(1), transaction_id, [reading])


@contextlib.contextmanager
def open_house() -> Iterator[House]:
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        yield House(runner, DiskShelf(Path(folder)))


def problem(response: httpx.Response, status: int) -> Any:  # Any: JSON has no narrower type
    """The problem document of an answer that must be one."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    document = response.json()
    assert document["type"] == "about:blank"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    return document


def faults(response: httpx.Response, status: int = 400) -> dict[str, str]:
    """Reasons by field."""
    return {fault["field"]: fault["reason"] for fault in problem(response, status)["errors"]}
