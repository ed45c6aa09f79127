"""Commands for server certificates that this system asks for and renews by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.office import Office, form_of
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import Facts, print_facts, print_json, warn
from forecourt.cli.who import command_line_user
from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.listener_certificates.model import Managed, Member, Wish
from forecourt.domain.paging import Page

_COLUMNS: Final = (
    "name",
    "hostNames",
    "authority",
    "fastExpiry",
    "renewBeforeHours",
    "serverCertificate",
    "state",
    "notAfter",
    "renewAt",
    "signing",
    "reason",
    "againAt",
)
_SHOWN: Final = ("name", "serverCertificate", "state", "notAfter", "renewAt", "reason")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that an operator gives.")]


def add_managed_commands(commands: typer.Typer, office: Office) -> None:
    """Into the group ``forecourt server-certificate``."""
    managed = typer.Typer(no_args_is_help=True, help="Those that are asked for and renewed by themselves.")
    commands.add_typer(managed, name="managed")

    @managed.command()
    def put(
        *,
        name: Name,
        host: Annotated[
            list[str],
            typer.Option(metavar="NAME", help="A host name or IP address of the listeners; the first one is the CN."),
        ],
        authority: Annotated[
            str | None, typer.Option(metavar="NAME", help="Who signs; else the authority that is chosen for servers.")
        ] = None,
        key: Annotated[list[KeyFamily] | None, typer.Option(help="A kind of key; both unless it is said.")] = None,
        fast: Annotated[
            bool, typer.Option("--fast", help="It expires within a day and is renewed every few hours.")
        ] = False,
        renew_before: Annotated[
            float | None, typer.Option(metavar="HOURS", min=0, help="So many hours before its end it is renewed.")
        ] = None,
    ) -> None:
        """Have a server certificate asked for, presented and renewed; or have it otherwise than before."""
        wish = Wish(
            host_names=tuple(host),
            authority=authority,
            families=frozenset(key or KeyFamily),
            is_fast=fast,
            renew_before=None if renew_before is None else timedelta(hours=renew_before),
        )
        who = command_line_user()
        kept = office.write(lambda services: services.listener_certificates.put(name, wish, asked_by=who))
        for member in kept.managed.members:
            print_facts(member_facts(kept.managed, member))
        warn(kept.warnings)

    @managed.command("list")
    def list_all(as_json: Json = False, as_csv: Csv = False) -> None:
        """List managed server certificates by name: a line for each kind of key."""
        office.print_list(
            lambda services, page: Page(_lines(services.listener_certificates.all()), None),
            lambda line: member_facts(*line),
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_COLUMNS,
            shown=_SHOWN,
        )

    @managed.command()
    def show(name: Name, as_json: Json = False) -> None:
        """Show a managed server certificate: one for each kind of key."""
        found = office.read(lambda services: services.listener_certificates.get(name))
        for member in found.members:
            facts = member_facts(found, member)
            print_json(facts) if as_json else print_facts(facts)

    @managed.command()
    def renew(name: Name) -> None:
        """Ask for new certificates with new keys now. What is presented stays until they are there."""
        who = command_line_user()
        found = office.write(lambda services: services.listener_certificates.renew(name, asked_by=who))
        for member in found.members:
            print_facts(member_facts(found, member))

    @managed.command()
    def remove(name: Name, yes: Yes = False) -> None:
        """Manage it no longer. What is in place is presented until it is removed, too."""
        ask_consent(f"Renew the server certificate {name!r} no longer?", is_given=yes)
        who = command_line_user()
        warn(office.write(lambda services: services.listener_certificates.remove(name, asked_by=who)))


def member_facts(managed: Managed, member: Member) -> Facts:
    before = managed.wish.renew_before
    return {
        "name": managed.name,
        "hostNames": managed.wish.host_names,
        "authority": managed.wish.authority,
        "fastExpiry": managed.wish.is_fast,
        "renewBeforeHours": None if before is None else before / timedelta(hours=1),
        "serverCertificate": member.name,
        "state": member.state.value,
        "notAfter": member.not_after,
        "renewAt": member.renew_at,
        "signing": member.signing,
        "reason": member.reason,
        "againAt": member.again_at,
    }


def _lines(found: Iterable[Managed]) -> list[tuple[Managed, Member]]:
    return [(managed, member) for managed in found for member in managed.members]
