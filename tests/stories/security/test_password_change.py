"""A station gets a new password over OCPP: what it answers, or fails to answer, decides which one holds (A01)."""

from __future__ import annotations

import pytest

from tests.stories.octt.asking import ended, on_line
from tests.stories.octt.states import boot
from tests.stories.security.world import World
from tests.stories.waiting import eventually
from tests.support.peer import Peer
from tests.support.probes import basic, knock
from tests.support.rest import Json, RestRefused

ACCEPTS = {"status": "Accepted"}


def gets_in(world: World, identity: str, password: bytes) -> bool:
    """Raises AssertionError for anything but in and 401."""
    status = world.knock_plain(identity, password).status
    assert status in (101, 401), status
    return status == 101


def change(world: World, identity: str, password: bytes, answer: Json, parameters: Json = None) -> tuple[Json, str]:
    """Have the password of a station on line changed; it answers so. The errand, and the key that it was sent."""
    with Peer(world.ws, identity, password=password) as peer:
        on_line(world.rest, peer)
        peer.answers("ChangeConfiguration", answer)
        errand = world.rest.operate(identity, "ChangePassword", parameters)
        [(action, words)] = peer.calls
        assert (action, words["key"]) == ("ChangeConfiguration", "AuthorizationKey")
        key: str = words["value"]
        return errand, key


def test_what_was_accepted_holds_and_the_old_one_is_refused(secure: World) -> None:
    """A01.FR.02, 03: at once, and not at the next boot."""
    identity, old = secure.station_with_password(profile=1)
    errand, key = change(secure, identity, old, ACCEPTS)
    assert errand["state"] == "answered"
    assert not gets_in(secure, identity, old)
    assert gets_in(secure, identity, bytes.fromhex(key))
    assert not gets_in(secure, identity, old)
    for kind in ("passwordOffered", "passwordChanged", "credentialsFormer"):
        secure.assert_noted(identity, kind)


@pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
def test_what_was_refused_changes_nothing(secure: World, status: str) -> None:
    """A01.FR.04, 05: the old one stays, the new one is nobody's."""
    identity, old = secure.station_with_password(profile=1)
    errand, key = change(secure, identity, old, {"status": status})
    assert errand["state"] == "refused"
    assert gets_in(secure, identity, old)
    assert not gets_in(secure, identity, bytes.fromhex(key))
    secure.assert_noted(identity, "passwordRefused")


def test_until_the_restart_both_hold(secure: World) -> None:
    """The standard says nothing of RebootRequired: the first login with the new one ends the old one."""
    identity, old = secure.station_with_password(profile=1)
    _errand, key = change(secure, identity, old, {"status": "RebootRequired"})
    assert gets_in(secure, identity, old)
    assert gets_in(secure, identity, bytes.fromhex(key))
    assert not gets_in(secure, identity, old)


@pytest.mark.parametrize("took_it", [True, False])
def test_a_lost_answer_leaves_both_until_the_station_shows_which_one_it_has(secure: World, took_it: bool) -> None:
    """The link ends before the answer: nobody knows, so the first login with the new one decides."""
    identity, old = secure.station_with_password(profile=1)
    with on_line(secure.rest, secure.wire(identity, old)) as wire:
        errand = secure.rest.ask(identity, "ChangePassword", {})
        _kind, _call_id, action, words = wire.receive()
        assert action == "ChangeConfiguration"
        wire.abort()
    assert ended(secure.rest, errand)["outcomeUnknown"] is True
    new = bytes.fromhex(words["value"])
    secure.assert_noted(identity, "passwordDoubtful")
    assert gets_in(secure, identity, old)
    if took_it:
        assert gets_in(secure, identity, new)
        assert not gets_in(secure, identity, old)
        assert states(secure, identity) == ["current", "former"]
    else:
        [doubtful] = [one for one in secure.rest.security(identity)["passwords"] if one["state"] == "doubtful"]
        secure.rest.settle_password(identity, doubtful["number"], "drop")
        assert not gets_in(secure, identity, new)
        assert gets_in(secure, identity, old)


def states(world: World, identity: str) -> list[str]:
    return sorted(one["state"] for one in world.rest.security(identity)["passwords"])


def test_a_station_may_come_with_the_new_password_before_its_answer_is_read(secure: World) -> None:
    """It reconnects within milliseconds of its answer, or without one: what was offered is known before it is sent."""
    identity, old = secure.station_with_password(profile=1)
    with on_line(secure.rest, secure.wire(identity, old)) as wire:
        secure.rest.ask(identity, "ChangePassword", {})
        _kind, _call_id, _action, words = wire.receive()
        new = bytes.fromhex(words["value"])
        assert gets_in(secure, identity, new)
        assert not gets_in(secure, identity, old)


