"""A node says that it runs, also when its doors for files do not open: stations charge without them."""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, closing
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from forecourt.app import node
from forecourt.config import Config, FilesConfig
from forecourt.settings import Address

Result = TypeVar("Result")

HINT = "nobody listens there yet; see the log"


class Hurrying(asyncio.SelectorEventLoop):
    """A second of it takes a fiftieth of one."""

    def __init__(self) -> None:
        super().__init__(_Impatient())

    def time(self) -> float:
        return super().time() * 50


class _Impatient(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / 50)


def hurried(work: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=Hurrying) as runner:
        return runner.run(work)


@pytest.fixture
def places() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def free() -> Address:
    """An address at which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        return Address("127.0.0.1", one.getsockname()[1])


def taken(places: ExitStack) -> Address:
    """An address at which somebody listens until the end of the test."""
    one = places.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
    return Address("127.0.0.1", one.getsockname()[1])


def said_by(config: Config, *, has_certificate: bool = False) -> list[str]:
    said: list[str] = []
    hurried(node._show_addresses(config, said.append, has_certificate=has_certificate))
    return said


def of_files(said: list[str]) -> list[str]:
    return [line.strip() for line in said if line.startswith("  files")]


def test_a_node_whose_doors_for_files_are_open_says_so(places: ExitStack) -> None:
    http, ftp = taken(places), taken(places)
    files = FilesConfig(http=http, ftp=ftp, ftp_tls_only=False)
    config = Config(stations=taken(places), console=taken(places), files=files)
    with capture_logs() as logs:
        said = said_by(config)
    assert said[0].endswith("is running; press Ctrl-C to stop it.")
    assert of_files(said) == [f"files      http://{http}/", f"files      ftp://{ftp}/"]
    assert logs == []


def test_a_node_runs_without_its_door_for_files_and_says_so(places: ExitStack) -> None:
    http, ftp = free(), taken(places)
    config = Config(stations=taken(places), console=taken(places), files=FilesConfig(http=http, ftp=ftp))
    with capture_logs() as logs:
        said = said_by(config, has_certificate=True)
    assert said[0].endswith("is running; press Ctrl-C to stop it.")
    assert of_files(said) == [f"files      http://{http}/   ({HINT})", f"files      ftps://{ftp}/"]
    [error] = logs
    assert (error["log_level"], error["event"], error["address"]) == ("error", "files_do_not_listen", str(http))
    assert "stations charge without it" in error["advice"]


def test_a_door_for_files_is_waited_for_15_seconds() -> None:
    async def waiting() -> float:
        begun = asyncio.get_running_loop().time()
        address = free()
        assert await node._silent_doors(Config(files=FilesConfig(http=address))) == [address]
        return asyncio.get_running_loop().time() - begun

    seconds = hurried(waiting())
    assert seconds >= 15
    assert node.FILES_SECONDS == 15


def test_a_door_for_files_that_opens_meanwhile_is_none_that_is_silent() -> None:
    async def waiting() -> list[Address]:
        address = free()
        silent = asyncio.create_task(node._silent_doors(Config(files=FilesConfig(http=address))))
        await asyncio.sleep(1)
        assert not silent.done()
        with closing(socket.create_server((address.host, address.port))):
            return await silent

    with capture_logs() as logs:
        assert hurried(waiting()) == []
    assert logs == []


def test_a_door_that_needs_a_certificate_is_not_waited_for(places: ExitStack) -> None:
    """It opens when there is one."""
    tls = free()
    files = FilesConfig(http=None, tls=tls)
    config = Config(stations=taken(places), console=taken(places), files=files)
    with capture_logs() as logs:
        said = said_by(config)
    assert of_files(said) == [f"files      https://{tls}/   (once there is a server certificate)"]
    assert logs == []


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (FilesConfig(), ["gateway", "console", "files"]),
        (FilesConfig(http=None, ftp=Address("127.0.0.1", 2121)), ["gateway", "console", "files"]),
        (FilesConfig(http=None), ["gateway", "console"]),
    ],
    ids=["http", "ftp alone", "no door"],
)
def test_files_have_a_process_when_there_is_a_door_for_them(files: FilesConfig, names: list[str]) -> None:
    assert [role.name for role in node._node_roles(Config(files=files))] == names
