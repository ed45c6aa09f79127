"""Shows how it goes with what was asked of stations: a bar and a table for people, lines or JSON for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from forecourt.cli.errand_facts import OUTCOME_COLUMNS, counted, errand_facts, listed_facts, short_facts
from forecourt.cli.output import JsonLines, Lines, PlainLines, TableLines, is_for_people, plain, print_facts, print_json
from forecourt.domain.errands.model import Errand, ErrandState

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

MOST_SHOWN: Final = 50
"""Stations that a table for people names; all of them are in the list of errands."""


class One:
    """For a single station: nothing while it goes on, and all of it at the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def ended(self, errand: Errand) -> None:
        pass

    def counted(self, counts: dict[ErrandState, int]) -> None:
        pass

    def end(self, errands: list[Errand]) -> None:
        for errand in errands:
            print_json(errand_facts(errand)) if self._as_json else print_facts(short_facts(errand))


class ForPrograms:
    """A line for each station as it ends, and at last for those that have not."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._lines: Lines = JsonLines() if as_json else PlainLines(OUTCOME_COLUMNS)
        self._told: set[int] = set()

    def ended(self, errand: Errand) -> None:
        self._told.add(errand.number)
        self._lines.add([errand_facts(errand) if self._as_json else listed_facts(errand)])
        sys.stdout.flush()

    def counted(self, counts: dict[ErrandState, int]) -> None:
        pass

    def end(self, errands: list[Errand]) -> None:
        for errand in errands:
            if errand.number not in self._told:
                self.ended(errand)
        self._lines.end()


class ForPeople:
    """A bar while it goes on, then a table of the stations that did not do it."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def ended(self, errand: Errand) -> None:
        pass

    def counted(self, counts: dict[ErrandState, int]) -> None:
        bar, task = self._shown()
        ended = sum(count for state, count in counts.items() if state.is_final)
        bar.update(task, completed=ended, description=counted(counts))

    def end(self, errands: list[Errand]) -> None:
        if self._bar is not None:
            self._bar.stop()
        undone = [one for one in errands if one.state.is_final and one.state is not ErrandState.ANSWERED]
        if not undone:
            return
        table = TableLines(OUTCOME_COLUMNS)
        table.add(listed_facts(errand) for errand in undone[:MOST_SHOWN])
        table.end()
        if len(undone) > MOST_SHOWN:
            print(plain(f"... and {len(undone) - MOST_SHOWN} more"))

    def _shown(self) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        if self._bar is None or self._task is None:
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=self._total)
            self._bar.start()
        return self._bar, self._task


def teller(total: int, *, is_one: bool, as_json: bool) -> One | ForPrograms | ForPeople:
    """Who shows it, depending on where the output goes."""
    if is_one:
        return One(as_json=as_json)
    return ForPrograms(as_json=as_json) if as_json or not is_for_people() else ForPeople(total)
