"""What was measured during a transaction, ready to be drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from forecourt.domain.transactions.metering import ENERGY_REGISTER, POWER, STATE_OF_CHARGE
from forecourt.domain.transactions.model import Transaction
from forecourt.domain.transactions.series import (
    MAX_LINES,
    Line,
    Measured,
    Point,
    drawn,
    mean_power,
    moment_of,
    values,
)
from forecourt.domain.transactions.store import TransactionStore

MOST_READ: Final = 200_000
"""Readings that are looked at for one plot: two days with one in a second. Whatever comes after them is not drawn."""

_MARGIN: Final = 3600.0
"""Seconds before the start and after the end of a transaction that are drawn, too, if something was measured then."""

_COLUMNS: Final = {ENERGY_REGISTER: 1, POWER: 2, STATE_OF_CHARGE: 3}
"""Measurands whose figures stand in columns, and the place of each in a row of figures."""

_UNITS: Final = {ENERGY_REGISTER: "Wh", POWER: "W", STATE_OF_CHARGE: "%"}


def measure(store: TransactionStore, transaction: Transaction, measurand: str, now: datetime) -> Measured:
    """The lines of one measurand. Energy is what was charged since the start. Where no power was measured, it is
    worked out from the register of energy."""
    starts, ends = _time(store, transaction, now)
    lines: dict[str, Line] = {}
    unit, outside = _UNITS.get(measurand, ""), 0
    for name, value_unit, (at, value) in _values(store, transaction, measurand):
        unit = unit or value_unit
        if not starts <= at <= ends:
            outside += 1
            continue
        line = lines.get(name)
        if line is None:
            if len(lines) == MAX_LINES:
                continue
            line = lines[name] = Line(starts, ends)
        line.add(at, value)
    measured = Measured(
        measurand=measurand,
        unit=unit,
        starts_at=moment_of(starts),
        ends_at=moment_of(ends),
        series=drawn(lines),
        outside=outside,
    )
    if measurand != POWER or measured.series:
        return measured
    return _derived(measure(store, transaction, ENERGY_REGISTER, now))


def _time(store: TransactionStore, transaction: Transaction, now: datetime) -> tuple[float, float]:
    """What is drawn of the time: the transaction, and what was measured shortly before and after it."""
    started = transaction.started_at.timestamp()
    ended = (now if transaction.stop is None else transaction.stop.stopped_at).timestamp()
    span = store.span_of_readings(transaction.transaction_id)
    if span is None:
        return min(started, ended), max(started, ended)
    first, last = span
    if ended < started or last < started - _MARGIN or first > ended + _MARGIN:
        return first, last  # the station's clock was wrong: then the readings say it alone
    return max(min(first, started), started - _MARGIN), min(max(last, ended), ended + _MARGIN)


def _values(store: TransactionStore, transaction: Transaction, measurand: str) -> Iterator[tuple[str, str, Point]]:
    column = _COLUMNS.get(measurand)
    if column is None:
        for at, samples in islice(store.samples(transaction.transaction_id), MOST_READ):
            for name, unit, value in values(samples, measurand):
                yield name, unit, (at, value)
        return
    offset = transaction.meter_start_wh if measurand == ENERGY_REGISTER else 0
    if measurand == ENERGY_REGISTER:
        yield "", "", (transaction.started_at.timestamp(), 0.0)
    for row in islice(store.figures(transaction.transaction_id), MOST_READ):
        figure = row[column]
        if figure is not None:
            yield "", "", (row[0], figure - offset)
    if measurand == ENERGY_REGISTER and transaction.stop is not None and transaction.energy_wh is not None:
        yield "", "", (transaction.stop.stopped_at.timestamp(), float(transaction.energy_wh))


def _derived(energy: Measured) -> Measured:
    lines = {}
    for one in energy.series:
        pieces = mean_power(one.pieces)
        watts = [value for piece in pieces for _, value in piece]
        if watts:
            lines[one.name] = replace(
                one, pieces=pieces, lowest=min(watts), highest=max(watts), last=watts[-1], count=one.count
            )
    return replace(energy, measurand=POWER, unit="W", series=[*lines.values()], is_derived=True)
