"""Commands for files that stations uploaded."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.numbers import LARGEST, number_of
from forecourt.cli.office import Office, form_of, moment
from forecourt.cli.options import Csv, Json, Limit, OfStation, Yes
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.cli.who import command_line_user
from forecourt.domain.errors import invalid
from forecourt.domain.files.model import FileFilter, FileNumber, ReceivedFile
from forecourt.domain.jobs.model import JobNumber
from forecourt.domain.services import Workspace
from forecourt.operations.firmware import Storeroom

READ_BYTES: Final = 256 * 1024

_COLUMNS: Final = ("file", "stationId", "job", "name", "size", "sha256", "receivedAt", "address", "carrier")
_SHOWN: Final = ("file", "stationId", "job", "name", "size", "receivedAt")

Number = Annotated[int, typer.Argument(parser=number_of("a file", "file list"), metavar="FILE")]


def file_commands(office: Office, open_storeroom: Callable[[], Storeroom]) -> typer.Typer:
    """The group ``forecourt file``."""
    commands = typer.Typer(no_args_is_help=True, help="Files that stations uploaded.")

    @commands.command("list")
    def list_all(
        *,
        station: OfStation = None,
        job: Annotated[int | None, typer.Option(min=1, max=LARGEST, help="Only for this job.")] = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Received then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Received before.")] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List received files, newest first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        wanted = FileFilter(
            station=station,
            job=None if job is None else JobNumber(job),
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        office.print_newest(
            lambda services, page: services.files.list(wanted, page),
            file_facts,
            form=form,
            columns=_COLUMNS,
            shown=_SHOWN,
            limit=limit,
        )

    @commands.command()
    def show(number: Number, as_json: Json = False) -> None:
        """Show what is known of a file."""
        facts = file_facts(office.read(lambda services: services.files.get(FileNumber(number))))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def save(
        number: Number,
        to: Annotated[str, typer.Argument(metavar="PATH", help="The file to write, which must not exist, or -.")],
    ) -> None:
        """Write the content of a file to PATH. Nobody looked into it: it is what the station sent."""

        async def copy(workspace: Workspace) -> None:
            found = await workspace.read(lambda services: services.files.get(FileNumber(number)))
            reading = await open_storeroom().shelf.open(found.stored_as)
            try:
                with _opened(to) as file:
                    at = 0
                    while piece := await reading.read(at, READ_BYTES):
                        at += len(piece)
                        file.write(piece)
            finally:
                await reading.close()

        office.do(copy)

    @commands.command()
    def remove(number: Number, yes: Yes = False) -> None:
        """Remove a file with its content."""
        ask_consent(f"Remove the file {number}?", is_given=yes)

        async def take_off(workspace: Workspace) -> None:
            who = command_line_user()
            found = await workspace.write(lambda services: services.files.remove(FileNumber(number), who))
            await open_storeroom().shelf.remove(found.stored_as)

        office.do(take_off)

    return commands


def file_facts(file: ReceivedFile) -> Facts:
    """All there is to know, with the names of the REST interface."""
    return {
        "file": file.number,
        "stationId": file.station,
        "job": file.job,
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "receivedAt": file.received_at,
        "address": file.address,
        "carrier": file.carrier.value,
    }


@contextlib.contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """Raises DomainError INVALID for what cannot be written, or is there already."""
    if path == "-":
        yield sys.stdout.buffer
        return
    try:
        with Path(path).open("xb") as file:
            yield file
    except OSError as error:
        raise invalid(f"The file {path!r} cannot be written: {error.strerror or error}.") from error
