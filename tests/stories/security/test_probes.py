"""The stations' TLS, probed from outside by OpenSSL's own client (A00.FR.305–324, 409–428)."""

from __future__ import annotations

import ssl

import pytest

from tests.stories.security.world import SERVER_NAME, World
from tests.stories.waiting import eventually
from tests.support.probes import Handshake, TlsClient, client_hello, knock, s_client
from tests.support.rest import Json

pytestmark = pytest.mark.parametrize("secure", ["sqlite"], indirect=True)
"""One store is enough: what is tried here stands in front of it."""

MODERN = {
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
}
SSL_3, TLS_1_2 = b"\x03\x00", b"\x03\x03"
RSA_SUITE = b"\x00\x9c"
"""TLS_RSA_WITH_AES_128_GCM_SHA256."""
NULL, DEFLATE = b"\x00", b"\x01"
ANY = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
"""Every suite that this machine's OpenSSL has, however bad."""


def every_suite() -> list[str]:
    """Those of TLS 1.2 and before, the null ones among them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers(ANY)
    return sorted(one["name"] for one in context.get_ciphers() if one["protocol"] != "TLSv1.3")


def probe(world: World, *options: str, keys: str = "") -> Handshake:
    return s_client(world.tls_address, *options, keys=keys)


def refusals(world: World, address: str) -> list[Json]:
    found = world.rest.security_log(kind="tlsRefused")
    return [one for one in found if str(one["address"]).startswith(address)]


def test_the_four_suites_of_the_standard_and_no_other(secure: World) -> None:
    """A00.FR.317, 319, 321, 421, 423, 425: each suite that there is, offered alone."""
    established = set()
    for suite in every_suite():
        client = TlsClient(secure.root_file, newest=ssl.TLSVersion.TLSv1_2, ciphers=suite, name=SERVER_NAME)
        if knock(secure.wss, "nobody", tls=client).status is not None:
            established.add(suite)
    assert established == MODERN


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_of_tls_are_refused(secure: World, version: str) -> None:
    """A00.FR.312, 314, 418, and 323: there is an entry in the security log, which says why."""
    old = ssl.TLSVersion.TLSv1 if version == "-tls1" else ssl.TLSVersion.TLSv1_1
    source = {"-tls1": "127.0.10.10", "-tls1_1": "127.0.10.11"}[version]
    client = secure.client(version=old, ciphers="ALL")
    assert knock(secure.wss, "nobody", tls=client, source=source).status is None
    assert not probe(secure, version, "-cipher", ANY).is_established
    eventually(lambda: len(refusals(secure, source)) == 1, "the refusal is in the security log")
    assert "version" in refusals(secure, source)[0]["reason"]


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_new_versions_of_tls_are_taken(secure: World, version: str) -> None:
    """A00.FR.311, 312, 313."""
    found = probe(secure, version)
    assert found.is_established
    assert found.version == f"TLSv{version.removeprefix('-tls').replace('_', '.')}"


def test_ssl_3_is_refused(secure: World) -> None:
    """A00.FR.314: by hand, because OpenSSL itself does not speak it any more."""
    assert begins_handshake(secure.raw(client_hello(TLS_1_2, RSA_SUITE)))
    assert not begins_handshake(secure.raw(client_hello(SSL_3, RSA_SUITE)))


def test_nothing_is_compressed(secure: World) -> None:
    """A00.FR.320, 424: by hand for the same reason. A client that offers nothing but compression is refused."""
    answer = secure.raw(client_hello(TLS_1_2, RSA_SUITE, compressions=DEFLATE + NULL))
    assert begins_handshake(answer)
    assert chosen_compression(answer) == NULL
    assert not begins_handshake(secure.raw(client_hello(TLS_1_2, RSA_SUITE, compressions=DEFLATE)))


def begins_handshake(answer: bytes) -> bool:
    """The server's side of a handshake (RFC 5246 §6.2.1), and neither an alert nor the end of the connection."""
    return answer.startswith(b"\x16")


def chosen_compression(answer: bytes) -> bytes:
    """Of a ServerHello (RFC 5246 §7.4.1.3) that begins an answer."""
    session = 5 + 4 + 2 + 32
    after = session + 1 + answer[session] + 2
    return answer[after : after + 1]


def test_a_client_cannot_negotiate_again(secure: World) -> None:
    """It would cost the server much and the client nothing. In TLS 1.3 there is no such thing."""
    found = probe(secure, "-tls1_2", keys="R\n")
    assert found.is_established
    assert "RENEGOTIATING" in found.output
    assert "no renegotiation" in found.output


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_session_tickets_are_given(secure: World, version: ssl.TLSVersion) -> None:
    """A ticket would bring back what was proven under an older state of the trust store."""
    client = secure.client(version=version)
    assert secure.knock("nobody", client).status == 404
    assert not client.has_ticket


def test_a_certificate_is_asked_for_but_not_demanded_in_the_handshake(secure: World) -> None:
    """A00.FR.006: one port for profiles 2 and 3."""
    assert probe(secure, "-tls1_2").is_established
    assert secure.asks_for_certificate()


def test_the_certificate_of_the_server_has_a_chain_to_its_root(secure: World) -> None:
    """A00.FR.306, 409, 410: for a client that knows the root alone, with either kind of key."""
    for kind in ("rsa", "ecdsa"):
        suites = secure.suites(kind)
        found = probe(secure, "-tls1_2", "-cipher", suites, "-CAfile", str(secure.root_file), "-showcerts")
        assert "Verify return code: 0 (ok)" in found.output
        assert found.output.count("BEGIN CERTIFICATE") == 2, "the certificate, and the one that issued it"


def test_plain_text_at_the_tls_port_is_not_answered(secure: World) -> None:
    answer = secure.raw(b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert not answer.startswith(b"HTTP")


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_stations_have_a_listener_of_their_own(secure: World, version: str) -> None:
    """A00.FR.312, 324, 428: one suite, TLS_RSA_WITH_AES_128_CBC_SHA, and no version above 1.1."""
    found = s_client(secure.legacy_address, version, "-cipher", ANY)
    assert found.is_established
    assert found.suite == "AES128-SHA"
    assert not s_client(secure.legacy_address, version, "-cipher", "ALL:!AES128-SHA:@SECLEVEL=0").is_established
    for newer in ("-tls1_2", "-tls1_3"):
        assert not s_client(secure.legacy_address, newer, "-cipher", ANY).is_established


def test_an_old_version_has_to_be_excused_in_the_station(secure: World) -> None:
    """A00.FR.314: legacy must be expected of this station."""
    identity, password = secure.station_with_password(profile=2)
    old = secure.client(version=ssl.TLSVersion.TLSv1_1, ciphers="AES128-SHA")
    url = f"wss://{secure.legacy_address}"
    assert secure.knock(identity, old, password, url=url).status == 403
    secure.rest.change_security(identity, leniencies=["legacyTls"])
    assert secure.knock(identity, old, password, url=url).status == 101
    assert secure.knock(identity, secure.client(), password).status == 101
    secure.assert_noted(identity, "tlsVersionRefused")
