"""Prints a list that only grows: what is there, or what comes, by reading again and again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

import typer

from forecourt.cli.asking import LONGEST_PAUSE, SHORTEST_PAUSE
from forecourt.cli.exits import INTERRUPTED
from forecourt.cli.office import Form, GetPage, Office
from forecourt.cli.output import Facts, plain, print_json
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.paging import MAX_LIMIT, Tail
from forecourt.domain.services import Services, Workspace

Item = TypeVar("Item")


class GetTail(Protocol[Item]):
    """Asks for what follows a number."""

    def __call__(self, services: Services, number: int, limit: int) -> Tail[Item]: ...


@dataclass(frozen=True, slots=True)
class Growing(Generic[Item]):
    """A list to which items are added and which is never changed otherwise."""

    get_page: GetPage[Item]
    get_tail: GetTail[Item]
    settled: Callable[[Services], int]
    show: Callable[[Item], Facts]
    columns: Sequence[str]
    shown: Sequence[str]
    """The columns of a table."""


def print_growing(office: Office, growing: Growing[Item], form: Form, *, limit: int | None, is_followed: bool) -> None:
    """Print what is there, the newest first; or what comes, until Ctrl-C."""
    if is_followed:
        if form is Form.CSV or limit is not None:
            raise typer.BadParameter("--follow prints what comes, without end: it goes neither with --csv nor --limit.")
        try:
            office.do(lambda workspace: follow(workspace, growing, as_json=form is Form.JSON))
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        return
    office.print_newest(
        growing.get_page,
        growing.show,
        form=form,
        columns=growing.columns,
        shown=growing.shown,
        limit=limit,
    )


async def follow(workspace: Workspace, growing: Growing[Item], *, as_json: bool) -> None:
    """Print every new item, for ever; while the database is not there, wait for it."""
    number = await workspace.read(growing.settled)
    pause = SHORTEST_PAUSE
    while True:
        try:
            tail = await workspace.read(partial(growing.get_tail, number=number, limit=MAX_LIMIT))
        except DomainError as error:
            if error.kind is not Kind.UNAVAILABLE:
                raise
            await asyncio.sleep(LONGEST_PAUSE)
            continue
        for item in tail.items:
            _print(growing.show(item), growing.shown, as_json=as_json)
        sys.stdout.flush()
        number = tail.reached
        pause = SHORTEST_PAUSE if tail.items else min(pause * 1.3, LONGEST_PAUSE)
        if not tail.has_more:
            await asyncio.sleep(pause)


def _print(facts: Facts, columns: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
    else:
        print("\t".join(plain(facts[name]) for name in columns))
