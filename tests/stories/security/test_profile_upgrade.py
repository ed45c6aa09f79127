"""A station is asked to use a higher security profile, falls back or does not, and never comes back down (A05)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.stories.octt.asking import ended, on_line
from tests.stories.security.world import World
from tests.support.peer import Peer
from tests.support.probes import Answer
from tests.support.rest import Json, RestRefused

ACCEPTS = {"status": "Accepted"}


def upgrade(world: World, peer: Peer, profile: int, answer: Json = ACCEPTS) -> Json:
    on_line(world.rest, peer)
    peer.answers("ChangeConfiguration", answer)
    errand = world.rest.operate(
        peer.identity, "UpgradeSecurityProfile", {"profile": profile, "despitePreconditions": True}
    )
    assert peer.calls[-1] == ("ChangeConfiguration", {"key": "SecurityProfile", "value": str(profile)})
    return errand


def assert_profile(world: World, identity: str, profile: int, upgrade: int | None = None) -> None:
    found = world.rest.security(identity)
    assert found["securityProfile"] == profile
    assert (found["upgrade"] and found["upgrade"]["profile"]) == upgrade


def test_from_0_to_3_step_by_step(secure: World) -> None:
    """A05.FR.05–09, A00.FR.001, 002: at every step both profiles hold until the first success of the higher one,
    and from then on the lower one is refused."""
    identity, password = secure.station_with_password(profile=0)
    secure.rest.change_security(identity, serialNumber=identity)
    tls, own = secure.client(), secure.client(secure.own(identity))

    def at(profile: int) -> Peer:
        match profile:
            case 0:
                return Peer(secure.ws, identity)
            case 1:
                return Peer(secure.ws, identity, password=password)
            case 2:
                return secure.peer(identity, tls, password=password)
            case _:
                return secure.peer(identity, own)

    knocks: list[Callable[[], Answer]] = [
        lambda: secure.knock_plain(identity),
        lambda: secure.knock_plain(identity, password),
        lambda: secure.knock(identity, tls, password),
        lambda: secure.knock(identity, own),
    ]
    for profile in (0, 1, 2):
        with at(profile) as peer:
            assert upgrade(secure, peer, profile + 1)["state"] == "answered"
        assert_profile(secure, identity, profile, profile + 1)
        assert knocks[profile]().status == 101, "until the new profile was used, the station may fall back"
        assert_profile(secure, identity, profile, profile + 1)
        assert knocks[profile + 1]().status == 101
        assert_profile(secure, identity, profile + 1)
        assert [one().status == 101 for one in knocks[: profile + 1]] == [False] * (profile + 1)
        assert knocks[profile + 1]().status == 101
    for kind in ("profileOffered", "profileAccepted", "profileUpgraded", "profileMismatch"):
        secure.assert_noted(identity, kind)


@pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
def test_a_station_that_refuses_stays_where_it_is(secure: World, status: str) -> None:
    """A05.FR.01–04 are the station's to judge."""
    identity, password = secure.station_with_password(profile=1)
    with Peer(secure.ws, identity, password=password) as peer:
        assert upgrade(secure, peer, 2, {"status": status})["state"] == "refused"
    assert_profile(secure, identity, 1)
    assert secure.knock(identity, secure.client(), password).status == 403
    assert secure.knock_plain(identity, password).status == 101
    secure.assert_noted(identity, "profileRefused")


def test_a_lost_answer_leaves_both_until_the_station_shows_which_one_it_has(secure: World) -> None:
    identity, password = secure.station_with_password(profile=1)
    with on_line(secure.rest, secure.wire(identity, password)) as wire:
        errand = secure.rest.ask(identity, "UpgradeSecurityProfile", {"profile": 2, "despitePreconditions": True})
        wire.receive()
        wire.abort()
    assert ended(secure.rest, errand)["outcomeUnknown"] is True
    secure.assert_noted(identity, "profileDoubtful")
    assert secure.knock_plain(identity, password).status == 101
    assert secure.knock(identity, secure.client(), password).status == 101
    assert secure.knock_plain(identity, password).status == 403
    assert_profile(secure, identity, 2)


def test_a_wrong_password_at_the_new_profile_ends_nothing(secure: World) -> None:
    """A05.FR.09 speaks of a successful connection."""
    identity, password = secure.station_with_password(profile=1)
    with Peer(secure.ws, identity, password=password) as peer:
        upgrade(secure, peer, 2)
    assert secure.knock(identity, secure.client(), b"wrong wrong wrong wr").status == 401
    assert secure.knock_plain(identity, password).status == 101
    assert_profile(secure, identity, 1, 2)


