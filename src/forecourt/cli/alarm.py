"""Commands for alarms: what needs a person, until it is over."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.numbers import number_of
from forecourt.cli.office import Office, form_of, moment
from forecourt.cli.options import Csv, Json, Limit
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.cli.who import command_line_user
from forecourt.domain.alarms.model import Alarm, AlarmFilter, AlarmNumber, Level, Topic

_COLUMNS: Final = (
    "alarm",
    "topic",
    "subject",
    "level",
    "sentence",
    "raisedAt",
    "changedAt",
    "acknowledgedBy",
    "acknowledgedAt",
    "endedAt",
)
_SHOWN: Final = ("alarm", "level", "topic", "subject", "raisedAt", "acknowledgedBy", "sentence")

Number = Annotated[int, typer.Argument(parser=number_of("an alarm", "alarm list"), metavar="ALARM")]


def alarm_commands(office: Office) -> typer.Typer:
    """The group ``forecourt alarm``."""
    commands = typer.Typer(no_args_is_help=True, help="What needs a person, until it is over.")

    @commands.command("list")
    def list_all(
        *,
        topic: Annotated[
            list[Topic] | None, typer.Option(metavar="TOPIC", help="Only about this; may be given more than once.")
        ] = None,
        subject: Annotated[
            str | None, typer.Option(metavar="NAME", help="Only about this station, authority or server certificate.")
        ] = None,
        level: Annotated[Level | None, typer.Option(help="Only of this level.")] = None,
        is_open: Annotated[
            bool, typer.Option("--open/--all", help="Only those that are open, or ended ones as well.")
        ] = True,
        acknowledged: Annotated[
            bool | None,
            typer.Option("--acknowledged/--unacknowledged", help="Only those that somebody knows of, or nobody."),
        ] = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Raised then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Raised before.")] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List open alarms, the one that was raised last first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        wanted = AlarmFilter(
            topics=frozenset(topic) if topic else None,
            subject=subject,
            level=level,
            is_open=True if is_open else None,
            is_acknowledged=acknowledged,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        office.print_newest(
            lambda services, page: services.alarms.list(wanted, page),
            alarm_facts,
            form=form,
            columns=_COLUMNS,
            shown=_SHOWN,
            limit=limit,
        )

    @commands.command()
    def show(number: Number, as_json: Json = False) -> None:
        """Show an alarm."""
        facts = alarm_facts(office.read(lambda services: services.alarms.get(AlarmNumber(number))))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def acknowledge(number: Number) -> None:
        """Write down that you know of an alarm. It stays open until it is over."""
        who = command_line_user()
        known = office.write(lambda services: services.alarms.acknowledge(AlarmNumber(number), asked_by=who))
        print_facts(alarm_facts(known))

    return commands


def alarm_facts(alarm: Alarm) -> Facts:
    return {
        "alarm": alarm.number,
        "topic": alarm.topic.value,
        "subject": alarm.subject,
        "level": alarm.level.value,
        "sentence": alarm.sentence,
        "raisedAt": alarm.raised_at,
        "changedAt": alarm.changed_at,
        "acknowledgedBy": alarm.acknowledged_by,
        "acknowledgedAt": alarm.acknowledged_at,
        "endedAt": alarm.ended_at,
    }
