"""How settings are read: a TOML file, then the environment above it, every mistake reported at once.

A setting ``name`` of the section ``section`` is ``name`` under ``[section]`` in the file and
``FORECOURT_SECTION_NAME`` in the environment; those without a section stand at the top of the file.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import ipaddress
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args, get_origin, get_type_hints

PREFIX: Final = "FORECOURT_"
FILE_VARIABLE: Final = "FORECOURT_CONFIG"
DEFAULT_FILE: Final = "forecourt.toml"

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


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

    @property
    def is_local(self) -> bool:
        """Only this machine can connect."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ConfigError(Exception):
    """All mistakes in the settings, one per line."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


def setting(default: Any, about: str, *, low: float | None = None) -> Any:  # dataclasses.field has no better type
    return field(default=default, metadata={"about": about, "low": low})


class Reading:
    """Reads everything and collects what is wrong with it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.mistakes: list[str] = []
        self.variables: set[str] = {FILE_VARIABLE}
        """Every variable that is a setting, whether or not it is set."""
        self.origins: dict[str, str] = {}
        """Where a setting was found: the variable, or its path in the file. Those that are not here have defaults."""

    def file(self) -> dict[str, Any]:  # TOML values
        named = self._environment.get(FILE_VARIABLE)
        path = Path(named or DEFAULT_FILE)
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
            if "tables" in setting.metadata:
                values[setting.name] = self._sections(setting.metadata["tables"], given, name)
                continue
            if not setting.metadata:
                inner = self._table(given, name)
                values[setting.name] = self.section(types[setting.name], inner, f"{variable}_", f"{name}.")
                continue
            self.variables.add(variable)
            if variable in self._environment:
                given, name = self._environment[variable], variable
            if given is None:
                continue
            self.origins[f"{path}{setting.name}"] = name
            try:
                values[setting.name] = _parse(types[setting.name], given, setting.metadata["low"])
            except ValueError as error:
                self.mistakes.append(f"{name}: {error}")
        return kind(**values)

    def _sections(self, kind: Any, given: object, name: str) -> tuple[Any, ...]:  # any dataclass of settings
        """What may be written down any number of times. The environment has no room for it."""
        tables = [] if given is None else given
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.mistakes.append(f"{name}: must be tables, each under [[{name}]]")
            return ()
        unset = Reading({})
        made = tuple(
            unset.section(kind, table, "", f"{name}[{number}].") for number, table in enumerate(tables, start=1)
        )
        self.mistakes += unset.mistakes
        return made

    def _table(self, given: object, name: str) -> Mapping[str, Any]:
        if given is None or isinstance(given, dict):
            return given or {}
        self.mistakes.append(f"{name}: must be a table")
        return {}


def _parse(kind: object, raw: object, low: float | None) -> object:
    if get_origin(kind) is tuple:
        return _parse_several(kind, raw)
    if kind in (bool, bool | None):
        return _parse_bool(raw)
    if kind in (int, float):
        return _parse_number(kind, raw, low)
    if not isinstance(raw, str):
        raise ValueError("must be a text in quotes")  # without the value: it may be a secret
    if kind is Address:
        return _parse_address(raw)
    if kind == Address | None:
        return None if raw.lower() == "off" else _parse_address(raw)
    if kind is Path or kind == Path | None:
        return Path(raw)
    if kind is str:
        return raw
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _parse_choice(kind, raw)
    return Secret(raw)


def _parse_choice(kind: type[enum.Enum], raw: str) -> enum.Enum:
    for one in kind:
        if str(one.value).lower() == raw.lower():
            return one
    raise ValueError(f"must be one of {', '.join(str(one.value) for one in kind)}, not {raw!r}")


def _parse_several(kind: object, raw: object) -> tuple[object, ...]:
    """Networks, or pairs of a text and a choice."""
    if kind == tuple[Network, ...]:
        return _parse_networks(raw)
    return _parse_choices(get_args(get_args(kind)[0])[1], raw)


def _parse_choices(kind: type[enum.Enum], raw: object) -> tuple[tuple[str, enum.Enum], ...]:
    """A table of texts, or one text such as ``a=x, b=y``; the order stays."""
    given = raw
    if isinstance(raw, str):
        pairs = [part.rpartition("=") for part in raw.split(",") if part.strip()]
        if not all(sign for _, sign, _ in pairs):
            raise ValueError("must be pairs such as operators=operator, with commas between them")
        given = {word.strip(): choice.strip() for word, _, choice in pairs}
    if not isinstance(given, dict) or not all(isinstance(choice, str) for choice in given.values()):
        raise ValueError('must be a table such as { operators = "operator" }')
    return tuple((word, _parse_choice(kind, choice)) for word, choice in given.items())


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


def _parse_networks(raw: object) -> tuple[Network, ...]:
    """A list of texts, or one text with commas."""
    given = [part.strip() for part in raw.split(",") if part.strip()] if isinstance(raw, str) else raw
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError('must be a list of addresses and networks, for example ["10.0.0.5", "192.168.7.0/24"]')
    found = []
    for one in given:
        try:
            found.append(ipaddress.ip_network(one))
        except ValueError as error:
            raise ValueError(f"must be addresses and networks such as 10.0.0.5 or 192.168.7.0/24: {error}") from None
        if found[-1].prefixlen == 0:
            raise ValueError(f"must be proxies, and {one} is everybody: any station could say that it is another one")
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def read_ip(text: str) -> IpAddress | None:
    """An IP address as it is compared: an IPv4 address in the guise of IPv6 is one of IPv4. None when it is none."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found