def test_nothing_that_a_station_says_lowers_its_profile(secure: World) -> None:
    """A00.FR.005: what is asked over OCPP is sent as it is written, and believed no more than that."""
    identity, password = secure.station_with_password(profile=2)
    with secure.peer(identity, secure.client(), password=password) as peer:
        on_line(secure.rest, peer)
        peer.answers("ChangeConfiguration", ACCEPTS)
        words = {"key": "securityprofile", "value": "1"}
        secure.rest.operate(identity, "ChangeConfiguration", words)
        assert peer.calls == [("ChangeConfiguration", words)]
        peer.data_transfer("org.openchargealliance.security", "SecurityProfile", "0")
    assert_profile(secure, identity, 2)
    assert secure.knock_plain(identity, password).status == 403
    assert secure.knock_plain(identity).status == 403
    assert secure.knock(identity, secure.client(), password).status == 101


def test_the_task_does_not_lower(secure: World) -> None:
    identity, _password = secure.station_with_password(profile=2)
    for profile in (0, 1, 2):
        with pytest.raises(RestRefused) as refused:
            secure.rest.ask(identity, "UpgradeSecurityProfile", {"profile": profile, "despitePreconditions": True})
        assert refused.value.status in (409, 422)


def test_an_operator_lowers_it_by_saying_so(secure: World) -> None:
    """A00.FR.005, local means: for a station that was swapped or repaired. Its link is closed."""
    identity, password = secure.station_with_password(profile=2)
    with secure.peer(identity, secure.client(), password=password) as peer:
        on_line(secure.rest, peer)
        with pytest.raises(RestRefused) as refused:
            secure.rest.change_security(identity, profile=1)
        assert refused.value.status == 409
        assert_profile(secure, identity, 2)
        secure.rest.change_security(identity, profile=1, lower=True)
        peer.wait_until_closed()
    assert secure.knock(identity, secure.client(), password).status == 403
    assert secure.knock_plain(identity, password).status == 101
    secure.assert_noted(identity, "profileLowered")
    secure.assert_noted(identity, "linkClosed")


def test_what_has_to_be_there_first(secure: World) -> None:
    """A05.FR.02–04 from this side: without a password, a root and a certificate the station would have to refuse."""
    identity = secure.station(profile=0)
    assert {one["name"] for one in secure.rest.preconditions(identity, 1) if one["met"] is False} >= {"key"}
    names = {one["name"] for one in secure.rest.preconditions(identity, 3)}
    assert names >= {"root", "certificate", "serial"}
    with pytest.raises(RestRefused) as refused:
        secure.rest.ask(identity, "UpgradeSecurityProfile", {"profile": 1})
    assert refused.value.status == 409
    assert_profile(secure, identity, 0)


def test_an_operator_gives_an_upgrade_up(secure: World) -> None:
    identity, password = secure.station_with_password(profile=1)
    with Peer(secure.ws, identity, password=password) as peer:
        upgrade(secure, peer, 2)
    secure.rest.change_security(identity, giveUpUpgrade=True)
    assert_profile(secure, identity, 1)
    assert secure.knock(identity, secure.client(), password).status == 403
    assert secure.knock_plain(identity, password).status == 101


def test_the_next_password_is_asked_for_with_the_next_profile(secure: World) -> None:
    """A00.FR.203, 302: with every connection, not only with the first one."""
    identity, password = secure.station_with_password(profile=2)
    client = secure.client()
    for _ in range(2):
        assert secure.knock(identity, client, password).status == 101
        assert secure.knock(identity, client).status == 401


def test_profile_1_inside_tls_has_to_be_excused(secure: World) -> None:
    """A00.FR.002, 206: to the whitepaper it is another profile; it may be let in for one station."""
    identity, password = secure.station_with_password(profile=1)
    assert secure.knock(identity, secure.client(), password).status == 403
    secure.rest.change_security(identity, leniencies=["basicOverTls"])
    assert secure.knock(identity, secure.client(), password).status == 101
    assert secure.knock_plain(identity, password).status == 101
    assert secure.knock(identity, secure.client(), b"wrong wrong wrong wr").status == 401
