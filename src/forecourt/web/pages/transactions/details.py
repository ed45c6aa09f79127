"""One transaction: its facts, what was measured, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorization.model import fold
from forecourt.domain.errands.model import ErrandNumber, Order
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.remote_control.model import RemoteRequest
from forecourt.domain.reservation.model import Reservation
from forecourt.domain.services import Services
from forecourt.domain.transactions.metering import ENERGY_REGISTER, POWER, StoredReading
from forecourt.domain.transactions.model import OPERATOR_REASON, OperatorStopDraft, Transaction
from forecourt.operations.asking import Wish
from forecourt.operations.tasks.stop_charging import STOP_CHARGING, StopChargingParameters
from forecourt.web.fields import MAX_NUMBER, Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.pages.transactions.numbers import transaction_number
from forecourt.web.pages.transactions.plots import MAX_MEASURAND, drawing
from forecourt.web.pages.transactions.words import doubt_in_words, measurand_in_words, reason_in_words
from forecourt.web.visit import Typed, Visit, Visiting

_VALUE_COLUMNS: Final = (
    *("timestamp", "energyWh", "powerW", "soc"),
    *("value", "context", "format", "measurand", "phase", "location", "unit"),
)
_VALUES_ON_A_PAGE: Final = 100

Found = TypeVar("Found")


class TransactionDetailPages(Controller):
    path = "/transactions/{transaction:int}"

    @get(permission=Permission.VIEW)
    async def show(self, transaction: FromPath[int], visit: Visiting) -> Response[str]:
        asked = visit.query.text("measurand", most=MAX_MEASURAND)

        def work(services: Services) -> dict[str, Any]:  # Any: whatever the template shows
            one = services.transactions.get(transaction_number(transaction))
            measurands = services.transactions.measurands(one.transaction_id)
            others = [name for name in measurands if name not in (POWER, ENERGY_REGISTER)]
            chosen = asked if asked in others else next(iter(others), None)
            drawn = [POWER, ENERGY_REGISTER, *([chosen] if chosen is not None else [])]
            measured = [services.transactions.measured(one.transaction_id, name) for name in drawn]
            return {
                "transaction": one,
                "driver": services.drivers.names_of_tags([one.id_token]).get(fold(one.id_token)),
                "others": others,
                "chosen": chosen,
                "measured": measured,
                "figures": services.transactions.newest_figures([one.transaction_id]).get(one.transaction_id),
                "started_by": _request(services, one.remote_start),
                "stopped_by": _request(services, one.remote_stop),
                "reservation": _reservation(services, one),
            }

        try:
            found = await visit.read(work)
        except DomainError as error:
            return _gone(visit, error, transaction)
        drawings = [drawing(one) for one in found.pop("measured")]
        return visit.show(
            "transactions/show.html",
            drawings=drawings,
            now=visit.house.clock.now(),
            doubt_in_words=doubt_in_words,
            reason_in_words=reason_in_words,
            measurand_in_words=measurand_in_words,
            **found,
        )

    @get("/values", permission=Permission.VIEW)
    async def values(self, transaction: FromPath[int], visit: Visiting) -> Response[str]:
        wanted = transaction_number(transaction)
        try:
            page = await visit.read(
                lambda services: services.transactions.readings(wanted, visit.page(_VALUES_ON_A_PAGE))
            )
        except DomainError as error:
            return _gone(visit, error, transaction)
        return visit.show("transactions/values.html", page=page, number=wanted)

    @get("/values/download", permission=Permission.VIEW)
    async def download_values(self, transaction: FromPath[int], visit: Visiting) -> Stream:
        wanted = transaction_number(transaction)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.transactions.readings(wanted, page),
            columns=_VALUE_COLUMNS,
            rows=_value_rows,
            filename=f"transaction-{wanted}-meter-values.csv",
        )

    @post("/stop-charging", permission=Permission.OPERATE, status_code=HTTPStatus.OK)
    async def stop_charging(self, transaction: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        """Ask the station to stop it; what came of it stands at the errand."""
        wanted = transaction_number(transaction)
        wish = Wish(STOP_CHARGING, StopChargingParameters(transaction_id=wanted), Order(asked_by=visit.asked_by))
        try:
            one = await visit.read(lambda services: services.transactions.get(wanted))
            errand = await visit.write(lambda services: wish.ask(services, one.station))
        except DomainError as error:
            if error.kind is not Kind.NOT_FOUND:
                return visit.show("error.html", status=HTTPStatus.CONFLICT, sentence=translated(error.said), code=409)
            return _gone(visit, error, transaction)
        return visit.go(f"/errands/{errand.number}", _("The station is asked to stop the transaction."))

    @get("/stop", permission=Permission.OPERATE)
    async def ask_stop(self, transaction: FromPath[int], visit: Visiting) -> Response[str]:
        try:
            found = await visit.read(lambda services: _ending(services, transaction_number(transaction)))
        except DomainError as error:
            return _gone(visit, error, transaction)
        return visit.show_form("transactions/stop.html", Fields.of(reason=OPERATOR_REASON), **found)

    @post("/stop", permission=Permission.OPERATE, status_code=HTTPStatus.OK)
    async def record_stop(self, transaction: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        draft = OperatorStopDraft(
            stopped_by=visit.asked_by,
            stopped_at=form.moment("stoppedAt"),
            meter_stop_wh=form.number("meterStop", high=MAX_NUMBER),
            reason=form.text("reason") or OPERATOR_REASON,
            is_forced=form.flag("force"),
        )
        try:
            wanted = transaction_number(transaction)
            found = await visit.read(lambda services: _ending(services, wanted))
            if form.is_good:
                with form.refusals():
                    await visit.write(lambda services: services.transactions.stop_by_operator(wanted, draft))
                    return visit.go(f"/transactions/{wanted}", _("The stop is recorded."))
        except DomainError as error:
            return _gone(visit, error, transaction)
        return visit.show_form("transactions/stop.html", form, **found)


def _ending(services: Services, number: int) -> dict[str, Any]:  # Any: whatever the template shows
    one = services.transactions.get(number)
    return {"transaction": one, "figures": services.transactions.newest_figures([number]).get(number)}


def _request(services: Services, number: int | None) -> RemoteRequest | None:
    if number is None:
        return None
    try:
        return services.remote_control.get(ErrandNumber(number))
    except DomainError:
        return None  # errands are not kept for ever


def _reservation(services: Services, one: Transaction) -> Reservation | None:
    if one.reservation_id is None:
        return None
    try:
        return services.reservations.get(one.reservation_id, one.station)
    except DomainError:
        return None  # the station named one that was never made here


def _gone(visit: Visit, error: DomainError, number: int) -> Response[str]:
    if error.kind is not Kind.NOT_FOUND:
        raise error
    return visit.show(
        "transactions/gone.html", status=HTTPStatus.NOT_FOUND, sentence=translated(error.said), number=number
    )


def _value_rows(stored: StoredReading) -> Iterator[Sequence[Cell]]:
    shared = (stored.reading.taken_at, *stored.registers)
    for sample in stored.reading.samples:
        yield [*shared, *sample]
