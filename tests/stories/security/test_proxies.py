"""Proxies before the door: who may say who is calling, how it is said, and what strangers say in vain."""

from __future__ import annotations

import base64
import socket
import struct
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.stories.octt.asking import on_line
from tests.stories.security.world import World, first_certificate
from tests.stories.waiting import eventually
from tests.support.haproxy import running_passthrough
from tests.support.nginx import PROXY, ProxyAddresses, running_nginx
from tests.support.peer import Peer
from tests.support.probes import Answer, basic, knock

pytestmark = pytest.mark.parametrize("secure", ["sqlite"], indirect=True)
"""One store is enough: what is tried here stands in front of it."""

STRANGER = "127.0.0.9"
"""An address that the settings do not list as a proxy's."""
HEADER = "X-Client-Certificate"


@pytest.fixture
def nginx(secure: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyAddresses]:
    folder = tmp_path_factory.mktemp("proxy") / "nginx"
    with running_nginx(folder, secure.system.stations_port, *secure.server_files) as addresses:
        yield addresses


def escaped(world: World, serial: str) -> str:
    return quote(first_certificate(world.own(serial)), safe="")


def through(world: World, identity: str, *headers: tuple[str, str], source: str = PROXY) -> Answer:
    """A request as a proxy would hand it on."""
    return knock(world.ws, identity, *headers, source=source)


def test_a_proxy_tells_of_the_channel_and_the_certificate(secure: World) -> None:
    identity = secure.station_with_certificate()
    https, shown = ("X-Forwarded-Proto", "https"), (HEADER, escaped(secure, identity))
    assert through(secure, identity, https, shown).status == 101
    assert through(secure, identity, ("X-Forwarded-Proto", "wss"), shown).status == 101
    assert through(secure, identity, https).status == 403
    assert through(secure, identity, shown).status == 403
    assert through(secure, identity, ("X-Forwarded-Proto", "http"), shown).status == 403


def test_a_stranger_says_the_same_in_vain(secure: World) -> None:
    """Its headers are not read, and the log tells that it tried."""
    identity = secure.station_with_certificate()
    headers = [("X-Forwarded-Proto", "https"), (HEADER, escaped(secure, identity))]
    assert through(secure, identity, *headers, source=STRANGER).status == 403
    secure.assert_noted(identity, "proxyHeaderFromStranger")
    other, password = secure.station_with_password(profile=2)
    assert through(secure, other, headers[0], basic(other, password), source=STRANGER).status == 403


def test_a_certificate_in_a_header_at_the_tls_port_is_not_read_either(secure: World) -> None:
    """The header of a listed address counts; what a station writes itself does not."""
    identity = secure.station_with_certificate()
    shown = (HEADER, escaped(secure, identity))
    answer = knock(secure.wss, identity, shown, tls=secure.client(), source=STRANGER)
    assert answer.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        [(HEADER, "not%20a%20certificate")],
        [(HEADER, "{own}"), (HEADER, "{own}")],
        [(HEADER, "{own}"), (HEADER.lower(), "")],
        [(HEADER, "{cut}")],
        [("X-Forwarded-Proto", "http"), (HEADER, "{own}")],
        [("X-Forwarded-For", "not an address"), (HEADER, "{own}")],
    ],
    ids=["rubbish", "twice", "twice, once empty", "cut short", "two protocols", "no address"],
)
def test_what_a_proxy_says_must_be_one_thing(secure: World, headers: list[tuple[str, str]]) -> None:
    """Two headers are two opinions, and a proxy that lets a station add one is not to be believed."""
    identity = secure.station_with_certificate()
    own = escaped(secure, identity)
    said = [("X-Forwarded-Proto", "https"), *((name, value.format(own=own, cut=own[:-40])) for name, value in headers)]
    assert through(secure, identity, *said).status == 400


def test_the_address_of_the_station_is_the_one_that_the_last_proxy_saw(secure: World) -> None:
    """What stands further left in X-Forwarded-For was written by whoever came before."""
    identity = secure.station(profile=1)
    told = ("X-Forwarded-For", f"198.51.100.7, 203.0.113.9, {PROXY}")
    assert through(secure, identity, told).status == 401
    eventually(lambda: secure.addresses_noted(identity) == ["203.0.113.9"], "the address is in the security log")


