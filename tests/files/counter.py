"""The door for files on a loopback address, over a workspace in memory and a shelf in a folder, and strangers at it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from forecourt.config import FilesConfig
from forecourt.domain.files.model import FileFilter, FilePolicy, ReceivedFile
from forecourt.domain.files.shelf import Area
from forecourt.domain.jobs.model import JobDraft, JobKind, JobNumber, JobState
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Registration, Station, StationDraft
from forecourt.domain.security_log.model import Note
from forecourt.files.desk import Desk
from forecourt.files.door import Door
from forecourt.storage.shelf import MARK, DiskShelf
from tests.support.clock import FakeClock
from tests.support.workspace import MemoryWorkspace

DEADLINE_SECONDS = 60.0
CONTENT = bytes(range(256)) * 1500
"""More than is read at once."""

DRAFT = JobDraft(kind=JobKind.SECURITY_LOG, operation="CollectLog", asked_by="admin", location="http://here/")


@dataclass
class Noted:
    """What was noted for the security log."""

    notes: list[Note] = field(default_factory=list)

    def note(self, note: Note) -> None:
        self.notes.append(note)

    @property
    def reasons(self) -> list[str]:
        return [note.reason for note in self.notes]


class NoStay:
    """The place of a socket, which nobody counts."""

    def settle(self) -> None: ...

    def leave(self) -> None: ...


@dataclass(frozen=True)
class Answer:
    """What the door said."""

    status: int
    headers: dict[str, str]
    body: bytes


class Counter:
    """A door, and all that is behind it."""

    def __init__(self, folder: Path, config: FilesConfig, *, keep_free_bytes: int = 0) -> None:
        self.clock = FakeClock()
        policy = FilePolicy(max_upload_bytes=config.max_upload_bytes)
        self.workspace = MemoryWorkspace(clock=self.clock, file_policy=policy)
        self.services = self.workspace.services
        self.folder = folder
        self.shelf = DiskShelf(folder, keep_free_bytes=keep_free_bytes)
        self.noted = Noted()
        self.desk = Desk(self.workspace, self.shelf, self.noted, transfers_at_once=config.transfers_at_once)
        self.door = Door(self.desk, config, challenge=self._challenge)
        self.port = 0
        self.challenges: dict[str, str] = {}
        draft = StationDraft(identity="CP-1", registration=Registration.ACCEPTED)
        self.station: Station = self.services.provisioning.add(draft).station

    async def _challenge(self, token: str) -> str | None:
        return self.challenges.get(token)

    # Tickets

    def a_job(self) -> JobNumber:
        return self.services.jobs.add(self.station, DRAFT)

    def end(self, job: JobNumber) -> None:
        self.services.jobs.give_up(job, "admin")
        assert self.services.jobs.get(job).state is JobState.CANCELLED

    def upload_path(self, job: JobNumber | None = None) -> str:
        return _path(self.services.files.offer_upload(self.station, job=job, name="SecurityLog"))

    async def download_path(self, content: bytes = CONTENT) -> str:
        receiving = await self.shelf.new(Area.FIRMWARE, len(content))
        await receiving.write(content)
        kept = await receiving.finish()
        location = self.services.files.offer_download(self.station, job=None, file=kept.name, size=kept.size)
        return _path(location)

    # What came of it

    @property
    def received(self) -> list[ReceivedFile]:
        return list(self.services.files.list(FileFilter(), PageRequest()).items)

    async def content(self, file: ReceivedFile) -> bytes:
        reading = await self.shelf.open(file.stored_as)
        try:
            return await reading.read(0, reading.size + 1)
        finally:
            await reading.close()

    def lying(self) -> list[str]:
        """Everything in the folder, complete or not, but for the mark of its system."""
        found = (str(one.relative_to(self.folder)) for one in self.folder.rglob("*") if one.is_file())
        return sorted(one for one in found if one != MARK)

    def assert_nothing_kept(self) -> None:
        assert self.received == []
        assert self.lying() == []

    # Strangers

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request, with a length unless the headers say otherwise."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if "Transfer-Encoding" not in named and (body or method in ("PUT", "POST")):
            named.setdefault("Content-Length", str(len(body)))
        lines = [f"{method} {path} HTTP/1.1", "Host: here", *(f"{name}: {value}" for name, value in named.items())]
        return await self.say("\r\n".join([*lines, "", ""]).encode("latin-1") + body, method=method)

    async def say(self, request: bytes, *, method: str = "GET") -> Answer:
        reader, writer = await self.connect()
        try:
            with contextlib.suppress(ConnectionError):
                writer.write(request)
                await writer.drain()
            return await answer_from(reader, method=method)
        finally:
            writer.close()


async def answer_from(reader: asyncio.StreamReader, *, method: str = "GET") -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = b"" if method == "HEAD" else await reader.read(-1)
    return Answer(int(first.split(" ")[1]), headers, body)


def at_the_counter(
    folder: Path,
    story: Callable[[Counter], Coroutine[None, None, None]],
    *,
    keep_free_bytes: int = 0,
    **settings: float,
) -> None:
    """Tell a story at a door that is open, and see that its end leaves nothing open."""
    config = FilesConfig(**{"idle_seconds": 10.0, **settings})  # type: ignore[arg-type]  # settings of any type

    async def main() -> None:
        counter = Counter(folder, config, keep_free_bytes=keep_free_bytes)
        async with _listening(counter):
            await asyncio.wait_for(story(counter), DEADLINE_SECONDS)

    uvloop.run(main())


@contextlib.asynccontextmanager
async def _listening(counter: Counter) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: counter.door.new_client(peer="127.0.0.1", is_tls=False, stay=NoStay()), "127.0.0.1", 0
    )
    counter.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        await counter.door.close()


async def until(holds: Callable[[], bool]) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)


def _path(location: str) -> str:
    return "/" + location.partition("://")[2].partition("/")[2]
