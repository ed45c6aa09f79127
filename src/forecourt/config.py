"""Settings: a TOML file, then the environment above it, every mistake reported at once.

A setting ``name`` of the section ``section`` is ``name`` under ``[section]`` in the file and
``FORECOURT_SECTION_NAME`` in the environment; those without a section stand at the top of the file.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import ipaddress
import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias, get_type_hints
from urllib.parse import urlsplit

PREFIX: Final = "FORECOURT_"
FILE_VARIABLE: Final = "FORECOURT_CONFIG"

_HOURS_FOR_EVER: Final = 24.0 * 366 * 100

_LISTENER_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")

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
    tls_handshake_seconds: float = _setting(10.0, "Time for a client to finish its TLS handshake.", low=0.1)
    handshakes_at_once: int = _setting(64, "TLS handshakes at the same time; the others wait for their turn.", low=1)
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


class Tls(enum.Enum):
    """What a listener speaks under HTTP."""

    NONE = "none"
    MODERN = "modern"
    """TLS 1.2 and newer."""
    LEGACY = "legacy"
    """TLS 1.0 and 1.1 and nothing else, for stations that cannot do better (A00.FR.312)."""


@dataclass(frozen=True, slots=True)
class ListenerConfig:
    """An address where stations connect."""

    name: str = _setting("", "Its name in logs and in the security policy: small letters, digits, `.`, `_` and `-`.")
    address: Address = _setting(Address("", 0), "Where it listens.")
    tls: Tls = _setting(Tls.NONE, "`none`, `modern` (TLS 1.2 and newer) or `legacy` (TLS 1.0 and 1.1 only).")
    proxy_protocol: bool = _setting(
        False, "Every connection begins with a header of the PROXY protocol, version 2, and comes from a listed proxy."
    )
    proxy_headers: bool | None = _setting(
        None, "Headers of listed proxies are believed here; default: true without TLS, false with it."
    )

    @property
    def believes_headers(self) -> bool:
        """A listed proxy that connects here ends TLS itself and tells of its stations in headers. One that passes bytes
        on does not: the headers are the station's own."""
        if self.proxy_headers is None:
            return self.tls is Tls.NONE and not self.proxy_protocol
        return self.proxy_headers

    @property
    def scheme(self) -> str:
        return "ws" if self.tls is Tls.NONE else "wss"


class CertificateHeader(enum.Enum):
    """How a proxy that ends TLS hands on the certificate of the station."""

    NONE = "none"
    RFC9440 = "rfc9440"
    """``Client-Cert: :BASE64 OF DER:``, and the rest of the chain in ``Client-Cert-Chain`` (RFC 9440)."""
    ESCAPED_PEM = "escaped-pem"
    """Percent-encoded PEM, as nginx makes it."""
    DER_BASE64 = "der-base64"
    """DER in base64, as HAProxy makes it."""
    XFCC = "xfcc"
    """``x-forwarded-client-cert``, as Envoy makes it."""


