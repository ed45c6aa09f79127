"""The command ``forecourt-simulator``: stations that are not there."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Annotated, TypeVar

import structlog
import typer
import uvloop
from rich.console import Console

from forecourt_simulator.load import LoadPlan, NoStations, drive
from forecourt_simulator.load_report import print_report
from forecourt_simulator.naming import station_names
from forecourt_simulator.note import Note
from forecourt_simulator.run import Fleet, run_fleet

Result = TypeVar("Result")

app = typer.Typer(help="Simulates charging stations that speak OCPP 1.6.", no_args_is_help=True, add_completion=False)

Url = Annotated[str, typer.Option(help="Address of the central system, without the station's identity.")]
Count = Annotated[int, typer.Option(min=1, help="How many stations.")]


@app.command()
def run(
    *,
    url: Url = "ws://127.0.0.1:9000/ocpp",
    count: Count = 1,
    prefix: Annotated[str, typer.Option(help="Start of every identity; a number of four digits follows.")] = "SIM-",
    tag: Annotated[list[str] | None, typer.Option(help="A tag that drivers use; may be given more than once.")] = None,
    connectors: Annotated[int, typer.Option(min=1, help="Connectors of each station.")] = 2,
    speed: Annotated[float, typer.Option(min=0.1, help="Simulated seconds per second.")] = 60.0,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same drivers and cars.")] = None,
) -> None:
    """Run stations that boot, charge and pause until they are stopped (Ctrl-C)."""
    fleet = Fleet(
        url=url,
        names=station_names(prefix, count),
        tags=tag or ["SIMULATOR"],
        connectors=connectors,
        speed=speed,
        seed=seed,
    )
    _log_for_people()
    _run(run_fleet(fleet, tell=_log))


@app.command()
def load(
    *,
    url: Url = "ws://127.0.0.1:9000/ocpp",
    count: Count = 100,
    rate: Annotated[float, typer.Option(min=0, help="Messages per second in total; 0 for as fast as answers.")] = 100.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to measure.")] = 10.0,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds of load before the measurement.")] = 2.0,
    prefix: Annotated[str, typer.Option(help="Start of every identity; a number of four digits follows.")] = "LOAD-",
    tag: Annotated[
        str, typer.Option(help="The tag of all sessions; give it no limit of active transactions.")
    ] = "LOAD",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Load the central system and print latencies, rate and errors. The exit code is 1 when there were errors."""
    plan = LoadPlan(url=url, count=count, rate=rate, seconds=seconds, warm_up_seconds=warm_up, prefix=prefix, tag=tag)
    try:
        report = _run(drive(plan))
    except NoStations as refused:
        typer.echo(f"{refused}", err=True)
        raise typer.Exit(2) from refused
    if report is None:
        raise typer.Exit(130)
    if as_json:
        typer.echo(report.to_json())
    else:
        print_report(report, Console())
    if report.errors:
        raise typer.Exit(1)


def main() -> None:
    app()


def _run(work: Coroutine[None, None, Result]) -> Result | None:
    """Run until done or told to stop; None when it was stopped."""

    async def until_stopped() -> Result:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(until_stopped())
    except (KeyboardInterrupt, asyncio.CancelledError):
        return None


def _log_for_people() -> None:
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(pad_event_to=22, colors=sys.stdout.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


def _log(note: Note) -> None:
    where = {"connector": note.connector_id} if note.connector_id else {}
    structlog.get_logger().info(note.event, station=note.station, **where, **note.details)


if __name__ == "__main__":
    main()
