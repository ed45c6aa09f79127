"""Commands for the record of who did what."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.office import Office, form_of, moment
from forecourt.cli.options import Csv, Json, Limit
from forecourt.cli.output import Facts
from forecourt.domain.audit.model import AuditEntry, AuditFilter, Via

_COLUMNS: Final = ("entry", "at", "who", "via", "action", "subject", "detail")


def audit_commands(office: Office) -> typer.Typer:
    """The group ``forecourt audit``."""
    commands = typer.Typer(no_args_is_help=True, help="Who did what here, and when.")

    @commands.callback()
    def group() -> None:
        """Makes this a group, although it has one command so far."""

    @commands.command("list")
    def list_all(
        *,
        who: Annotated[str | None, typer.Option(metavar="NAME", help="Only what they did.")] = None,
        via: Annotated[Via | None, typer.Option(help="Only what was done by this door.")] = None,
        action: Annotated[str | None, typer.Option(metavar="ACTION", help="Only this action.")] = None,
        subject: Annotated[str | None, typer.Option(metavar="NAME", help="Only what was done to it.")] = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Done then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Done before.")] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List what was done, the newest first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        wanted = AuditFilter(
            who=who,
            via=via,
            action=action,
            subject=subject,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        office.print_newest(
            lambda services, page: services.audit.list(wanted, page),
            deed_facts,
            form=form,
            columns=_COLUMNS,
            shown=_COLUMNS,
            limit=limit,
        )

    return commands


def deed_facts(entry: AuditEntry) -> Facts:
    deed = entry.deed
    return {
        "entry": entry.number,
        "at": entry.at,
        "who": deed.who,
        "via": deed.via.value,
        "action": deed.action,
        "subject": deed.subject,
        "detail": deed.detail,
    }
