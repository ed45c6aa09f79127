"""What signers remember, through the units of work of this process."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from forecourt.domain.errors import DomainError
from forecourt.domain.services import Services, Workspace
from forecourt.domain.signing.model import SigningUnavailable

PATIENCE_SECONDS: Final = 10.0

Result = TypeVar("Result")


class WorkspaceMemory:
    """A Memory. Made on the event loop, used in threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._loop = asyncio.get_running_loop()

    def recall(self, authority: str, name: str) -> str | None:
        return self._wait(self._workspace.read(lambda services: services.signing.recall(authority, name)))

    def remember(self, authority: str, name: str, content: str) -> str:
        return self._write(lambda services: services.signing.remember(authority, name, content))

    def put_challenge(self, token: str, answer: str) -> None:
        self._write(lambda services: services.signing.put_challenge(token, answer))

    def _write(self, work: Callable[[Services], Result]) -> Result:
        return self._wait(self._workspace.write(work))

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:  # Any: what a coroutine yields is nobody's business
        try:
            waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop is closed
            work.close()
            raise SigningUnavailable("The system stops.") from None
        try:
            return waiting.result(PATIENCE_SECONDS)
        except DomainError as error:
            raise SigningUnavailable(error.sentence) from error
        except (TimeoutError, concurrent.futures.CancelledError) as error:
            waiting.cancel()
            raise SigningUnavailable("The database did not answer in time.") from error