def test_one_change_at_a_time(secure: World) -> None:
    identity, old = secure.station_with_password(profile=1)
    with on_line(secure.rest, secure.wire(identity, old)) as wire:
        first = secure.rest.ask(identity, "ChangePassword", {})
        call_id = wire.receive()[1]
        with pytest.raises(RestRefused) as refused:
            secure.rest.ask(identity, "ChangePassword", {})
        assert refused.value.status == 409
        assert str(first["errand"]) in refused.value.problem["detail"]
        wire.send([3, call_id, ACCEPTS])
        assert ended(secure.rest, first)["state"] == "answered"


def test_every_station_gets_one_of_its_own(secure: World) -> None:
    """A01.FR.06, 07; A00.FR.205: 16 to 20 bytes, as at most 40 hexadecimal digits."""
    keys = set()
    for _ in range(3):
        identity, old = secure.station_with_password(profile=1)
        _errand, key = change(secure, identity, old, ACCEPTS)
        assert 16 <= len(bytes.fromhex(key)) <= 20
        keys.add(key)
    assert len(keys) == 3


def test_one_that_the_operator_chose(secure: World) -> None:
    """Any bytes, such as those of the standard's own example (OCPP-J 1.6 §6.2.2)."""
    identity, old = secure.station_with_password(profile=1)
    example = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"
    _errand, key = change(secure, identity, old, ACCEPTS, {"authorizationKey": example})
    assert key.upper() == example
    assert gets_in(secure, identity, bytes.fromhex(example))
    assert not gets_in(secure, identity, old)


def test_the_key_may_come_as_bytes_or_as_text(secure: World) -> None:
    """The field does it both ways; the form is remembered and shown."""
    for form in ("bytes", "hexText"):
        identity, old = secure.station_with_password(profile=1)
        _errand, key = change(secure, identity, old, ACCEPTS)
        assert gets_in(secure, identity, bytes.fromhex(key) if form == "bytes" else key.encode())
        [current] = [one for one in secure.rest.security(identity)["passwords"] if one["state"] == "current"]
        assert current["form"] == form


def test_the_raw_action_is_the_same_change(secure: World) -> None:
    """Whoever writes ChangeConfiguration by hand changes the password all the same."""
    identity, old = secure.station_with_password(profile=1)
    key = "2A" * 20
    with Peer(secure.ws, identity, password=old) as peer:
        on_line(secure.rest, peer)
        peer.answers("ChangeConfiguration", ACCEPTS)
        words = {"key": "AuthorizationKey", "value": key}
        errand = secure.rest.operate(identity, "ChangeConfiguration", words)
        assert peer.calls == [("ChangeConfiguration", words)]
        assert key not in str(errand)
    assert gets_in(secure, identity, bytes.fromhex(key))
    assert not gets_in(secure, identity, old)


def test_it_prepares_a_station_of_profile_0(secure: World) -> None:
    """A01 is the precondition of A05 (A05.FR.02): the password is there before anybody asks for it."""
    identity = secure.station(profile=0)
    with Peer(secure.ws, identity) as peer:
        on_line(secure.rest, peer)
        boot(peer)
        peer.answers("ChangeConfiguration", ACCEPTS)
        secure.rest.operate(identity, "ChangePassword", {})
        key = peer.calls[-1][1]["value"]
    [unmet] = [one for one in secure.rest.preconditions(identity, 1) if one["name"] == "key"]
    assert unmet["met"] is True
    secure.rest.change_security(identity, profile=1)
    assert gets_in(secure, identity, bytes.fromhex(key))


def test_no_password_is_shown_or_logged(secure: World) -> None:
    """A01.FR.08, 09."""
    identity, old = secure.station_with_password(profile=1)
    _errand, key = change(secure, identity, old, ACCEPTS)
    shown = [secure.rest.errands(stationId=identity), secure.rest.security(identity), secure.rest.security_log()]
    shown += [secure.rest.configuration(identity), secure.system.log_text()]
    for secret in (key, key.lower(), bytes.fromhex(key).decode("latin-1"), old.decode("latin-1")):
        assert secret not in str(shown)


def test_a_guesser_is_slowed_down_and_nobody_else(secure: World) -> None:
    """The right password always gets in, from any address, however often others guessed."""
    identity, password = secure.station_with_password(profile=1)
    guesses = [
        knock(secure.ws, identity, basic(identity, b"guess %014d" % number), source="127.0.0.77").status
        for number in range(60)
    ]
    assert set(guesses) == {401, 429}
    assert guesses[0] == 401
    assert guesses[-1] == 429
    for source in ("127.0.0.77", "127.0.0.78"):
        assert knock(secure.ws, identity, basic(identity, password), source=source).status == 101
    eventually(lambda: secure.has_noted(identity, "tooManyAttempts"), "the guesses are in the security log")
