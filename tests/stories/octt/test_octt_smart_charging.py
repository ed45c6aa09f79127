"""The certification tool's cases of smart charging, said exactly as written (OCPP 1.6 §3.13, §5.5, §5.7, §5.16)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from tests.stories.builders import a_tag
from tests.stories.moments import ago
from tests.stories.octt.asking import say
from tests.stories.octt.cases import case
from tests.stories.octt.profiles import absolute, relative, schedule
from tests.stories.octt.states import ACCEPTED, assert_started, charging
from tests.support.peer import Peer
from tests.support.rest import Json, Rest

ACCEPTS = {"status": "Accepted"}
Maker: TypeAlias = Callable[..., Json]
"""Makes profiles of one kind."""


def install(rest: Rest, peer: Peer, connector: int, profile: Json) -> None:
    words = {"connectorId": connector, "csChargingProfiles": profile}
    say(rest, peer, "SetChargingProfile", words, ACCEPTS, warnings=...)
    stored = rest.charging_profiles(peer.identity)[-1]
    assert (stored["chargingProfileId"], stored["connectorId"]) == (profile["chargingProfileId"], connector)
    assert (stored["state"], stored["origin"]) == ("installed", "raw")


@case("056")
@pytest.mark.parametrize(("unit", "limit"), [("A", 6.0), ("W", 6000.0)])
def test_tc_056_csms_default_profile(rest: Rest, peer: Peer, unit: str, limit: float) -> None:
    profile = absolute(1, "TxDefaultProfile")
    profile["chargingSchedule"]["chargingRateUnit"] = unit
    profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] = limit
    install(rest, peer, 1, profile)


@case("057")
@pytest.mark.parametrize("made", [absolute, relative], ids=["absolute", "relative"])
def test_tc_057_csms_profile_for_a_transaction(rest: Rest, peer: Peer, made: Maker) -> None:
    transaction_id = charging(peer, a_tag(rest))
    install(rest, peer, 1, made(1, "TxProfile", transactionId=transaction_id))


@case("059")
@pytest.mark.parametrize("made", [absolute, relative], ids=["absolute", "relative"])
def test_tc_059_csms_remote_start_with_a_profile(rest: Rest, peer: Peer, made: Maker) -> None:
    tag, at = a_tag(rest), ago(minutes=1)
    words = {"connectorId": 1, "idTag": tag, "chargingProfile": made(1, "TxProfile")}
    say(rest, peer, "RemoteStartTransaction", words, ACCEPTS)
    assert peer.authorize(tag) == ACCEPTED
    assert peer.status(1, "Preparing", at=at) == {}
    transaction_id = assert_started(peer.start(1, tag, 0, at))
    assert peer.status(1, "Charging", at=at) == {}
    assert rest.transaction(transaction_id)["active"] is True


@case("066")
def test_tc_066_csms_composite_schedule(rest: Rest, peer: Peer) -> None:
    install(rest, peer, 1, absolute(1, "TxDefaultProfile"))
    words = {"connectorId": 1, "duration": 600, "chargingRateUnit": "A"}
    answer = {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": ago(),
        "chargingSchedule": schedule(duration=600),
    }
    say(rest, peer, "GetCompositeSchedule", words, answer)
    [told] = rest.schedules(peer.identity)
    assert (told["connectorId"], told["scheduleStart"]) == (1, answer["scheduleStart"])


def test_a_composite_schedule_may_be_refused(rest: Rest, peer: Peer) -> None:
    words = {"connectorId": 0, "duration": 600}
    say(rest, peer, "GetCompositeSchedule", words, {"status": "Rejected"}, state="refused")


@case("067")
def test_tc_067_csms_clear_profiles(rest: Rest, peer: Peer) -> None:
    transaction_id = charging(peer, a_tag(rest))
    install(rest, peer, 0, absolute(1, "ChargePointMaxProfile", stack_level=2))
    install(rest, peer, 1, absolute(2, "TxDefaultProfile", stack_level=2))
    install(rest, peer, 1, absolute(3, "TxProfile", stack_level=2, transactionId=transaction_id))
    say(rest, peer, "ClearChargingProfile", {"id": 1}, ACCEPTS)
    assert [one["chargingProfileId"] for one in rest.charging_profiles(peer.identity)] == [2, 3]
    words = {"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 2}
    say(rest, peer, "ClearChargingProfile", words, ACCEPTS)
    assert [one["chargingProfileId"] for one in rest.charging_profiles(peer.identity)] == [3]
    say(rest, peer, "ClearChargingProfile", {}, ACCEPTS)
    assert rest.charging_profiles(peer.identity) == []
    assert [action for action, _ in peer.calls] == ["SetChargingProfile"] * 3 + ["ClearChargingProfile"] * 3


def test_clearing_a_profile_that_is_not_there(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "ClearChargingProfile", {"id": 99}, {"status": "Unknown"}, state="refused")
