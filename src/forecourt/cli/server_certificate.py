"""Commands for what listeners present to stations."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.files import read_pem
from forecourt.cli.managed_server_certificate import add_managed_commands
from forecourt.cli.office import Office, form_of
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import print_facts, print_json, warn
from forecourt.cli.trust_facts import SERVED_COLUMNS, SERVED_SHOWN, served_facts
from forecourt.cli.who import command_line_user
from forecourt.domain.errors import invalid
from forecourt.domain.paging import Page
from forecourt.domain.trust.serving import MAX_CHAIN_PEM, read_offer
from forecourt.pki.keys import MAX_KEY, MAX_PASSWORD

_LINE_END: Final = 2

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that an operator gives.")]


def server_certificate_commands(office: Office) -> typer.Typer:
    """The group ``forecourt server-certificate``."""
    commands = typer.Typer(no_args_is_help=True, help="What listeners present to stations.")

    @commands.command()
    def put(
        *,
        name: Name,
        chain: Annotated[str, typer.Option(metavar="FILE", help="The certificate and its issuers as PEM, or -.")],
        key: Annotated[str, typer.Option(metavar="FILE", help="The private key as PEM, or -.")],
        password_file: Annotated[
            str | None, typer.Option(metavar="FILE", help="Holds what the key is encrypted with, or -.")
        ] = None,
        disabled: Annotated[bool, typer.Option("--disabled", help="Do not present it yet.")] = False,
    ) -> None:
        """Give a certificate with its key, in place of the one with this name. The key is kept sealed."""
        if [chain, key, password_file].count("-") > 1:
            raise invalid("Only one of the files can be piped in with -.")
        password = None
        if password_file is not None:
            password = read_pem(password_file, limit=MAX_PASSWORD + _LINE_END).rstrip("\r\n")
        offer = read_offer(read_pem(chain, limit=MAX_CHAIN_PEM), read_pem(key, limit=MAX_KEY), password)
        served = office.write(
            lambda services: services.trust.serve(name, offer, is_enabled=not disabled, asked_by=command_line_user())
        )
        print_facts(served_facts(served.chain))
        warn(served.warnings)

    @commands.command("list")
    def list_all(as_json: Json = False, as_csv: Csv = False) -> None:
        """List server certificates by name."""
        office.print_list(
            lambda services, page: Page(services.trust.server_certificates(), None),
            served_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=SERVED_COLUMNS,
            shown=SERVED_SHOWN,
        )

    @commands.command()
    def show(
        *,
        name: Name,
        as_json: Json = False,
        pem: Annotated[bool, typer.Option("--pem", help="Print the chain as PEM; the key is never shown.")] = False,
    ) -> None:
        """Show a server certificate, without its key."""
        found = office.read(lambda services: services.trust.server_certificate(name))
        if pem:
            print("".join(one.pem for one in found.chain), end="")
            return
        facts = served_facts(found)
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def enable(name: Name) -> None:
        """Have listeners present it."""
        _set_enabled(office, name, is_enabled=True)

    @commands.command()
    def disable(name: Name) -> None:
        """Have listeners present it no longer. Connections that are open stay."""
        _set_enabled(office, name, is_enabled=False)

    @commands.command()
    def remove(name: Name, yes: Yes = False) -> None:
        """Forget a server certificate with its key."""
        ask_consent(f"Remove the server certificate {name!r} with its key?", is_given=yes)
        who = command_line_user()
        warn(office.write(lambda services: services.trust.remove_server_certificate(name, asked_by=who)))

    add_managed_commands(commands, office)
    return commands


def _set_enabled(office: Office, name: str, *, is_enabled: bool) -> None:
    served = office.write(
        lambda services: services.trust.enable_server_certificate(
            name, is_enabled=is_enabled, asked_by=command_line_user()
        )
    )
    print_facts(served_facts(served.chain))
    warn(served.warnings)
