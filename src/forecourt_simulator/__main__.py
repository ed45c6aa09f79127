"""The command ``forecourt-simulator``: stations that are not there."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, TypeVar

import structlog
import typer
import uvloop
from rich.console import Console

from forecourt_simulator import options
from forecourt_simulator.credentials import BadCredentials, read_keys
from forecourt_simulator.load import LoadPlan, NoStations, drive
from forecourt_simulator.load_report import print_report
from forecourt_simulator.misbehaviour import Misbehaviour
from forecourt_simulator.naming import station_names
from forecourt_simulator.note import Note
from forecourt_simulator.own_certificate import KeyKind
from forecourt_simulator.renewal import RenewalPlan
from forecourt_simulator.renewal import renew as wait_for_renewal
from forecourt_simulator.renewal_report import print_renewal
from forecourt_simulator.run import Fleet, run_fleet
from forecourt_simulator.security_log import Told
from forecourt_simulator.storm import StormPlan, TooManyStations, blow
from forecourt_simulator.storm_report import print_storm

Result = TypeVar("Result")

app = typer.Typer(help="Simulates charging stations that speak OCPP 1.6.", no_args_is_help=True, add_completion=False)


Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


@app.command()
def run(
    *,
    url: options.Url = "ws://127.0.0.1:9000/ocpp",
    tls_url: options.TlsUrl = None,
    count: options.Count = 1,
    prefix: Annotated[str, typer.Option(help="Start of every identity; a number of four digits follows.")] = "SIM-",
    tag: Annotated[list[str] | None, typer.Option(help="A tag that drivers use; may be given more than once.")] = None,
    connectors: Annotated[int, typer.Option(min=1, help="Connectors of each station.")] = 2,
    speed: Annotated[float, typer.Option(min=0.1, help="Simulated seconds per second.")] = 60.0,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same drivers and cars.")] = None,
    security_profile: Annotated[int, typer.Option(min=0, max=3, help="Security profile to begin with.")] = 0,
    key: options.Key = None,
    password: options.Password = None,
    keys: options.KeyFile = None,
    ca: options.Ca = None,
    certificate: options.Certificate = None,
    private_key: options.PrivateKey = None,
    serial: options.Serial = None,
    tls_version: options.Version = None,
    ciphers: options.Ciphers = None,
    key_kind: Annotated[KeyKind, typer.Option(help="Keys that the stations make for certificates.")] = KeyKind.EC,
    security_events: Annotated[
        Told, typer.Option(help="Which are sent: critical ones from profile 1 on, critical ones always, all, or none.")
    ] = Told.SECURED,
    misbehave: options.Misbehave = None,
) -> None:
    """Run stations that boot, charge and pause until they are stopped (Ctrl-C)."""
    wanted = options.SecurityOptions(
        profile=security_profile,
        key=key,
        password=password,
        key_file=keys,
        ca=ca,
        certificate=certificate,
        private_key=private_key,
        serial=serial,
        version=tls_version,
        ciphers=ciphers,
        key_kind=key_kind,
        told=security_events,
        misbehave=misbehave,
    )
    fleet = Fleet(
        url=url,
        tls_url=tls_url,
        security=_or_leave(wanted.setups),
        names=station_names(prefix, count),
        tags=tag or ["SIMULATOR"],
        connectors=connectors,
        speed=speed,
        seed=seed,
    )
    _log_for_people()
    _or_leave(lambda: _run(run_fleet(fleet, tell=_log)))


@app.command()
def load(
    *,
    url: options.Url = "ws://127.0.0.1:9000/ocpp",
    count: options.Count = 100,
    rate: Annotated[float, typer.Option(min=0, help="Messages per second in total; 0 for as fast as answers.")] = 100.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to measure.")] = 10.0,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds of load before the measurement.")] = 2.0,
    prefix: Annotated[str, typer.Option(help="Start of every identity; a number of four digits follows.")] = "LOAD-",
    tag: Annotated[
        str, typer.Option(help="The tag of all sessions; give it no limit of active transactions.")
    ] = "LOAD",
    key: options.Key = None,
    password: options.Password = None,
    keys: options.KeyFile = None,
    ca: options.Ca = None,
    as_json: Json = False,
) -> None:
    """Load the central system and print latencies, rate and errors. The exit code is 1 when there were errors."""
    plan = LoadPlan(
        url=url,
        count=count,
        rate=rate,
        seconds=seconds,
        warm_up_seconds=warm_up,
        prefix=prefix,
        tag=tag,
        keys=_or_leave(lambda: read_keys(key=key, password=password, file=keys)),
        tls=_or_leave(lambda: options.shared_context(url, ca)),
    )
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


@app.command()
def storm(
    *,
    url: options.Url = "ws://127.0.0.1:9000/ocpp",
    count: options.Count = 1000,
    prefix: Annotated[str, typer.Option(help="Start of every identity; a number of four digits follows.")] = "LOAD-",
    rounds: Annotated[int, typer.Option(min=1, help="Storms; before each but the first all connections break.")] = 2,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between the break and the next storm.")] = 1.0,
    give_up: Annotated[float, typer.Option(min=1, help="Seconds after which a round ends in any case.")] = 300.0,
    key: options.Key = None,
    password: options.Password = None,
    keys: options.KeyFile = None,
    ca: options.Ca = None,
    verify: Annotated[bool, typer.Option(help="Check the server's certificate; without, the generator is cheaper.")] = (
        True
    ),
    own_addresses: Annotated[
        bool,
        typer.Option(
            "--own-addresses", help="Each comes from a loopback address of its own, to a server on this machine."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Connect all stations at once and print how long it takes until all are back. The exit code is 1 when some are
    not."""
    plan = StormPlan(
        url=url,
        names=station_names(prefix, count),
        keys=_or_leave(lambda: read_keys(key=key, password=password, file=keys)),
        tls=_or_leave(lambda: options.shared_context(url, ca, checks_server=verify)),
        has_own_addresses=own_addresses,
        rounds=rounds,
        pause_seconds=pause,
        round_seconds=give_up,
    )
    report = _or_leave(lambda: _run(blow(plan)))
    if report is None:
        raise typer.Exit(130)
    if as_json:
        typer.echo(report.to_json())
    else:
        print_storm(report, Console())
    if not report.is_complete:
        raise typer.Exit(1)


