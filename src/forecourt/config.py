"""Settings: a TOML file, then the environment above it, every mistake reported at once.

A setting ``name`` of the section ``section`` is ``name`` under ``[section]`` in the file and
``FORECOURT_SECTION_NAME`` in the environment; those without a section stand at the top of the file.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, get_type_hints
from urllib.parse import urlsplit

PREFIX: Final = "FORECOURT_"
FILE_VARIABLE: Final = "FORECOURT_CONFIG"

_HOURS_FOR_EVER: Final = 24.0 * 366 * 100


class Secret:
    """A text that never shows itself in a log, an error or a page; call :meth:`reveal` where it is used."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @property
    def reachable_host(self) -> str:
        """The host to connect to from this machine: one that listens everywhere is reached at its loopback."""
        match self.host:
            case "0.0.0.0":  # noqa: S104  # this is how it is recognised, not where it listens
                return "127.0.0.1"
            case "::":
                return "::1"
            case _:
                return self.host

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ConfigError(Exception):
    """All mistakes in the settings, one per line."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


def _setting(default: Any, about: str, *, low: float | None = None) -> Any:  # dataclasses.field has no better type
    return field(default=default, metadata={"about": about, "low": low})


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """The stations' side."""

    heartbeat_seconds: int = _setting(900, "Heartbeat interval told to stations that have none of their own.", low=1)
    retry_seconds: int = _setting(60, "Wait told to stations that are Pending or Rejected.", low=1)
    auto_register: bool = _setting(False, "Register unknown stations when they connect, as Accepted.")
    ping_seconds: float = _setting(60.0, "Silence after which a station is pinged.", low=0.1)
    pong_seconds: float = _setting(20.0, "Wait for anything after a ping before the socket counts as dead.", low=0.1)
    header_seconds: float = _setting(10.0, "Time for a client to send its whole request head.", low=0.1)
    frame_bytes: int = _setting(
        1_048_576, "Largest message that is read; a larger one is answered with an error.", low=1024
    )
    hard_frame_bytes: int = _setting(
        16_777_216, "Largest message that is taken off the wire at all; more ends the link.", low=1024
    )
    bad_frames: int = _setting(100, "Frames in a row that are no messages before the link is closed.", low=0)
    messages_per_second: float = _setting(500.0, "Messages read per second and station; 0 reads without limit.", low=0)
    open_requests: int = _setting(16, "Unanswered requests of one station before it is read no further.", low=1)
    answer_seconds: float = _setting(
        25.0, "Time for the database to take a request before it gets InternalError.", low=0.1
    )
    call_seconds: float = _setting(30.0, "Time for a station to answer a call.", low=0.1)
    upgrades_per_second: float = _setting(200.0, "New connections admitted per second; the others wait.", low=1)
    upgrades_waiting: int = _setting(2000, "Connections that may wait; above it they are told to come back.", low=0)
    drain_seconds: float = _setting(10.0, "Time for open exchanges to finish when the system stops.", low=0)
    quiet: bool = _setting(False, "Send nothing that nobody asked for.")
    configuration_hours: float = _setting(
        24.0, "Age from which a station's configuration is read again when it boots; 0 never reads it.", low=0
    )

    @property
    def configuration_age(self) -> timedelta | None:
        """The same as a duration; None for never."""
        if self.quiet or not self.configuration_hours:
            return None
        return timedelta(hours=min(self.configuration_hours, _HOURS_FOR_EVER))


class LogLevel(enum.Enum):
    """How severe an event is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class LogConfig:
    """What is written to standard error."""

    level: LogLevel = _setting(LogLevel.INFO, "The least severe level that is shown.")
    json: bool = _setting(False, "One JSON object per line instead of text.")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set."""

    data: Path = _setting(Path("data"), "Folder of the database and of everything else that is kept.")
    database: Secret | None = _setting(
        None, "URL of the database: sqlite:///FILE or postgresql://…; default in `data`."
    )
    stations: Address = _setting(Address("127.0.0.1", 9000), "Where stations connect (ws).")
    console: Address = _setting(Address("127.0.0.1", 8080), "Where REST and pages are served.")
    admin_password: Secret | None = _setting(None, "Password of `admin`; when absent one is made at the first start.")
    node: str = _setting("", "Name of this node among others on one database; default: the host's name.")
    gateway: GatewayConfig = field(default_factory=GatewayConfig)
    log: LogConfig = field(default_factory=LogConfig)

    @property
    def database_url(self) -> str:
        if self.database is not None:
            return self.database.reveal()
        return f"sqlite:///{self.data.resolve() / 'forecourt.db'}"

    @property
    def node_name(self) -> str:
        return self.node or os.uname().nodename


