"""The pages over a workspace in memory, opened as a browser without scripts would open them."""

from __future__ import annotations

import asyncio
import html
import re
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx

from forecourt.asgi.news import News
from forecourt.asgi.throttle import Throttle
from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.access.permissions import Role
from forecourt.domain.audit.model import AuditEntry, AuditFilter, Via
from forecourt.domain.paging import PageRequest
from forecourt.domain.services import Services
from forecourt.operations.catalogue import make_catalogue
from forecourt.storage.shelf import DiskShelf
from forecourt.web.admission import SESSION
from forecourt.web.app import create_pages
from forecourt.web.rendering import Renderer
from forecourt.web.visit import House
from tests.support.clock import FakeClock
from tests.support.workspace import MemoryWorkspace, PlainHasher

ORIGIN = "http://forecourt"
CATALOGUE = make_catalogue([v16.make()])
Result = TypeVar("Result")


def _elsewhere(work: Callable[[Services], Result]) -> Callable[[Services], Result]:
    """As in a thread of the storage, which knows nothing of who is visiting."""
    return lambda services: Context().run(work, services)


class Building:
    """One application for all tests, because making one takes longer than most tests; every test brings a `Pages` of
    its own, with its own workspace and clock."""

    def __init__(self, runner: asyncio.Runner, shelf: DiskShelf) -> None:
        self.runner = runner
        self.pages: Pages
        self.news = News()
        self.house = House(
            workspace=self,
            catalogue=CATALOGUE,
            news=self.news,
            shelf=shelf,
            hasher=PlainHasher(),
            clock=self,
            renderer=Renderer(),
            version="1.2.3",
            is_ready=self._is_ready,
            max_firmware_bytes=1_000_000,
            is_secure=False,
        )
        self.app = create_pages(self.house)

    @contextmanager
    def changed(self, **changes: Any) -> Iterator[Building]:
        """Another house for a while. It is changed in place, because making an application takes long."""
        before = {name: getattr(self.house, name) for name in changes}
        self._put(changes)
        try:
            yield self
        finally:
            self._put(before)

    def _put(self, changes: Mapping[str, Any]) -> None:
        for name, value in changes.items():
            object.__setattr__(self.house, name, value)

    async def read(self, work: Callable[[Services], Result]) -> Result:
        return await self.pages.workspace.read(_elsewhere(work))

    async def write(self, work: Callable[[Services], Result]) -> Result:
        return await self.pages.workspace.write(_elsewhere(work))

    def now(self) -> datetime:
        return self.pages.clock.now()

    def monotonic(self) -> float:
        return self.pages.clock.monotonic()

    async def _is_ready(self) -> list[str]:
        return []


class Shown:
    """A page as it came."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.html = response.text

    @property
    def text(self) -> str:
        """What somebody reads, without mark-up; white space counts as one space."""
        bare = re.sub(r"<(script|style)\b.*?</\1>", " ", self.html, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())

    @property
    def location(self) -> str:
        return str(self.response.headers.get("location", ""))

    def has(self, *texts: str) -> bool:
        return all(text in self.text for text in texts)


class Pages:
    """A browser without scripts, signed in with a role, and a look behind the pages."""

    def __init__(self, building: Building, role: Role | None = Role.ADMIN) -> None:
        self._building = building
        building.pages = self
        building.house.desk.attempts, building.house.desk.codes = Throttle(), Throttle()
        self.clock = FakeClock()
        self.address = "127.0.0.1"
        """Where the browser is."""
        self.workspace = MemoryWorkspace(clock=self.clock)
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.account = ""
        """Who is signed in."""
        self.services.access.set_admin_password("correct horse")
        if role is not None:
            self.sign_in(role)

    @property
    def services(self) -> Services:
        return self.workspace.services

    def sign_in(self, role: Role) -> None:
        """As somebody of that role, without the form."""
        unit = self.workspace.unit
        name = role.value
        self.services.sessions.close_all(name)
        unit.execute("DELETE FROM account WHERE name = ?", (name,))
        unit.execute("INSERT INTO account (name, password_hash, role) VALUES (?, 'plain:x', ?)", (name, role.value))
        secret = self.services.sessions.open(name, address="127.0.0.1", agent="tests")
        visitor = self.services.sessions.find(secret)
        assert visitor is not None
        self.cookies = {SESSION: secret}
        self.csrf = visitor.csrf
        self.account = name

    def get(self, path: str, **headers: str) -> Shown:
        return Shown(self.run(self._ask("GET", path, headers=headers)))

    def post(
        self,
        path: str,
        fields: Mapping[str, str | list[str]] | None = None,
        *,
        files: Mapping[str, tuple[str, bytes]] | None = None,
        csrf: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Shown:
        """Send a form, with its token unless ``csrf`` is another; does not follow where it leads."""
        data = {"csrf": self.csrf if csrf is None else csrf, **(fields or {})}
        return Shown(
            self.run(self._ask("POST", path, data=data, files=files, headers={"Origin": ORIGIN, **(headers or {})}))
        )

    def done(self, path: str, fields: Mapping[str, str | list[str]] | None = None, **more: Any) -> Shown:
        """Send a form that must be taken, and open the page that it leads to. What it changed must be written down with
        the name of who is signed in, whatever the form is."""
        stored, entry = self.workspace.stored, self._newest_entry()
        answer = self.post(path, fields, **more)
        assert answer.status == 303, f"{answer.status}: {answer.text}"
        if self.workspace.stored > stored:
            newest = self._newest_entry()
            assert newest != entry, f"nothing says who sent {path}"
            assert newest is not None
            assert (newest.deed.who, newest.deed.via) == (self.account, Via.PAGE)
        for name, value in answer.response.cookies.items():
            self.cookies[name] = value
        page = self.get(answer.location)
        self.cookies.pop("forecourt_notice", None)
        return page

    def _newest_entry(self) -> AuditEntry | None:
        return next(iter(self.services.audit.list(AuditFilter(), PageRequest(1)).items), None)

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return self._building.runner.run(coroutine)

    async def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        app = cast("Any", self._building.app)  # Any: the two libraries spell one type differently
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(self.address, 50000))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=self.cookies) as client:
            return await client.request(method, path, **options)


@contextmanager
def open_building() -> Iterator[Building]:
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        yield Building(runner, DiskShelf(Path(folder)))
