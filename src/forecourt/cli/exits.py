"""How commands end: exit codes, and one line on stderr instead of a traceback."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from typing import Final

import typer

from forecourt.domain.errors import DomainError, Kind
from forecourt.settings import ConfigError

UNEXPECTED: Final = 1
BAD_INPUT: Final = 2
"""Also what the parser of the command line ends with."""

NOT_ALL_DONE: Final = 6
"""Something was asked of stations, and not all of them did it; what became of each was printed."""

INTERRUPTED: Final = 130
"""As shells have it for what was ended with Ctrl-C."""

CODE_BY_KIND: Final[Mapping[Kind, int]] = {
    Kind.INVALID: BAD_INPUT,
    Kind.NOT_FOUND: 3,
    Kind.CONFLICT: 4,
    Kind.REFUSED: 4,
    Kind.UNAVAILABLE: 5,
}


@contextlib.contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turns every error into a sentence on stderr and an exit code."""
    try:
        yield
    except DomainError as error:
        tell(error.sentence)
        raise typer.Exit(CODE_BY_KIND[error.kind]) from None
    except ConfigError as error:
        tell("the settings cannot be used: " + "; ".join(mistake.strip() for mistake in error.mistakes))
        raise typer.Exit(BAD_INPUT) from None
    except BrokenPipeError:
        sys.stderr.close()  # whoever read has read enough; the interpreter would complain once more at its end
        raise typer.Exit(0) from None
    except Exception as error:
        if _is_click(error):
            raise
        cause = _cause(error)
        tell(str(cause) if _is_ours(cause) else f"unexpected error: {type(cause).__name__}: {cause}")
        raise typer.Exit(UNEXPECTED) from None


def tell(sentence: str) -> None:
    """One line for people, apart from what programs read."""
    line = " ".join(sentence.split())
    print(f"forecourt: {line}", file=sys.stderr)


def _is_click(error: Exception) -> bool:
    """Exits, aborts and usage errors are the command line's own business."""
    return type(error).__module__.split(".")[0] in {"typer", "click"}


def _cause(error: Exception) -> Exception:
    """What went wrong in the only one of several tasks that failed: that others were there tells nobody anything."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _is_ours(error: Exception) -> bool:
    """The project's own errors are sentences for people."""
    return type(error).__module__.split(".")[0] == "forecourt"
