"""The security log: what this system itself refused and changed, and at whose word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from litestar import Controller, Response, get
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.security_log.model import REFUSALS, Kind, NoteFilter, StoredNote
from forecourt.web.fields import Fields
from forecourt.web.visit import Visiting

COLUMNS: Final = ("entry", "timestamp", "kind", "reason", "stationId", "address", "askedBy", "count")

_REFUSED: Final = "refusals"
"""Stands in the filter for all that was refused at the door."""


class SecurityLogPages(Controller):
    @get("/security-log", permission=Permission.AUDIT)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = chosen(visit.query)
        page = await visit.read(lambda services: services.security_log.list(wanted, visit.page()))
        return visit.show("security/log.html", page=page, kinds=Kind, refusals=REFUSALS)

    @get("/security-log.csv", permission=Permission.AUDIT)
    async def download(self, visit: Visiting) -> Stream:
        wanted = chosen(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.security_log.list(wanted, page),
            columns=COLUMNS,
            rows=_rows,
            filename="security-log.csv",
        )


def chosen(query: Fields) -> NoteFilter:
    kinds: frozenset[Kind] | None = REFUSALS if query.shown("kind") == _REFUSED else None
    if kinds is None and (kind := query.choice("kind", Kind)) is not None:
        kinds = frozenset({kind})
    return NoteFilter(
        kinds=kinds,
        station=query.maybe_text("station"),
        address=query.maybe_text("address"),
        asked_by=query.maybe_text("askedBy"),
        since=query.moment("from"),
        until=query.moment("to"),
    )


def _rows(stored: StoredNote) -> Iterator[Sequence[Cell]]:
    note = stored.note
    number: int = stored.number
    yield number, stored.at, note.kind.value, note.reason, note.station, note.address, note.asked_by, note.count
