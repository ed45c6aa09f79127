"""Firmware images as lines of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from forecourt.asgi.csv import Cell
from forecourt.domain.firmware.model import Image

IMAGE_COLUMNS: Final = (
    *("image", "name", "vendor", "model", "version", "note", "size", "sha256", "signed", "good", "scheme", "fault"),
    *("signedBy", "checkedAt", "addedBy", "addedAt"),
)
"""Of a list as CSV."""


def image_rows(image: Image) -> Iterator[Sequence[Cell]]:
    words, check = image.words, image.check
    yield [
        *(image.number, words.name, words.vendor, words.model, words.version, words.note),
        *(image.file.size, image.file.sha256, image.signed is not None),
        *((None, None, None) if check is None else (check.is_good, check.scheme, check.fault)),
        *(image.signed_by, None if check is None else check.at, image.added_by, image.added_at),
    ]
