"""What can be set, by section, with defaults."""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from forecourt.settings import Address, Network, Secret, read_ip, setting

_HOURS_FOR_EVER: Final = 24.0 * 366 * 100
_DAYS_FOR_EVER: Final = 366 * 100


class KeptMessages(enum.Enum):
    """Which messages of stations, and to them, are kept for people to read."""

    ALL = "all"
    FAILURES = "failures"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """The stations' side."""

    heartbeat_seconds: int = setting(900, "Heartbeat interval told to stations that have none of their own.", low=1)
    retry_seconds: int = setting(60, "Wait told to stations that are Pending or Rejected.", low=1)
    auto_register: bool = setting(False, "Register unknown stations when they connect, as Accepted.")
    ping_seconds: float = setting(60.0, "Silence after which a station is pinged.", low=0.1)
    pong_seconds: float = setting(20.0, "Wait for anything after a ping before the socket counts as dead.", low=0.1)
    header_seconds: float = setting(10.0, "Time for a client to send its whole request head.", low=0.1)
    frame_bytes: int = setting(
        1_048_576, "Largest message that is read; a larger one is answered with an error.", low=1024
    )
    hard_frame_bytes: int = setting(
        16_777_216, "Largest message that is taken off the wire at all; more ends the link.", low=1024
    )
    bad_frames: int = setting(100, "Frames in a row that are no messages before the link is closed.", low=0)
    messages_per_second: float = setting(500.0, "Messages read per second and station; 0 reads without limit.", low=0)
    open_requests: int = setting(16, "Unanswered requests of one station before it is read no further.", low=1)
    answer_seconds: float = setting(
        25.0, "Time for the database to take a request before it gets InternalError.", low=0.1
    )
    call_seconds: float = setting(30.0, "Time for a station to answer a call.", low=0.1)
    tls_handshake_seconds: float = setting(10.0, "Time for a client to finish its TLS handshake.", low=0.1)
    handshakes_at_once: int = setting(64, "TLS handshakes at the same time; the others wait for their turn.", low=1)
    upgrades_per_second: float = setting(200.0, "New connections admitted per second; the others wait.", low=1)
    upgrades_waiting: int = setting(2000, "Connections that may wait; above it they are told to come back.", low=0)
    drain_seconds: float = setting(10.0, "Time for open exchanges to finish when the system stops.", low=0)
    quiet: bool = setting(False, "Send nothing that nobody asked for.")
    messages: KeptMessages = setting(
        KeptMessages.ALL,
        "Messages that are kept for people to read: `all`, `failures` (what ended in an error), `none`.",
    )
    messages_most: int = setting(1_000_000, "How many of them are kept; about 1 KB each.", low=1)
    messages_days: float = setting(30.0, "How long they are kept.", low=0.01)
    configuration_hours: float = setting(
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

    name: str = setting("", "Its name in logs and in the security policy: small letters, digits, `.`, `_` and `-`.")
    address: Address = setting(Address("", 0), "Where it listens.")
    tls: Tls = setting(Tls.NONE, "`none`, `modern` (TLS 1.2 and newer) or `legacy` (TLS 1.0 and 1.1 only).")
    proxy_protocol: bool = setting(
        False, "Every connection begins with a header of the PROXY protocol, version 2, and comes from a listed proxy."
    )
    proxy_headers: bool | None = setting(
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

    addresses: tuple[Network, ...] = setting(
        (), "Addresses and networks of proxies; headers and the PROXY protocol are believed from these only."
    )
    certificate_header: CertificateHeader = setting(
        CertificateHeader.NONE,
        "How they hand on a station's certificate: `none`, `rfc9440`, `escaped-pem`, `der-base64` or `xfcc`.",
    )
    certificate_header_name: str = setting("", "The header in which they do; default: the usual one of that form.")

    def has(self, address: str) -> bool:
        """Whether an address, in text, is that of a proxy."""
        if not self.addresses:
            return False
        found = read_ip(address)
        return found is not None and any(found in network for network in self.addresses)


@dataclass(frozen=True, slots=True)
class FilesConfig:
    """The door for files: logs that stations upload, firmware that they fetch."""

    http: Address | None = setting(Address("127.0.0.1", 9002), "Where stations move files by HTTP; `off` for nowhere.")
    tls: Address | None = setting(None, "Where stations move files by HTTPS, or `off`.")
    ftp: Address | None = setting(None, "Where stations move files by FTP, and by FTPS with `AUTH TLS`, or `off`.")
    url: str = setting("", "How stations reach the door, as `https://HOST:PORT`; default: its own address.")
    ftp_url: str = setting("", "How stations reach it by FTP, as `ftps://HOST:PORT`, or `ftp://HOST:PORT` without TLS.")
    folder: Path | None = setting(None, "Folder of the files, shared by all nodes; default: `files` in `data`.")
    max_upload_bytes: int = setting(100 * 1024 * 1024, "Largest file that a station may upload.", low=1)
    max_firmware_bytes: int = setting(1024 * 1024 * 1024, "Largest firmware image that is kept.", low=1)
    keep_days: int = setting(365, "Days for which uploaded files are kept; 0 for ever.", low=0)
    keep_free_bytes: int = setting(256 * 1024 * 1024, "Room on the disk that no file takes.", low=0)
    idle_seconds: float = setting(60.0, "Silence after which a transfer is broken off.", low=0.1)
    transfer_seconds: float = setting(6 * 3600.0, "Time for one transfer.", low=1)
    transfers_at_once: int = setting(100, "Transfers at the same time; others are told to come back.", low=1)
    ftp_passive_ports: str = setting(
        "", "Ports for the data of FTP, as `FIRST-LAST`; default: any that the machine has free."
    )
    ftp_passive_address: str = setting("", "The IPv4 address that is told for them, where it is translated.")
    ftp_tls_only: bool = setting(True, "Refuse FTP without TLS.")

    @property
    def passive_ports(self) -> range | None:
        """None for any."""
        first, _, last = self.ftp_passive_ports.partition("-")
        return range(int(first), int(last) + 1) if self.ftp_passive_ports else None

    @property
    def addresses(self) -> list[tuple[str, Address]]:
        """Those that are set, with the names of their settings."""
        named = (("http", self.http), ("tls", self.tls), ("ftp", self.ftp))
        return [(name, address) for name, address in named if address is not None]

    @property
    def is_open(self) -> bool:
        """Whether there is a door at all."""
        return bool(self.addresses)

    @property
    def listeners(self) -> tuple[ListenerConfig, ...]:
        """Where HTTP is spoken."""
        return (
            *([ListenerConfig("files", self.http)] if self.http else []),
            *([ListenerConfig("files-tls", self.tls, Tls.MODERN)] if self.tls else []),
        )


class LogLevel(enum.Enum):
    """How severe an event is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class LogConfig:
    """What is written to standard error."""

    level: LogLevel = setting(LogLevel.INFO, "The least severe level that is shown.")
    json: bool = setting(False, "One JSON object per line instead of text.")


@dataclass(frozen=True, slots=True)
class Pkcs11Config:
    """A token, such as a hardware security module, for the keys of the own certificate authority."""

    module: str = setting("", "File of the PKCS#11 library that drives the token; without it there is no token.")
    token: str = setting("", "Label of the token.")
    pin: Secret | None = setting(None, "PIN of its user.")


class MailTls(enum.Enum):
    """How mail is encrypted on its way to the mail server."""

    STARTTLS = "starttls"
    """Begins plainly and turns to TLS before anything is said."""
    TLS = "tls"
    """TLS from the first byte, mostly on port 465."""
    NONE = "none"
    """Not at all: for a server on the same machine, or where the network is trusted."""


@dataclass(frozen=True, slots=True)
class MailConfig:
    """The server that takes the mails of notifications."""

    host: str = setting("", "Name of the mail server (SMTP); without it no mail is sent.")
    port: int = setting(587, "Its port.", low=1)
    tls: MailTls = setting(MailTls.STARTTLS, "`starttls`, `tls` (from the first byte, mostly port 465) or `none`.")
    username: str = setting("", "User name there, if it wants one.")
    password: Secret | None = setting(None, "Its password.")
    sender: str = setting("", "The address that mails are from, such as `forecourt@example.com`.")
    roots: Path | None = setting(
        None, "File (PEM) of authorities that are trusted for its TLS besides those that everybody trusts."
    )


@dataclass(frozen=True, slots=True)
class WebhooksConfig:
    """How programs are told of events."""

    roots: Path | None = setting(
        None, "File (PEM) of authorities that are trusted for TLS of receivers besides those that everybody trusts."
    )


class SignInRole(enum.Enum):
    """What a person may be, by the names of the roles."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SECURITY_OFFICER = "securityOfficer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """Sign-in with an OpenID provider, beside accounts with passwords."""

    issuer: str = setting("", "Address of the provider, exactly as it names itself; without it there is none.")
    client_id: str = setting("", "Name of this system at the provider.")
    client_secret: Secret | None = setting(None, "Its secret there; none for a public client.")
    scopes: str = setting("openid profile email", "What is asked of the provider, `openid` among it.")
    role_claim: str = setting(
        "", "Claim that says what somebody is; points lead into objects, such as `realm_access.roles`."
    )
    role_of: tuple[tuple[str, SignInRole], ...] = setting(
        (),
        "What its values mean: `viewer`, `operator`, `securityOfficer` or `admin`; the first counts.",
    )
    name_claim: str = setting("preferred_username", "Claim that an account is named after.")
    button: str = setting("OpenID Connect", 'What stands on the button of the sign-in page, after "Sign in with".')
    roots: Path | None = setting(
        None, "File (PEM) of the authorities of the provider's TLS; default: those that everybody trusts."
    )

    @property
    def is_on(self) -> bool:
        return bool(self.issuer)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set."""

    data: Path = setting(Path("data"), "Folder of the database and of everything else that is kept.")
    database: Secret | None = setting(None, "URL of the database: sqlite:///FILE or postgresql://…; default in `data`.")
    stations: Address | None = setting(
        Address("127.0.0.1", 9000), "Where stations connect without TLS (the listener `ws`); `off` for nowhere."
    )
    stations_tls: Address | None = setting(None, "Where stations connect with TLS (the listener `wss`), or `off`.")
    console: Address = setting(Address("127.0.0.1", 8080), "Where REST and pages are served.")
    admin_password: Secret | None = setting(None, "Password of `admin`; when absent one is made at the first start.")
    secret_key: Secret | None = setting(
        None, "Key that seals secrets in the database; default for SQLite: made at the first start, in `data`."
    )
    node: str = setting("", "Name of this node among others on one database; default: the host's name.")
    events_keep_days: float = setting(30.0, "Days for which events are kept that were delivered.", low=0.01)
    audit_keep_days: int = setting(400, "Days for which it is kept who did what; 0 for ever.", low=0)
    command_line_role: SignInRole = setting(
        SignInRole.ADMIN, "What commands on this machine may do: `viewer`, `operator`, `securityOfficer` or `admin`."
    )
    console_url: str = setting(
        "", "Address by which people reach the console, as `https://HOST`; with `https` cookies travel by TLS only."
    )
    pki_url: str = setting(
        "", "`http://` address of the console for whoever checks certificates; it is written into own certificates."
    )
    gateway: GatewayConfig = field(default_factory=GatewayConfig)
    proxies: ProxiesConfig = field(default_factory=ProxiesConfig)
    files: FilesConfig = field(default_factory=FilesConfig)
    pkcs11: Pkcs11Config = field(default_factory=Pkcs11Config)
    oidc: OidcConfig = field(default_factory=OidcConfig)
    mail: MailConfig = field(default_factory=MailConfig)
    webhooks: WebhooksConfig = field(default_factory=WebhooksConfig)
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
    def events_kept(self) -> timedelta:
        """The same as a duration."""
        return timedelta(days=min(self.events_keep_days, _DAYS_FOR_EVER))

    @property
    def audit_kept(self) -> timedelta | None:
        """The same as a duration; None for ever."""
        return timedelta(days=min(self.audit_keep_days, _DAYS_FOR_EVER)) if self.audit_keep_days else None

    @property
    def database_url(self) -> str:
        if self.database is not None:
            return self.database.reveal()
        return f"sqlite:///{self.data.resolve() / 'forecourt.db'}"

    @property
    def node_name(self) -> str:
        return self.node or os.uname().nodename
