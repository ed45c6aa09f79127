"""A shell over a workspace in memory, where stations answer what is asked of them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import ClassVar, Final, TypeVar

import typer.testing
from typer.testing import CliRunner, Result

from forecourt.cli.main import Announce, Doors, build
from forecourt.dialect import Dialect, make_dialect
from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.access.permissions import Role
from forecourt.domain.provisioning.model import Registration, Station, StationDraft
from forecourt.domain.services import Services, Workspace
from forecourt.operations.catalogue import Catalogue, make_catalogue
from forecourt.operations.firmware import Storeroom
from forecourt.storage.shelf import DiskShelf
from tests.cli.imaginary import inbound, messages, outbound
from tests.support.carrying import Carrying
from tests.support.workspace import MemoryWorkspace, PlainHasher

MAX_FIRMWARE: Final = 1_000_000

Outcome = TypeVar("Outcome")


class Yard(MemoryWorkspace):
    """A workspace whose stations answer: each read finds one more errand of each station on line answered."""

    def __init__(self) -> None:
        super().__init__()
        self.stations: list[tuple[Carrying, Mapping[str, object]]] = []
        """Stations on line that answer, and what."""
        self.reads_left: int | None = None
        """After so many reads somebody presses Ctrl-C."""
        self.reads_done = 0

    async def read(self, work: Callable[[Services], Outcome]) -> Outcome:
        self.reads_done += 1
        if self.reads_left is not None:
            self.reads_left -= 1
            if self.reads_left < 0:
                raise KeyboardInterrupt
        for carrying, answer in self.stations:
            if not carrying.is_idle():
                carrying.does(**answer)
        return await super().read(work)

    def comes_online(self, station: Station, answer: str) -> None:
        carrying = Carrying(self.services, station)
        if answer:
            self.stations.append((carrying, json.loads(answer)))


# To put the commands together takes longer than any of them: it is done once, and not each time that one is typed.
vars(typer.testing)["_get_command"] = functools.cache(typer.main.get_command)


@functools.cache
def _commands() -> typer.Typer:
    """The commands, behind whose doors is the shell that they are typed into."""

    def now() -> Shell:
        assert Shell.typed_into is not None
        return Shell.typed_into

    doors = Doors(
        open_workspace=lambda: now().open_workspace(),
        serve=lambda announce: now().serve(announce),
        demo=lambda announce: announce("demonstrating"),
        role=lambda name: now().roles.append(name),
        catalogue=catalogue,
        open_storeroom=lambda: now().open_storeroom(),
        accept_loss=lambda: now().accept_loss(),
        hasher=PlainHasher,
        command_line_role=lambda: now().role,
    )
    return build(doors)


class Shell:
    """Types commands."""

    typed_into: ClassVar[Shell | None] = None

    def __init__(self, folder: Path | None = None) -> None:
        """``folder`` is that of the shelf, for commands that need one."""
        self.folder = folder
        self.workspace = Yard()
        self.services = self.workspace.services
        self.roles: list[str] = []
        self.losses: list[str] = []
        self.role = Role.ADMIN
        self.serve: Callable[[Announce], None] = lambda announce: announce("serving")

    def a_station(
        self,
        identity: str = "CP-1",
        *,
        answer: str | None = None,
        registration: Registration = Registration.ACCEPTED,
    ) -> Station:
        """A registered station; with an answer it is on line, and with an empty one it never answers."""
        draft = StationDraft(identity=identity, registration=registration)
        station = self.services.provisioning.add(draft).station
        if answer is not None:
            self.workspace.comes_online(station, answer)
        return station

    def open_storeroom(self) -> Storeroom:
        assert self.folder is not None
        return Storeroom(DiskShelf(self.folder), MAX_FIRMWARE)

    def accept_loss(self) -> str:
        self.losses.append("accepted")
        return "It is lost."

    def type(self, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Result:
        Shell.typed_into = self
        return CliRunner().invoke(_commands(), list(words), input=stdin, env={"COLUMNS": "100", **(env or {})})

    def read(self, *words: str, stdin: str = "") -> str:
        """What a command that succeeds prints."""
        result = self.type(*words, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refuse(self, *words: str) -> tuple[int, str]:
        """The exit code and the only line of a command that fails."""
        result = self.type(*words)
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1, result.stderr
        assert "Traceback" not in result.stderr
        return result.exit_code, result.stderr

    @contextlib.asynccontextmanager
    async def open_workspace(self) -> AsyncIterator[Workspace]:
        await asyncio.sleep(0)
        yield self.workspace


@functools.cache
def catalogue() -> Catalogue:
    """The operations of OCPP 1.6, and those of a version that does not exist."""
    return make_catalogue([v16.make(), imaginary()])


def imaginary() -> Dialect:
    """A version of OCPP with one action, of which there are only words."""
    return make_dialect(
        "ocpp0.0",
        messages=messages,
        inbound=inbound,
        outbound=outbound,
        codes=v16.CODES,
        open_before_acceptance=frozenset(),
    )
