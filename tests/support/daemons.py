"""Programs of others that the tests start on the machine's own address and end again."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 60.0


class DaemonTrouble(Exception):
    """A program did not start or did not stop; the text holds its own last words."""


def rendered(sample: Path, replaced: Mapping[str, str]) -> str:
    """A sample from the documents with ports and paths of a test in it.

    Raises AssertionError for a text that the sample does not hold, so that a test cannot prove another sample than
    the one that people copy.
    """
    text = sample.read_text("utf-8")
    for old in replaced:
        assert old in text, f"{sample.name} holds no {old!r}"
    # First to marks and then to the texts, so that nothing is replaced in what was put in.
    for number, old in enumerate(replaced):
        text = text.replace(old, f"\0{number}\0")
    for number, new in enumerate(replaced.values()):
        text = text.replace(f"\0{number}\0", new)
    return text


@contextmanager
def running(command: Sequence[str], log: Path, ports: Sequence[int]) -> Iterator[None]:
    """The program, once it listens on all these ports. It must stay in the foreground."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not all(_listens(port) for port in ports):
            if process.poll() is not None or time.monotonic() > deadline:
                raise DaemonTrouble(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
