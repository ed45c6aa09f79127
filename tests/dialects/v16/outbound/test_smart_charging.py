"""Charging profiles from the library to the station and back: what is sent, and what is believed afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.dialects.v16.outbound.profiles import to_charging_profile, to_profile
from forecourt.domain.errands.model import ErrandState, Failure
from forecourt.domain.errors import Kind
from forecourt.domain.evse import EvseId
from forecourt.domain.smart_charging.model import (
    AssignmentState,
    Origin,
    Profile,
    ProfileKind,
    RateUnit,
    Recurrency,
)
from forecourt.operations.reading import BadParameters
from tests.dialects.v16.outbound.charging import ChargingWorld
from tests.domain.smart_charging.profiles import DEFAULT, MAX, TX, a_draft, a_profile, a_schedule
from tests.domain.world import a_stop, refused
from tests.schemas.official import Json
from tests.support.clock import NOON

S = AssignmentState
WATT = RateUnit.WATT
TIMEOUT = Failure("Timed out.", is_outcome_unknown=True)


@pytest.mark.parametrize(
    "profile",
    [
        a_profile(),
        a_profile(TX, a_schedule((0, 6.1, 1), (60, 0.0), duration=90), kind=ProfileKind.RELATIVE, transaction_id=7),
        a_profile(
            MAX,
            a_schedule((0, 1.0), unit=WATT, starts_at=NOON, min_rate=0.3),
            level=3,
            number=9,
            recurrency=Recurrency.WEEKLY,
            valid_from=NOON,
            valid_to=NOON + timedelta(days=1),
        ),
    ],
)
def test_words_and_terms_say_the_same(profile: Profile) -> None:
    assert to_profile(to_charging_profile(profile)) == profile


# Giving a profile


def test_an_absolute_default_profile_is_sent_with_all_its_times() -> None:
    """Certification case 056."""
    world = ChargingWorld()
    until = NOON + timedelta(days=1)
    number = world.a_kept(
        a_profile(DEFAULT, a_schedule((0, 6.0, 3), starts_at=NOON, duration=86_400), valid_from=NOON, valid_to=until)
    )
    errand = world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 1})
    assert (errand.state, errand.operation, errand.warnings) == (ErrandState.QUEUED, "AssignChargingProfile", ())
    assert world.states() == [(number, S.REQUESTED)]
    assert world.answers({"status": "Accepted"}) == {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": number,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "validFrom": "2026-01-01T12:00:00Z",
            "validTo": "2026-01-02T12:00:00Z",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "startSchedule": "2026-01-01T12:00:00Z",
                "duration": 86_400,
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0, "numberPhases": 3}],
            },
        },
    }
    [installed] = world.charging.present(world.station)
    assert (installed.state, installed.place, installed.errand) == (S.INSTALLED, EvseId(1), errand.number)
    assert (installed.origin, installed.library, installed.is_outdated) == (Origin.TASK, number, False)


def test_a_tx_profile_is_sent_with_the_transaction_that_runs() -> None:
    """Certification case 057."""
    world = ChargingWorld()
    number = world.a_kept(a_profile(TX, kind=ProfileKind.RELATIVE))
    transaction = world.starts(world.station)
    world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 1})
    sent = world.answers({"status": "Accepted"})["csChargingProfiles"]
    assert isinstance(sent, dict)
    assert sent["transactionId"] == transaction
    assert "startSchedule" not in str(sent)
    [installed] = world.charging.present(world.station)
    assert (installed.profile.transaction_id, installed.is_outdated) == (transaction, False)


@pytest.mark.parametrize("connector_id", [2, 1])
def test_a_tx_profile_needs_a_transaction_that_runs_there(connector_id: int) -> None:
    world = ChargingWorld()
    number = world.a_kept(a_profile(TX))
    ended = world.starts(world.station)
    world.services.transactions.stop(world.station, a_stop(ended))
    elsewhere = world.starts(world.a_station("CP-2"), evse=EvseId(connector_id))
    with refused(Kind.CONFLICT, field="connectorId", about="No transaction runs"):
        world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": connector_id})
    for wrong in (ended, elsewhere, 999):
        asked = {"chargingProfile": number, "connectorId": connector_id, "transactionId": wrong}
        with refused(Kind.CONFLICT, field="transactionId", about=f"No transaction {wrong} runs"):
            world.does("AssignChargingProfile", asked)
    assert world.history() == []


def test_a_transaction_is_taken_for_what_it_is_when_it_is_named() -> None:
    world = ChargingWorld()
    number = world.a_kept(a_profile(TX))
    old = world.starts(world.station, started_at=NOON - timedelta(hours=1))
    new = world.starts(world.station)
    errand = world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 1, "transactionId": old})
    assert "reported late" in errand.warnings[0]
    world.answers({"status": "Accepted"})
    assert world.history()[0].profile.transaction_id == old
    assert world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 1}).warnings == ()
    world.answers({"status": "Accepted"})
    assert world.history()[0].profile.transaction_id == new


@pytest.mark.parametrize(
    ("profile", "asked", "field"),
    [
        (a_profile(MAX), {"connectorId": 1}, "connectorId"),
        (a_profile(TX), {"connectorId": 0}, "connectorId"),
        (a_profile(DEFAULT), {"connectorId": 1, "transactionId": 1}, "transactionId"),
    ],
)
def test_a_profile_goes_only_where_its_purpose_allows(profile: Profile, asked: dict[str, Json], field: str) -> None:
    """OCPP 1.6 §3.13.1."""
    world = ChargingWorld()
    number = world.a_kept(profile)
    with refused(Kind.INVALID, field=field):
        world.does("AssignChargingProfile", {"chargingProfile": number, **asked})
    assert world.history() == []


@pytest.mark.parametrize(
    "asked", [{}, {"chargingProfile": 1, "connectorId": -1}, {"chargingProfile": 0, "connectorId": 1}]
)
def test_parameters_that_mean_nothing_are_refused(asked: dict[str, Json]) -> None:
    with pytest.raises(BadParameters):
        ChargingWorld().does("AssignChargingProfile", asked)


def test_a_profile_that_is_not_in_the_library_cannot_be_given() -> None:
    with refused(Kind.NOT_FOUND, about="no charging profile 5"):
        ChargingWorld().does("AssignChargingProfile", {"chargingProfile": 5, "connectorId": 0})


@pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
def test_a_station_may_refuse(status: str) -> None:
    world = ChargingWorld()
    world.installs(world.a_kept(), status=status)
    [assignment] = world.history()
    assert (assignment.state, assignment.reason) == (S.REFUSED, f"The station answered {status}.")
    assert world.charging.present(world.station) == []


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (Failure("The station answered with the error NotSupported.", "NotSupported"), S.FAILED),
        (TIMEOUT, S.UNKNOWN),
    ],
)
def test_an_errand_that_comes_to_nothing_settles_its_assignment(failure: Failure, state: AssignmentState) -> None:
    world = ChargingWorld()
    world.does("AssignChargingProfile", {"chargingProfile": world.a_kept(), "connectorId": 1})
    world.fails(failure)
    [assignment] = world.history()
    assert (assignment.state, assignment.reason) == (state, failure.reason)


def test_what_cannot_be_sent_at_all_fails_with_its_errand() -> None:
    world = ChargingWorld()
    world.carrying.leaves()
    errand = world.does("AssignChargingProfile", {"chargingProfile": world.a_kept(), "connectorId": 1})
    [assignment] = world.history()
    assert (errand.state, assignment.state, assignment.errand) == (ErrandState.FAILED, S.FAILED, errand.number)


# What takes the place of what


def test_the_same_purpose_and_rank_at_the_same_place_replaces() -> None:
    """OCPP 1.6 §5.16."""
    world = ChargingWorld()
    first, second = world.a_kept(a_profile(level=1)), world.a_kept(a_profile(level=1))
    world.installs(first)
    errand = world.does("AssignChargingProfile", {"chargingProfile": second, "connectorId": 1})
    assert f"replaces profile {first}" in errand.warnings[0]
    world.answers({"status": "Accepted"})
    assert world.states() == [(first, S.REPLACED), (second, S.INSTALLED)]


def test_another_place_rank_or_purpose_replaces_nothing() -> None:
    world = ChargingWorld()
    world.starts(world.station)
    for profile, connector_id in [
        (a_profile(level=1), 1),
        (a_profile(level=1), 2),
        (a_profile(level=2), 1),
        (a_profile(TX, level=1), 1),
        (a_profile(MAX, level=1), 0),
        (a_profile(level=1), 0),
    ]:
        world.installs(world.a_kept(profile), connector_id)
    assert [state for _, state in world.states()] == [S.INSTALLED] * 6


def test_the_same_number_exists_once_on_a_station() -> None:
    world = ChargingWorld()
    number = world.a_kept()
    world.installs(number, 1)
    errand = world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 2})
    assert "exists once on a station" in errand.warnings[0]
    world.answers({"status": "Accepted"})
    assert world.states() == [(number, S.REPLACED), (number, S.INSTALLED)]


def test_a_refusal_replaces_nothing() -> None:
    world = ChargingWorld()
    first, second = world.a_kept(), world.a_kept()
    world.installs(first)
    world.installs(second, status="Rejected")
    assert world.states() == [(first, S.INSTALLED), (second, S.REFUSED)]


def test_a_tx_profile_ends_with_its_transaction() -> None:
    world = ChargingWorld()
    number = world.a_kept(a_profile(TX))
    transaction = world.starts(world.station)
    assignment = world.installs(number)
    world.services.transactions.stop(world.station, a_stop(transaction))
    assert world.states() == [(number, S.ENDED)]
    assert world.charging.present(world.station) == []
    world.installs(world.a_kept())
    assert world.states()[0] == (number, S.ENDED), "also once it is written down"
    with refused(Kind.CONFLICT, about="ended"):
        world.does("RemoveChargingProfile", {"assignment": assignment})
    world.charging.remove_profile(number)


# Removing


def test_a_profile_is_removed_by_its_number_alone() -> None:
    """Certification case 067: only the id."""
    world = ChargingWorld()
    number = world.a_kept()
    assignment = world.installs(number)
    world.does("RemoveChargingProfile", {"assignment": assignment})
    assert world.answers({"status": "Accepted"}) == {"id": number}
    assert world.states() == [(number, S.REMOVED)]


def test_a_station_that_does_not_know_the_profile_does_not_have_it() -> None:
    world = ChargingWorld()
    world.does("RemoveChargingProfile", {"assignment": world.installs(world.a_kept())})
    world.answers({"status": "Unknown"})
    [assignment] = world.history()
    assert assignment.state is S.REMOVED
    assert "does not have it" in str(assignment.reason)


def test_only_what_may_be_there_is_removed() -> None:
    world = ChargingWorld()
    with refused(Kind.NOT_FOUND, about="no assignment 1"):
        world.does("RemoveChargingProfile", {"assignment": 1})
    refused_one = world.installs(world.a_kept(), status="Rejected")
    with refused(Kind.CONFLICT, about="refused"):
        world.does("RemoveChargingProfile", {"assignment": refused_one})
    world.does("AssignChargingProfile", {"chargingProfile": world.a_kept(), "connectorId": 1})
    with refused(Kind.CONFLICT, about="cancel errand"):
        world.does("RemoveChargingProfile", {"assignment": refused_one + 1})
    world.station = world.a_station("CP-2")
    with refused(Kind.NOT_FOUND, about="CP-2 has no assignment"):
        world.does("RemoveChargingProfile", {"assignment": refused_one})


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({}, []),
        ({"chargingProfilePurpose": "TxDefaultProfile"}, [0]),
        ({"chargingProfilePurpose": "TxDefaultProfile", "connectorId": 1, "stackLevel": 1}, [0, 2, 3]),
        ({"connectorId": 0}, [1, 2, 3]),
        ({"stackLevel": 7}, [0, 1, 2, 3]),
        ({"id": 1, "connectorId": -5, "stackLevel": 7}, [1, 2, 3]),
    ],
)
@pytest.mark.parametrize("status", ["Accepted", "Unknown"])
def test_clearing_by_hand_ends_all_that_match_every_given_field(
    asked: dict[str, Json], left: list[int], status: str
) -> None:
    """OCPP 1.6 §5.5."""
    world = ChargingWorld()
    for profile, connector_id in [
        (a_profile(MAX), 0),
        (a_profile(level=1), 1),
        (a_profile(level=2), 1),
        (a_profile(level=1), 2),
    ]:
        world.installs(world.a_kept(profile), connector_id)
    world.does("ClearChargingProfile", asked)
    world.answers({"status": status})
    assert [index for index, (_, state) in enumerate(world.states()) if state is S.INSTALLED] == left


# The library knows where its profiles are


def test_a_profile_that_may_be_on_a_station_stays_in_the_library() -> None:
    world = ChargingWorld()
    number = world.a_kept()
    world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 1})
    with refused(Kind.CONFLICT, about="CP-1 (connector 1)"):
        world.charging.remove_profile(number)
    world.fails(TIMEOUT)
    with refused(Kind.CONFLICT, about="CP-1 (connector 1)"):
        world.charging.remove_profile(number)
    [there] = world.charging.where(number)
    world.does("RemoveChargingProfile", {"assignment": there.number})
    world.answers({"status": "Unknown"})
    world.charging.remove_profile(number)
    assert world.history()[0].is_outdated


def test_stations_have_the_older_version_until_it_is_given_again() -> None:
    world = ChargingWorld()
    number = world.a_kept()
    world.installs(number)
    world.charging.change_profile(number, a_draft(name="only the name"))
    assert [one.is_outdated for one in world.charging.where(number)] == [False]
    world.charging.change_profile(number, a_draft(a_profile(schedule=a_schedule((0, 8.0)))))
    [there] = world.charging.where(number)
    assert (there.is_outdated, there.profile.schedule.periods[0].limit) == (True, 16.0)
    world.installs(number)
    assert [(one.is_outdated, one.state) for one in world.charging.where(number)] == [(False, S.INSTALLED)]


def test_a_removed_station_keeps_no_profile_in_the_library() -> None:
    world = ChargingWorld()
    number = world.a_kept()
    world.installs(number)
    world.services.provisioning.remove("CP-1")
    assert world.charging.where(number) == []
    world.charging.remove_profile(number)
