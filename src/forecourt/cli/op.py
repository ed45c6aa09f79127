"""The group ``forecourt op``: a command for every operation there is, made when it is called from its declaration."""

from __future__ import annotations

import difflib
import inspect
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from forecourt.cli.consent import ask_consent
from forecourt.cli.exits import BAD_INPUT, INTERRUPTED, NOT_ALL_DONE, tell
from forecourt.cli.numbers import seconds_to_wait
from forecourt.cli.office import Office, moment
from forecourt.cli.options import Yes
from forecourt.cli.who import command_line_user
from forecourt.domain.errands.model import Delivery, Order, Priority
from forecourt.domain.errors import invalid, not_found
from forecourt.domain.provisioning.model import Registration, StationFilter
from forecourt.domain.services import Workspace

if TYPE_CHECKING:  # the catalogue is made of all words of OCPP, which other commands need not load
    from forecourt.cli.asking import Asked
    from forecourt.ocpp.action import Message
    from forecourt.operations.asking import Wish
    from forecourt.operations.catalogue import Catalogue
    from forecourt.operations.fields import Field
    from forecourt.operations.operation import AnyOperation

WAIT_SECONDS: Final = 30

_SECONDS: Final = re.compile(r"\d+(\.\d+)?", re.ASCII)
_PRIORITIES: Final = {priority.name.lower(): priority for priority in Priority}


def operation_commands(office: Office, catalogue: Callable[[], Catalogue]) -> typer.Typer:
    """The group ``forecourt op``; ``catalogue`` is called only when it is used."""

    class Operations(TyperGroup):
        """Finds its commands in the catalogue. ``Any`` because the library's own types are private."""

        def list_commands(self, ctx: Any) -> list[str]:  # Any: see above
            return list(catalogue())

        def get_command(self, ctx: Any, cmd_name: str) -> Any:  # Any: see above
            operation = catalogue().get(cmd_name)
            return None if operation is None else _command(operation, office)

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # Any: see above
            if args[0] not in catalogue() and not args[0].startswith("-"):
                ctx.fail(_unknown(args[0], list(catalogue())))
            return super().resolve_command(ctx, args)

        def format_commands(self, ctx: Any, formatter: Any) -> None:  # Any: see above
            groups: dict[str, list[tuple[str, str]]] = {}
            for operation in catalogue().values():
                mark = " [asks first]" if operation.is_dangerous else ""
                groups.setdefault(operation.group, []).append((operation.name, operation.summary + mark))
            for group, rows in sorted(groups.items()):
                with formatter.section(group):
                    formatter.write_dl(rows)

    return typer.Typer(
        cls=Operations,
        no_args_is_help=True,
        subcommand_metavar="OPERATION [STATION]... [OPTIONS]",
        help="Have something done by stations. `forecourt op OPERATION --help` lists its options.",
    )


# The options of every operation

_STATIONS: Final = Annotated[list[str] | None, typer.Argument(metavar="STATION...", help="Stations by their ids.")]
_COMMON: Final[dict[str, Any]] = {  # Any: type hints
    "all_stations": Annotated[bool, typer.Option("--all", help="All stations.")],
    "online": Annotated[bool | None, typer.Option("--online/--offline", help="All stations that are that.")],
    "search": Annotated[str | None, typer.Option("--search", metavar="TEXT", help="All stations with this text.")],
    "registration": Annotated[
        Registration | None,
        typer.Option("--registration", case_sensitive=False, help="All stations with this registration."),
    ],
    "wait": Annotated[
        float | None,
        typer.Option(
            "--wait",
            parser=seconds_to_wait,
            metavar="[SECONDS]",
            help=f"Wait for the answers, {WAIT_SECONDS} s unless told otherwise; at most an hour.",
        ),
    ],
    "when_online": Annotated[bool, typer.Option("--when-online", help="Off-line stations get it when they come.")],
    "until": Annotated[str | None, typer.Option("--until", metavar="TIME", help="Not after this moment.")],
    "priority": Annotated[
        str, typer.Option("--priority", metavar="|".join(_PRIORITIES), help="Before or after what else waits.")
    ],
    "yes": Yes,
    "json_file": Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="All parameters, as a JSON object.")
    ],
    "as_json": Annotated[bool, typer.Option("--as-json", help="Print JSON.")],
}
_DEFAULTS: Final[dict[str, object]] = {
    **dict.fromkeys(_COMMON),
    **dict.fromkeys(("all_stations", "when_online", "yes", "as_json"), False),
    "priority": "normal",
}
_TAKEN: Final = (
    *("--all", "--online", "--offline", "--search", "--registration", "--wait", "--when-online", "--until"),
    *("--priority", "--yes", "--json", "--as-json", "--help"),
)


