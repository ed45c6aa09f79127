"""Commands for errands: what was asked of stations, and what became of it."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.errand_facts import ERRAND_COLUMNS, ERRAND_SHOWN, errand_facts, listed_facts
from forecourt.cli.exits import INTERRUPTED, NOT_ALL_DONE
from forecourt.cli.numbers import number_of
from forecourt.cli.office import Form, Office, form_of, moment
from forecourt.cli.options import Csv, Json, Limit, OfStation
from forecourt.cli.output import print_facts, print_json
from forecourt.domain.errands.model import BatchNumber, ErrandFilter, ErrandNumber, ErrandState

_read_number: Final = number_of("an errand", "errand list")

Number = Annotated[int, typer.Argument(parser=_read_number, metavar="ERRAND")]
OfOperation = Annotated[str | None, typer.Option("--operation", metavar="NAME", help="Only of this operation.")]
OfBatch = Annotated[int | None, typer.Option("--batch", min=1, max=2**63 - 1, help="Only of this batch.")]
AskedBy = Annotated[str | None, typer.Option("--asked-by", metavar="WHO", help="Only what they asked for.")]


def errand_commands(office: Office) -> typer.Typer:
    """The group ``forecourt errand``."""
    commands = typer.Typer(no_args_is_help=True, help="What was asked of stations, and what became of it.")

    @commands.command("list")
    def list_all(
        *,
        station: OfStation = None,
        operation: OfOperation = None,
        state: Annotated[
            list[ErrandState] | None, typer.Option(help="Only in this state; may be given more than once.")
        ] = None,
        batch: OfBatch = None,
        asked_by: AskedBy = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Asked for then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Asked for before.")] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List errands, newest first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        wanted = ErrandFilter(
            station=station,
            operation=operation,
            states=frozenset(state) if state else None,
            batch=None if batch is None else BatchNumber(batch),
            asked_by=asked_by,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        office.print_newest(
            lambda services, page: services.errands.list(wanted, page),
            listed_facts if form is Form.TABLE else errand_facts,
            form=form,
            columns=ERRAND_COLUMNS,
            shown=ERRAND_SHOWN,
            limit=limit,
        )

    @commands.command()
    def show(number: Number, as_json: Json = False) -> None:
        """Show all that is known of an errand: what was sent, and what was answered."""
        facts = errand_facts(office.read(lambda services: services.errands.get(ErrandNumber(number))))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def cancel(number: Number) -> None:
        """Take an errand back that was not sent yet."""
        print_facts(errand_facts(office.write(lambda services: services.errands.cancel(ErrandNumber(number)))))

    @commands.command()
    def watch(
        *,
        number: Annotated[int | None, typer.Argument(parser=_read_number, metavar="[ERRAND]")] = None,
        station: OfStation = None,
        operation: OfOperation = None,
        batch: OfBatch = None,
        asked_by: AskedBy = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")] = False,
    ) -> None:
        """Print every change as it happens: of one errand until it ends, else of all that fit until Ctrl-C."""
        from forecourt.cli.following import follow, follow_one

        of_batch = None if batch is None else BatchNumber(batch)
        wanted = ErrandFilter(station=station, operation=operation, batch=of_batch, asked_by=asked_by)
        try:
            if number is None:
                office.do(lambda workspace: follow(workspace, wanted, as_json=as_json))
                return
            errand = office.do(lambda workspace: follow_one(workspace, ErrandNumber(number), as_json=as_json))
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        if errand.state is not ErrandState.ANSWERED:
            raise typer.Exit(NOT_ALL_DONE)

    return commands
