"""What was measured during a transaction as plots: in words, as SVG, and as figures for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Controller, Response, get
from litestar.params import FromPath
from markupsafe import Markup

from forecourt.domain.access.permissions import Permission
from forecourt.domain.transactions.metering import ENERGY_REGISTER, POWER
from forecourt.domain.transactions.series import Measured, Series
from forecourt.drawing.time_plot import POLICY, TimeLine, TimePlot, time_plot, time_plot_in_page
from forecourt.web.language import gettext as _
from forecourt.web.language import manner, ngettext
from forecourt.web.pages.transactions.numbers import transaction_number
from forecourt.web.pages.transactions.words import measurand_in_words
from forecourt.web.pictures import in_page
from forecourt.web.visit import Visit, Visiting
from forecourt.web.wording import number

_KILO: Final = frozenset({"W", "Wh", "var", "varh", "VA"})
_FROM_ZERO: Final = frozenset({*_KILO, "A", "%"})
MAX_MEASURAND: Final = 100


class _Line(msgspec.Struct, frozen=True):
    """One line for a script: times and values; a value that is null is a gap."""

    name: str
    times: list[float]
    values: list[float | None]


class _Figures(msgspec.Struct, frozen=True):
    title: str
    unit: str
    time: str
    """What the time is called."""
    zone: str
    starts: float
    ends: float
    from_zero: bool
    lines: list[_Line]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot as a page shows it."""

    id: str
    measurand: str
    title: str
    svg: Markup
    told: str
    is_empty: bool


class PlotPages(Controller):
    path = "/transactions/{transaction:int}"

    @get("/plot.svg", permission=Permission.VIEW)
    async def svg(self, transaction: FromPath[int], visit: Visiting) -> Response[str]:
        plot = plot_of(await _measured(visit, transaction))
        return Response(time_plot(plot), media_type="image/svg+xml", headers={"Content-Security-Policy": POLICY})

    @get("/plot.json", permission=Permission.VIEW)
    async def figures(self, transaction: FromPath[int], visit: Visiting) -> Response[bytes]:
        measured = await _measured(visit, transaction)
        return Response(msgspec.json.encode(_figures(measured)), media_type="application/json")


def drawing(measured: Measured) -> Drawing:
    plot = plot_of(measured)
    return Drawing(
        id=f"plot-{measured.measurand.lower().replace('.', '-')}",
        measurand=measured.measurand,
        title=plot.title,
        svg=in_page(time_plot_in_page(plot)),
        told=plot.told,
        is_empty=measured.is_empty,
    )


def plot_of(measured: Measured) -> TimePlot:
    unit, factor = _scale(measured.unit)
    title = measurand_in_words(measured.measurand)
    return TimePlot(
        title=f"{title} ({unit})" if unit else title,
        unit=unit,
        starts_at=measured.starts_at,
        ends_at=measured.ends_at,
        lines=[
            TimeLine(one.name, [[(at, value * factor) for at, value in piece] for piece in one.pieces])
            for one in measured.series
        ],
        told=_told(measured, unit, factor),
        time_label=_("Time in %(zone)s") % {"zone": manner().zone_name},
        zone=manner().zone,
        is_from_zero=measured.unit in _FROM_ZERO,
        write=lambda value: number(value, 6),
    )


async def _measured(visit: Visit, transaction: int) -> Measured:
    wanted = transaction_number(transaction)
    measurand = visit.query.text("measurand", most=MAX_MEASURAND) or POWER
    return await visit.read(lambda services: services.transactions.measured(wanted, measurand))


def _scale(unit: str) -> tuple[str, float]:
    return (f"k{unit}", 0.001) if unit in _KILO else (unit, 1.0)


def _told(measured: Measured, unit: str, factor: float) -> str:
    """The plot for whoever does not see it."""
    sentences = [_of_line(one, unit, factor) for one in measured.series]
    if not sentences:
        return _("Nothing was measured.")
    if measured.is_derived:
        sentences.append(_("The station sent no power; it is worked out from the energy register."))
    if measured.measurand == ENERGY_REGISTER:
        sentences.append(_("Energy counts from the start of the transaction."))
    if measured.outside:
        text = ngettext(
            "%(count)s value lies outside of the transaction's time and is not drawn.",
            "%(count)s values lie outside of the transaction's time and are not drawn.",
            measured.outside,
        )
        sentences.append(text % {"count": measured.outside})
    return " ".join(sentences)


def _of_line(one: Series, unit: str, factor: float) -> str:
    facts = {
        "name": f"{one.name}: " if one.name else "",
        "count": number(one.count),
        "lowest": _amount(one.lowest * factor, unit),
        "highest": _amount(one.highest * factor, unit),
        "last": _amount(one.last * factor, unit),
    }
    told = ngettext(
        "%(name)s%(count)s value, %(last)s.",
        "%(name)s%(count)s values, lowest %(lowest)s, highest %(highest)s, last %(last)s.",
        one.count,
    )
    told %= facts
    gaps = len(one.pieces) - 1
    if gaps:
        told += " " + ngettext("There is %(count)s gap.", "There are %(count)s gaps.", gaps) % {"count": gaps}
    return told


def _amount(value: float, unit: str) -> str:
    return f"{number(value, 2)} {unit}".strip()


def _figures(measured: Measured) -> _Figures:
    plot = plot_of(measured)
    lines = []
    for line in plot.lines:
        points = [*_with_gaps(line)]
        name = line.name or measurand_in_words(measured.measurand)
        lines.append(_Line(name, [at for at, _value in points], [value for _at, value in points]))
    return _Figures(
        title=plot.title,
        unit=plot.unit,
        time=plot.time_label,
        zone=manner().zone_name,
        starts=plot.starts_at.timestamp(),
        ends=plot.ends_at.timestamp(),
        from_zero=plot.is_from_zero,
        lines=lines,
    )


def _with_gaps(line: TimeLine) -> Iterator[tuple[float, float | None]]:
    before: tuple[float, Any] | None = None
    for piece in line.pieces:
        if before is not None:
            yield (before[0] + piece[0][0]) / 2, None
        yield from piece
        before = piece[-1]
