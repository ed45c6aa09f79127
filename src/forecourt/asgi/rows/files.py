"""Received files as lines of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from forecourt.asgi.csv import Cell
from forecourt.domain.files.model import ReceivedFile

FILE_COLUMNS: Final = ("file", "stationId", "job", "name", "size", "sha256", "receivedAt", "address", "carrier")


def file_rows(file: ReceivedFile) -> Iterator[Sequence[Cell]]:
    """One row, in the order of `FILE_COLUMNS`."""
    yield (
        *(file.number, file.station, file.job, file.name, file.size, file.sha256),
        *(file.received_at, file.address, file.carrier.value),
    )
