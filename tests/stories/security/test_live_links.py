"""What a link was admitted for may end while it is open: by the trust store, a register, or the operator's word."""

from __future__ import annotations

import time

import pytest

from tests.stories.octt.asking import on_line
from tests.stories.security.world import World, first_certificate
from tests.stories.waiting import eventually
from tests.support.ports import free_port
from tests.support.rest import Json, RestRefused

EFFECTIVE_SECONDS = 1.0
"""After this what the store says holds for every handshake."""
CLOSED_SECONDS = 5.0
"""And after this for every link that is open."""


def test_a_root_that_is_removed_closes_the_links_that_stand_on_it(secure: World) -> None:
    """The others stay."""
    root = secure.another_root()
    identity, other = secure.station_with_certificate(), secure.station_with_certificate()
    client = secure.client(root.identification(identity))
    with secure.peer(identity, client) as peer, secure.peer(other, secure.client(secure.own(other))) as stays:
        on_line(secure.rest, peer)
        removed_at = time.monotonic()
        secure.rest.distrust(root.fingerprint)
        peer.wait_until_closed()
        assert time.monotonic() - removed_at < CLOSED_SECONDS
        assert list(stays.heartbeat()) == ["currentTime"]
    eventually(lambda: secure.knock(identity, client).status is None, "the removed root", seconds=EFFECTIVE_SECONDS)
    secure.assert_noted(identity, "linkClosed")


def test_a_root_that_is_switched_off_is_as_good_as_removed(secure: World) -> None:
    root = secure.another_root()
    identity = secure.station_with_certificate()
    client = secure.client(root.identification(identity))
    with secure.peer(identity, client) as peer:
        on_line(secure.rest, peer)
        secure.rest.change_trusted(root.fingerprint, enabled=False)
        peer.wait_until_closed()
    assert secure.knock(identity, client).status != 101
    eventually(lambda: secure.knock(identity, client).status is None, "it is cut off", seconds=EFFECTIVE_SECONDS)
    secure.rest.change_trusted(root.fingerprint, enabled=True)
    eventually(lambda: secure.knock(identity, client).status == 101, "it is back", seconds=EFFECTIVE_SECONDS)


def test_a_certificate_that_is_revoked_closes_its_link(secure: World) -> None:
    """A00.FR.702, 704: by this system's own register, at once; taken out again, it holds again."""
    identity = secure.station_with_certificate()
    shown = secure.own(identity)
    client = secure.client(shown)
    with secure.peer(identity, client) as peer:
        on_line(secure.rest, peer)
        secure.rest.revoke(first_certificate(shown), "keyCompromise")
        peer.wait_until_closed()
    assert secure.knock(identity, client).status == 403
    secure.assert_noted(identity, "certificateRevoked")
    [entry] = [one for one in secure.rest.revocations() if identity in one["subject"]]
    secure.rest.unrevoke(entry["issuerHash"], entry["serial"])
    eventually(lambda: secure.knock(identity, client).status == 101, "it holds again", seconds=EFFECTIVE_SECONDS)


def test_a_crl_of_the_authority_counts(secure: World) -> None:
    """A00.FR.704: what the operator's CA published, brought by an operator."""
    root = secure.another_root()
    identity = secure.station_with_certificate()
    shown = root.identification(identity)
    client = secure.client(shown)
    assert secure.knock(identity, client).status == 101
    secure.rest.put_crl(root.crl(shown))
    eventually(lambda: secure.knock(identity, client).status == 403, "the CRL counts", seconds=EFFECTIVE_SECONDS)
    secure.assert_noted(identity, "certificateRevoked")


