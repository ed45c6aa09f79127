"""Commands for people who may sign in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from forecourt.cli.office import Office, confirm, form_of
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.domain.access.account import MAX_PASSWORD_CHARACTERS, Account, check_account_name, check_new_password
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.access.permissions import Role
from forecourt.domain.errors import invalid

_COLUMNS: Final = (
    "name",
    "shownName",
    "role",
    "enabled",
    "hasPassword",
    "secondFactor",
    "issuer",
    "subject",
    "createdAt",
    "signedInAt",
)
_SHOWN: Final = ("name", "shownName", "role", "enabled", "secondFactor", "signedInAt")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the account.")]
PasswordFile = Annotated[
    str | None, typer.Option("--password-file", metavar="FILE", help="Holds the password, or - for what is piped in.")
]
Called = Annotated[str | None, typer.Option("--shown-name", metavar="TEXT", help="What they are called on pages.")]


def person_facts(account: Account) -> Facts:
    return {
        "name": account.name,
        "shownName": account.shown_name,
        "role": account.role.value,
        "enabled": account.is_enabled,
        "hasPassword": account.has_password,
        "secondFactor": account.has_second_factor,
        "issuer": None if account.identity is None else account.identity.issuer,
        "subject": None if account.identity is None else account.identity.subject,
        "createdAt": account.created_at,
        "signedInAt": account.signed_in_at,
    }


def person_commands(office: Office, hasher: Callable[[], PasswordHasher]) -> typer.Typer:
    """The group ``forecourt person``."""
    commands = typer.Typer(no_args_is_help=True, help="People who may sign in on the pages.")

    @commands.command()
    def add(
        name: Name,
        *,
        role: Annotated[Role, typer.Option(help="What they may do.")],
        shown_name: Called = None,
        password_file: PasswordFile = None,
        no_password: Annotated[
            bool, typer.Option("--no-password", help="For who signs in with OpenID Connect only.")
        ] = False,
    ) -> None:
        """Add somebody. The password is asked for, unless it comes from a file."""
        if no_password and password_file is not None:
            raise typer.BadParameter("Choose one of --password-file and --no-password.")
        check_account_name(name)
        hashed = None if no_password else _hashed(hasher(), name, password_file)
        added = office.write(
            lambda services: services.accounts.add(name, shown_name=shown_name or "", role=role, password_hash=hashed)
        )
        print_facts(person_facts(added))

    @commands.command("list")
    def list_all(as_json: Json = False, as_csv: Csv = False) -> None:
        """List people by name."""
        office.print_list(
            lambda services, page: services.accounts.list(page),
            person_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_COLUMNS,
            shown=_SHOWN,
        )

    @commands.command()
    def show(name: Name, as_json: Json = False) -> None:
        """Show somebody."""
        facts = person_facts(office.read(lambda services: services.accounts.get(name)))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def change(
        name: Name,
        *,
        role: Annotated[Role | None, typer.Option(help="What they may do.")] = None,
        enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether they may sign in.")] = None,
        shown_name: Called = None,
    ) -> None:
        """Change what somebody may do. Another role, and being disabled, ends their sessions."""
        changed = office.write(
            lambda services: services.accounts.change(name, shown_name=shown_name, role=role, is_enabled=enabled)
        )
        print_facts(person_facts(changed))

    @commands.command()
    def password(name: Name, password_file: PasswordFile = None) -> None:
        """Set somebody's password, which ends their sessions. It is asked for, unless it comes from a file."""
        hashed = _hashed(hasher(), name, password_file)
        office.write(lambda services: services.accounts.set_password(name, hashed))

    @commands.command("remove-second-factor")
    def remove_second_factor(name: Name, yes: Yes = False) -> None:
        """For who has lost the device: from then on the password alone is enough."""
        confirm(f"Let {name!r} in with the password alone?", is_confirmed=yes)
        office.write(lambda services: services.accounts.remove_totp(name))

    @commands.command()
    def remove(name: Name, yes: Yes = False) -> None:
        """Remove somebody. What they did stays written down."""
        confirm(f"Remove the account {name!r}?", is_confirmed=yes)
        office.write(lambda services: services.accounts.remove(name))

    return commands


def _hashed(hasher: PasswordHasher, name: str, file: str | None) -> str:
    """The hash of the password. A password is never an option: others on this machine see those."""
    if file is None:
        password = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        password = _read(file)
    return hasher.hash(check_new_password(name, password))


def _read(file: str) -> str:
    """The first line; raises DomainError."""
    try:
        text = sys.stdin.read(MAX_PASSWORD_CHARACTERS + 2) if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise invalid(f"The password cannot be read from {file!r}.", field="password") from error
    return text.partition("\n")[0].rstrip("\r")
