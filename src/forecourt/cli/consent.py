"""Nothing dangerous is done without a person who says so, at the terminal or with --yes."""

from __future__ import annotations

import sys

import typer

from forecourt.domain.errors import invalid


def is_somebody_there() -> bool:
    """True when a person can be asked."""
    return sys.stdin.isatty()


def ask_consent(question: str, *, is_given: bool) -> None:
    """Ask, unless consent is given already. The command ends when the answer is no; where nobody can be asked, it is
    refused (DomainError INVALID)."""
    if is_given:
        return
    if not is_somebody_there():
        raise invalid(f"{question} This is dangerous and nobody is at a terminal to confirm it; add --yes.")
    typer.confirm(question, abort=True, err=True)
