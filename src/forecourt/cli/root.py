"""Commands for root certificates at stations, and for their replacement.

To read, install or delete roots at stations is ``forecourt op ReadRootCertificates`` and its like.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.numbers import number_of
from forecourt.cli.office import Office, form_of
from forecourt.cli.options import Csv, Json, Yes
from forecourt.cli.output import print_facts, print_json
from forecourt.cli.root_facts import (
    COUNT_COLUMNS,
    HOLDER_SHOWN,
    REPORTED_COLUMNS,
    REPORTED_SHOWN,
    ROLLOVER_COLUMNS,
    ROLLOVER_SHOWN,
    ROOT_COLUMNS,
    STEP_COLUMNS,
    STEP_SHOWN,
    count_facts,
    reported_facts,
    rollover_facts,
    root_facts,
    step_facts,
)
from forecourt.cli.who import command_line_user
from forecourt.domain.errors import invalid, not_found
from forecourt.domain.paging import Page
from forecourt.domain.provisioning.model import StationFilter
from forecourt.domain.rollovers.model import (
    Progress,
    RolloverFilter,
    RolloverNumber,
    RolloverState,
    Step,
    StepFilter,
    Wanted,
)
from forecourt.domain.rollovers.planning import not_registered, plan_for
from forecourt.domain.roots.model import KnownRoots, StationRoot
from forecourt.domain.services import Services, Workspace

_read_number: Final = number_of("a replacement of a root", "root rollover list")

Number = Annotated[int, typer.Argument(parser=_read_number, metavar="NUMBER")]


def root_commands(office: Office) -> typer.Typer:
    """The group ``forecourt root``."""
    commands = typer.Typer(no_args_is_help=True, help="Which root certificates are at which stations.")

    @commands.command("list")
    def list_all(
        station: Annotated[str, typer.Argument(metavar="STATION")], as_json: Json = False, as_csv: Csv = False
    ) -> None:
        """List the roots of a station, as it reported them last."""
        office.print_list(
            lambda services, page: Page(_roots_of(services, station), None),
            lambda known: reported_facts(*known),
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=REPORTED_COLUMNS,
            shown=REPORTED_SHOWN,
        )

    @commands.command()
    def counts(as_json: Json = False, as_csv: Csv = False) -> None:
        """List all roots, and at how many stations each is."""
        office.print_list(
            lambda services, page: Page(services.roots.counts(), None),
            count_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=COUNT_COLUMNS,
            shown=COUNT_COLUMNS,
        )

    @commands.command()
    def stations(
        fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT")], as_json: Json = False, as_csv: Csv = False
    ) -> None:
        """List the stations with a root."""
        office.print_list(
            lambda services, page: services.roots.stations_with(fingerprint, page),
            root_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=ROOT_COLUMNS,
            shown=HOLDER_SHOWN,
        )

    rollovers = typer.Typer(no_args_is_help=True, help="The replacement of a root at many stations.")
    _add_start(rollovers, office)
    _add_looking(rollovers, office)
    _add_changes(rollovers, office)
    commands.add_typer(rollovers, name="rollover")
    return commands


def _add_start(commands: typer.Typer, office: Office) -> None:
    @commands.command()
    def start(
        *,
        stations: Annotated[
            list[str] | None, typer.Argument(metavar="STATION...", help="Stations by their ids.")
        ] = None,
        all_stations: Annotated[bool, typer.Option("--all", help="All stations.")] = False,
        old: Annotated[str, typer.Option(metavar="FINGERPRINT", help="The root that goes.")],
        new: Annotated[str, typer.Option(metavar="FINGERPRINT", help="The root that comes.")],
        present: Annotated[
            list[str] | None,
            typer.Option(metavar="NAME", help="A server certificate to present after the switch; may be repeated."),
        ] = None,
        switch_at: Annotated[
            int | None,
            typer.Option(metavar="PERCENT", min=1, max=100, help="Switch by itself when so many stations are ready."),
        ] = None,
        keep_old: Annotated[bool, typer.Option("--keep-old", help="Leave the old root at the stations.")] = False,
        as_json: Json = False,
        yes: Yes = False,
    ) -> None:
        """Give stations a new root, then present what leads to it, then take the old root away."""
        if bool(stations) is all_stations:
            raise invalid("Say which stations: either by their ids, or --all.")
        wanted = Wanted(
            old_root=old,
            new_root=new,
            server_certificates=tuple(present or ()),
            switch_percent=switch_at,
            deletes_old=not keep_old,
        )
        ask_consent("Replace the root at these stations?", is_given=yes)
        _print(office.do(partial(_started, wanted=wanted, named=stations or ())), as_json=as_json)


def _add_looking(commands: typer.Typer, office: Office) -> None:
    @commands.command("list")
    def list_all(
        state: Annotated[list[RolloverState] | None, typer.Option(help="Only in this state; may be repeated.")] = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List the plans, newest first."""
        wanted = RolloverFilter(frozenset(state) if state else None)
        office.print_list(
            lambda services, page: services.rollovers.list(wanted, page),
            rollover_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=ROLLOVER_COLUMNS,
            shown=ROLLOVER_SHOWN,
        )

    @commands.command()
    def show(number: Number, as_json: Json = False) -> None:
        """Show a plan."""
        _print(office.read(lambda services: services.rollovers.get(RolloverNumber(number))), as_json=as_json)

    @commands.command()
    def stations(
        number: Number,
        step: Annotated[list[Step] | None, typer.Option(help="Only at this step; may be repeated.")] = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List the stations of a plan, and how far each has come."""
        wanted = StepFilter(rollover=RolloverNumber(number), steps=frozenset(step) if step else None)
        office.print_list(
            lambda services, page: services.rollovers.stations(wanted, page),
            step_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=STEP_COLUMNS,
            shown=STEP_SHOWN,
        )


def _add_changes(commands: typer.Typer, office: Office) -> None:
    who = command_line_user

    @commands.command()
    def switch(
        number: Number,
        despite: Annotated[
            bool, typer.Option("--despite", help="Although there are stations that would be locked out.")
        ] = False,
        yes: Yes = False,
    ) -> None:
        """Have the listeners present what leads to the new root, and nothing else."""
        ask_consent("Switch the listeners to the new root?", is_given=yes)
        plan = RolloverNumber(number)
        _print(office.write(lambda services: services.rollovers.switch(plan, who(), despite=despite)))

    @commands.command()
    def pause(number: Number) -> None:
        """Begin nothing more with stations."""
        _print(office.write(lambda services: services.rollovers.pause(RolloverNumber(number), who())))

    @commands.command("continue")
    def resume(number: Number) -> None:
        """Have a plan that is paused go on."""
        _print(office.write(lambda services: services.rollovers.resume(RolloverNumber(number), who())))

    @commands.command()
    def retry(
        number: Number,
        station: Annotated[str | None, typer.Argument(metavar="STATION", help="Only with this one.")] = None,
    ) -> None:
        """Begin again with the stations that failed, or with one that failed or was left."""
        plan = RolloverNumber(number)
        if station is None:
            _print(office.write(lambda services: services.rollovers.retry(plan, who())))
        else:
            print_facts(
                step_facts(office.write(lambda services: services.rollovers.retry_station(plan, station, who())))
            )

    @commands.command()
    def leave(number: Number, station: Annotated[str, typer.Argument(metavar="STATION")], yes: Yes = False) -> None:
        """Wait for a station no longer; it keeps what it has."""
        ask_consent(f"Leave {station}? Without the new root it cannot connect after the switch.", is_given=yes)
        plan = RolloverNumber(number)
        print_facts(step_facts(office.write(lambda services: services.rollovers.leave(plan, station, who()))))

    @commands.command()
    def cancel(number: Number, yes: Yes = False) -> None:
        """Stop for good; what stations have they keep, and what is presented stays."""
        ask_consent(f"Cancel the plan {number}?", is_given=yes)
        _print(office.write(lambda services: services.rollovers.cancel(RolloverNumber(number), who())))


async def _started(workspace: Workspace, *, wanted: Wanted, named: Sequence[str]) -> Progress:
    """Raises DomainError, and names what is not registered."""
    from forecourt.cli.asking import registered_among, stations_that

    if named:
        known, unknown = await registered_among(workspace, named)
        if unknown:
            raise not_found(not_registered(unknown))
    else:
        known = await stations_that(workspace, StationFilter())
    return await plan_for(workspace, wanted, known, command_line_user())


def _roots_of(services: Services, identity: str) -> list[tuple[KnownRoots, StationRoot]]:
    station = services.provisioning.get_station(identity)
    return [(known, root) for known in services.roots.of_station(station) for root in known.roots]


def _print(progress: Progress, *, as_json: bool = False) -> None:
    facts = rollover_facts(progress)
    print_json(facts) if as_json else print_facts(facts)