def test_what_cannot_be_learned_counts_as_the_policy_says(secure: World) -> None:
    """A00.FR.702, 704: softly, the station is let in and it is noted; hard, it waits until its authority was heard."""
    root = secure.another_root()
    identity = secure.station_with_certificate()
    unused = free_port()
    client = secure.client(root.identification(identity, crl_url=f"http://127.0.0.1:{unused}/crl"))
    assert secure.knock(identity, client).status == 101
    secure.assert_noted(identity, "revocationUnknown")
    secure.rest.change_policy(revocation="hard")
    try:
        eventually(lambda: secure.knock(identity, client).status == 503, "it waits", seconds=EFFECTIVE_SECONDS)
        secure.rest.put_crl(root.crl())
        eventually(lambda: secure.knock(identity, client).status == 101, "it was heard", seconds=EFFECTIVE_SECONDS)
    finally:
        secure.rest.change_policy(revocation="soft")


@pytest.mark.parametrize("change", [{"purposes": ["firmwareSigning"]}, {"role": "intermediate"}])
def test_a_root_that_is_trusted_for_something_else_is_as_good_as_removed(secure: World, change: Json) -> None:
    root = secure.another_root()
    identity = secure.station_with_certificate()
    client = secure.client(root.identification(identity))
    with secure.peer(identity, client) as peer:
        on_line(secure.rest, peer)
        secure.rest.change_trusted(root.fingerprint, **change)
        peer.wait_until_closed()
    assert secure.knock(identity, client).status != 101


def test_a_new_server_certificate_holds_for_the_next_handshake(secure: World) -> None:
    """A00.FR.701: fast expiry is only bearable when a change disturbs no link."""
    identity = secure.station_with_certificate()
    with secure.peer(identity, secure.client(secure.own(identity))) as peer:
        before = secure.server_serial("ecdsa")
        secure.renew_server_certificate("ecdsa")
        eventually(lambda: secure.server_serial("ecdsa") != before, "the new one", seconds=EFFECTIVE_SECONDS)
        assert list(peer.heartbeat()) == ["currentTime"]


def test_a_key_that_does_not_fit_is_refused_and_the_old_certificate_stays(secure: World) -> None:
    before = secure.server_serial("ecdsa")
    with pytest.raises(RestRefused) as refused:
        secure.put_mismatched_server_certificate("ecdsa")
    assert refused.value.status in (400, 409, 422)
    assert secure.server_serial("ecdsa") == before


def test_a_listener_takes_the_profiles_that_the_policy_names(secure: World) -> None:
    """A00.FR.006: for links that are open as well; where profile 3 cannot come in, no certificate is asked for."""
    identity, password = secure.station_with_password(profile=2)
    client = secure.client()
    try:
        with secure.peer(identity, client, password=password) as peer:
            on_line(secure.rest, peer)
            secure.rest.change_policy(listeners={"wss": [3]})
            peer.wait_until_closed()
        assert secure.knock(identity, client, password).status == 403
        secure.assert_noted(identity, "profileMismatch")
        secure.rest.change_policy(listeners={"wss": [2]})
        eventually(lambda: secure.knock(identity, client, password).status == 101, "profile 2 gets in again")
        eventually(lambda: not secure.asks_for_certificate(), "no certificate is asked for", seconds=EFFECTIVE_SECONDS)
    finally:
        secure.rest.change_policy(listeners={})
    eventually(secure.asks_for_certificate, "certificates are asked for again", seconds=EFFECTIVE_SECONDS)


def test_a_higher_profile_that_an_operator_sets_closes_the_link(secure: World) -> None:
    """A00.FR.001, 002: what the operator sets holds for the link that is open as well."""
    identity, password = secure.station_with_password(profile=2)
    client = secure.client()
    with secure.peer(identity, client, password=password) as peer:
        on_line(secure.rest, peer)
        secure.rest.change_security(identity, profile=3)
        peer.wait_until_closed()
    assert secure.knock(identity, client, password).status == 403


def test_what_each_link_was_admitted_with_is_shown(secure: World) -> None:
    """A00.FR.313: the version of TLS is known of every link."""
    identity = secure.station_with_certificate()
    with secure.peer(identity, secure.client(secure.own(identity))) as peer:
        on_line(secure.rest, peer)
        [link] = [one for one in secure.rest.connections() if one["stationId"] == identity]
        assert (link["securityProfile"], link["tlsVersion"]) == (3, peer.agreed[0])
        assert link["cipher"] == peer.agreed[1]
