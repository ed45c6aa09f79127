"""Commands for transactions."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.numbers import number_of
from forecourt.cli.office import Office, form_of, moment
from forecourt.cli.options import Csv, Json, Limit, OfStation, Yes
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.cli.who import command_line_user
from forecourt.domain.errors import check_note
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.transactions.model import OPERATOR_REASON, OperatorStopDraft, Transaction, TransactionFilter

_SHOWN: Final = (
    *("transactionId", "stationId", "connectorId", "idTag", "startTimestamp", "stopTimestamp", "energyWh", "doubts"),
)
_COLUMNS: Final = (
    *("transactionId", "stationId", "connectorId", "idTag", "parentIdTag", "idTagStatus", "startTimestamp"),
    *("meterStart", "reservationId", "active", "stopTimestamp", "meterStop", "reason", "stopIdTag", "energyWh"),
    *("doubts", "startReceivedAt", "stopReceivedAt", "stoppedBy", "remoteStart", "remoteStop"),
    *("operatorStoppedBy", "operatorStopTimestamp", "operatorMeterStop"),
)


MAX_TRANSACTION_ID: Final = 2**31 - 1

Number = Annotated[
    int,
    typer.Argument(
        parser=number_of("a transaction", "transactions list", most=MAX_TRANSACTION_ID), metavar="TRANSACTION"
    ),
]


def transaction_facts(transaction: Transaction) -> Facts:
    stop, operator_stop = transaction.stop, transaction.operator_stop
    return {
        "transactionId": transaction.transaction_id,
        "stationId": transaction.station,
        "connectorId": 0 if transaction.evse is WHOLE_STATION else transaction.evse,
        "idTag": transaction.id_token,
        "parentIdTag": transaction.parent,
        "idTagStatus": transaction.status.value,
        "startTimestamp": transaction.started_at,
        "meterStart": transaction.meter_start_wh,
        "reservationId": transaction.reservation_id,
        "active": transaction.is_active,
        "stopTimestamp": None if stop is None else stop.stopped_at,
        "meterStop": None if stop is None else stop.meter_stop_wh,
        "reason": None if stop is None else stop.reason,
        "stopIdTag": None if stop is None else stop.id_token,
        "energyWh": transaction.energy_wh,
        "doubts": sorted(doubt.value for doubt in transaction.doubts),
        "startReceivedAt": transaction.start_received_at,
        "stopReceivedAt": None if stop is None else stop.received_at,
        "stoppedBy": None if stop is None else stop.stopped_by or "station",
        "remoteStart": transaction.remote_start,
        "remoteStop": transaction.remote_stop,
        "operatorStoppedBy": None if operator_stop is None else operator_stop.stopped_by,
        "operatorStopTimestamp": None if operator_stop is None else operator_stop.stopped_at,
        "operatorMeterStop": None if operator_stop is None else operator_stop.meter_stop_wh,
    }


def transactions_commands(office: Office) -> typer.Typer:
    """The group ``forecourt transactions``."""
    commands = typer.Typer(no_args_is_help=True, help="What was charged.")

    @commands.command("list")
    def list_all(
        *,
        station: OfStation = None,
        connector: Annotated[int | None, typer.Option(min=0, help="Only of this connector.")] = None,
        tag: Annotated[str | None, typer.Option(metavar="IDTAG", help="Only of this id tag.")] = None,
        active: Annotated[bool | None, typer.Option("--active/--ended", help="Only those.")] = None,
        doubtful: Annotated[bool | None, typer.Option("--doubtful/--sound", help="Only with doubts, or none.")] = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Started then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Started before.")] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List transactions, newest first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        place = None if connector is None else WHOLE_STATION if connector == 0 else EvseId(connector)
        wanted = TransactionFilter(
            station=station,
            evse=place,
            id_token=tag,
            is_active=active,
            is_doubtful=doubtful,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        office.print_newest(
            lambda services, page: services.transactions.list(wanted, page),
            transaction_facts,
            form=form,
            columns=_COLUMNS,
            shown=_SHOWN,
            limit=limit,
        )

    @commands.command()
    def show(
        transaction_id: Number,
        as_json: Json = False,
    ) -> None:
        """Show a transaction."""
        facts = transaction_facts(office.read(lambda services: services.transactions.get(transaction_id)))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def stop(
        transaction_id: Number,
        *,
        meter_stop: Annotated[
            int | None, typer.Option(min=0, metavar="WH", help="The register at the stop; the newest that is known.")
        ] = None,
        stopped_at: Annotated[str | None, typer.Option(metavar="TIME", help="When it ended; now.")] = None,
        reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
        force: Annotated[bool, typer.Option("--force", help="Also while the station is connected.")] = False,
        yes: Yes = False,
    ) -> None:
        """Record a stop for a station that is gone and will not report one."""
        draft = OperatorStopDraft(
            stopped_by=command_line_user(),
            stopped_at=moment(stopped_at, "--stopped-at"),
            meter_stop_wh=meter_stop,
            reason=check_note(reason or OPERATOR_REASON, field="reason", limit=255),
            is_forced=force,
        )
        ask_consent(f"Record the transaction {transaction_id} as stopped?", is_given=yes)
        stopped = office.write(lambda services: services.transactions.stop_by_operator(transaction_id, draft))
        print_facts(transaction_facts(stopped))

    return commands
