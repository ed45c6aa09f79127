"""The certification tool's cases of the local authorization list, said exactly as written (OCPP 1.6 §5.10, §5.15)."""

from __future__ import annotations

from tests.stories.builders import a_tag
from tests.stories.moments import ago
from tests.stories.octt.asking import say
from tests.stories.octt.cases import case
from tests.support.peer import Peer
from tests.support.rest import Json, Rest

ACCEPTS = {"status": "Accepted"}


def full(version: int, *tags: str, **info: Json) -> Json:
    entries = [{"idTag": tag, "idTagInfo": {"status": "Accepted", **info}} for tag in tags]
    return {"listVersion": version, "updateType": "Full", "localAuthorizationList": entries}


@case("042_1")
def test_tc_042_1_csms_version_of_a_list_that_is_not_supported(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "GetLocalListVersion", {}, {"listVersion": -1})


@case("042_2")
def test_tc_042_2_csms_version_of_an_empty_list(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "GetLocalListVersion", {}, {"listVersion": 0})


@case("043_1")
def test_tc_043_1_csms_list_not_supported(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "SendLocalList", full(1, a_tag(rest)), {"status": "NotSupported"}, state="refused")


@case("043_3")
def test_tc_043_3_csms_list_fails(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "SendLocalList", full(1, a_tag(rest)), {"status": "Failed"}, state="refused")


@case("043_4")
def test_tc_043_4_csms_full_list(rest: Rest, peer: Peer) -> None:
    words = full(1, a_tag(rest), a_tag(rest), parentIdTag="GROUP", expiryDate=ago(hours=-240))
    say(rest, peer, "SendLocalList", words, ACCEPTS)
    say(rest, peer, "GetLocalListVersion", {}, {"listVersion": 1})
    shown = rest.local_list(peer.identity)
    assert (shown["version"], shown["reportedVersion"], shown["contentKnown"]) == (1, 1, False)


@case("043_5")
def test_tc_043_5_csms_difference(rest: Rest, peer: Peer) -> None:
    tag, gone = a_tag(rest), a_tag(rest)
    say(rest, peer, "SendLocalList", full(1, gone), ACCEPTS)
    say(rest, peer, "GetLocalListVersion", {}, {"listVersion": 1})
    entries = [{"idTag": tag, "idTagInfo": {"status": "Accepted"}}]
    words = {"listVersion": 2, "updateType": "Differential", "localAuthorizationList": entries}
    say(rest, peer, "SendLocalList", words, ACCEPTS)
    words = {"listVersion": 3, "updateType": "Differential", "localAuthorizationList": [{"idTag": gone}]}
    say(rest, peer, "SendLocalList", words, ACCEPTS)
    assert rest.local_list(peer.identity)["version"] == 3
