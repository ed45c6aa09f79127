"""The command ``forecourt`` and all its subcommands."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from typer.core import TyperGroup

from forecourt.cli.alarm import alarm_commands
from forecourt.cli.audit import audit_commands
from forecourt.cli.authority import authority_commands
from forecourt.cli.batch import batch_commands
from forecourt.cli.ca import ca_commands
from forecourt.cli.certificate import certificate_commands
from forecourt.cli.consent import ask_consent
from forecourt.cli.driver import driver_commands
from forecourt.cli.errand import errand_commands
from forecourt.cli.exits import told_in_one_line
from forecourt.cli.file import file_commands
from forecourt.cli.firmware import firmware_commands
from forecourt.cli.job import job_commands
from forecourt.cli.message import message_commands
from forecourt.cli.notification import notification_commands
from forecourt.cli.office import Office
from forecourt.cli.op import operation_commands
from forecourt.cli.options import Yes
from forecourt.cli.permit import Permit
from forecourt.cli.person import person_commands
from forecourt.cli.policy import policy_commands
from forecourt.cli.root import root_commands
from forecourt.cli.security import security_commands
from forecourt.cli.server_certificate import server_certificate_commands
from forecourt.cli.signing import signing_commands
from forecourt.cli.station import station_commands
from forecourt.cli.tag import tag_commands
from forecourt.cli.token import token_commands
from forecourt.cli.transactions import transactions_commands
from forecourt.cli.trust import trust_commands
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.access.permissions import Permission, Role
from forecourt.domain.services import Workspace
from forecourt.operations.firmware import Storeroom

if TYPE_CHECKING:
    from forecourt.operations.catalogue import Catalogue

Announce: TypeAlias = Callable[[str], None]
"""Shows a line to whoever started the command."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the commands open: the workspace, the whole system, one role of it by name, and what can be asked for."""

    open_workspace: Callable[[], AbstractAsyncContextManager[Workspace]]
    serve: Callable[[Announce], None]
    demo: Callable[[Announce], None]
    role: Callable[[str], None]
    catalogue: Callable[[], Catalogue]
    """Called only by commands that are about operations, because it loads all words of OCPP."""
    open_storeroom: Callable[[], Storeroom]
    """Where the contents of files are."""
    accept_loss: Callable[[], str]
    """Goes on although what the database was sealed with is lost, and says what happened."""
    hasher: Callable[[], PasswordHasher]
    """For passwords of people."""
    command_line_role: Callable[[], Role]
    """What commands may do here."""


class Commands(TyperGroup):
    """Ends every command in one line."""

    def invoke(self, ctx: Any) -> object:  # Any: the library's own type for it is private
        with told_in_one_line():
            return super().invoke(ctx)


def build(doors: Doors) -> typer.Typer:
    """The command, to be called without arguments. Exit codes are in `forecourt.cli.exits`."""
    commands = typer.Typer(
        cls=Commands,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
        rich_markup_mode=None,
        help="Forecourt, a central system for EV charging stations that speak OCPP.",
    )

    @commands.command()
    def serve() -> None:
        """Run the system until it is stopped. Settings come from FORECOURT_* variables."""
        doors.serve(_announce)

    @commands.command()
    def demo() -> None:
        """Run the system with a simulated site of five stations."""
        doors.demo(_announce)

    @commands.command(hidden=True)
    def role(name: Annotated[str, typer.Argument(help="The name of the role, for example gateway.")]) -> None:
        """Be one process of the system; `serve` starts these."""
        doors.role(name)

    @commands.command("secret-key")
    def secret_key(
        *,
        accept_loss: Annotated[
            bool, typer.Option("--accept-loss", help="Go on although the key of the database is lost.")
        ] = False,
        yes: Yes = False,
    ) -> None:
        """Make a key for FORECOURT_SECRET_KEY, with which secrets in the database are sealed."""
        if accept_loss:
            ask_consent("Give up the secrets that were sealed with the lost key?", is_given=yes)
            print(doors.accept_loss())
            return
        from forecourt.pki.sealing import Vault

        print(Vault.new_key().decode())

    house = Office(doors.open_workspace, Permit(doors.command_line_role))
    office = house.of(change=Permission.MANAGE)
    operating = house.of(change=Permission.OPERATE)
    security = house.of(change=Permission.SECURITY)
    auditing = house.of(view=Permission.AUDIT, change=Permission.AUDIT)
    administering = house.of(view=Permission.ADMINISTER, change=Permission.ADMINISTER)
    commands.add_typer(station_commands(office), name="station")
    commands.add_typer(tag_commands(office), name="tag")
    commands.add_typer(driver_commands(office), name="driver")
    commands.add_typer(token_commands(administering), name="token")
    commands.add_typer(person_commands(administering, doors.hasher), name="person")
    commands.add_typer(audit_commands(auditing), name="audit")
    commands.add_typer(transactions_commands(operating), name="transactions")
    commands.add_typer(operation_commands(operating, doors.catalogue), name="op")
    commands.add_typer(errand_commands(operating), name="errand")
    commands.add_typer(batch_commands(operating), name="batch")
    commands.add_typer(job_commands(operating), name="job")
    commands.add_typer(message_commands(office), name="message")
    commands.add_typer(security_commands(office), name="security")
    commands.add_typer(alarm_commands(operating), name="alarm")
    commands.add_typer(notification_commands(house), name="notification")
    commands.add_typer(trust_commands(security), name="trust")
    commands.add_typer(root_commands(security), name="root")
    commands.add_typer(server_certificate_commands(security), name="server-certificate")
    commands.add_typer(authority_commands(security), name="authority")
    commands.add_typer(ca_commands(security), name="ca")
    commands.add_typer(signing_commands(security), name="signing")
    commands.add_typer(policy_commands(security), name="policy")
    commands.add_typer(certificate_commands(security), name="certificate")
    commands.add_typer(file_commands(office, doors.open_storeroom), name="file")
    commands.add_typer(firmware_commands(office, doors.open_storeroom), name="firmware")
    return commands


def _announce(line: str) -> None:
    print(line, flush=True)
