"""The certification tool's cases of the local list by way of UpdateLocalList, which knows what the list should hold."""

from __future__ import annotations

from tests.stories.builders import a_tag
from tests.stories.moments import ago
from tests.stories.octt.asking import carry_out, say
from tests.stories.octt.cases import case
from tests.support.peer import Peer
from tests.support.rest import Json, Rest

ACCEPTS = {"status": "Accepted"}


def update(rest: Rest, peer: Peer, words: Json, status: str = "Accepted", **parameters: Json) -> None:
    state = "answered" if status == "Accepted" else "refused"
    sends = ("SendLocalList", words)
    carry_out(rest, peer, "UpdateLocalList", parameters, sends=sends, answer={"status": status}, state=state)


def full(version: int, *entries: Json) -> Json:
    return {"listVersion": version, "updateType": "Full", "localAuthorizationList": list(entries)}


def entry(tag: str, **info: Json) -> Json:
    return {"idTag": tag, "idTagInfo": {"status": "Accepted", **info}}


def summary(rest: Rest, peer: Peer) -> Json:
    shown = rest.local_list(peer.identity)
    return {name: shown[name] for name in ("state", "version", "wantedEntries", "acknowledgedEntries", "contentKnown")}


@case("042_1")
def test_tc_042_1_csms_station_without_a_list(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "GetLocalListVersion", {}, {"listVersion": -1})
    shown = rest.local_list(peer.identity)
    assert (shown["state"], shown["reportedVersion"]) == ("notSupported", -1)


@case("042_2")
def test_tc_042_2_csms_station_with_an_empty_list(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "GetLocalListVersion", {}, {"listVersion": 0})
    shown = rest.local_list(peer.identity)
    assert (shown["state"], shown["reportedVersion"]) == ("unmanaged", 0)


@case("043_1")
def test_tc_043_1_csms_update_of_a_list_that_is_not_supported(rest: Rest, peer: Peer) -> None:
    tag = a_tag(rest)
    rest.put_local_list(peer.identity, idTags=[tag])
    update(rest, peer, full(1, entry(tag)), "NotSupported")
    assert rest.local_list(peer.identity)["state"] == "notSupported"


@case("043_3")
def test_tc_043_3_csms_update_fails(rest: Rest, peer: Peer) -> None:
    tag = a_tag(rest)
    rest.put_local_list(peer.identity, idTags=[tag])
    update(rest, peer, full(1, entry(tag)), "Failed")
    shown = rest.local_list(peer.identity)
    assert (shown["state"], shown["acknowledgedEntries"]) == ("failed", 0)
    assert "Failed" in shown["reason"]
    update(rest, peer, full(2, entry(tag)))
    assert rest.local_list(peer.identity)["state"] == "inSync"


@case("043_4")
def test_tc_043_4_csms_update_in_full(rest: Rest, peer: Peer) -> None:
    """Every entry has its information, in the register's words."""
    expiry = ago(hours=-240)
    plain, grouped = sorted([a_tag(rest), a_tag(rest, parentIdTag="GROUP", expiryDate=expiry)])
    blocked = a_tag(rest, blocked=True)
    shown = rest.put_local_list(peer.identity, idTags=[plain, grouped, blocked])
    assert (shown["state"], shown["wantedEntries"], shown["additions"]) == ("due", 3, 3)
    words = full(
        1,
        entry(plain),
        entry(grouped, parentIdTag="GROUP", expiryDate=expiry),
        {"idTag": blocked, "idTagInfo": {"status": "Blocked"}},
    )
    update(rest, peer, words)
    assert summary(rest, peer) == {
        "state": "inSync",
        "version": 1,
        "wantedEntries": 3,
        "acknowledgedEntries": 3,
        "contentKnown": True,
    }


@case("043_5")
def test_tc_043_5_csms_update_of_what_differs(rest: Rest, peer: Peer) -> None:
    """Only the token that is new, and the one that is gone without information."""
    first, gone, new = a_tag(rest), a_tag(rest), a_tag(rest)
    rest.put_local_list(peer.identity, idTags=[first, gone])
    update(rest, peer, full(1, entry(first), entry(gone)))
    say(rest, peer, "GetLocalListVersion", {}, {"listVersion": 1})
    rest.put_local_list(peer.identity, idTags=[first, gone, new])
    words = {"listVersion": 2, "updateType": "Differential", "localAuthorizationList": [entry(new)]}
    update(rest, peer, words)
    rest.put_local_list(peer.identity, idTags=[first, new])
    words = {"listVersion": 3, "updateType": "Differential", "localAuthorizationList": [{"idTag": gone}]}
    update(rest, peer, words)
    shown = rest.local_list(peer.identity)
    assert [one["idTag"] for one in shown["items"]] == sorted([first, new])
    assert [one["due"] for one in shown["items"]] == [False, False]
    assert summary(rest, peer)["version"] == 3


def test_a_refused_change_is_followed_by_the_whole_list(rest: Rest, peer: Peer) -> None:
    """OCPP 1.6 §5.15: nobody has to ask for it."""
    first, new = a_tag(rest), a_tag(rest)
    rest.put_local_list(peer.identity, idTags=[first])
    update(rest, peer, full(1, entry(first)))
    rest.put_local_list(peer.identity, idTags=[first, new])
    peer.answers("SendLocalList", {"status": "VersionMismatch"}, ACCEPTS)
    errand = rest.operate(peer.identity, "UpdateLocalList")
    assert errand["state"] == "refused"
    change, whole = peer.wait_for_calls(3)[1:]
    assert change[1] == {"listVersion": 2, "updateType": "Differential", "localAuthorizationList": [entry(new)]}
    assert whole[1] == full(3, entry(first), entry(new))