@dataclass(frozen=True, slots=True)
class ProxiesConfig:
    """Who stands between stations and this system, and is believed."""

    addresses: tuple[Network, ...] = _setting(
        (), "Addresses and networks of proxies; headers and the PROXY protocol are believed from these only."
    )
    certificate_header: CertificateHeader = _setting(
        CertificateHeader.NONE,
        "How they hand on a station's certificate: `none`, `rfc9440`, `escaped-pem`, `der-base64` or `xfcc`.",
    )
    certificate_header_name: str = _setting("", "The header in which they do; default: the usual one of that form.")

    def has(self, address: str) -> bool:
        """Whether an address, in text, is that of a proxy."""
        if not self.addresses:
            return False
        found = read_ip(address)
        return found is not None and any(found in network for network in self.addresses)


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
    stations: Address | None = _setting(
        Address("127.0.0.1", 9000), "Where stations connect without TLS (the listener `ws`); `off` for nowhere."
    )
    stations_tls: Address | None = _setting(None, "Where stations connect with TLS (the listener `wss`), or `off`.")
    console: Address = _setting(Address("127.0.0.1", 8080), "Where REST and pages are served.")
    admin_password: Secret | None = _setting(None, "Password of `admin`; when absent one is made at the first start.")
    secret_key: Secret | None = _setting(
        None, "Key that seals secrets in the database; default for SQLite: made at the first start, in `data`."
    )
    node: str = _setting("", "Name of this node among others on one database; default: the host's name.")
    gateway: GatewayConfig = field(default_factory=GatewayConfig)
    proxies: ProxiesConfig = field(default_factory=ProxiesConfig)
    log: LogConfig = field(default_factory=LogConfig)
    listeners: tuple[ListenerConfig, ...] = field(default=(), metadata={"tables": ListenerConfig})
    """Further addresses for stations, in the file only: one ``[[listeners]]`` each."""

    @property
    def all_listeners(self) -> tuple[ListenerConfig, ...]:
        """Every address where stations connect: at least one, and those without TLS first."""
        simple = [
            *([ListenerConfig("ws", self.stations)] if self.stations else []),
            *([ListenerConfig("wss", self.stations_tls, Tls.MODERN)] if self.stations_tls else []),
        ]
        return tuple(sorted((*simple, *self.listeners), key=lambda listener: listener.tls is not Tls.NONE))

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
    reading.mistakes += _check_listeners(config)
    reading.mistakes += _check_proxies(config)
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
            if "tables" in setting.metadata:
                values[setting.name] = self._sections(setting.metadata["tables"], given, name)
                continue
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

    def _sections(self, kind: Any, given: object, name: str) -> tuple[Any, ...]:  # any dataclass of settings
        """What may be written down any number of times. The environment has no room for it."""
        tables = [] if given is None else given
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.mistakes.append(f"{name}: must be tables, each under [[{name}]]")
            return ()
        unset = _Reading({})
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
    if kind in (bool, bool | None):
        return _parse_bool(raw)
    if kind in (int, float):
        return _parse_number(kind, raw, low)
    if kind == tuple[Network, ...]:
        return _parse_networks(raw)
    if not isinstance(raw, str):
        raise ValueError("must be a text in quotes")  # without the value: it may be a secret
    if kind is Address:
        return _parse_address(raw)
    if kind == Address | None:
        return None if raw.lower() == "off" else _parse_address(raw)
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


def _check_listeners(config: Config) -> list[str]:
    mistakes = []
    if not config.all_listeners:
        mistakes.append("stations: is off, and so is every other listener; no station could connect")
    taken: dict[str, str] = {str(config.console): "console"}
    simple = [(name, getattr(config, name)) for name in ("stations", "stations_tls") if getattr(config, name)]
    further = [(f"listeners[{number}]", one) for number, one in enumerate(config.listeners, start=1)]
    names = {"ws": "stations", "wss": "stations_tls"}
    for path, listener in further:
        if not _LISTENER_NAME.fullmatch(listener.name):
            mistakes.append(f"{path}.name: must be 1 to 40 small letters, digits, dots, underscores and dashes")
        elif listener.name in names:
            mistakes.append(f"{path}.name: {listener.name!r} is the name of {names[listener.name]} already")
        names.setdefault(listener.name, path)
        if not listener.address.host:
            mistakes.append(f"{path}.address: must be set, for example 0.0.0.0:9443")
        mistakes += [f"{path}.{mistake}" for mistake in _check_trust(listener, config.proxies)]
    for path, address in (*simple, *((f"{path}.address", one.address) for path, one in further if one.address.host)):
        other = taken.setdefault(str(address), path)
        if other != path and address.port:
            mistakes.append(f"{path}: {address} is the address of {other} already")
    return mistakes


def _check_trust(listener: ListenerConfig, proxies: ProxiesConfig) -> list[str]:
    if listener.proxy_headers and listener.proxy_protocol:
        return ["proxy_headers: must be off beside proxy_protocol: there the headers are the station's own"]
    if proxies.addresses:
        return []
    asked = [name for name in ("proxy_protocol", "proxy_headers") if getattr(listener, name)]
    return [f"{name}: must have proxies.addresses beside it: nobody else is believed" for name in asked]


def _check_proxies(config: Config) -> list[str]:
    proxies, mistakes = config.proxies, []
    is_none = proxies.certificate_header is CertificateHeader.NONE
    if not is_none and not proxies.addresses:
        mistakes.append("proxies.certificate_header: must have proxies.addresses beside it: nobody else is believed")
    if proxies.certificate_header_name:
        if is_none:
            mistakes.append("proxies.certificate_header_name: must have proxies.certificate_header beside it")
        if not _HEADER_NAME.fullmatch(proxies.certificate_header_name):
            mistakes.append("proxies.certificate_header_name: must be the name of a header, for example X-SSL-Cert")
    return mistakes


def _check_database(url: str) -> list[str]:
    scheme = urlsplit(url).scheme
    if scheme in ("postgresql", "sqlite") and (scheme != "sqlite" or url.startswith("sqlite:///")):
        return []
    return ["FORECOURT_DATABASE: must begin with sqlite:/// or postgresql://"]  # the URL may hold a password