class _Command(TyperCommand):
    """Lets ``--wait`` stand alone, also before the id of a station."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # Any: the library's own type for it is private
        end = args.index("--") if "--" in args else len(args)
        for index in range(end - 1, -1, -1):
            if args[index] == "--wait" and not _SECONDS.fullmatch("".join(args[index + 1 : index + 2])):
                args.insert(index + 1, str(WAIT_SECONDS))
        return super().parse_args(ctx, args)


def _command(operation: AnyOperation, office: Office) -> Any:  # Any: the library's own type for it is private
    from forecourt.operations.asking import Wish
    from forecourt.operations.fields import fields_of

    fields = fields_of(operation.params)
    names = [f"field_{number}" for number in range(len(fields))]

    def run(stations: list[str] | None, **given: Any) -> None:  # Any: options differ
        values = [given[name] for name in names]
        wish = Wish(operation, _parameters(operation, fields, values, given["json_file"]), _order(given))
        _run(wish, stations or [], given, office)

    hints = {"stations": _STATIONS}
    hints |= {name: _hint(field) for name, field in zip(names, fields, strict=True)} | _COMMON
    setattr(run, "__annotations__", hints)  # noqa: B010  # so that type checkers do not read it
    setattr(run, "__signature__", _signature(hints))  # noqa: B010  # likewise
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    help_text = f"{operation.summary} ({operation.group})" + (" Asks first." if operation.is_dangerous else "")
    app.command(operation.name, cls=_Command, help=help_text)(run)
    return typer.main.get_command(app)


def _signature(hints: dict[str, Any]) -> inspect.Signature:  # Any: type hints
    return inspect.Signature(
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS.get(name), annotation=hint)
            for name, hint in hints.items()
        ]
    )


def _hint(field: Field) -> Any:  # Any: a type hint
    from forecourt.cli.parameters import help_of, metavar_of, option_of
    from forecourt.operations.fields import Kind

    name, help_text = option_of(field, taken=_TAKEN), help_of(field)
    if field.kind is Kind.FLAG:
        return Annotated[bool | None, typer.Option(f"{name}/--no-{name[2:]}", help=help_text)]
    option = typer.Option(name, metavar=metavar_of(field), help=help_text)
    return Annotated[list[str] | None, option] if field.is_list else Annotated[str | None, option]


def _unknown(name: str, known: Sequence[str]) -> str:
    by_fold = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), by_fold, n=3)
    advice = f"Did you mean {', '.join(by_fold[one] for one in close)}?" if close else ""
    return f"There is no operation {name!r}. {advice or '`forecourt op --help` lists them.'}"


# What a command does


def _run(wish: Wish, stations: Sequence[str], given: dict[str, Any], office: Office) -> None:  # Any: options differ
    office.check(wish.operation.needed(wish.parameters))
    wanted = _wanted(stations, given)
    try:
        asked, unknown = office.do(lambda workspace: _ask(workspace, wish, stations, wanted, given))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    is_undone = asked.has_failed or bool(unknown)
    if given["wait"] is not None:
        is_undone = is_undone or not asked.is_all_done
    if is_undone:
        raise typer.Exit(NOT_ALL_DONE)


async def _ask(
    workspace: Workspace,
    wish: Wish,
    stations: Sequence[str],
    wanted: StationFilter | None,
    given: dict[str, Any],  # Any: options differ
) -> tuple[Asked, list[str]]:
    from forecourt.cli.asking import Asked, ask, wait_for_ends
    from forecourt.cli.telling import teller

    chosen, unknown = await _chosen(workspace, stations, wanted)
    if wish.operation.is_dangerous:
        place = repr(chosen[0]) if len(chosen) == 1 else f"{len(chosen)} stations"
        ask_consent(f"{wish.operation.name} for {place}: go on?", is_given=given["yes"])
    audience = teller(len(chosen), is_one=len(chosen) == 1 and len(stations) == 1, as_json=given["as_json"])
    asked = Asked(len(chosen))
    try:
        await ask(workspace, wish, chosen, asked, audience)
        if given["wait"] is not None and asked.errands:
            await wait_for_ends(workspace, asked, seconds=given["wait"], audience=audience)
    finally:  # also when it was interrupted: what was written down goes on all the same
        audience.end(list(asked.errands.values()))
        for identity, reason in asked.refused.items():
            tell(f"{identity}: {reason}")
        _sum_up(asked, is_waiting=given["wait"] is not None)
    return asked, unknown


async def _chosen(
    workspace: Workspace, stations: Sequence[str], wanted: StationFilter | None
) -> tuple[list[str], list[str]]:
    """The stations that are registered, and those that were named and are not; the command ends when there are none."""
    from forecourt.cli.asking import registered_among, stations_that

    if wanted is not None:
        found = await stations_that(workspace, wanted)
        if not found:
            raise not_found("No station fits the selection.")
        return found, []
    known, unknown = await registered_among(workspace, stations)
    if not known and len(unknown) == 1:
        raise not_found(f"No station {unknown[0]!r} is registered.")
    for identity in unknown:
        tell(f"no station {identity!r} is registered.")
    if not known:
        raise typer.Exit(NOT_ALL_DONE)
    return known, unknown


def _sum_up(asked: Asked, *, is_waiting: bool) -> None:
    from forecourt.cli.errand_facts import counted

    still_open = [number for number, errand in asked.errands.items() if not errand.state.is_final]
    if asked.batch is not None:
        where = f"`forecourt batch show {asked.batch}`, `forecourt errand list --batch {asked.batch}`"
        tell(f"{counted(asked.counts)}; {where}.")
    elif still_open and is_waiting:
        tell(f"no answer yet; it goes on: `forecourt errand show {still_open[0]}`.")


def _wanted(stations: Sequence[str], given: dict[str, Any]) -> StationFilter | None:  # Any: options differ
    """The selection, or None when stations are named."""
    wanted = StationFilter(
        search=given["search"] or None, registration=given["registration"], is_online=given["online"]
    )
    is_filtered = wanted != StationFilter()
    if sum([bool(stations), given["all_stations"], is_filtered]) != 1:
        raise invalid(
            "Say which stations: either by their ids, or --all, or --online, --offline, --search and --registration."
        )
    return None if stations else wanted


def _order(given: dict[str, Any]) -> Order:  # Any: options differ
    priority = _PRIORITIES.get(given["priority"])
    if priority is None:
        raise invalid(f"--priority is one of {', '.join(_PRIORITIES)}.")
    return Order(
        asked_by=command_line_user(),
        delivery=Delivery.WHEN_ONLINE if given["when_online"] else Delivery.NOW,
        expires_at=moment(given["until"], "--until"),
        priority=priority,
    )


def _parameters(
    operation: AnyOperation, fields: Sequence[Field], values: Sequence[object], json_file: str | None
) -> Message:
    import msgspec

    from forecourt.operations.fields import NotJson, body_of
    from forecourt.operations.reading import BadParameters, read_parameters

    try:
        if json_file is None:
            raw = msgspec.json.encode(body_of(fields, values))
        elif any(value is not None and value != [] for value in values):
            raise invalid("Give the parameters either with --json or as options, not both.")
        else:
            raw = _read_file(json_file)
        params: type[Message] = operation.params
        return read_parameters(raw, params)
    except NotJson as wrong:
        _refuse(operation.name, [f"{path}: {reason}" for path, reason in wrong.reasons.items()])
    except BadParameters as wrong:
        _refuse(operation.name, [f"{one.path}: {one.reason}" if one.path else one.reason for one in wrong.fields])


def _read_file(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise invalid(f"The file {name!r} cannot be read: {error.strerror}.") from error


def _refuse(name: str, faults: Sequence[str]) -> NoReturn:
    tell(f"the parameters of {name} cannot be used:")
    for fault in faults:
        print(f"  {' '.join(fault.split())}", file=sys.stderr)
    raise typer.Exit(BAD_INPUT)
