"""Charging profiles that an operator writes by hand: what they are warned of, and what is believed afterwards."""

from __future__ import annotations

import pytest

from forecourt.dialects.v16.messages.charging_profiles import ChargingProfile
from forecourt.dialects.v16.outbound.profiles import doubts_of_remote_start, to_charging_profile
from forecourt.domain.errands.model import Delivery, ErrandState
from forecourt.domain.evse import EvseId
from forecourt.domain.smart_charging.model import AssignmentState, Origin, Profile, ProfileKind
from tests.dialects.v16.outbound.charging import ChargingWorld, in_words
from tests.domain.smart_charging.profiles import MAX, TX, a_profile, a_schedule
from tests.support.clock import NOON

S = AssignmentState


def test_a_profile_that_was_sent_by_hand_is_believed_installed_too() -> None:
    world = ChargingWorld()
    number = world.a_kept()
    world.installs(number)
    profile = a_profile(number=4711, schedule=a_schedule((0, 10.0)))
    errand = world.does("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": in_words(profile)})
    world.answers({"status": "Accepted"})
    assert world.states() == [(number, S.REPLACED), (4711, S.INSTALLED)]
    [there] = world.charging.present(world.station)
    assert (there.origin, there.library, there.errand, there.is_outdated) == (Origin.RAW, None, errand.number, False)
    assert there.profile == profile
    world.does("RemoveChargingProfile", {"assignment": there.number})
    assert world.answers({"status": "Accepted"}) == {"id": 4711}
    assert world.charging.present(world.station) == []


@pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
def test_a_profile_that_was_refused_by_hand_is_no_belief(status: str) -> None:
    world = ChargingWorld()
    world.does("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": in_words(a_profile(number=4711))})
    world.answers({"status": status})
    assert world.history() == []


def test_a_tx_profile_by_hand_is_for_the_transaction_that_runs() -> None:
    world = ChargingWorld()
    transaction = world.starts(world.station)
    world.does("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": in_words(a_profile(TX, number=3))})
    world.answers({"status": "Accepted"})
    assert world.history()[0].profile.transaction_id == transaction


def test_what_is_sent_by_hand_does_not_settle_what_waits_to_be_sent() -> None:
    world = ChargingWorld()
    number = world.a_kept(a_profile(level=1))
    raw = in_words(a_profile(number=number, level=1))
    world.does("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": raw})
    world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 1}, delivery=Delivery.WHEN_ONLINE)
    world.answers({"status": "Accepted"})
    assert world.states() == [(number, S.REQUESTED), (number, S.INSTALLED)]
    world.answers({"status": "Accepted"})
    assert world.states() == [(number, S.INSTALLED), (number, S.REPLACED)]


@pytest.mark.parametrize(
    ("connector_id", "profile", "about"),
    [
        (-1, a_profile(), ["numbered from 1"]),
        (1, a_profile(MAX), ["connector 0"]),
        (0, a_profile(TX), ["one transaction"]),
        (1, a_profile(TX), ["should name its transaction"]),
        (1, a_profile(TX, transaction_id=77), ["No transaction 77 runs"]),
        (1, a_profile(transaction_id=77), ["Only a TxProfile"]),
        (1, a_profile(level=-1, schedule=a_schedule((5, 6.0))), ["stackLevel", "starts at 0"]),
        (1, a_profile(valid_to=NOON), ["not valid any more"]),
    ],
)
def test_what_looks_wrong_is_told_and_sent_all_the_same(connector_id: int, profile: Profile, about: list[str]) -> None:
    world = ChargingWorld()
    errand = world.does("SetChargingProfile", {"connectorId": connector_id, "csChargingProfiles": in_words(profile)})
    assert errand.state is ErrandState.QUEUED
    assert len(errand.warnings) == len(about)
    assert all(part in warning for part, warning in zip(about, errand.warnings, strict=True))


def test_nonsense_that_a_station_accepts_harms_nothing() -> None:
    world = ChargingWorld()
    world.does("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": in_words(a_profile(MAX, level=-3))})
    world.answers({"status": "Accepted"})
    assert world.charging.stack(world.station, EvseId(1), since=None, seconds=60).result.at(0).limit is None


def test_what_the_station_says_that_it_cannot_do_is_warned_of() -> None:
    """OCPP 1.6 §9.4."""
    world = ChargingWorld()
    told = [("ChargeProfileMaxStackLevel", "1", True), ("ChargingScheduleAllowedChargingRateUnit", "Power", True)]
    world.services.configuration.told(world.station, ["x"], told, [])
    errand = world.does(
        "AssignChargingProfile", {"chargingProfile": world.a_kept(a_profile(level=2)), "connectorId": 1}
    )
    assert len(errand.warnings) == 2


def test_what_is_wrong_in_a_remote_start_is_told() -> None:
    """Certification case 059: a TxProfile without a transaction."""
    right: ChargingProfile = to_charging_profile(a_profile(TX, kind=ProfileKind.RELATIVE))
    assert doubts_of_remote_start(right) == []
    [purpose, transaction] = doubts_of_remote_start(to_charging_profile(a_profile(transaction_id=1)))
    assert purpose.startswith("chargingProfile.chargingProfilePurpose: ")
    assert transaction.startswith("chargingProfile.transactionId: ")
