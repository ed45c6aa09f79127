"""Commands for what a station may connect with."""

from __future__ import annotations

import json
from typing import Annotated, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.files import read_file
from forecourt.cli.office import Office, form_of
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import Document, Facts, print_facts, print_json, warn
from forecourt.cli.who import command_line_user
from forecourt.domain.admission.keys import read_password
from forecourt.domain.admission.model import AccessSheet, Leniency, Password, PasswordNumber, SecurityProfile
from forecourt.domain.admission.passwords import SetPassword
from forecourt.domain.admission.preconditions import Precondition
from forecourt.domain.admission.service import KEPT
from forecourt.domain.errors import Sentence, invalid
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.services import Services

_MAX_FILE_BYTES: Final = 4_096
_PRECONDITION: Final = ("name", "met", "sentence")

Identity = Annotated[str, typer.Argument(metavar="ID", help="The last part of the URL that the station connects to.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="The number of the password, as `show` tells it.")]
Profile = Annotated[int | None, typer.Option(min=0, max=3, help="A security profile.")]


def security_facts(sheet: AccessSheet) -> Facts:
    access = sheet.access
    upgrade = access.upgrade
    return {
        "id": sheet.station.identity,
        "securityProfile": int(access.profile),
        "acceptedProfiles": [str(int(profile)) for profile in access.profiles],
        "upgrade": None if upgrade is None else upgrade.state.value,
        "upgradeErrand": None if upgrade is None else upgrade.errand,
        "leniencies": sorted(leniency.value for leniency in access.leniencies),
        "serialNumber": access.serial_number,
        "reportedSerialNumber": sheet.reported_serial,
        "trustedOrganisations": access.trusted_organisations,
        "ownCertificate": access.has_own_certificate,
        "presented": access.presented,
        "passwords": Document(json.dumps([_password_facts(password) for password in access.passwords])),
    }


def _password_facts(password: Password) -> dict[str, object]:
    return {
        "number": password.number,
        "state": password.state.value,
        "generated": password.is_generated,
        "form": None if password.form is None else password.form.value,
        "madeAt": password.made_at.isoformat().replace("+00:00", "Z"),
        "errand": password.errand,
        "askedBy": password.asked_by,
    }


def station_security_commands(office: Office) -> typer.Typer:
    """The group ``forecourt station security``."""
    commands = typer.Typer(no_args_is_help=True, help="What a station may connect with.")
    _add_showing(commands, office)
    _add_changing(commands, office)
    _add_passwords(commands, office)
    _add_decisions(commands, office)
    return commands


def _add_showing(commands: typer.Typer, office: Office) -> None:
    @commands.command()
    def show(identity: Identity, as_json: Json = False) -> None:
        """Show the profile of a station, what is excused in it, and the states of its passwords."""
        _print(office.read(lambda services: _sheet(services, identity)), as_json=as_json)

    @commands.command()
    def preconditions(
        identity: Identity,
        profile: Annotated[int, typer.Argument(min=0, max=3, help="The profile that it is to use.")],
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """Show what a station needs for a higher profile, and what of it is there."""

        def get_page(services: Services, page: PageRequest) -> Page[Precondition]:
            station = services.provisioning.get_station(identity)
            return Page(services.profile_upgrades.preconditions(station, SecurityProfile(profile)), None)

        office.print_list(
            get_page,
            lambda one: {"name": one.name, "met": one.is_met, "sentence": str(one.sentence)},
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_PRECONDITION,
            shown=_PRECONDITION,
        )


def _add_changing(commands: typer.Typer, office: Office) -> None:
    @commands.command("set")
    def change(
        identity: Identity,
        *,
        profile: Profile = None,
        lower: Annotated[bool, typer.Option("--lower", help="A lower profile is meant.")] = False,
        excuse: Annotated[list[Leniency] | None, typer.Option(help="Excuse this, too.")] = None,
        insist: Annotated[list[Leniency] | None, typer.Option(help="Excuse this no longer.")] = None,
        serial_number: Annotated[
            str | None, typer.Option(help="What its certificate must name; empty for what it reports.")
        ] = None,
        trust: Annotated[
            list[str] | None, typer.Option(metavar="NAME", help="One more organization of its certificate.")
        ] = None,
        distrust: Annotated[
            list[str] | None, typer.Option(metavar="NAME", help="One that is no longer trusted.")
        ] = None,
        new_device: Annotated[
            bool,
            typer.Option(
                "--new-device",
                help="Another device stands there now: forget the certificate and the serial number of the old one.",
            ),
        ] = False,
        yes: Yes = False,
        as_json: Json = False,
    ) -> None:
        """Change what is given and leave the rest as it is. Takes effect at once, and nothing is sent: `forecourt op
        UpgradeSecurityProfile` has a station use a higher profile."""
        who = command_line_user()
        if lower:
            if profile is None:
                raise invalid("Say with --profile to which profile it is to be lowered.")
            question = f"Let the station {identity!r} in with profile {profile}, which proves less of who it is?"
            ask_consent(question, is_given=yes)

        if new_device:
            question = f"Forget the certificate and the serial number of the old device of the station {identity!r}?"
            ask_consent(question, is_given=yes)

        def organisations(known: tuple[str, ...]) -> tuple[str, ...]:
            return (*(name for name in known if name not in (distrust or ())), *(trust or ()))

        def work(services: Services) -> tuple[AccessSheet, list[Sentence]]:
            station = services.provisioning.get_station(identity)
            if new_device:
                services.admissions.replace_device(station, who)
            services.admissions.change(
                station,
                leniencies=lambda known: (known | frozenset(excuse or ())) - frozenset(insist or ()),
                serial_number=KEPT if serial_number is None else serial_number or None,
                trusted_organisations=organisations,
                asked_by=who,
            )
            warnings: list[Sentence] = []
            if profile is not None:
                warnings = services.profile_upgrades.doubts(station, SecurityProfile(profile))
                services.admissions.set_profile(station, SecurityProfile(profile), may_lower=lower, asked_by=who)
            return services.admissions.sheet(station), warnings

        sheet, warnings = office.write(work)
        warn(warnings)
        _print(sheet, as_json=as_json)


def _add_passwords(commands: typer.Typer, office: Office) -> None:
    @commands.command()
    def password(
        identity: Identity,
        file: Annotated[
            str | None, typer.Option(metavar="FILE", help="Where the password is, or - for stdin; else one is made.")
        ] = None,
        is_hex: Annotated[bool, typer.Option("--hex", help="The file holds it as hexadecimal text.")] = False,
        yes: Yes = False,
        as_json: Json = False,
    ) -> None:
        """Set the password of a station, which counts at once. Nothing is sent: `forecourt op ChangePassword` gives a
        station that is connected a new one. One that is made is printed this once."""
        given = None if file is None else _read(file)
        secret = given
        if is_hex:
            if given is None:
                raise invalid("--hex says how a password is written; give it with --file.")
            secret = read_password(text=None, authorization_key=given.decode("utf-8", "replace"))

        ask_consent(f"Accept no password of the station {identity!r} but the new one from now on?", is_given=yes)
        prepared = office.read(lambda services: services.passwords.preparer).prepare(secret)

        def work(services: Services) -> SetPassword:
            station = services.provisioning.get_station(identity)
            return services.passwords.set(station, prepared, command_line_user())

        found = office.write(work)
        warn(found.warnings)
        facts: dict[str, int | str] = {"number": found.number}
        if found.key is not None:
            facts |= {"password": found.key.text, "authorizationKey": found.key.hex}
        print_json(facts) if as_json else print_facts(facts)


def _add_decisions(commands: typer.Typer, office: Office) -> None:
    @commands.command()
    def keep(identity: Identity, number: Number, yes: Yes = False, as_json: Json = False) -> None:
        """Decide that this is the password that the station has. No other one is accepted from now on."""
        ask_consent(f"Accept only the password {number} of the station {identity!r}?", is_given=yes)
        _print(office.write(lambda services: _decided(services, identity, number, keep=True)), as_json=as_json)

    @commands.command()
    def drop(identity: Identity, number: Number, yes: Yes = False, as_json: Json = False) -> None:
        """Decide that the station does not have this password. A former one is forgotten."""
        ask_consent(f"Drop the password {number} of the station {identity!r}?", is_given=yes)
        _print(office.write(lambda services: _decided(services, identity, number, keep=False)), as_json=as_json)

    @commands.command("give-up-upgrade")
    def give_up(identity: Identity, yes: Yes = False, as_json: Json = False) -> None:
        """Accept only the present profile again."""
        ask_consent(f"Give up the upgrade of the station {identity!r}?", is_given=yes)

        def work(services: Services) -> AccessSheet:
            station = services.provisioning.get_station(identity)
            services.profile_upgrades.give_up(station, command_line_user())
            return services.admissions.sheet(station)

        _print(office.write(work), as_json=as_json)


def _print(sheet: AccessSheet, *, as_json: bool) -> None:
    facts = security_facts(sheet)
    print_json(facts) if as_json else print_facts(facts)


def _sheet(services: Services, identity: str) -> AccessSheet:
    return services.admissions.sheet(services.provisioning.get_station(identity))


def _decided(services: Services, identity: str, number: int, *, keep: bool) -> AccessSheet:
    station = services.provisioning.get_station(identity)
    services.passwords.decide(station, PasswordNumber(number), keep=keep, asked_by=command_line_user())
    return services.admissions.sheet(station)


def _read(file: str) -> bytes:
    """What is in the file, without the end of its line."""
    return read_file(file, limit=_MAX_FILE_BYTES).removesuffix(b"\n").removesuffix(b"\r")
