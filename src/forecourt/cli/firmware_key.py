"""Commands for keys that firmware is signed with."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.files import read_pem
from forecourt.cli.firmware_facts import KEY_COLUMNS, KEY_SHOWN, key_facts
from forecourt.cli.office import Office, form_of
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import print_facts, print_json
from forecourt.cli.who import command_line_user
from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.errors import invalid, not_found
from forecourt.domain.firmware.making import MAX_DAYS, SIGNER_DAYS, KeyWish
from forecourt.domain.paging import Page
from forecourt.operations.firmware import create_key, import_key
from forecourt.pki.keys import MAX_KEY, MAX_PASSWORD

_LINE_END: Final = 2
_MAX_CHAIN: Final = 20_000

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that an operator gives.")]


def firmware_key_commands(office: Office) -> typer.Typer:
    """The group ``forecourt firmware key``."""
    commands = typer.Typer(no_args_is_help=True, help="Keys that firmware is signed with here.")

    @commands.command("list")
    def list_all(as_json: Json = False, as_csv: Csv = False) -> None:
        """List keys by name."""
        office.print_list(
            lambda services, page: Page(services.firmware_keys.all(), None),
            key_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=KEY_COLUMNS,
            shown=KEY_SHOWN,
        )

    @commands.command()
    def show(name: Name, as_json: Json = False) -> None:
        """Show a key, without what is secret of it."""
        facts = key_facts(office.read(lambda services: services.firmware_keys.get(name)))
        print_json(facts) if as_json else print_facts(facts)

    _offer_new_keys(commands, office)

    @commands.command()
    def root(name: Name) -> None:
        """Print the root of a key as PEM, for InstallCertificate with ManufacturerRootCertificate."""
        found = office.read(lambda services: services.firmware_keys.get(name)).root
        if found is None:
            raise not_found(f"The root of the firmware key {name!r} was not given with it; ask its maker for it.")
        print(found.pem, end="")

    @commands.command()
    def certificate(name: Name) -> None:
        """Print the certificate of a key as PEM."""
        print(office.read(lambda services: services.firmware_keys.get(name)).certificate.pem, end="")

    @commands.command()
    def remove(name: Name, yes: Yes = False) -> None:
        """Forget a key, with the key of its root if that was made here. What it signed stays signed."""
        ask_consent(f"Remove the firmware key {name!r}? It cannot be brought back.", is_given=yes)
        office.write(lambda services: services.firmware_keys.remove(name, asked_by=command_line_user()))

    return commands


def _offer_new_keys(commands: typer.Typer, office: Office) -> None:
    """What makes keys, and takes them in."""

    @commands.command()
    def make(
        *,
        name: Name,
        common_name: Annotated[str, typer.Option(help="The common name (CN) of the certificate.")],
        organisation: Annotated[str | None, typer.Option(help="Its organization (O).")] = None,
        family: Annotated[KeyFamily, typer.Option(help="The kind of the key.")] = KeyFamily.RSA,
        days: Annotated[int, typer.Option(min=1, max=MAX_DAYS, help="How long it is valid.")] = SIGNER_DAYS,
        root: Annotated[
            str | None, typer.Option(metavar="NAME", help="A key that was made here, whose root is to issue this one.")
        ] = None,
    ) -> None:
        """Make a key with a certificate and a root, which is trusted for firmware at once. Stations need the root as
        ManufacturerRootCertificate: `forecourt firmware key root NAME` prints it."""
        wish = KeyWish(common_name=common_name, organisation=organisation, family=family, days=days)
        key = office.do(lambda workspace: create_key(workspace, name, wish, root=root, asked_by=command_line_user()))
        print_facts(key_facts(key))

    @commands.command("import")
    def import_own(
        *,
        name: Name,
        certificate: Annotated[
            str, typer.Option(metavar="FILE", help="The certificate as PEM, and after it its root if that is at hand.")
        ],
        key: Annotated[str, typer.Option(metavar="FILE", help="The private key as PEM, or -.")],
        password_file: Annotated[
            str | None, typer.Option(metavar="FILE", help="Holds what the key is encrypted with, or -.")
        ] = None,
    ) -> None:
        """Give a maker's own key. It is kept sealed."""
        if [certificate, key, password_file].count("-") > 1:
            raise invalid("Only one of the files can be piped in with -.")
        password = None
        if password_file is not None:
            password = read_pem(password_file, limit=MAX_PASSWORD + _LINE_END).rstrip("\r\n")
        chain, private = read_pem(certificate, limit=_MAX_CHAIN), read_pem(key, limit=MAX_KEY)
        added = office.do(
            lambda workspace: import_key(
                workspace,
                name,
                certificate=chain,
                private_key=private,
                password=password,
                asked_by=command_line_user(),
            )
        )
        print_facts(key_facts(added))
