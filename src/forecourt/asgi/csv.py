"""Lists as CSV (RFC 4180), sent page by page and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias, TypeVar

from litestar.response import Stream

from forecourt.domain.paging import MAX_LIMIT, Page, PageRequest
from forecourt.domain.services import Services, Workspace

MEDIA_TYPE: Final = "text/csv"

Cell: TypeAlias = str | int | float | bool | datetime | None

Item = TypeVar("Item")

_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


async def csv_download(
    workspace: Workspace,
    get_page: Callable[[Services, PageRequest], Page[Item]],
    *,
    columns: Sequence[str],
    rows: Callable[[Item], Iterable[Sequence[Cell]]],
    filename: str,
) -> Stream:
    """A whole list as a file. The first page is read before the answer begins, so that a refusal is still told
    as one; if a later page cannot be read the connection breaks off, which no client takes for the end."""

    async def read(after: str | None) -> Page[Item]:
        return await workspace.read(lambda services: get_page(services, PageRequest(MAX_LIMIT, after)))

    first = await read(None)

    async def lines() -> AsyncIterator[str]:
        yield to_csv([columns])
        page = first
        while True:
            yield to_csv(row for item in page.items for row in rows(item))
            if page.next_after is None:
                return
            page = await read(page.next_after)

    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Stream(lines(), media_type=MEDIA_TYPE, headers=headers)


def to_csv(rows: Iterable[Sequence[Cell]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([_text(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def _text(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str():
            return defuse(cell)
        case _:
            return cell


def defuse(text: str) -> str:
    """A text that no spreadsheet runs as a formula. Stations choose many of these texts; numbers stay numbers."""
    if text.startswith(_STARTS_FORMULA) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text
