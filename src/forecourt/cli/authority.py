"""Commands for the certificate authorities that may be asked to sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from forecourt.cli.authority_facts import (
    AUTHORITY_COLUMNS,
    AUTHORITY_SHOWN,
    SETTING_COLUMNS,
    authority_facts,
    choice_facts,
    setting_facts,
)
from forecourt.cli.consent import ask_consent
from forecourt.cli.files import read_pem
from forecourt.cli.office import Office, form_of
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import print_facts, print_json, warn
from forecourt.cli.who import command_line_user
from forecourt.domain.authorities.kinds import KINDS, MAX_VALUE
from forecourt.domain.authorities.model import AuthorityKind, Choice
from forecourt.domain.authorities.service import Chosen
from forecourt.domain.errors import invalid
from forecourt.domain.paging import Page
from forecourt.domain.services import Services
from forecourt.domain.signing.model import Use

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that an operator gave; own is this system's own.")]
Given = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting; see forecourt authority kinds.")
]
FromFiles = Annotated[
    list[str] | None,
    typer.Option("--set-file", metavar="NAME=FILE", help="A setting from a file, or - : for secrets and for roots."),
]


def authority_commands(office: Office) -> typer.Typer:
    """The group ``forecourt authority``."""
    commands = typer.Typer(no_args_is_help=True, help="Certificate authorities: which there are, and who signs.")

    @commands.command()
    def kinds(as_json: Json = False, as_csv: Csv = False) -> None:
        """List the kinds of authorities and their settings."""
        found = [(kind, setting) for kind, settings in KINDS.items() for setting in settings]
        office.print_list(
            lambda _services, page: Page(found, None),
            setting_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=SETTING_COLUMNS,
            shown=SETTING_COLUMNS,
        )

    @commands.command("list")
    def list_all(as_json: Json = False, as_csv: Csv = False) -> None:
        """List authorities, the own one first. Secrets are never shown."""
        office.print_list(
            lambda services, page: Page(services.authorities.list(), None),
            authority_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=AUTHORITY_COLUMNS,
            shown=AUTHORITY_SHOWN,
        )

    @commands.command()
    def show(name: Name, as_json: Json = False) -> None:
        """Show an authority, without its secrets."""
        facts = authority_facts(office.read(lambda services: services.authorities.get(name)))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def add(
        *,
        name: Name,
        kind: Annotated[AuthorityKind, typer.Option(help="How it is spoken to.")],
        given: Given = None,
        from_files: FromFiles = None,
    ) -> None:
        """Add an authority outside. It signs nothing before it is chosen."""
        settings = _settings(given or (), from_files or ())
        who = command_line_user()
        added = office.write(lambda services: services.authorities.add(name, kind, settings, asked_by=who))
        print_facts(authority_facts(added))

    @commands.command()
    def change(
        *,
        name: Name,
        given: Given = None,
        from_files: FromFiles = None,
        enabled: Annotated[
            bool | None, typer.Option("--enable/--disable", help="Whether it may be asked; requests wait meanwhile.")
        ] = None,
    ) -> None:
        """Change what is given and leave the rest; --set NAME= takes a setting away."""
        settings = _settings(given or (), from_files or ())
        who = command_line_user()
        changed = office.write(
            lambda services: services.authorities.change(name, settings or None, is_enabled=enabled, asked_by=who)
        )
        print_facts(authority_facts(changed))

    @commands.command()
    def remove(name: Name, yes: Yes = False) -> None:
        """Forget an authority with its secrets; refused while it is chosen or requests to it wait."""
        ask_consent(f"Remove the authority {name!r} with its secrets?", is_given=yes)
        who = command_line_user()
        office.write(lambda services: services.authorities.remove(name, asked_by=who))

    @commands.command()
    def choose(
        *,
        station: Annotated[str | None, typer.Option(metavar="NAME", help="Who signs for stations.")] = None,
        server: Annotated[str | None, typer.Option(metavar="NAME", help="Who signs for listeners.")] = None,
        group: Annotated[
            list[str] | None,
            typer.Option(metavar="GROUP=NAME", help="Who signs for stations of a group; GROUP= for the default."),
        ] = None,
        as_json: Json = False,
    ) -> None:
        """Choose who signs from now on, and show who does; without an option nothing changes."""
        groups = dict(_pair(text, "--group") for text in group or ())
        wanted = {use: name for use, name in ((Use.STATION, station), (Use.SERVER, server)) if name is not None}
        who = command_line_user()

        def changed(services: Services) -> Chosen:
            known = services.authorities.choice()
            merged = {one: name for one, name in {**known.by_group, **groups}.items() if name}
            choice = Choice(defaults={**known.defaults, **wanted}, by_group=merged)
            return services.authorities.choose(choice, asked_by=who)

        if wanted or groups:
            chosen = office.write(changed)
        else:
            chosen = Chosen(office.read(lambda services: services.authorities.choice()))
        facts = choice_facts(chosen.choice)
        print_json(facts) if as_json else print_facts(facts)
        warn(chosen.warnings)

    return commands


def _settings(given: Sequence[str], from_files: Sequence[str]) -> dict[str, str]:
    """Raises DomainError INVALID, which repeats no value: it may be a secret."""
    settings = dict(_pair(text, "--set") for text in given)
    files = dict(_pair(text, "--set-file") for text in from_files)
    if list(files.values()).count("-") > 1:
        raise invalid("Only one of the files can be piped in with -.", field="--set-file")
    return settings | {name: read_pem(path, limit=MAX_VALUE).strip() for name, path in files.items()}


def _pair(text: str, option: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise invalid(f"{option} needs a name and a value with = between them.", field=option)
    return name, value
