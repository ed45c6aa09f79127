"""Files that commands read: by their path, or ``-`` for what is piped in."""

from __future__ import annotations

import sys
from pathlib import Path

from forecourt.domain.errors import invalid


def read_file(path: str, *, limit: int) -> bytes:
    """What is in it. Raises DomainError INVALID for what cannot be read, or is longer than ``limit`` bytes."""
    try:
        if path == "-":
            content = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(limit + 1)
    except OSError as error:
        raise invalid(f"The file {path!r} cannot be read: {error.strerror or error}.") from error
    if len(content) > limit:
        raise invalid(f"The file {path!r} is longer than {limit:,} bytes, which is more than can be used.")
    return content


def read_pem(path: str, *, limit: int) -> str:
    """The same as text. What is no text in it is replaced, and then refused as what it should be."""
    return read_file(path, limit=limit).decode("utf-8", "replace")
