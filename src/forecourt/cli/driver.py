"""Commands for drivers."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.numbers import number_of
from forecourt.cli.office import Office, form_of
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.domain.drivers.model import Driver, DriverDraft, DriverNumber
from forecourt.domain.drivers.service import MAX_DRIVER_NUMBER
from forecourt.domain.services import Services

_SHOWN: Final = ("number", "lastName", "firstName", "email", "phone", "note")
_COLUMNS: Final = ("number", "firstName", "lastName", "email", "phone", "address", "language", "note", "addedAt")

Number = Annotated[
    int,
    typer.Argument(parser=number_of("a driver", "driver list", most=MAX_DRIVER_NUMBER), metavar="DRIVER"),
]
FirstName = Annotated[str | None, typer.Option(metavar="TEXT", help="The first name.")]
LastName = Annotated[str | None, typer.Option(metavar="TEXT", help="The last name.")]
Email = Annotated[str | None, typer.Option(metavar="ADDRESS", help="The e-mail address.")]
Phone = Annotated[str | None, typer.Option(metavar="TEXT", help="The telephone number.")]
Address = Annotated[str | None, typer.Option(metavar="TEXT", help="The postal address, with its lines.")]
Language = Annotated[str | None, typer.Option(metavar="TAG", help="The language to write in, such as de.")]
Note = Annotated[str | None, typer.Option(metavar="TEXT", help="For people.")]


def driver_facts(driver: Driver) -> Facts:
    return {
        "number": driver.number,
        "firstName": driver.first_name,
        "lastName": driver.last_name,
        "email": driver.email,
        "phone": driver.phone,
        "address": driver.address,
        "language": driver.language,
        "note": driver.note,
        "addedAt": driver.added_at,
    }


def driver_commands(office: Office) -> typer.Typer:
    """The group ``forecourt driver``."""
    commands = typer.Typer(no_args_is_help=True, help="The people who charge.")

    @commands.command()
    def add(
        *,
        first_name: FirstName = None,
        last_name: LastName = None,
        email: Email = None,
        phone: Phone = None,
        address: Address = None,
        language: Language = None,
        note: Note = None,
    ) -> None:
        """Put a driver on record, with a name or an e-mail address at least. Tags get their driver with `tag set`."""
        draft = DriverDraft(
            first_name=first_name or "",
            last_name=last_name or "",
            email=email or "",
            phone=phone or "",
            address=address or "",
            language=language or "",
            note=note or "",
        )
        print_facts(driver_facts(office.write(lambda services: services.drivers.add(draft))))

    @commands.command("list")
    def list_all(
        search: Annotated[str | None, typer.Option(help="Only what contains this text.")] = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List drivers by their last names."""
        office.print_list(
            lambda services, page: services.drivers.list(search or None, page),
            driver_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_COLUMNS,
            shown=_SHOWN,
        )

    @commands.command()
    def show(driver: Number, as_json: Json = False) -> None:
        """Show a driver."""
        facts = driver_facts(office.read(lambda services: services.drivers.get(DriverNumber(driver))))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command("set")
    def change(
        *,
        driver: Number,
        first_name: FirstName = None,
        last_name: LastName = None,
        email: Email = None,
        phone: Phone = None,
        address: Address = None,
        language: Language = None,
        note: Note = None,
    ) -> None:
        """Change what is given and leave the rest as it is; an empty text takes something away."""
        number = DriverNumber(driver)

        def work(services: Services) -> Driver:
            known = services.drivers.get(number)
            draft = DriverDraft(
                first_name=_either(first_name, known.first_name),
                last_name=_either(last_name, known.last_name),
                email=_either(email, known.email),
                phone=_either(phone, known.phone),
                address=_either(address, known.address),
                language=_either(language, known.language),
                note=_either(note, known.note),
            )
            return services.drivers.change(number, draft)

        print_facts(driver_facts(office.write(work)))

    @commands.command()
    def forget(driver: Number, yes: Yes = False) -> None:
        """Delete all personal data of a driver. The tags may charge as before, and the transactions stay."""
        ask_consent(f"Forget the driver {driver} and what is noted on the driver's tags?", is_given=yes)
        office.write(lambda services: services.drivers.forget(DriverNumber(driver)))

    return commands


def _either(given: str | None, known: str) -> str:
    return known if given is None else given
