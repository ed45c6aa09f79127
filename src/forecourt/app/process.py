"""Small things about this process and this machine."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import resource
import signal
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

import structlog

from forecourt.settings import Address

FILES_WANTED: Final = 65_536
"""File descriptors: one per station and a few more."""

_log = structlog.get_logger(__name__)


class Rings:
    """Tells what the bell rang for to those who asked: by the first word of the ring."""

    def __init__(self, listeners: Mapping[str, Callable[[str | None], None]]) -> None:
        self._listeners = listeners

    def heard(self, ring: str | None) -> None:
        """Each listener is told what the ring is about, or None when it may be about anything."""
        if ring is None:
            for listener in self._listeners.values():
                listener(None)
            return
        word, _, about = ring.partition(" ")
        listener_of_word = self._listeners.get(word)
        if listener_of_word is not None:
            listener_of_word(about or None)


class StartError(Exception):
    """The system cannot start. ``str()`` says why and what to do."""


def version() -> str:
    try:
        return installed_version("forecourt")
    except PackageNotFoundError:  # run from a source tree
        return "unreleased"


async def asked_to_stop() -> None:
    """Return on SIGTERM, on SIGINT, or when the supervisor is gone."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):  # the supervisor holds the other end and never writes

        def check() -> None:
            if not os.read(sys.stdin.fileno(), 1024):
                loop.remove_reader(sys.stdin.fileno())
                asked.set()

        loop.add_reader(sys.stdin.fileno(), check)
    await asked.wait()


async def is_listening(address: Address) -> bool:
    try:
        async with asyncio.timeout(1.0):
            _reader, writer = await asyncio.open_connection(address.reachable_host, address.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


@contextlib.contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder, so that a second start cannot disturb the first. Raises StartError."""
    path = data / "running.lock"
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sentence = f"Forecourt runs on {data.resolve()} already; stop it or choose another FORECOURT_DATA."
            raise StartError(sentence) from None
        yield


def raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < FILES_WANTED:
        _log.warning("few_file_descriptors", limit=wanted, advice="raise `ulimit -n`; each station needs one")
