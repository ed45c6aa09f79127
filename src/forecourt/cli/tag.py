"""Commands for id tags."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.files import read_file
from forecourt.cli.office import Office, confirm, form_of, moment
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.domain.authorization.model import IdToken, TokenFilter
from forecourt.domain.authorization.sheets import MOST_BYTES, SheetReader, SheetRefused, register_all
from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.errors import invalid
from forecourt.domain.services import Services

_COLUMNS: Final = ("idTag", "parentIdTag", "expiryDate", "blocked", "maxActiveTransactions", "note", "driver")

_TOLD: Final = 20
"""Faults of a file that are printed: all in one line."""

TagId = Annotated[str, typer.Argument(metavar="IDTAG", help="The id tag, in either case.")]
Parent = Annotated[str | None, typer.Option(help="The group that it belongs to.")]
Expires = Annotated[str | None, typer.Option(metavar="TIME", help="Until when it is good (2026-12-31T00:00:00Z).")]
Most = Annotated[int | None, typer.Option(metavar="N", help="How many transactions may run at once.")]
NoLimit = Annotated[bool, typer.Option("--no-limit", help="Any number of transactions may run at once.")]
Note = Annotated[str | None, typer.Option(help="For people.")]
OfDriver = Annotated[int | None, typer.Option("--driver", metavar="DRIVER", min=1, help="Whose it is.")]


def tag_facts(token: IdToken) -> Facts:
    return {
        "idTag": token.id_token,
        "parentIdTag": token.parent,
        "expiryDate": token.expires_at,
        "blocked": token.is_blocked,
        "maxActiveTransactions": token.max_active_transactions,
        "note": token.note,
        "driver": token.driver,
    }


def tag_commands(office: Office) -> typer.Typer:
    """The group ``forecourt tag``."""
    commands = typer.Typer(no_args_is_help=True, help="Who may charge.")

    @commands.command()
    def add(
        *,
        id_tag: TagId,
        parent: Parent = None,
        expires: Expires = None,
        blocked: Annotated[bool, typer.Option("--blocked", help="It may not charge.")] = False,
        max_active: Most = None,
        no_limit: NoLimit = False,
        note: Note = None,
        driver: OfDriver = None,
    ) -> None:
        """Register an id tag; one transaction at once unless --max-active or --no-limit says otherwise."""
        token = IdToken(
            id_token=id_tag,
            parent=parent,
            expires_at=moment(expires, "--expires"),
            is_blocked=blocked,
            max_active_transactions=_most(1, max_active, no_limit=no_limit),
            note=note or "",
            driver=None if driver is None else DriverNumber(driver),
        )
        print_facts(tag_facts(office.write(lambda services: services.authorization.add(token))))

    @commands.command("import")
    def import_file(
        file: Annotated[str, typer.Argument(metavar="FILE", help="A CSV file, or - for what is piped in.")],
    ) -> None:
        """Register all id tags of a CSV file, or none when anything is wrong with it.

        Its first line names the columns: idTag, and as you like parent, expiresAt, maxActiveTransactions, note, driver
        (by number or e-mail address) and blocked, as in the list that --csv prints. A time without a zone is in UTC.
        """
        sheet = SheetReader().read(read_file(file, limit=MOST_BYTES))
        try:
            count = office.write(lambda services: register_all(services, sheet))
        except SheetRefused as refused:
            told = " ".join(f"{place.capitalize()}: {reason}" for place, reason in refused.told[:_TOLD])
            raise invalid(f"{refused.sentence} {told}") from refused
        print_facts({"registered": count})

    @commands.command("list")
    def list_all(
        *,
        search: Annotated[str | None, typer.Option(help="Only what contains this text.")] = None,
        driver: Annotated[int | None, typer.Option(metavar="DRIVER", min=1, help="Only those of this driver.")] = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List id tags in their order."""
        wanted = TokenFilter(search=search or None, driver=None if driver is None else DriverNumber(driver))
        office.print_list(
            lambda services, page: services.authorization.list(wanted, page),
            tag_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_COLUMNS,
            shown=_COLUMNS,
        )

    @commands.command()
    def show(id_tag: TagId, as_json: Json = False) -> None:
        """Show an id tag."""
        facts = tag_facts(office.read(lambda services: services.authorization.get(id_tag)))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command("set")
    def change(
        *,
        id_tag: TagId,
        parent: Parent = None,
        no_parent: Annotated[bool, typer.Option("--no-parent", help="It belongs to no group.")] = False,
        expires: Expires = None,
        no_expiry: Annotated[bool, typer.Option("--no-expiry", help="It does not expire.")] = False,
        blocked: Annotated[bool | None, typer.Option("--block/--unblock", help="May it charge?")] = None,
        max_active: Most = None,
        no_limit: NoLimit = False,
        note: Note = None,
        driver: OfDriver = None,
        no_driver: Annotated[bool, typer.Option("--no-driver", help="It is nobody's.")] = False,
    ) -> None:
        """Change what is given and leave the rest as it is. Takes effect at once."""
        expires_at = moment(expires, "--expires")
        if (no_parent and parent is not None) or (no_expiry and expires is not None) or (no_driver and driver):
            raise invalid("Give a value or take it away, not both.")

        def work(services: Services) -> IdToken:
            known = services.authorization.get(id_tag)
            return services.authorization.replace(
                IdToken(
                    id_token=known.id_token,
                    parent=None if no_parent else parent or known.parent,
                    expires_at=None if no_expiry else expires_at or known.expires_at,
                    is_blocked=known.is_blocked if blocked is None else blocked,
                    max_active_transactions=_most(known.max_active_transactions, max_active, no_limit=no_limit),
                    note=known.note if note is None else note,
                    driver=None if no_driver else DriverNumber(driver) if driver else known.driver,
                )
            )

        print_facts(tag_facts(office.write(work)))

    @commands.command()
    def remove(id_tag: TagId, yes: Yes = False) -> None:
        """Take an id tag off the register. Its transactions stay."""
        confirm(f"Remove the id tag {id_tag!r}?", is_confirmed=yes)
        office.write(lambda services: services.authorization.remove(id_tag))

    return commands


def _most(otherwise: int | None, max_active: int | None, *, no_limit: bool) -> int | None:
    if no_limit and max_active is not None:
        raise invalid("Give either --max-active or --no-limit.")
    if no_limit:
        return None
    return otherwise if max_active is None else max_active