def load() -> Config:
    """Read the settings. Raises ConfigError with everything that is wrong."""
    return read(os.environ)


def read(environment: Mapping[str, str]) -> Config:
    """Settings from the file that ``FORECOURT_CONFIG`` names (or ``forecourt.toml``, if there), and from the
    environment, which wins."""
    reading = _Reading(environment)
    config: Config = reading.section(Config, reading.file(), PREFIX, "")
    if config.database is not None:
        reading.mistakes += _check_database(config.database.reveal())
    if reading.mistakes:
        raise ConfigError(reading.mistakes)
    return config


class _Reading:
    """Reads everything and collects what is wrong with it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.mistakes: list[str] = []

    def file(self) -> dict[str, Any]:  # TOML values
        named = self._environment.get(FILE_VARIABLE)
        path = Path(named or "forecourt.toml")
        if named is None and not path.exists():
            return {}
        try:
            return tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            self.mistakes.append(f"{path}: {error}")
            return {}

    def section(self, kind: Any, table: Mapping[str, Any], prefix: str, path: str) -> Any:  # any dataclass of settings
        types = get_type_hints(kind)
        settings = dataclasses.fields(kind)
        unknown = table.keys() - {setting.name for setting in settings}
        self.mistakes += [f"{path}{name}: no such setting" for name in sorted(unknown)]
        values: dict[str, Any] = {}
        for setting in settings:
            variable, name = f"{prefix}{setting.name.upper()}", f"{path}{setting.name}"
            given = table.get(setting.name)
            if not setting.metadata:
                inner = self._table(given, name)
                values[setting.name] = self.section(types[setting.name], inner, f"{variable}_", f"{name}.")
                continue
            if variable in self._environment:
                given, name = self._environment[variable], variable
            if given is None:
                continue
            try:
                values[setting.name] = _parse(types[setting.name], given, setting.metadata["low"])
            except ValueError as error:
                self.mistakes.append(f"{name}: {error}")
        return kind(**values)

    def _table(self, given: object, name: str) -> Mapping[str, Any]:
        if given is None or isinstance(given, dict):
            return given or {}
        self.mistakes.append(f"{name}: must be a table")
        return {}


def _parse(kind: object, raw: object, low: float | None) -> object:
    if kind is bool:
        return _parse_bool(raw)
    if kind in (int, float):
        return _parse_number(kind, raw, low)
    if not isinstance(raw, str):
        raise ValueError("must be a text in quotes")  # without the value: it may be a secret
    if kind is Address:
        return _parse_address(raw)
    if kind is Path:
        return Path(raw)
    if kind is str:
        return raw
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _parse_choice(kind, raw)
    return Secret(raw)


def _parse_choice(kind: type[enum.Enum], raw: str) -> enum.Enum:
    try:
        return kind(raw.lower())
    except ValueError:
        raise ValueError(f"must be one of {', '.join(str(one.value) for one in kind)}, not {raw!r}") from None


def _parse_bool(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    if str(raw).lower() in ("true", "1", "yes", "on"):
        return True
    if str(raw).lower() in ("false", "0", "no", "off"):
        return False
    raise ValueError(f"must be true or false, not {raw!r}")


def _parse_number(kind: object, raw: object, low: float | None) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError(f"must be a number, not {raw!r}")
    try:
        number: int | float = int(raw) if kind is int else float(raw)
        if not math.isfinite(number) or (kind is int and isinstance(raw, float)):
            raise ValueError
    except (ValueError, OverflowError):
        shown = repr(raw)[:40]
        raise ValueError(f"must be a {'whole ' if kind is int else ''}number, not {shown}") from None
    if low is not None and not number >= low:
        raise ValueError(f"must be at least {low:g}, not {number:g}")
    return number


def _parse_address(raw: str) -> Address:
    host, _, port = raw.rpartition(":")
    if not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise ValueError(f"must be host:port, for example 127.0.0.1:9000, not {raw!r}")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def _check_database(url: str) -> list[str]:
    scheme = urlsplit(url).scheme
    if scheme in ("postgresql", "sqlite") and (scheme != "sqlite" or url.startswith("sqlite:///")):
        return []
    return ["FORECOURT_DATABASE: must begin with sqlite:/// or postgresql://"]  # the URL may hold a password