@app.command()
def renew(
    *,
    url: options.Url = "wss://127.0.0.1:9443/ocpp",
    count: options.Count = 100,
    prefix: Annotated[str, typer.Option(help="Start of every identity; a number of four digits follows.")] = "SIM-",
    certificate: options.Certificate = None,
    private_key: options.PrivateKey = None,
    ca: options.Ca = None,
    key_kind: Annotated[KeyKind, typer.Option(help="Keys that the stations make for certificates.")] = KeyKind.EC,
    faults: Annotated[
        float, typer.Option(min=0, max=33, help="Percent that refuse, that are away, and that lose an answer.")
    ] = 0.0,
    away: Annotated[float, typer.Option(min=0, help="Seconds off line, for those that are away.")] = 10.0,
    give_up: Annotated[float, typer.Option(min=1, help="Seconds after which it ends in any case.")] = 600.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same faults.")] = 1,
    as_json: Json = False,
) -> None:
    """Wait at profile 3 until the central system has renewed the certificates of all stations. The exit code is 1 when
    it has not, or when a station cannot come in any more."""
    wanted = options.SecurityOptions(
        profile=3,
        key=None,
        password=None,
        key_file=None,
        ca=ca,
        certificate=certificate,
        private_key=private_key,
        serial=None,
        version=None,
        ciphers=None,
        key_kind=key_kind,
        told=Told.NOTHING,
        misbehave=None,
    )
    plan = RenewalPlan(
        url=url,
        names=station_names(prefix, count),
        security=_or_leave(wanted.setups),
        fault_percent=faults,
        away_seconds=away,
        give_up_seconds=give_up,
        seed=seed,
    )
    report = _or_leave(lambda: _run(wait_for_renewal(plan)))
    if report is None:
        raise typer.Exit(130)
    if as_json:
        typer.echo(report.to_json())
    else:
        print_renewal(report, Console())
    if not report.is_complete:
        raise typer.Exit(1)


@app.command()
def misbehaviours() -> None:
    """Tell what --misbehave can be given, and what stations then do."""
    width = max(len(one.value) for one in Misbehaviour)
    for one in Misbehaviour:
        typer.echo(f"{one.value:<{width}}  {one.description}")


def main() -> None:
    app()


def _or_leave(work: Callable[[], Result]) -> Result:
    """Do it, or leave with the reason why it cannot be done."""
    try:
        return work()
    except (BadCredentials, TooManyStations) as wrong:
        typer.echo(f"{wrong}", err=True)
        raise typer.Exit(2) from wrong


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
