"""Commands for stations."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.office import Office, confirm, form_of
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.cli.station_security import station_security_commands
from forecourt.cli.who import command_line_user
from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errors import invalid
from forecourt.domain.evse import WHOLE_STATION
from forecourt.domain.provisioning.model import Registration, StationDraft, StationFilter, StationSheet
from forecourt.domain.services import Services

_SHOWN: Final = (
    *("id", "registration", "online", "lastSeenAt", "chargePointVendor", "chargePointModel", "description"),
    *("securityProfile", "group", "labels"),
)
_COLUMNS: Final = (
    *("id", "description", "registration", "heartbeatInterval", "online", "lastSeenAt", "bootedAt"),
    *("chargePointVendor", "chargePointModel", "chargePointSerialNumber", "firmwareVersion"),
    *("firmwareStatus", "diagnosticsStatus", "createdAt", "securityProfile", "group", "labels"),
)

Identity = Annotated[str, typer.Argument(metavar="ID", help="The last part of the URL that the station connects to.")]
Description = Annotated[str | None, typer.Option(help="For people.")]
GroupName = Annotated[str | None, typer.Option(help="Stations that belong together; an empty text for none.")]
Decision = Annotated[Registration | None, typer.Option(case_sensitive=False, help="What the station is told.")]
Interval = Annotated[int | None, typer.Option(metavar="SECONDS", help="Its own heartbeat interval.")]
Label = Annotated[list[str] | None, typer.Option("--label", help="A word of your own; may be given several times.")]
Profile = Annotated[int | None, typer.Option(min=0, max=3, help="The security profile.")]


def station_facts(sheet: StationSheet) -> Facts:
    facts = sheet.facts
    return {
        "id": sheet.station.identity,
        "description": sheet.description,
        "registration": sheet.station.registration.value,
        "heartbeatInterval": sheet.station.heartbeat_seconds,
        "securityProfile": int(sheet.security_profile),
        "group": sheet.group,
        "labels": ", ".join(sheet.labels),
        "online": sheet.is_online,
        "lastSeenAt": sheet.last_seen_at,
        "bootedAt": sheet.booted_at,
        "chargePointVendor": None if facts is None else facts.vendor,
        "chargePointModel": None if facts is None else facts.model,
        "chargePointSerialNumber": None if facts is None else facts.serial_number,
        "firmwareVersion": None if facts is None else facts.firmware_version,
        "firmwareStatus": sheet.firmware_status,
        "diagnosticsStatus": sheet.diagnostics_status,
        "createdAt": sheet.created_at,
    }


def station_commands(office: Office) -> typer.Typer:
    """The group ``forecourt station``."""
    commands = typer.Typer(no_args_is_help=True, help="Which stations may connect.")
    commands.add_typer(station_security_commands(office.of(change=Permission.SECURITY)), name="security")

    @commands.command()
    def add(
        *,
        identity: Identity,
        description: Description = None,
        registration: Decision = None,
        heartbeat_interval: Interval = None,
        security_profile: Profile = None,
        group: GroupName = None,
        labels: Label = None,
    ) -> None:
        """Register a station; it is accepted unless --registration says otherwise. One that was removed comes back
        with its history, its security profile and its passwords."""
        draft = StationDraft(
            identity=identity,
            description=description or "",
            group=group or "",
            labels=tuple(labels or ()),
            registration=registration or Registration.ACCEPTED,
            heartbeat_seconds=heartbeat_interval,
            security_profile=None if security_profile is None else SecurityProfile(security_profile),
        )
        who = command_line_user()
        print_facts(station_facts(office.write(lambda services: services.provisioning.add(draft, who))))

    @commands.command("list")
    def list_all(
        *,
        search: Annotated[str | None, typer.Option(help="Only what contains this text.")] = None,
        registration: Decision = None,
        online: Annotated[bool | None, typer.Option("--online/--offline", help="Only those.")] = None,
        security_profile: Profile = None,
        group: Annotated[str | None, typer.Option(help="Only this group; an empty text for none.")] = None,
        label: Annotated[str | None, typer.Option(help="Only those that have this label.")] = None,
        faulted: Annotated[bool | None, typer.Option("--faulted/--not-faulted", help="Only those.")] = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List stations, ordered by id."""
        wanted = StationFilter(
            search=search or None,
            registration=registration,
            is_online=online,
            security_profile=None if security_profile is None else SecurityProfile(security_profile),
            group=group,
            label=label,
            is_faulted=faulted,
        )
        office.print_list(
            lambda services, page: services.provisioning.list(wanted, page),
            station_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_COLUMNS,
            shown=_SHOWN,
        )

    @commands.command()
    def show(identity: Identity, as_json: Json = False) -> None:
        """Show all that is known of a station, and the state of its connectors."""
        sheet = office.read(lambda services: services.provisioning.get(identity))
        facts = {**station_facts(sheet), **_connectors(sheet)}
        print_json(facts) if as_json else print_facts(facts)

    @commands.command("set")
    def change(
        *,
        identity: Identity,
        description: Description = None,
        registration: Decision = None,
        heartbeat_interval: Interval = None,
        default_heartbeat: Annotated[
            bool, typer.Option("--default-heartbeat", help="Back to the interval of the system.")
        ] = False,
        group: GroupName = None,
        labels: Annotated[
            list[str] | None, typer.Option("--label", help="These labels and no others; may be given several times.")
        ] = None,
        add_labels: Annotated[
            list[str] | None, typer.Option("--add-label", help="One more label; may be given several times.")
        ] = None,
        remove_labels: Annotated[
            list[str] | None, typer.Option("--remove-label", help="One label less; may be given several times.")
        ] = None,
    ) -> None:
        """Change what is given and leave the rest as it is. Takes effect at once."""
        if default_heartbeat and heartbeat_interval is not None:
            raise invalid("Give either --heartbeat-interval or --default-heartbeat.")

        def work(services: Services) -> StationSheet:
            sheet = services.provisioning.get(identity)
            known = sheet.station
            interval = known.heartbeat_seconds if heartbeat_interval is None else heartbeat_interval
            kept = sheet.labels if labels is None else labels
            return services.provisioning.change(
                identity,
                description=sheet.description if description is None else description,
                group=group,
                registration=registration or known.registration,
                heartbeat_seconds=None if default_heartbeat else interval,
                labels=[*(one for one in kept if one not in (remove_labels or ())), *(add_labels or ())],
            )

        print_facts(station_facts(office.write(work)))

    @commands.command()
    def remove(identity: Identity, yes: Yes = False) -> None:
        """Take a station off the register and close its connection. Its transactions stay."""
        confirm(f"Remove the station {identity!r}?", is_confirmed=yes)
        office.write(lambda services: services.provisioning.remove(identity))

    return commands


def _connectors(sheet: StationSheet) -> Facts:
    return {
        f"connector {0 if status.report.place is WHOLE_STATION else status.report.place}": (
            f"{status.report.status} ({status.report.error_code})"
        )
        for status in sheet.evses
    }