def test_the_sample_for_nginx_takes_out_what_stations_write_themselves(secure: World, nginx: ProxyAddresses) -> None:
    """All three headers are the proxy's own, whatever the station sent."""
    identity = secure.station_with_certificate()
    shown = [(HEADER, escaped(secure, identity)), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.1")]
    assert knock(nginx.plain, identity, *shown, source=STRANGER).status == 403
    assert knock(nginx.tls, identity, *shown, tls=secure.client(), source=STRANGER).status == 403
    eventually(lambda: set(secure.addresses_noted(identity)) == {STRANGER}, "the address is in the security log")


def test_a_station_behind_nginx_does_all_that_others_do(secure: World, nginx: ProxyAddresses) -> None:
    """Identity with characters that must stay encoded, messages both ways, and the link shows where it comes from."""
    identity = secure.station_with_certificate("Säule 1/nord".replace("/", "-"))
    client = secure.client(secure.own(identity))
    with Peer(nginx.tls, identity, tls=client.context, name=client.name) as peer:
        on_line(secure.rest, peer)
        assert peer.boot()["status"] == "Accepted"
        peer.answers("Reset", {"status": "Accepted"})
        assert secure.rest.operate(identity, "Reset", {"type": "Soft"})["state"] == "answered"
        [link] = [one for one in secure.rest.connections() if one["stationId"] == identity]
        assert (link["securityProfile"], link["viaProxy"]) == (3, PROXY)


def test_tls_may_be_handed_on_with_the_proxy_protocol(secure: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Our own listener ends TLS, so that an untrusted certificate is cut off, and knows the station's address."""
    identity, other = secure.station_with_certificate(), secure.station(profile=2)
    folder = tmp_path_factory.mktemp("proxy") / "haproxy"
    with running_passthrough(folder, secure.behind_port) as url:
        assert knock(url, identity, tls=secure.client(secure.own(identity)), source=STRANGER).status == 101
        assert knock(url, identity, tls=secure.client(secure.strange(identity)), source=STRANGER).status is None
        assert knock(url, other, tls=secure.client(), source=STRANGER).status == 401
    eventually(lambda: secure.addresses_noted(other) == [STRANGER], "the address is in the security log")


def proxy_v2(source: str, *, command: int = 0x21) -> bytes:
    """A header of the PROXY protocol, version 2, for TCP over IPv4."""
    addresses = socket.inet_aton(source) + socket.inet_aton("127.0.0.1") + struct.pack("!HH", 40000, 443)
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([command, 0x11]) + len(addresses).to_bytes(2) + addresses


@pytest.mark.parametrize(
    ("source", "header"),
    [
        (STRANGER, proxy_v2("203.0.113.5")),
        (PROXY, b""),
        (PROXY, b"PROXY TCP4 203.0.113.5 127.0.0.1 40000 443\r\n"),
        (PROXY, proxy_v2("203.0.113.5", command=0x31)),
        (PROXY, proxy_v2("203.0.113.5")[:-3]),
    ],
    ids=["from a stranger", "none at all", "version 1", "version 3", "cut short"],
)
def test_the_proxy_protocol_is_taken_from_proxies_alone_and_in_version_2(
    secure: World, source: str, header: bytes
) -> None:
    identity = secure.station_with_certificate()
    client = secure.client(secure.own(identity))
    good = knock(secure.behind, identity, tls=client, source=PROXY, before_tls=proxy_v2("203.0.113.5"))
    assert good.status == 101
    bad = knock(secure.behind, identity, tls=client, source=source, before_tls=header)
    assert bad.status is None


def test_forms_that_other_proxies_use_are_not_mixed(secure: World) -> None:
    """One form is set; a certificate in another one is not taken for none."""
    identity = secure.station_with_certificate()
    der = base64.b64encode(secure.own_der(identity)).decode()
    https = ("X-Forwarded-Proto", "https")
    assert through(secure, identity, https, (HEADER, der)).status == 400
    assert through(secure, identity, https, ("Client-Cert", f":{der}:")).status == 403
    assert through(secure, identity, https, ("X-Forwarded-Client-Cert", f"Cert={der}")).status == 403
