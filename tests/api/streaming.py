"""A client of server-sent events, which reads an answer while it is being given."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tests.api.door import Door

DEADLINE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """One event; a comment is an event named ``:``."""

    name: str
    data: Any  # JSON has no narrower type
    id: str | None = None


class Listener:
    """One answer that is being given. While ``may_read`` is not set, the client takes nothing."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.is_ended = False
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.chunks = 0
        self._leaves = asyncio.Event()
        self._asked = False
        self._news = asyncio.Event()
        self._taken = 0

    async def receive(self) -> Any:  # as the server hands it to applications
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:  # as applications hand it to the server
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.chunks += 1
            self.body += message.get("body", b"")
            self.is_ended = not message.get("more_body", False)
            if self.is_ended:
                self._leaves.set()
        self._news.set()
        await self.may_read.wait()

    def leave(self) -> None:
        self._leaves.set()

    def told(self) -> list[Told]:
        """Everything so far."""
        return [_read(part) for part in self.body.decode().split("\n\n") if part]

    async def next(self, name: str) -> Told:
        """The next event of a name; others are passed over."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                events = self.told()
                while self._taken < len(events):
                    event = events[self._taken]
                    self._taken += 1
                    if event.name == name:
                        return event
                assert not self.is_ended, f"the answer ended without {name!r}"
                self._news.clear()
                await self._news.wait()

    async def end(self) -> list[Told]:
        """Everything, when the answer has ended."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not self.is_ended:
                self._news.clear()
                await self._news.wait()
        return self.told()


@contextlib.asynccontextmanager
async def listening(door: Door, path: str, *, headers: dict[str, str] | None = None) -> AsyncIterator[Listener]:
    """Ask, and go on while the answer comes. At the end the client leaves."""
    where, _, query = path.partition("?")
    sent = {"authorization": f"Bearer {door.token}", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/api/v1{where}",
        "raw_path": f"/api/v1{where}".encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        "server": ("forecourt", 80),
        "client": (door.addresses[0], 50000),
    }
    listener = Listener()
    app: Any = door.app  # the framework's types of scopes are closed
    asking = asyncio.ensure_future(app(scope, listener.receive, listener.send))
    try:
        yield listener
    finally:
        listener.may_read.set()
        listener.leave()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asking


def _read(part: str) -> Told:
    if part.startswith(":"):
        return Told(":", part[1:].strip())
    fields: dict[str, list[str]] = {}
    for line in part.split("\n"):
        name, _, value = line.partition(": ")
        fields.setdefault(name, []).append(value)
    data = msgspec.json.decode("\n".join(fields["data"]))
    return Told(fields["event"][0], data, fields.get("id", [None])[0])
