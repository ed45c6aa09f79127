"""Commands for transactions."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from forecourt.cli.office import Form, Office, form_of, moment
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.transactions.model import Transaction, TransactionFilter

_SHOWN: Final = (
    *("transactionId", "stationId", "connectorId", "idTag", "startTimestamp", "stopTimestamp", "energyWh", "doubts"),
)
_COLUMNS: Final = (
    *("transactionId", "stationId", "connectorId", "idTag", "parentIdTag", "idTagStatus", "startTimestamp"),
    *("meterStart", "reservationId", "active", "stopTimestamp", "meterStop", "reason", "stopIdTag", "energyWh"),
    *("doubts", "startReceivedAt", "stopReceivedAt"),
)

_SHOWN_AT_MOST: Final = 100

MAX_TRANSACTION_ID: Final = 2**31 - 1


def transaction_facts(transaction: Transaction) -> Facts:
    stop = transaction.stop
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
    }


def transactions_commands(office: Office) -> typer.Typer:
    """The group ``forecourt transactions``."""
    commands = typer.Typer(no_args_is_help=True, help="What was charged.")

    @commands.command("list")
    def list_all(
        *,
        station: Annotated[str | None, typer.Option(metavar="ID", help="Only of this station.")] = None,
        connector: Annotated[int | None, typer.Option(min=0, help="Only of this connector.")] = None,
        tag: Annotated[str | None, typer.Option(metavar="IDTAG", help="Only of this id tag.")] = None,
        active: Annotated[bool | None, typer.Option("--active/--ended", help="Only those.")] = None,
        doubtful: Annotated[bool | None, typer.Option("--doubtful/--sound", help="Only with doubts, or none.")] = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Started then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Started before.")] = None,
        limit: Annotated[int | None, typer.Option(min=1, help="At most so many; 100 in a table.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
        as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
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
        has_more = office.print_list(
            lambda services, page: services.transactions.list(wanted, page),
            transaction_facts,
            form=form,
            columns=_COLUMNS,
            shown=_SHOWN,
            limit=_SHOWN_AT_MOST if limit is None and form is Form.TABLE else limit,
        )
        if has_more and limit is None:
            print(f"These are the newest {_SHOWN_AT_MOST}; --limit shows more.", file=sys.stderr)

    @commands.command()
    def show(
        transaction_id: Annotated[int, typer.Argument(min=1, max=MAX_TRANSACTION_ID, metavar="TRANSACTION")],
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Show a transaction."""
        facts = transaction_facts(office.read(lambda services: services.transactions.get(transaction_id)))
        print_json(facts) if as_json else print_facts(facts)

    return commands
