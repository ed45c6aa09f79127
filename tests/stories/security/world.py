"""A system with TLS, the certificates of one operator, and what stations need to knock there."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cryptography import x509

from tests.stories.builders import fresh_identity
from tests.stories.waiting import eventually
from tests.stories.wire import Wire
from tests.support.authority import EXPIRED, OPERATOR, Authority, Issued
from tests.support.nginx import PROXY
from tests.support.peer import Peer
from tests.support.ports import free_port
from tests.support.probes import Answer, Identification, TlsClient, basic, knock, s_client
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem

CPO: Final = OPERATOR
MAKER: Final = "Charger Works"
SERVER_NAME: Final = "localhost"
_SECRET_KEY: Final = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
_TRUSTED_AS_STATION: Final = "stationIdentity"
_SUITES: Final = {"rsa": "AES128-GCM-SHA256", "ecdsa": "ECDHE-ECDSA-AES128-GCM-SHA256"}

# Listeners beside the two simple ones, and the proxies of the stories about them.
_FILE: Final = """
[[listeners]]
name = "old-stations"
address = "127.0.0.1:{legacy}"
tls = "legacy"

[[listeners]]
name = "behind-proxy"
address = "127.0.0.1:{behind}"
tls = "modern"
proxy_protocol = true

[proxies]
addresses = ["{proxy}"]
certificate_header = "escaped-pem"
certificate_header_name = "X-Client-Certificate"
"""


class World:
    """A system that presents an RSA and an ECDSA certificate, and trusts the operator's tree.

    The trees: `root` issued the server's certificates and those of stations, each through a CA of its own; `_maker`
    is trusted for onboarding; `_leaving` is trusted until it is removed; `_stranger` is nobody's.
    """

    def __init__(self, system: RunningSystem, folder: Path, ports: Mapping[str, int]) -> None:
        self.system = system
        self._folder = folder
        self._ports = ports
        self._numbers = count(1)
        self.root = Authority.root("Operator Root", key="RSA 2048 root")
        self._servers = self.root.sub("Operator Servers", key="RSA 2048 servers")
        self._stations = self.root.sub("Operator Stations")
        self._maker = Authority.root("Maker Root", organisation=MAKER)
        self._stranger = Authority.root("Operator Root")
        self._leaving = Authority.root("Leaving Root")
        self._issued: dict[tuple[str, str, str], Identification] = {}
        self.root_file = self.root.write(folder, "root")
        self.cpo_name, self.maker_name = CPO, MAKER

    def furnish(self) -> None:
        """What an operator does on the first day."""
        self.rest.change_policy(cpoName=CPO)
        for kind in ("rsa", "ecdsa"):
            self.renew_server_certificate(kind)
        # Proxies hand on a station's own certificate alone, so the CA between it and the root has to be known.
        self.rest.trust(self.root.pem + self._stations.pem + self._leaving.pem, _TRUSTED_AS_STATION)
        self.rest.trust(self._maker.pem, "onboarding")

        def shows_both() -> bool:
            found = [s_client(self.tls_address, "-tls1_2", "-cipher", suite) for suite in _SUITES.values()]
            return all(one.is_established for one in found)

        eventually(shows_both, "the listener shows both certificates", seconds=5)
        eventually(self._trusts_operator, "stations of the operator get in", seconds=5)

    def _trusts_operator(self) -> bool:
        return self.knock("nobody", self.client(self.own("nobody"))).status is not None

    # Where it is

    @property
    def rest(self) -> Rest:
        return self.system.rest

    @property
    def ws(self) -> str:
        return self.system.stations_url

    @property
    def wss(self) -> str:
        return f"wss://{self.tls_address}"

    @property
    def tls_address(self) -> str:
        return f"127.0.0.1:{self._ports['tls']}"

    @property
    def legacy_address(self) -> str:
        return f"127.0.0.1:{self._ports['legacy']}"

    @property
    def behind_port(self) -> int:
        """Of the listener that speaks the PROXY protocol."""
        return self._ports["behind"]

    @property
    def behind(self) -> str:
        return f"wss://127.0.0.1:{self.behind_port}"

    # Stations. The serial number of one with a certificate is its identity.

    def station(self, profile: int, **fields: Json) -> str:
        identity = fresh_identity()
        self.rest.add_station(identity, securityProfile=profile, heartbeatInterval=300, **fields)
        return identity

    def station_with_password(self, profile: int) -> tuple[str, bytes]:
        identity = self.station(profile)
        given = self.rest.set_password(identity)
        return identity, bytes.fromhex(given["authorizationKey"])

    def station_with_certificate(self, identity: str | None = None, **fields: Json) -> str:
        """A station of profile 3; it still has to be given a certificate."""
        identity = identity or fresh_identity()
        self.rest.add_station(identity, securityProfile=3, heartbeatInterval=300)
        self.rest.change_security(identity, serialNumber=identity, **fields)
        return identity

    @cached_property
    def another(self) -> tuple[str, bytes]:
        """Identity and password of a station that has nothing to do with the matter."""
        return self.station_with_password(profile=2)

    def peer(self, identity: str, client: TlsClient, password: bytes | None = None) -> Peer:
        """An independent station over TLS."""
        return Peer(self.wss, identity, password=password, tls=client.context, name=client.name)

    def wire(self, identity: str, password: bytes) -> Wire:
        """A link without TLS that answers nothing by itself. The password must be ASCII."""
        user = f"{quote(identity, safe='')}:{quote(password.decode('ascii'), safe='')}"
        return Wire(self.ws.replace("://", f"://{user}@"), identity)

    # Attempts

    def client(
        self,
        shown: Identification | None = None,
        *,
        version: ssl.TLSVersion | None = None,
        ciphers: str | None = None,
        resumable: bool = False,
    ) -> TlsClient:
        """A station's side of TLS; `resumable` takes the version in which sessions could be resumed most easily."""
        if resumable:
            version = ssl.TLSVersion.TLSv1_2
        oldest, newest = version or ssl.TLSVersion.TLSv1_2, version or ssl.TLSVersion.TLSv1_3
        return TlsClient(self.root_file, shown, oldest, newest, ciphers, SERVER_NAME)

    def knock(self, identity: str, client: TlsClient, password: bytes | None = None, url: str | None = None) -> Answer:
        headers = [] if password is None else [basic(identity, password)]
        return knock(url or self.wss, identity, *headers, tls=client)

    def knock_plain(self, identity: str, password: bytes | None = None) -> Answer:
        headers = [] if password is None else [basic(identity, password)]
        return knock(self.ws, identity, *headers)

    def raw(self, data: bytes) -> bytes:
        """What the TLS port answers to these bytes."""
        host, _, port = self.tls_address.partition(":")
        with socket.create_connection((host, int(port)), 20) as plain, suppress(OSError):
            plain.sendall(data)
            return plain.recv(65536)
        return b""

    # Certificates

    def own(self, serial: str, *, organisation: str = CPO, key: str = "EC") -> Identification:
        """In the operator's tree, with the CA between it and the root."""
        if (serial, organisation, key) not in self._issued:
            made = self._stations.leaf(
                serial, organisation=organisation, key="EC P-256" if key == "EC" else "RSA 2048 station"
            )
            self._issued[serial, organisation, key] = self.written(made)
        return self._issued[serial, organisation, key]

    def own_der(self, serial: str) -> bytes:
        return ssl.PEM_cert_to_DER_cert(first_certificate(self.own(serial)))

    def expired(self, serial: str) -> Identification:
        return self.written(self._stations.leaf(serial, validity=EXPIRED))

    def weak(self, serial: str) -> Identification:
        return self.written(self._stations.leaf(serial, key="RSA 1024"))

    def strange(self, serial: str) -> Identification:
        """From a root of the same name as the operator's, which nobody trusts."""
        return self.written(self._stranger.leaf(serial))

    def leaving(self, serial: str) -> Identification:
        return self.written(self._leaving.leaf(serial))

    def from_maker(self, serial: str, *, organisation: str = MAKER) -> Identification:
        return self.written(self._maker.leaf(serial, organisation=organisation))

    def remove_leaving_root(self) -> None:
        self.rest.distrust(self._leaving.certificate.fingerprint)

    def another_root(self) -> Root:
        """A root for stations that one story has for itself, trusted already."""
        root = Root(self, Authority.root(f"Root {next(self._numbers)}"))
        root.trust()
        return root

    def written(self, issued: Issued) -> Identification:
        return Identification(*issued.write(self._folder, f"leaf-{next(self._numbers)}"))

    # The server's own

    @cached_property
    def server_files(self) -> tuple[Identification, Identification]:
        """RSA and ECDSA, for proxies that end TLS."""
        return self.written(self._server("rsa")), self.written(self._server("ecdsa"))

    def _server(self, kind: str) -> Issued:
        key = "RSA 2048" if kind == "rsa" else "EC P-256"
        return self._servers.leaf(SERVER_NAME, key=key, dns=[SERVER_NAME])

    def renew_server_certificate(self, kind: str) -> None:
        made = self._server(kind)
        self.rest.put_server_certificate(kind, made.chain_pem, made.key_pem)

    def put_mismatched_server_certificate(self, kind: str) -> None:
        self.rest.put_server_certificate(kind, self._server(kind).chain_pem, self._server(kind).key_pem)

    def suites(self, kind: str) -> str:
        """A suite of TLS 1.2 that needs the server's certificate of this kind."""
        return _SUITES[kind]

    def server_serial(self, kind: str) -> str:
        """Of the certificate that the listener shows."""
        found = s_client(self.tls_address, "-tls1_2", "-cipher", _SUITES[kind])
        shown = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", found.output, re.DOTALL)
        assert shown, found.output
        return shown[0]

    def asks_for_certificate(self) -> bool:
        """Whether the listener asks a client for one."""
        return "Client Certificate Types" in s_client(self.tls_address, "-tls1_2").output

    # The security log

    def noted(self, identity: str, kind: str) -> list[Json]:
        return self.rest.security_log(stationId=identity, kind=kind)

    def has_noted(self, identity: str, kind: str) -> bool:
        return bool(self.noted(identity, kind))

    def assert_noted(self, identity: str, kind: str) -> None:
        """A00.FR.323, 408. What the door notes is written once a second."""
        eventually(lambda: self.has_noted(identity, kind), f"{kind} of {identity} is in the security log", seconds=5)

    def addresses_noted(self, identity: str) -> list[str]:
        return [host_of(entry) for entry in self.rest.security_log(stationId=identity) if entry["address"]]


