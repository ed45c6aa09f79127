"""Which part of a file a request asks for (RFC 9110 §14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ONE: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """No byte of the file is in the range."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes from ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def wanted_part(header: str | None, if_range: str | None, *, size: int, etag: str) -> Part | None:
    """The part, or None for all of the file: also for what is no range, for several at once, which nobody must serve,
    and for the rest of another file than this one. Raises Unsatisfiable."""
    if header is None or (if_range is not None and if_range.strip() != etag):
        return None
    found = _ONE.fullmatch(header)
    if found is None or found.group(1) == found.group(2) == "":
        return None
    begin, end = found.groups()
    if begin == "":
        length = min(int(end), size)
        if length == 0:
            raise Unsatisfiable
        return Part(size - length, size - 1)
    first, last = int(begin), int(end) if end else size - 1
    if end and last < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return Part(first, min(last, size - 1))
