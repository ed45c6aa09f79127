"""A workspace in which whatever is changed is written down, once for each request that somebody makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from forecourt.domain.audit.model import Deed
from forecourt.domain.services import Services, Workspace

Result = TypeVar("Result")


@dataclass(slots=True)
class Record:
    """What will be written down of a request. A door may say more of it before it changes anything."""

    deed: Deed
    is_written: bool = False

    def tell(self, detail: str) -> None:
        """Add to the detail. It must hold no secret."""
        self.deed = replace(self.deed, detail=f"{self.deed.detail}; {detail}" if self.deed.detail else detail)


class RecordedWorkspace:
    """The workspace of one request: its first unit of work that is stored holds the entry as well. A request that goes
    on in further units of work, such as one to ten thousand stations, has one entry all the same."""

    def __init__(self, workspace: Workspace, record: Record) -> None:
        self._workspace = workspace
        self._record = record

    async def write(self, work: Callable[[Services], Result]) -> Result:
        if self._record.is_written:
            return await self._workspace.write(work)

        def recorded(services: Services) -> Result:
            result = work(services)
            services.audit.note(self._record.deed)
            return result

        result = await self._workspace.write(recorded)
        self._record.is_written = True
        return result

    async def read(self, work: Callable[[Services], Result]) -> Result:
        return await self._workspace.read(work)
