"""Commands for what matters for security: this system's own log, and what stations report."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.office import Office, form_of, moment
from forecourt.cli.options import Csv, Limit, OfStation
from forecourt.cli.output import Facts
from forecourt.domain.access.permissions import Permission
from forecourt.domain.security.model import SecurityEventFilter, StoredEvent
from forecourt.domain.security_log.model import Kind, NoteFilter, StoredNote

_LOG: Final = ("entry", "timestamp", "kind", "reason", "stationId", "address", "askedBy", "count")
_LOG_SHOWN: Final = ("timestamp", "kind", "stationId", "address", "reason")
_EVENTS: Final = ("stationId", "type", "critical", "timestamp", "techInfo", "receivedAt")

Follow = Annotated[bool, typer.Option("--follow", help="Print what is new, as it comes, until Ctrl-C.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON; with --follow one object per line.")]


def security_commands(office: Office) -> typer.Typer:
    """The group ``forecourt security``."""
    commands = typer.Typer(no_args_is_help=True, help="What was refused and changed here, and what stations report.")

    auditing = office.of(view=Permission.AUDIT, change=Permission.AUDIT)

    @commands.command()
    def log(
        *,
        kind: Annotated[
            list[Kind] | None,
            typer.Option(
                metavar="KIND", help="Only of this kind, such as `credentialsWrong`; may be given repeatedly."
            ),
        ] = None,
        station: OfStation = None,
        address: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Only from this address.")] = None,
        asked_by: Annotated[str | None, typer.Option(metavar="NAME", help="Only what they asked for.")] = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Written then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Written before.")] = None,
        limit: Limit = None,
        follow: Follow = False,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List what Forecourt itself refused and changed, newest first."""
        from forecourt.cli.tailing import Growing, print_growing

        wanted = NoteFilter(
            kinds=frozenset(kind) if kind else None,
            station=station,
            address=address,
            asked_by=asked_by,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        growing: Growing[StoredNote] = Growing(
            get_page=lambda services, page: services.security_log.list(wanted, page),
            get_tail=lambda services, number, limit: services.security_log.after(number, wanted, limit),
            settled=lambda services: services.security_log.settled(),
            show=_entry,
            columns=_LOG,
            shown=_LOG_SHOWN,
        )
        print_growing(auditing, growing, form_of(as_json=as_json, as_csv=as_csv), limit=limit, is_followed=follow)

    @commands.command()
    def events(
        *,
        station: OfStation = None,
        event_type: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Only of this type.")] = None,
        critical: Annotated[
            bool | None, typer.Option("--critical/--not-critical", help="Only those that are critical, or are not.")
        ] = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Happened then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Happened before.")] = None,
        limit: Limit = None,
        follow: Follow = False,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List the security events of stations, the one that arrived last first."""
        from forecourt.cli.tailing import Growing, print_growing

        wanted = SecurityEventFilter(
            station=station,
            type=event_type,
            is_critical=critical,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        growing: Growing[StoredEvent] = Growing(
            get_page=lambda services, page: services.security.list(wanted, page),
            get_tail=lambda services, number, limit: services.security.after(number, wanted, limit),
            settled=lambda services: services.security.settled(),
            show=_event,
            columns=_EVENTS,
            shown=_EVENTS,
        )
        print_growing(office, growing, form_of(as_json=as_json, as_csv=as_csv), limit=limit, is_followed=follow)

    return commands


def _entry(stored: StoredNote) -> Facts:
    note = stored.note
    return {
        "entry": stored.number,
        "timestamp": stored.at,
        "kind": note.kind.value,
        "reason": note.reason,
        "stationId": note.station,
        "address": note.address,
        "askedBy": note.asked_by,
        "count": note.count,
    }


def _event(stored: StoredEvent) -> Facts:
    return {
        "stationId": stored.station,
        "type": stored.event.type,
        "critical": stored.is_critical,
        "timestamp": stored.event.occurred_at,
        "techInfo": stored.event.tech_info,
        "receivedAt": stored.received_at,
    }
