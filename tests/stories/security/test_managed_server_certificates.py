"""Listeners get certificates of the own authority with one command, and are renewed under connected stations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.stories.security.renewing import own_roots
from tests.stories.waiting import eventually
from tests.support.peer import Peer
from tests.support.probes import TlsClient, s_client
from tests.support.running import RunningSystem

HOST = "localhost"
GROUP = ("server-certificate", "managed")
SUITES = {"RSA": "AES128-GCM-SHA256", "EC": "ECDHE-ECDSA-AES128-GCM-SHA256"}
STATIONS = 3


class Site:
    """A system whose only listener certificates are managed."""

    def __init__(self, system: RunningSystem, folder: Path) -> None:
        self.system = system
        self._roots = folder / "roots.pem"

    @property
    def address(self) -> str:
        return self.system.stations_tls_url.removeprefix("wss://")

    def put(self, *words: str) -> None:
        self.system.run(*GROUP, "put", "main", "--host", HOST, "--host", "127.0.0.1", *words)
        eventually(self.is_in_place, "both are in place", seconds=60)
        roots = own_roots(self.system.rest)
        self._roots.write_bytes(b"".join(root.public_bytes(Encoding.PEM) for root in roots))

    def is_in_place(self) -> bool:
        members = self.system.rest.get("/managed-server-certificates/main")["members"]
        return all(member["state"] == "inPlace" for member in members)

    def shown(self, kind: str) -> x509.Certificate:
        """What the listener presents to a station that can do only suites of this kind."""
        found: list[x509.Certificate] = []

        def is_shown() -> bool:
            answer = s_client(self.address, "-tls1_2", "-cipher", SUITES[kind], "-CAfile", str(self._roots))
            if answer.is_established:
                assert "Verify return code: 0 (ok)" in answer.output, answer.output
                found.append(_first_certificate(answer.output))
            return answer.is_established

        eventually(is_shown, f"a certificate with a key of the kind {kind} is presented", seconds=10)
        return found[-1]

    def peer(self, number: int) -> Peer:
        identity = f"CP-{number}"
        self.system.rest.add_station(identity, securityProfile=2, heartbeatInterval=300)
        password = bytes.fromhex(self.system.rest.set_password(identity)["authorizationKey"])
        client = TlsClient(self._roots, name=HOST)
        return Peer(self.system.stations_tls_url, identity, password=password, tls=client.context, name=HOST)


def _first_certificate(output: str) -> x509.Certificate:
    shown = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", output, re.DOTALL)
    assert shown, output
    return x509.load_pem_x509_certificate(shown[0].encode())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with RunningSystem(folder).at_work() as system:
        system.run("policy", "set", "--cpo-name", "Forecourt Power")
        yield Site(system, folder)


def test_two_commands_have_a_listener_present_certificates_of_the_own_authority(site: Site) -> None:
    """A00.FR.306, A00.FR.317, A00.FR.510: CN and SAN are the host's name, for both kinds of suites."""
    site.put()
    for kind in SUITES:
        leaf = site.shown(kind)
        names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert [name.value for name in names] == [HOST]
        alternative = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert alternative.get_values_for_type(x509.DNSName) == [HOST]
        assert leaf.not_valid_after_utc - datetime.now(UTC) > timedelta(days=80)


def test_it_is_renewed_under_connected_stations_without_a_drop(site: Site) -> None:
    before = {kind: site.shown(kind).serial_number for kind in SUITES}
    with ExitStack() as links:
        peers = [links.enter_context(site.peer(number)) for number in range(STATIONS)]
        for peer in peers:
            assert peer.boot()["status"] == "Accepted"
        site.system.run(*GROUP, "renew", "main")
        eventually(
            lambda: all(site.shown(kind).serial_number != before[kind] for kind in SUITES), "new ones are presented", 60
        )
        for peer in peers:
            assert peer.heartbeat(), "the same link still works"


def test_with_fast_expiry_it_lives_less_than_a_day(site: Site) -> None:
    """A00.FR.701."""
    site.put("--fast")

    def is_short() -> bool:
        leaves = [site.shown(kind) for kind in SUITES]
        return all(leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(hours=24) for leaf in leaves)

    eventually(is_short, "certificates that live less than a day are presented", seconds=30)
    members = site.system.rest.get("/managed-server-certificates/main")["members"]
    for member in members:
        renewed_in = datetime.fromisoformat(member["renewAt"]) - datetime.now(UTC)
        assert timedelta(hours=4) < renewed_in < timedelta(hours=6)
    assert site.system.rest.get("/alarms?topic=serverCertificate")["items"] == []
