"""A root is replaced at all stations, from the first installation to the last deletion, over real TLS with stations of
other people's code; in the long round the system is restarted in between. Nobody is ever locked out (M04, M05)."""

from __future__ import annotations

import csv
import io
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stories.octt.asking import on_line
from tests.stories.security.keeper import Keeper, Roots
from tests.stories.security.world import SERVER_NAME, World, secured_system
from tests.stories.waiting import eventually
from tests.support.authority import Authority
from tests.support.rest import Json, RestRefused


@pytest.fixture
def own(tmp_path: Path) -> Iterator[World]:
    """A system of its own, because what its listeners present is changed."""
    with secured_system(tmp_path / "system") as world:
        yield world


@dataclass
class Station:
    """A station, whether it is connected or not."""

    world: World
    identity: str
    password: bytes
    roots: Roots

    def keeper(self) -> Keeper:
        return Keeper(self.world.wss, self.identity, self.password, self.roots)

    def comes_back(self, stack: ExitStack) -> None:
        """With TLS, by the roots that it has. Raises when it cannot check the central system."""
        on_line(self.world.rest, stack.enter_context(self.keeper()))
        self.roots.connected()


def a_station(world: World, *, algorithm: str = "SHA256", checks: bool = False) -> Station:
    identity, password = world.station_with_password(profile=2)
    return Station(world, identity, password, Roots(world.root.certificate.x509, algorithm=algorithm, checks=checks))


def presents(world: World, root: Authority) -> bool:
    """Whether somebody who has this root alone accepts what the listener presents."""
    context = ssl.create_default_context(cadata=root.pem)
    host, _, port = world.tls_address.partition(":")
    with suppress(ssl.SSLError), socket.create_connection((host, int(port)), 10) as plain:
        context.wrap_socket(plain, server_hostname=SERVER_NAME).close()
        return True
    return False


@pytest.mark.parametrize(
    "is_whole",
    [
        pytest.param(False, id="until the listeners are switched"),
        pytest.param(True, id="over a restart until the old root is gone", marks=pytest.mark.prove),
    ],
)
def test_from_the_first_station_to_the_last(own: World, *, is_whole: bool) -> None:
    rest = own.rest
    new = Authority.root("Operator Root 2", key="RSA 2048 second root")
    cross = own.root.cross(new)
    for pem in (own.root.pem, new.pem, cross.pem):
        rest.trust(pem, "serverChain")
    names = []
    for kind, key in (("rsa", "RSA 2048"), ("ecdsa", "EC P-256")):
        made = new.leaf(SERVER_NAME, key=key, dns=[SERVER_NAME])
        body = {"chain": made.chain_pem, "privateKey": made.key_pem, "enabled": False}
        rest.put(f"/server-certificates/{kind}-next", body)
        names.append(f"{kind}-next")
    plain, other = a_station(own), a_station(own, algorithm="SHA512")
    checking, late = a_station(own, checks=True), a_station(own, algorithm="SHA384")
    stations = [plain, other, checking, late]

    def plan() -> Json:
        return rest.get("/root-rollovers/1")

    def awaits(what: str, seconds: float = 20, **counts: int) -> None:
        """So many stations are at these steps."""
        eventually(lambda: all(plan()["counts"][step] == n for step, n in counts.items()), what, seconds)

    def is_switched() -> None:
        eventually(lambda: plan()["switchedAt"] is not None, "the last one has it, so that it switched by itself")
        eventually(lambda: presents(own, new), "the listener presents the new chain")
        assert not presents(own, own.root)
        assert [one["name"] for one in rest.server_certificates() if one["enabled"]] == sorted(names)

    with ExitStack() as first:
        for station in (plain, other, checking):
            station.comes_back(first)
            rest.operate(station.identity, "GetConfiguration", {"key": ["AdditionalRootCertificateCheck"]})
        wanted = {
            "oldRoot": own.root.certificate.fingerprint,
            "newRoot": new.certificate.fingerprint,
            "selection": {"stations": [station.identity for station in stations]},
            "serverCertificates": names,
            "switchPercent": 100,
        }
        assert rest.post("/root-rollovers", wanted)["total"] == 4
        awaits("those on line have the new root", ready=3, installing=1)
        assert [len(station.roots.now) for station in stations] == [2, 2, 2, 1]
        assert checking.roots.now[-1] == cross.x509, "in the form that its present root signed (M05.FR.09)"
        with pytest.raises(RestRefused) as refused:
            rest.post("/root-rollovers/1/switch", {})
        assert refused.value.status == 409
        assert presents(own, own.root)
        if not is_whole:
            late.comes_back(first)
            is_switched()
            return
        assert own.system.terminate() == 0
    own.system.start()
    rest = own.rest
    assert (plan()["state"], plan()["ready"]) == ("installing", 3)

    with ExitStack() as second:
        for station in (plain, other, checking):
            on_line(rest, second.enter_context(station.keeper()))
        late.comes_back(second)
        is_switched()
        eventually(lambda: plan()["state"] == "cleaning", "nobody can have come in over the former chain", 40)
        assert plan()["counts"]["ready"] == 4, "nothing is deleted before a station was seen with the new chain"
    with ExitStack() as third:
        for station in stations:
            station.comes_back(third)
        eventually(lambda: plan()["state"] == "done", "the old root is gone", 30)
    assert [station.roots.now for station in stations] == [
        *([[new.certificate.x509]] * 2),
        [cross.x509],
        [new.certificate.x509],
    ]
    assert [station.roots.asked.count("DeleteCertificate") for station in stations] == [1, 1, 0, 1]
    with ExitStack() as last:
        for station in stations:
            station.comes_back(last)
    rows = list(csv.DictReader(io.StringIO(rest.raw("GET", "/root-rollovers/1/stations.csv").text)))
    assert [row["step"] for row in rows] == ["done"] * 4
    assert rest.items("/alarms", {"open": "true"}) == []
    assert len(rest.security_log(kind="rootRollover")) >= 3
