"""Which assignment an answer about charging profiles settles, also when it comes late or was never taken in."""

from __future__ import annotations

import pytest

from forecourt.domain.errands.model import Failure
from forecourt.domain.errors import Kind
from forecourt.domain.smart_charging.model import AssignmentState, Purpose
from tests.dialects.v16.outbound.charging import ChargingWorld, in_words
from tests.domain.smart_charging.profiles import DEFAULT, TX, a_profile
from tests.domain.world import a_stop, refused

S = AssignmentState
TIMEOUT = Failure("Timed out.", is_outcome_unknown=True)


@pytest.mark.parametrize(
    ("status", "state"), [("Accepted", S.INSTALLED), ("Rejected", S.REFUSED), ("NotSupported", S.REFUSED)]
)
def test_a_late_answer_settles_what_was_unknown(status: str, state: AssignmentState) -> None:
    world = ChargingWorld()
    number = world.a_kept()
    world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 1})
    world.fails(TIMEOUT)
    world.carrying.hears_late(status=status)
    assert world.states() == [(number, state)]


def test_an_answer_settles_the_assignment_of_its_own_errand() -> None:
    """The same profile is given again when nobody knows whether the station has it."""
    world = ChargingWorld()
    number = world.a_kept()
    world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 1})
    world.fails(TIMEOUT)
    world.installs(number)
    assert world.states() == [(number, S.REPLACED), (number, S.INSTALLED)]


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
@pytest.mark.parametrize("is_by_hand", [True, False])
def test_a_late_answer_says_nothing_about_what_was_sent_after_it(status: str, is_by_hand: bool) -> None:
    world = ChargingWorld()
    first, second = world.a_kept(), world.a_kept()
    if is_by_hand:
        world.does("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": in_words(a_profile(number=4711))})
    else:
        world.does("AssignChargingProfile", {"chargingProfile": first, "connectorId": 1})
    world.fails(TIMEOUT)
    late = world.carrying.sent
    world.installs(second)
    world.carrying.hears_late(late, status=status)
    assert (second, S.INSTALLED) in world.states()
    assert S.INSTALLED not in [state for number, state in world.states() if number != second]


def test_a_late_answer_to_clearing_leaves_what_was_given_after_it() -> None:
    world = ChargingWorld()
    number = world.a_kept()
    world.does("RemoveChargingProfile", {"assignment": world.installs(number)})
    world.fails(TIMEOUT)
    late = world.carrying.sent
    again = world.installs(number)
    world.carrying.hears_late(late, status="Accepted")
    [there] = world.charging.present(world.station)
    assert (there.number, there.state) == (again, S.INSTALLED)


@pytest.mark.parametrize("purpose", [DEFAULT, TX])
def test_a_profile_whose_errand_ended_unnoticed_may_be_there(purpose: Purpose) -> None:
    world = ChargingWorld()
    transaction = world.starts(world.station)
    number = world.a_kept(a_profile(purpose))
    world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 1})
    world.carrying.sends()
    world.carrying.records("{}", None)
    [there] = world.charging.present(world.station)
    assert (there.state, there.reason) == (S.UNKNOWN, "What came of its errand was not taken in.")
    with refused(Kind.CONFLICT, about="RemoveChargingProfile"):
        world.charging.remove_profile(number)
    if purpose is DEFAULT:
        world.does("RemoveChargingProfile", {"assignment": there.number})
        world.answers({"status": "Unknown"})
        assert world.states() == [(number, S.REMOVED)]
    else:
        world.services.transactions.stop(world.station, a_stop(transaction))
        assert world.states() == [(number, S.ENDED)]
        world.installs(world.a_kept())
        assert world.unit.all("SELECT state FROM profile_assignment WHERE number = ?", (there.number,)) == [("ended",)]
    world.charging.remove_profile(number)


def test_a_refusal_is_believed_when_the_transaction_ended_before_it_came() -> None:
    """OCPP 1.6 §5.16: a station refuses a profile for a transaction that is over."""
    world = ChargingWorld()
    transaction = world.starts(world.station)
    number = world.a_kept(a_profile(TX))
    world.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": 1})
    world.services.transactions.stop(world.station, a_stop(transaction))
    world.answers({"status": "Rejected"})
    assert world.states() == [(number, S.REFUSED)]
