"""The certification tool's cases of security profiles, over real TLS (security whitepaper 2, A05)."""

from __future__ import annotations

import ssl

import pytest

from tests.stories.octt.asking import carry_out, on_line, say
from tests.stories.octt.cases import case
from tests.stories.octt.states import assert_boot_accepted, boot
from tests.stories.security.world import SERVER_NAME, World
from tests.support.peer import Peer
from tests.support.probes import knock, s_client
from tests.support.rest import Json

ACCEPTS = {"status": "Accepted"}

# What the standard names (A00.FR.317): suite, and the key with which the server shows that it is the server. The
# suites without a key exchange of their own sign nothing: who can read the client's secret holds the key.
SUITES = [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDSA"),
    ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDSA"),
    ("AES128-GCM-SHA256", ""),
    ("AES256-GCM-SHA384", ""),
]
VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


def raise_profile(world: World, peer: Peer, profile: int) -> None:
    """The case's first half: asked to use the next profile, the station accepts; it is told to start anew."""
    sent: Json = {"key": "SecurityProfile", "value": str(profile)}
    carry_out(
        world.rest,
        peer,
        "UpgradeSecurityProfile",
        {"profile": profile, "despitePreconditions": True},
        sends=("ChangeConfiguration", sent),
        answer=ACCEPTS,
        warnings=...,  # that it is not known whether the station has what it needs
    )
    say(world.rest, peer, "Reset", {"type": "Hard"}, ACCEPTS)


@case("083")
def test_tc_083_csms_from_profile_1_to_2(secure: World) -> None:
    """From the plain port to TLS; afterwards the plain port refuses the station, however right its password is."""
    identity, password = secure.station_with_password(profile=1)
    with Peer(secure.ws, identity, password=password) as peer:
        boot(on_line(secure.rest, peer))
        raise_profile(secure, peer, 2)
    client = secure.client()
    with secure.peer(identity, client, password=password) as peer:
        assert_boot_accepted(peer.boot())
        assert peer.status(0, "Available") == {}
    assert secure.knock_plain(identity, password).status == 403
    with secure.peer(identity, client, password=password) as peer:
        assert list(peer.heartbeat()) == ["currentTime"]
    assert secure.rest.security(identity)["securityProfile"] == 2


@case("083")
def test_tc_083_csms_from_profile_2_to_3(secure: World) -> None:
    """On the same port: afterwards the password alone is refused after TLS."""
    identity, password = secure.station_with_password(profile=2)
    secure.rest.change_security(identity, serialNumber=identity)
    without, own = secure.client(), secure.client(secure.own(identity))
    with secure.peer(identity, without, password=password) as peer:
        boot(on_line(secure.rest, peer))
        raise_profile(secure, peer, 3)
    with secure.peer(identity, own) as peer:
        assert_boot_accepted(peer.boot())
        assert peer.status(0, "Available") == {}
    assert secure.knock(identity, without, password).status == 403
    with secure.peer(identity, own) as peer:
        assert list(peer.heartbeat()) == ["currentTime"]
    assert secure.rest.security(identity)["securityProfile"] == 3


@case("085")
@pytest.mark.parametrize("profile", [1, 2])
def test_tc_085_csms_basic_authentication(secure: World, profile: int) -> None:
    """Without a password the upgrade is refused with 401, which names the scheme; with it the station boots."""
    identity, password = secure.station_with_password(profile=profile)
    client = secure.client()
    url = secure.ws if profile == 1 else secure.wss
    refused = knock(url, identity, tls=client)
    assert refused.status == 401
    assert refused.header("WWW-Authenticate") == ['Basic realm="Forecourt", charset="UTF-8"']
    context, name = (None, None) if profile == 1 else (client.context, client.name)
    with Peer(url, identity, password=password, tls=context, name=name) as peer:
        boot(peer)


@case("086")
@pytest.mark.parametrize(("version", "kind"), [("TLSv1.2", "rsa"), ("TLSv1.2", "ecdsa"), ("TLSv1.3", None)])
def test_tc_086_csms_server_certificate(secure: World, version: str, kind: str | None) -> None:
    """TLS 1.2 and 1.3; the certificate of either kind leads to the root, and is for the server's name."""
    identity, password = secure.station_with_password(profile=2)
    client = secure.client(version=VERSIONS[version], ciphers=kind and secure.suites(kind))
    with secure.peer(identity, client, password=password) as peer:
        assert peer.agreed[0] == version
        boot(peer)


@case("086")
@pytest.mark.parametrize(("algorithms", "signs"), [("RSA-PSS+SHA256", "RSA-PSS"), ("ECDSA+SHA256", "ECDSA")])
def test_tc_086_csms_either_key_in_tls_1_3(secure: World, algorithms: str, signs: str) -> None:
    """There the suite does not say which key it needs; the client's list of signatures does."""
    found = s_client(secure.tls_address, "-tls1_3", "-sigalgs", algorithms)
    assert (found.is_established, found.version, found.key) == (True, "TLSv1.3", signs)


@case("086")
@pytest.mark.parametrize(("suite", "signs"), SUITES)
def test_tc_086_csms_suites(secure: World, suite: str, signs: str) -> None:
    """All four suites of TLS 1.2 (A00.FR.317), with the certificate that each needs (A00.FR.502, 503, 508, 510)."""
    root = ("-CAfile", secure.root_file, "-verify_return_error", "-verify_hostname", SERVER_NAME)
    found = s_client(secure.tls_address, "-tls1_2", "-cipher", suite, *root)
    assert (found.is_established, found.version, found.suite, found.key) == (True, "TLSv1.2", suite, signs)
    assert int(found.named(r"Server public key is (\d+) bit")) >= (224 if signs else 2048)
    assert f"CN = {SERVER_NAME}" in found.named(r"subject=(.*)")
    assert "Verify return code: 0 (ok)" in found.output


@case("087")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", ["RSA", "EC"])
def test_tc_087_csms_client_certificate(secure: World, key: str, version: str) -> None:
    """Profile 3: a certificate on both sides, and no password."""
    identity = secure.station_with_certificate()
    with secure.peer(identity, secure.client(secure.own(identity, key=key), version=VERSIONS[version])) as peer:
        assert peer.agreed[0] == version
        boot(peer)


@case("087")
@pytest.mark.parametrize(("suite", "_signs"), SUITES)
def test_tc_087_csms_suites(secure: World, suite: str, _signs: str) -> None:
    """A00.FR.421."""
    identity = secure.station_with_certificate()
    client = secure.client(secure.own(identity), version=ssl.TLSVersion.TLSv1_2, ciphers=suite)
    with secure.peer(identity, client) as peer:
        assert peer.agreed == ("TLSv1.2", suite)
        boot(peer)
