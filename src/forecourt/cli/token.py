"""Commands for API tokens."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from forecourt.cli.office import Office, confirm, form_of, moment
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import Facts
from forecourt.domain.access.model import ApiToken
from forecourt.domain.access.permissions import PERMISSIONS, Permission, Role
from forecourt.domain.access.service import USUAL_SCOPES

_COLUMNS: Final = ("name", "createdAt", "expiresAt", "scopes")

Name = Annotated[str, typer.Argument(help="What the token is called.")]


def token_facts(token: ApiToken) -> Facts:
    return {
        "name": token.name,
        "createdAt": token.created_at,
        "expiresAt": token.expires_at,
        "scopes": " ".join(scope.value for scope in Permission if scope in token.scopes),
    }


def token_commands(office: Office) -> typer.Typer:
    """The group ``forecourt token``."""
    commands = typer.Typer(no_args_is_help=True, help="Tokens for programs that use the REST interface.")

    @commands.command()
    def create(
        name: Name,
        *,
        scope: Annotated[
            list[Permission] | None, typer.Option(help="What it may do; may be given more than once.")
        ] = None,
        role: Annotated[Role | None, typer.Option(help="Instead: whatever this role may do.")] = None,
        expires: Annotated[str | None, typer.Option(metavar="TIME", help="Until when it is good.")] = None,
    ) -> None:
        """Make a token; without --scope and --role it may do what an operator may. Its secret alone is printed on
        stdout; it is not stored and cannot be shown again."""
        if scope and role is not None:
            raise typer.BadParameter("Choose one of --scope and --role.")
        scopes = frozenset(scope) if scope else USUAL_SCOPES if role is None else PERMISSIONS[role]
        expires_at = moment(expires, "--expires")
        token, secret = office.write(lambda services: services.access.create_token(name, expires_at, scopes=scopes))
        print(secret)
        if sys.stdout.isatty():
            print(f"This is the token {token.name!r}. Keep it safe: it cannot be shown again.", file=sys.stderr)

    @commands.command("list")
    def list_all(
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List tokens by name, without their secrets."""
        office.print_list(
            lambda services, page: services.access.list_tokens(page),
            token_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_COLUMNS,
            shown=_COLUMNS,
        )

    @commands.command()
    def revoke(name: Name, yes: Yes = False) -> None:
        """Take a token back. A running system refuses it within two seconds."""
        confirm(f"Revoke the token {name!r}?", is_confirmed=yes)
        office.write(lambda services: services.access.revoke_token(name))

    return commands
