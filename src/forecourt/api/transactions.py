"""Transactions, what was measured meanwhile, and the stops that fit none."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.transaction_views import (
    METER_VALUE_COLUMNS,
    TRANSACTION_COLUMNS,
    DoubtfulStopView,
    MeterValueView,
    TransactionView,
    meter_value_rows,
    show_doubtful_stop,
    show_meter_value,
    show_transaction,
    transaction_rows,
)
from forecourt.api.words import MAX_LONG, MAX_NUMBER, Line, Moment, StationQuery, Works, number_from_path, utc
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import place_of
from forecourt.domain.access.permissions import Permission
from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.transactions.model import OPERATOR_REASON, OperatorStopDraft, TransactionFilter

TransactionId = Annotated[int, PathParameter(description="The number that the station was given for the transaction.")]

MeterStop = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]


class OperatorStopOrder(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """A stop to record. Without ``meterStop`` (Wh) it is the newest register that was read during the transaction, or
    else that of its start; without ``stoppedAt`` it is now. ``force`` records it also while the station is connected.
    """

    meter_stop: MeterStop | None = None
    stopped_at: Moment | None = None
    reason: Line | None = None
    force: bool = False

    def draft(self, asked_by: str) -> OperatorStopDraft:
        return OperatorStopDraft(
            stopped_by=asked_by,
            stopped_at=utc(self.stopped_at, "stoppedAt"),
            meter_stop_wh=self.meter_stop,
            reason=self.reason or OPERATOR_REASON,
            is_forced=self.force,
        )


Wanted = NamedDependency[SkipValidation[TransactionFilter]]


async def wanted_transactions(
    *,
    station_id: StationQuery = None,
    connector_id: Annotated[
        int | None, QueryParameter(name="connectorId", ge=0, le=MAX_NUMBER, description="Only this connector.")
    ] = None,
    id_tag: Annotated[
        str | None, QueryParameter(name="idTag", max_length=255, pattern="^[^\\x00]*$", description="In either case.")
    ] = None,
    active: Annotated[bool | None, QueryParameter(description="Only those that run, or that have ended.")] = None,
    doubtful: Annotated[bool | None, QueryParameter(description="Only those with doubts, or without.")] = None,
    since: Annotated[datetime | None, QueryParameter(name="from", description="Started at this time or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Started before this time.")] = None,
    driver: Annotated[
        int | None, QueryParameter(ge=1, le=MAX_LONG, description="Only on tags that are this driver's now.")
    ] = None,
) -> TransactionFilter:
    """Which transactions a request asks for."""
    return TransactionFilter(
        station=station_id,
        evse=None if connector_id is None else place_of(connector_id),
        id_token=id_tag,
        is_active=active,
        is_doubtful=doubtful,
        since=utc(since, "from"),
        until=utc(until, "to"),
        driver=None if driver is None else DriverNumber(driver),
    )


class Transactions(Controller):
    tags = ("Transactions",)
    opt = access(view=Permission.VIEW, change=Permission.OPERATE)

    @get("/transactions", summary="List transactions", operation_id="listTransactions")
    async def list_all(self, workspace: Works, page: Paging, wanted: Wanted) -> Listing[TransactionView]:
        """Newest first."""
        found = await workspace.read(lambda services: services.transactions.list(wanted, page))
        return listing(found, show_transaction)

    @get("/transactions.csv", summary="Download transactions as CSV", operation_id="downloadTransactions")
    async def download(self, workspace: Works, wanted: Wanted) -> Stream:
        """All that match, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.transactions.list(wanted, page),
            columns=TRANSACTION_COLUMNS,
            rows=transaction_rows,
            filename="transactions.csv",
        )

    @get("/transactions/{transaction_id:int}", summary="Show a transaction", operation_id="getTransaction")
    async def show(self, transaction_id: TransactionId, workspace: Works) -> TransactionView:
        number = number_from_path(transaction_id)
        return show_transaction(await workspace.read(lambda services: services.transactions.get(number)))

    @post(
        "/transactions/{transaction_id:int}/stop",
        status_code=200,
        summary="Record a stop for a station that is gone",
        operation_id="stopTransaction",
    )
    async def stop(
        self, transaction_id: TransactionId, data: JSONBody[OperatorStopOrder], workspace: Works, asked_by: AskedBy
    ) -> TransactionView:
        """Ends the transaction in the records alone. Should the station report its stop later, that counts, and this
        one stays visible as `operatorStop`. A station that is connected is asked with StopCharging instead."""
        number = number_from_path(transaction_id)
        draft = data.draft(asked_by)
        return show_transaction(
            await workspace.write(lambda services: services.transactions.stop_by_operator(number, draft))
        )

    @get(
        "/transactions/{transaction_id:int}/meter-values",
        summary="List what was measured during a transaction",
        operation_id="listMeterValues",
    )
    async def meter_values(
        self, transaction_id: TransactionId, workspace: Works, page: Paging
    ) -> Listing[MeterValueView]:
        """Oldest first. Every sampled value is there as the station sent it."""
        number = number_from_path(transaction_id)
        found = await workspace.read(lambda services: services.transactions.readings(number, page))
        return listing(found, show_meter_value)

    @get(
        "/transactions/{transaction_id:int}/meter-values.csv",
        summary="Download what was measured during a transaction as CSV",
        operation_id="downloadMeterValues",
    )
    async def download_meter_values(self, transaction_id: TransactionId, workspace: Works) -> Stream:
        """One row per sampled value, oldest first."""
        number = number_from_path(transaction_id)
        return await csv_download(
            workspace,
            lambda services, page: services.transactions.readings(number, page),
            columns=METER_VALUE_COLUMNS,
            rows=meter_value_rows,
            filename=f"transaction-{number}-meter-values.csv",
        )

    @get("/doubtful-stops", summary="List stops that ended no transaction", operation_id="listDoubtfulStops")
    async def doubtful_stops(self, workspace: Works, page: Paging) -> Listing[DoubtfulStopView]:
        """Newest first. Stations that named a transaction that they never had, or stopped one twice."""
        found = await workspace.read(lambda services: services.transactions.list_doubtful_stops(page))
        return listing(found, show_doubtful_stop)
