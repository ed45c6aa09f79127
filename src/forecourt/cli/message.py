"""Commands for the log of messages."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.office import Office, form_of, moment
from forecourt.cli.options import Csv, Json, Limit, OfStation
from forecourt.cli.output import Facts
from forecourt.domain.message_log.model import Direction, LoggedMessage, MessageFilter

_COLUMNS: Final = (
    *("number", "stationId", "direction", "action", "messageId", "request", "response", "error"),
    *("timestamp", "answeredAt"),
)
_SHOWN: Final = ("timestamp", "stationId", "direction", "action", "request", "response", "error")


def message_commands(office: Office) -> typer.Typer:
    """The group ``forecourt message``."""
    commands = typer.Typer(no_args_is_help=True, help="What stations and Forecourt said to one another.")

    @commands.callback()
    def group() -> None:
        """Makes this a group, although it has one command so far."""

    @commands.command(name="list")
    def list_all(
        *,
        station: OfStation = None,
        action: Annotated[str | None, typer.Option(metavar="ACTION", help="Only this action.")] = None,
        direction: Annotated[
            Direction | None, typer.Option(help="Only what stations asked, or what they were asked.")
        ] = None,
        failed: Annotated[bool, typer.Option("--failed", help="Only what failed or was not answered.")] = False,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before.")] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List requests with their answers, the newest first."""
        wanted = MessageFilter(
            station=station,
            action=action,
            direction=direction,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
            only_failed=failed,
        )
        office.print_newest(
            lambda services, page: services.message_log.list(wanted, page),
            _facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_COLUMNS,
            shown=_SHOWN,
            limit=limit,
        )

    return commands


def _facts(logged: LoggedMessage) -> Facts:
    return {
        "number": logged.number,
        "stationId": logged.station,
        "direction": logged.direction.value,
        "action": logged.action,
        "messageId": logged.message_id,
        "request": logged.request,
        "response": logged.response,
        "error": logged.error,
        "timestamp": logged.at,
        "answeredAt": logged.answered_at,
    }
