"""Another process that holds SQLite's write lock: started as a program, it says when it has it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


class Holder:
    """The process. It lets go when it is told to, or when it is killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def let_go(self) -> None:
        """Ends its transaction without a change."""
        self._process.send_signal(signal.SIGCONT)
        self._process.communicate("done\n", timeout=20)

    def die(self) -> None:
        self._process.kill()
        self._process.wait(20)


@contextmanager
def write_lock_held(database: Path) -> Iterator[Holder]:
    process = subprocess.Popen(
        [sys.executable, __file__, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield Holder(process)
        finally:
            process.kill()


def _hold(database: str) -> None:
    with closing(sqlite3.connect(database, timeout=20, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.readline()
        connection.execute("ROLLBACK")


if __name__ == "__main__":
    _hold(sys.argv[1])
