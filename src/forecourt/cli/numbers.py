"""Numbers as people type them: what cannot be one is refused in a sentence that says what can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import typer

MAX_WAIT_SECONDS: Final = 3600

LARGEST: Final = 2**63 - 1
"""The largest number that anything has."""

_MAX_DIGITS: Final = 19


def number_of(thing: str, listed_by: str, *, most: int = LARGEST) -> Callable[[str], int]:
    """Reads the number of a thing; raises a usage error that names the command that lists them."""

    def read(text: str) -> int:
        is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
        if not is_number or not 1 <= int(text) <= most:
            raise typer.BadParameter(f"{text!r} is not the number of {thing}; `forecourt {listed_by}` lists them.")
        return int(text)

    return read


def seconds_to_wait(text: str) -> float:
    """Raises a usage error for what is no time to wait, or too long."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise typer.BadParameter(f"Say for how many seconds to wait, from 0 to {MAX_WAIT_SECONDS}; {text!r} is not.")
    return seconds
