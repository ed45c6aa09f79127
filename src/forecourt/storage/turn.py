"""A fair lock between the processes that write to one SQLite database.

SQLite lets one connection write at a time, and whoever finds it busy polls: beside a saturated writer another
one can wait for seconds. With two locks, taken in order, whoever waits holds the first and is certain to be
next: the writer that has just finished cannot pass it. The kernel releases both when a process dies.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from forecourt.storage.errors import Unavailable

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


class Turn:
    """One thread's place in the queue. Each writer opens its own. Raises Unavailable."""

    def __init__(self, database: Path) -> None:
        try:
            self._next = os.open(f"{database}-next", _FLAGS, 0o600)
            self._now = os.open(f"{database}-now", _FLAGS, 0o600)
        except OSError as error:
            reason = f"the locks of the SQLite database {database} cannot be opened ({error.strerror})"
            raise Unavailable(f"{reason}; its folder must exist and be writable") from error

    def take(self) -> None:
        """Wait until it is our turn, however long that is."""
        fcntl.flock(self._next, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._now, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)

    def give(self) -> None:
        """Let the next one write. Giving what was not taken does nothing."""
        fcntl.flock(self._now, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._next)
        os.close(self._now)
