"""The options that commands share: which central system, and what stations sign in with."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from forecourt_simulator.credentials import BadCredentials, Keys, for_station, read_keys, read_own, read_roots
from forecourt_simulator.misbehaviour import Misbehaviour
from forecourt_simulator.own_certificate import KeyKind
from forecourt_simulator.security_log import Told
from forecourt_simulator.security_setup import SecuritySetup
from forecourt_simulator.tls import TlsChoice, TlsVersion, client_context

Url: TypeAlias = Annotated[str, typer.Option(help="Address of the central system, without the station's identity.")]
TlsUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Address for security profiles 2 and 3, where it is another than --url with wss."),
]
Count: TypeAlias = Annotated[int, typer.Option(min=1, help="How many stations.")]
Key: TypeAlias = Annotated[str | None, typer.Option(help="AuthorizationKey of every station, in hexadecimal.")]
Password: TypeAlias = Annotated[str | None, typer.Option(help="The same as text, instead of --key.")]
KeyFile: TypeAlias = Annotated[
    Path | None, typer.Option("--keys", help="File with an AuthorizationKey for each: lines of identity,hexadecimal.")
]
Ca: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(help="PEM file with roots of the central system; without, the machine's are trusted."),
]
Certificate: TypeAlias = Annotated[
    Path | None, typer.Option(help="PEM file with the station's certificate; {name} in it stands for the identity.")
]
PrivateKey: TypeAlias = Annotated[Path | None, typer.Option(help="PEM file with its key; {name} as above.")]
Serial: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Serial number of the station; without, the certificate's common name or the identity."),
]
Version: TypeAlias = Annotated[
    TlsVersion | None, typer.Option("--tls-version", help="The only TLS version to offer; without, 1.2 and newer.")
]
Ciphers: TypeAlias = Annotated[
    str | None, typer.Option(help="Cipher suites to offer up to TLS 1.2, as OpenSSL writes them.")
]
Misbehave: TypeAlias = Annotated[
    list[Misbehaviour] | None,
    typer.Option(help="What the stations do wrong; may be given more than once. See the command misbehaviours."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityOptions:
    """What was asked for on the command line."""

    profile: int
    key: str | None = field(repr=False)
    password: str | None = field(repr=False)
    key_file: Path | None
    ca: list[Path] | None
    certificate: Path | None
    private_key: Path | None
    serial: str | None
    version: TlsVersion | None
    ciphers: str | None
    key_kind: KeyKind
    told: Told
    misbehave: list[Misbehaviour] | None

    def setups(self) -> Callable[[str], SecuritySetup]:
        """What a station with a given identity is made with. Raises BadCredentials."""
        if (self.certificate is None) != (self.private_key is None):
            raise BadCredentials("Give --certificate and --private-key together: one proves nothing without the other.")
        common = SecuritySetup(
            profile=self.profile,
            roots=read_roots(self.ca or ()),
            trusts_machine=not self.ca,
            serial_number=self.serial,
            tls=TlsChoice(version=self.version, ciphers=self.ciphers),
            key_kind=self.key_kind,
            told=self.told,
            misbehaviours=frozenset(self.misbehave or ()),
        )
        keys = read_keys(key=self.key, password=self.password, file=self.key_file)
        return functools.partial(self._setup, common, keys)

    def _setup(self, common: SecuritySetup, keys: Keys, identity: str) -> SecuritySetup:
        own = None
        if self.certificate is not None and self.private_key is not None:
            own = read_own(for_station(self.certificate, identity), for_station(self.private_key, identity))
        return common.with_own(key=keys.find(identity), own=own)


def shared_context(url: str, ca: list[Path] | None, *, checks_server: bool = True) -> ssl.SSLContext | None:
    """One TLS context for all stations of a load; None for an address without TLS. Raises BadCredentials."""
    if not url.startswith("wss:"):
        return None
    return client_context(read_roots(ca) if ca else None, checks_server=checks_server)
