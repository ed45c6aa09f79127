"""Commands for jobs: uploads of logs and installations of firmware."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.numbers import LARGEST, number_of
from forecourt.cli.office import Office, form_of, moment
from forecourt.cli.options import Csv, Json, Limit, OfStation, Yes
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.cli.who import command_line_user
from forecourt.domain.jobs.model import Job, JobFilter, JobKind, JobNumber, StoredReport
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.services import Services

_COLUMNS: Final = (
    *("job", "stationId", "kind", "state", "reason", "requestId", "operation", "errand", "askedBy", "location"),
    *("fileName", "image", "imageName", "askedAt", "answeredAt", "lastStatus", "lastStatusAt", "endedAt"),
)
_SHOWN: Final = ("job", "stationId", "kind", "state", "imageName", "lastStatus", "lastStatusAt", "askedAt")
_OF_REPORT: Final = ("status", "requestId", "doubts", "receivedAt")

Number = Annotated[int, typer.Argument(parser=number_of("a job", "job list"), metavar="JOB")]


def job_commands(office: Office) -> typer.Typer:
    """The group ``forecourt job``."""
    commands = typer.Typer(no_args_is_help=True, help="Uploads of logs and installations of firmware.")

    @commands.command("list")
    def list_all(
        *,
        station: OfStation = None,
        kind: Annotated[JobKind | None, typer.Option(help="Only those of this kind.")] = None,
        is_open: Annotated[
            bool | None, typer.Option("--open/--ended", help="Only those that have not ended, or have.")
        ] = None,
        image: Annotated[
            int | None, typer.Option(min=1, max=LARGEST, help="Only installations of this firmware image.")
        ] = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Asked for then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Asked for before.")] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List jobs, newest first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        wanted = JobFilter(
            station=station,
            kind=kind,
            is_open=is_open,
            image=image,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        office.print_newest(
            lambda services, page: services.jobs.list(wanted, page),
            job_facts,
            form=form,
            columns=_COLUMNS,
            shown=_SHOWN,
            limit=limit,
        )

    @commands.command()
    def show(number: Number, as_json: Json = False) -> None:
        """Show what is known of a job."""
        facts = job_facts(office.read(lambda services: services.jobs.get(JobNumber(number))))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def reports(number: Number, as_json: Json = False, as_csv: Csv = False) -> None:
        """List what the station reported of a job, oldest first; of very many reports the newest thousand."""

        def look(services: Services, page: PageRequest) -> Page[StoredReport]:
            job = services.jobs.get(JobNumber(number))
            return Page(services.jobs.history(job.number), None)

        form = form_of(as_json=as_json, as_csv=as_csv)
        office.print_list(look, _report_facts, form=form, columns=_OF_REPORT, shown=_OF_REPORT)

    @commands.command("give-up")
    def give_up(number: Number, yes: Yes = False) -> None:
        """Stop following a job of which no report will come any more. The station is not told, and may go on."""
        ask_consent(f"Give up the job {number}?", is_given=yes)
        office.write(lambda services: services.jobs.give_up(JobNumber(number), command_line_user()))

    return commands


def job_facts(job: Job) -> Facts:
    """All there is to know, with the names of the REST interface."""
    return {
        "job": job.number,
        "stationId": job.station,
        "kind": job.kind.value,
        "state": job.state.value,
        "reason": job.reason,
        "requestId": job.request_id,
        "operation": job.operation,
        "errand": job.errand,
        "askedBy": job.asked_by,
        "location": job.location,
        "fileName": job.file_name,
        "image": job.image,
        "imageName": job.image_name,
        "askedAt": job.asked_at,
        "answeredAt": job.answered_at,
        "lastStatus": job.last_status,
        "lastStatusAt": job.last_status_at,
        "endedAt": job.ended_at,
    }


def _report_facts(report: StoredReport) -> Facts:
    return {
        "status": report.status,
        "requestId": report.request_id,
        "doubts": sorted(doubt.value for doubt in report.doubts),
        "receivedAt": report.received_at,
    }
