"""Commands for batches: what was asked of many stations at once."""

from __future__ import annotations

from typing import Annotated

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.errand_facts import BATCH_COLUMNS, batch_facts
from forecourt.cli.numbers import number_of
from forecourt.cli.office import Office, form_of
from forecourt.cli.options import Csv, Json, Limit, Yes
from forecourt.cli.output import print_facts, print_json
from forecourt.domain.errands.model import BatchNumber

Number = Annotated[int, typer.Argument(parser=number_of("a batch", "batch list"), metavar="BATCH")]


def batch_commands(office: Office) -> typer.Typer:
    """The group ``forecourt batch``."""
    commands = typer.Typer(no_args_is_help=True, help="What was asked of many stations at once.")

    @commands.command("list")
    def list_all(
        *,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List batches, newest first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        office.print_newest(
            lambda services, page: services.errands.batches(page),
            batch_facts,
            form=form,
            columns=BATCH_COLUMNS,
            shown=BATCH_COLUMNS,
            limit=limit,
        )

    @commands.command()
    def show(number: Number, as_json: Json = False) -> None:
        """Show how far a batch has come; `forecourt errand list --batch BATCH` lists its errands."""
        facts = batch_facts(office.read(lambda services: services.errands.get_batch(BatchNumber(number))))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def cancel(number: Number, yes: Yes = False) -> None:
        """Take back what of a batch was not sent yet."""
        ask_consent(f"Cancel what is left of the batch {number}?", is_given=yes)
        from forecourt.operations.asking import cancel_batch

        batch = office.do(lambda workspace: cancel_batch(workspace, BatchNumber(number)))
        print_facts(batch_facts(batch))

    return commands