@dataclass(frozen=True, slots=True)
class Root:
    """A root of its own, and what it issues."""

    world: World
    authority: Authority

    @property
    def fingerprint(self) -> str:
        return self.authority.certificate.fingerprint

    def trust(self) -> None:
        """Returns when stations below it get in."""
        self.world.rest.trust(self.authority.pem, _TRUSTED_AS_STATION)
        client = self.world.client(self.identification("nobody"))
        eventually(lambda: self.world.knock("nobody", client).status is not None, "the root is trusted", seconds=2)

    def identification(self, serial: str, *, crl_url: str | None = None) -> Identification:
        """`crl_url` is where the certificate says that the authority's list is."""
        return self.world.written(self.authority.leaf(serial, crl_urls=[crl_url] if crl_url else []))

    def crl(self, *revoked: Identification) -> str:
        """A list that revokes these certificates and no other, in PEM."""
        serials = [int(certificate_serial(one), 16) for one in revoked]
        return ssl.DER_cert_to_PEM_cert(self.authority.crl(*serials)).replace("CERTIFICATE", "X509 CRL")


def first_certificate(shown: Identification) -> str:
    return shown.chain.read_text().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"


def certificate_serial(shown: Identification) -> str:
    """In hexadecimal."""
    return f"{x509.load_pem_x509_certificate(first_certificate(shown).encode()).serial_number:x}"


def host_of(entry: Json) -> str:
    """The address of an entry of the security log, without a port."""
    return str(entry["address"] or "").partition(":")[0]


@contextmanager
def secured_system(
    folder: Path, database: str | None = None, settings: Mapping[str, str] | None = None, *, beside: World | None = None
) -> Iterator[World]:
    """A started system. `beside` makes it a second node of the same installation, which needs no furniture.

    At its end it must stop in good order, and have no error in its log.
    """
    folder.mkdir()
    ports = {name: free_port() for name in ("tls", "legacy", "behind")}
    variables = {"FORECOURT_STATIONS_TLS": f"127.0.0.1:{ports['tls']}", "FORECOURT_SECRET_KEY": _SECRET_KEY}
    if settings is None:
        file = folder / "forecourt.toml"
        file.write_text(_FILE.format(proxy=PROXY, **ports), "utf-8")
        variables["FORECOURT_CONFIG"] = str(file)
    with RunningSystem(folder, database, {**variables, **(settings or {})}).at_work() as system:
        world = World(system, folder, ports)
        if beside is None:
            world.furnish()
        yield world
