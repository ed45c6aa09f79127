"""Checks passwords and counts attempts, for all who sign in to this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from forecourt.asgi.throttle import Throttle
from forecourt.domain.access.model import PasswordHasher

CHECKS_AT_ONCE: Final = 2
"""Each check of a password takes a core and tens of megabytes for a while, on purpose."""
MAX_CHECKS_WAITING: Final = 16
MAX_PASSWORD_CHARACTERS: Final = 1024
NOBODYS: Final = "nobody has this password"


Result = TypeVar("Result")


class TooBusy(Exception):
    """More passwords wait to be checked than is good for everybody else."""


class SignInDesk:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self.attempts = Throttle()
        """Of addresses."""
        self.codes = Throttle()
        """Of accounts whose password is known to whoever tries: six digits could be guessed from many addresses."""
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._waiting = 0
        self._nobodys_hash: str | None = None

    async def is_match(self, hasher: PasswordHasher, hashed: str | None, password: str) -> bool:
        """Whether it is the password with this hash. It takes as long for an account that does not exist (None), so
        that nobody learns who does. Raises TooBusy."""
        if not 0 < len(password) <= MAX_PASSWORD_CHARACTERS:
            return False
        is_match = await self._run(lambda: hasher.is_match(hashed or self._nobodys(hasher), password))
        return is_match and hashed is not None

    async def hash(self, hasher: PasswordHasher, password: str) -> str:
        """Raises TooBusy."""
        return await self._run(lambda: hasher.hash(password))

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MAX_CHECKS_WAITING:
            raise TooBusy
        self._waiting += 1
        try:
            async with self._checks:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1

    def _nobodys(self, hasher: PasswordHasher) -> str:
        if self._nobodys_hash is None:
            self._nobodys_hash = hasher.hash(NOBODYS)
        return self._nobodys_hash
