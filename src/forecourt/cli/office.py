"""Where commands have their work done: one workspace for one command."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from typing import Final, Protocol, TypeVar

import typer

from forecourt.cli.output import CsvLines, Facts, JsonLines, Lines, PlainLines, TableLines, is_for_people
from forecourt.cli.permit import Permit, PermittedWorkspace, record_of_command
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import invalid
from forecourt.domain.paging import MAX_LIMIT, Page, PageRequest
from forecourt.domain.services import Services, Workspace

Result = TypeVar("Result")
Item = TypeVar("Item")

_SHOWN_AT_MOST: Final = 100


class Form(enum.Enum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class GetPage(Protocol[Item]):
    """Asks for one page of a list."""

    def __call__(self, services: Services, page: PageRequest) -> Page[Item]: ...


class Office:
    """Opens the workspace, has the work done, and closes it. What a command may do is asked each time."""

    def __init__(self, open_workspace: Callable[[], AbstractAsyncContextManager[Workspace]], permit: Permit) -> None:
        self._opening = open_workspace
        self._permit = permit

    def of(self, *, view: Permission = Permission.VIEW, change: Permission) -> Office:
        """The office for commands that need these permissions to look, and to change something."""
        return Office(self._opening, self._permit.of(view=view, change=change))

    def check(self, needed: Permission) -> None:
        """For what one command needs beside; raises DomainError REFUSED."""
        self._permit.check(needed)

    @contextlib.asynccontextmanager
    async def _open_workspace(self) -> AsyncIterator[Workspace]:
        async with self._opening() as workspace:
            yield PermittedWorkspace(workspace, self._permit, record_of_command())

    def read(self, work: Callable[[Services], Result]) -> Result:
        async def run() -> Result:
            async with self._open_workspace() as workspace:
                return await workspace.read(work)

        return asyncio.run(run())

    def write(self, work: Callable[[Services], Result]) -> Result:
        async def run() -> Result:
            async with self._open_workspace() as workspace:
                return await workspace.write(work)

        return asyncio.run(run())

    def do(self, job: Callable[[Workspace], Awaitable[Result]]) -> Result:
        """Have several works done in one workspace."""

        async def run() -> Result:
            async with self._open_workspace() as workspace:
                return await job(workspace)

        return asyncio.run(run())

    def print_list(
        self,
        get_page: GetPage[Item],
        show: Callable[[Item], Facts],
        *,
        form: Form,
        columns: Sequence[str],
        shown: Sequence[str],
        limit: int | None = None,
    ) -> bool:
        """Print at most ``limit`` items, page by page; a table has the columns ``shown`` only.

        Returns True when there are more.
        """

        async def run() -> bool:
            left, after = limit, None
            async with self._open_workspace() as workspace:
                lines = None
                while True:
                    request = PageRequest(MAX_LIMIT if left is None else min(left, MAX_LIMIT), after)
                    page = await workspace.read(partial(get_page, page=request))
                    lines = lines or _lines(form, columns=columns, shown=shown)
                    lines.add(show(item) for item in page.items)
                    left = None if left is None else left - len(page.items)
                    after = page.next_after
                    if after is None or left == 0:
                        lines.end()
                        return after is not None

        return asyncio.run(run())

    def print_newest(
        self,
        get_page: GetPage[Item],
        show: Callable[[Item], Facts],
        *,
        form: Form,
        columns: Sequence[str],
        shown: Sequence[str],
        limit: int | None,
    ) -> None:
        """Print a list that grows and has its newest items first: in a table the first hundred, unless said otherwise,
        and whoever reads it is told of the others."""
        is_cut = limit is None and form is Form.TABLE
        most = _SHOWN_AT_MOST if is_cut else limit
        has_more = self.print_list(get_page, show, form=form, columns=columns, shown=shown, limit=most)
        if has_more and is_cut:
            print(f"These are the newest {_SHOWN_AT_MOST}; --limit shows more.", file=sys.stderr)


def _lines(form: Form, *, columns: Sequence[str], shown: Sequence[str]) -> Lines:
    if form is Form.JSON:
        return JsonLines()
    if form is Form.CSV:
        return CsvLines(columns)
    return TableLines(shown) if is_for_people() else PlainLines(shown)


def form_of(*, as_json: bool, as_csv: bool) -> Form:
    """Raises a usage error when both are wanted."""
    if as_json and as_csv:
        raise typer.BadParameter("Choose one of --json and --csv.")
    return Form.JSON if as_json else Form.CSV if as_csv else Form.TABLE


def moment(text: str | None, name: str) -> datetime | None:
    """A time with its offset (RFC 3339); raises DomainError INVALID."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        sentence = f"{name} must be a time with its offset from UTC, such as 2026-01-31T18:00:00Z."
        raise invalid(sentence, field=name)
    return parsed


def confirm(question: str, *, is_confirmed: bool) -> None:
    """Ask on the terminal before something goes; ends the command when the answer is no."""
    if not is_confirmed:
        typer.confirm(question, abort=True, err=True)
