"""Upgrades of the security profile, on every path (security whitepaper A05)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.admission.model import Entry, SecurityProfile, UpgradeState
from forecourt.domain.errands.model import Delivery, ErrandFilter, ErrandNumber, ErrandState
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.security_log.model import Kind as Noted
from tests.domain.admission.gate import (
    ACCEPTED,
    BASIC,
    NOT_SUPPORTED,
    REBOOT_REQUIRED,
    REJECTED,
    TLS_BASIC,
    TLS_CERTIFICATE,
    Gate,
)
from tests.domain.world import ALL, refused

SECRET = b"0123456789abcdef"


@pytest.fixture
def gate() -> Gate:
    """A station of profile 1 with its password."""
    gate = Gate()
    gate.has_password(SECRET)
    gate.services.admissions.set_profile(gate.station, BASIC, may_lower=False, asked_by="admin")
    return gate


def asks_for(gate: Gate, profile: int, **more: object) -> ErrandNumber:
    return gate.asks("UpgradeSecurityProfile", profile=profile, despitePreconditions=True, **more).number


def asked_for(gate: Gate, profile: int, **more: object) -> None:
    """The station was sent a higher profile."""
    asks_for(gate, profile, **more)
    assert gate.sends() == ("ChangeConfiguration", {"key": "SecurityProfile", "value": str(profile)})


def state(gate: Gate) -> UpgradeState | None:
    return None if gate.access.upgrade is None else gate.access.upgrade.state


# The window


def test_until_it_has_connected_with_it_both_profiles_are_accepted(gate: Gate) -> None:
    """A05.FR.08: the station may fall back."""
    asked_for(gate, 2)
    assert state(gate) is UpgradeState.OFFERED
    gate.answers(**ACCEPTED)
    assert state(gate) is UpgradeState.ACCEPTED
    assert gate.profiles() == (TLS_BASIC, BASIC)
    assert gate.connects(SECRET, BASIC)
    assert gate.profiles() == (TLS_BASIC, BASIC), "falling back ends nothing"


def test_its_first_connection_with_the_new_one_ends_that_for_good(gate: Gate) -> None:
    """A05.FR.09."""
    asked_for(gate, 2)
    gate.answers(**ACCEPTED)
    assert gate.connects(SECRET, TLS_BASIC)
    assert gate.profiles() == (TLS_BASIC,)
    assert not gate.connects(SECRET, BASIC)
    assert gate.kinds[-3:] == [Noted.PROFILE_OFFERED, Noted.PROFILE_ACCEPTED, Noted.PROFILE_UPGRADED]
    assert gate.changes.stations[-1] == "CP-1", "another link with the lower profile is closed"


def test_a_profile_may_be_skipped(gate: Gate) -> None:
    asked_for(gate, 3)
    gate.answers(**ACCEPTED)
    assert gate.profiles() == (TLS_CERTIFICATE, BASIC)
    assert not gate.connects(SECRET, TLS_BASIC), "the one between was never agreed"
    assert gate.connects(profile=TLS_CERTIFICATE)
    assert gate.profiles() == (TLS_CERTIFICATE,)


@pytest.mark.parametrize("answer", [ACCEPTED, REJECTED, NOT_SUPPORTED])
def test_it_may_connect_before_its_answer_was_read(gate: Gate, answer: dict[str, str]) -> None:
    asked_for(gate, 2)
    assert gate.connects(SECRET, TLS_BASIC)
    gate.answers(**answer)
    assert gate.profiles() == (TLS_BASIC,)


# Refused, not carried


@pytest.mark.parametrize("answer", [REJECTED, NOT_SUPPORTED])
def test_refused_only_the_present_profile_is_accepted(gate: Gate, answer: dict[str, str]) -> None:
    asked_for(gate, 2)
    gate.answers(**answer)
    assert gate.profiles() == (BASIC,)
    assert gate.last_kind() is Noted.PROFILE_REFUSED
    assert answer["status"] in gate.notes[-1].reason


@pytest.mark.parametrize("code", ["NotImplemented", "SecurityError", "PropertyConstraintViolation"])
def test_an_error_about_the_message_is_a_refusal(gate: Gate, code: str) -> None:
    asked_for(gate, 2)
    gate.answers_with_error(code)
    assert gate.profiles() == (BASIC,)
    assert gate.last_kind() is Noted.PROFILE_REFUSED


@pytest.mark.parametrize("code", ["InternalError", "GenericError", "SomethingElse"])
def test_after_any_other_error_the_station_may_have_taken_it(gate: Gate, code: str) -> None:
    asked_for(gate, 2)
    gate.answers_with_error(code)
    assert state(gate) is UpgradeState.DOUBTFUL
    assert gate.connects(SECRET, TLS_BASIC)


@pytest.mark.parametrize("answer", [ACCEPTED, REBOOT_REQUIRED])
def test_what_it_took_after_the_upgrade_was_given_up_does_not_lock_it_out(gate: Gate, answer: dict[str, str]) -> None:
    asked_for(gate, 2)
    gate.never_answers()
    gate.services.profile_upgrades.give_up(gate.station, "ada")
    assert gate.profiles() == (BASIC,)
    gate.answers_late(**answer)
    assert gate.profiles() == (TLS_BASIC, BASIC)
    assert state(gate) is UpgradeState.ACCEPTED
    assert gate.last_kind() is Noted.PROFILE_ACCEPTED
    assert gate.connects(SECRET, TLS_BASIC)
    assert gate.profiles() == (TLS_BASIC,)


def test_what_it_took_once_does_not_end_with_a_refusal_of_the_next(gate: Gate) -> None:
    asked_for(gate, 2)
    first = gate.carrying.sent
    gate.never_answers()
    gate.services.profile_upgrades.give_up(gate.station, "ada")
    asked_for(gate, 2)
    second = gate.carrying.sent
    gate.never_answers()
    gate.carrying.hears_late(first, **ACCEPTED)
    assert state(gate) is UpgradeState.ACCEPTED
    gate.carrying.hears_late(second, **REJECTED)
    assert gate.profiles() == (TLS_BASIC, BASIC), "it has it already (A05.FR.01)"


def test_of_two_that_it_took_the_later_one_counts(gate: Gate) -> None:
    asked_for(gate, 2)
    first = gate.carrying.sent
    gate.never_answers()
    gate.services.profile_upgrades.give_up(gate.station, "ada")
    asked_for(gate, 3)
    gate.answers(**ACCEPTED)
    gate.carrying.hears_late(first, **ACCEPTED)
    assert gate.profiles() == (TLS_CERTIFICATE, BASIC)


def test_off_line_it_fails_at_once(gate: Gate) -> None:
    gate.carrying.leaves()
    gate.delivery = Delivery.NOW
    errand = gate.asks("UpgradeSecurityProfile", profile=2, despitePreconditions=True)
    assert errand.state is ErrandState.FAILED
    assert gate.profiles() == (BASIC,)


def test_cancelled_it_is_over(gate: Gate) -> None:
    number = asks_for(gate, 2)
    assert gate.profiles() == (TLS_BASIC, BASIC)
    gate.services.errands.cancel(number)
    assert gate.profiles() == (BASIC,)
    assert "was not asked" in gate.notes[-1].reason, "it refused nothing"


def test_expired_it_is_over(gate: Gate) -> None:
    asks_for(gate, 2)
    gate.carrying.leaves()
    gate.clock.advance(timedelta(days=2))
    gate.services.errands.settle()
    assert gate.profiles() == (BASIC,)


# RebootRequired, lost and late answers


def test_reboot_required_is_an_acceptance(gate: Gate) -> None:
    asked_for(gate, 2)
    gate.answers(**REBOOT_REQUIRED)
    assert state(gate) is UpgradeState.ACCEPTED
    assert "next start" in gate.notes[-1].reason


def test_lost_answer_both_are_accepted_until_one_decides(gate: Gate) -> None:
    asked_for(gate, 2)
    gate.carrying.breaks_off()
    assert state(gate) is UpgradeState.DOUBTFUL
    assert gate.last_kind() is Noted.PROFILE_DOUBTFUL
    assert gate.connects(SECRET, BASIC)
    assert gate.connects(SECRET, TLS_BASIC)
    assert gate.profiles() == (TLS_BASIC,)


def test_late_answers_decide(gate: Gate) -> None:
    asked_for(gate, 2)
    gate.never_answers()
    gate.answers_late(**ACCEPTED)
    assert state(gate) is UpgradeState.ACCEPTED
    gate.services.profile_upgrades.give_up(gate.station, "ada")
    asked_for(gate, 2)
    gate.never_answers()
    gate.answers_late(**REJECTED)
    assert gate.profiles() == (BASIC,)


@pytest.mark.parametrize("answer", [ACCEPTED, REJECTED])
def test_a_late_answer_after_the_first_connection_changes_nothing(gate: Gate, answer: dict[str, str]) -> None:
    asked_for(gate, 2)
    gate.never_answers()
    assert gate.connects(SECRET, TLS_BASIC)
    gate.answers_late(**answer)
    assert gate.profiles() == (TLS_BASIC,)


# Several


def test_another_upgrade_while_one_is_under_way_is_refused(gate: Gate) -> None:
    number = asks_for(gate, 2)
    for profile in (2, 3):
        with refused(Kind.CONFLICT, field="profile", about=f"errand {number}"):
            asks_for(gate, profile)
    gate.sends()
    gate.answers(**ACCEPTED)
    with refused(Kind.CONFLICT, field="profile", about="give the upgrade up"):
        asks_for(gate, 3)


def test_the_same_may_be_asked_again_after_a_fall_back_and_a_refusal_ends_nothing(gate: Gate) -> None:
    """A station that has the profile already refuses to take it (A05.FR.01), and may come with it any time."""
    asked_for(gate, 2)
    gate.answers(**ACCEPTED)
    assert gate.connects(SECRET, BASIC)
    asked_for(gate, 2)
    gate.answers(**REJECTED)
    assert gate.profiles() == (TLS_BASIC, BASIC)
    assert state(gate) is UpgradeState.DOUBTFUL
    assert gate.connects(SECRET, TLS_BASIC)
    assert gate.profiles() == (TLS_BASIC,)


def test_a_profile_that_is_not_higher_is_no_upgrade(gate: Gate) -> None:
    with refused(Kind.CONFLICT, field="profile", about="higher"):
        asks_for(gate, 1)


def test_an_offer_whose_end_came_to_nothing_here_is_in_nobodys_way(gate: Gate) -> None:
    asked_for(gate, 2)
    gate.carrying.records('{"status":"Accepted"}', None)
    assert state(gate) is UpgradeState.OFFERED
    asked_for(gate, 2)
    assert gate.profiles() == (TLS_BASIC, BASIC)


# Given up


def test_given_up_only_the_present_profile_is_accepted(gate: Gate) -> None:
    asked_for(gate, 2)
    gate.answers(**ACCEPTED)
    gate.services.profile_upgrades.give_up(gate.station, "ada")
    assert gate.profiles() == (BASIC,)
    assert not gate.connects(SECRET, TLS_BASIC)
    assert (gate.last_kind(), gate.notes[-1].asked_by) == (Noted.PROFILE_SET, "ada")


def test_given_up_before_it_was_sent_it_is_not_sent(gate: Gate) -> None:
    asks_for(gate, 2)
    gate.services.profile_upgrades.give_up(gate.station, "ada")
    assert gate.profiles() == (BASIC,)
    assert not gate.has_something_to_send
    assert gate.kinds[-2:] == [Noted.PROFILE_OFFERED, Noted.PROFILE_SET], "one note says it"


def test_while_its_answer_is_awaited_it_is_not_given_up(gate: Gate) -> None:
    asked_for(gate, 2)
    with refused(Kind.CONFLICT, about="sent already"):
        gate.services.profile_upgrades.give_up(gate.station, "ada")
    assert gate.profiles() == (TLS_BASIC, BASIC)


def test_what_is_not_under_way_cannot_be_given_up(gate: Gate) -> None:
    with refused(Kind.CONFLICT, about="No upgrade"):
        gate.services.profile_upgrades.give_up(gate.station, "ada")


def test_set_by_hand_it_is_over(gate: Gate) -> None:
    asks_for(gate, 3)
    gate.services.admissions.set_profile(gate.station, TLS_BASIC, may_lower=False, asked_by="ada")
    assert gate.profiles() == (TLS_BASIC,)
    assert not gate.has_something_to_send
    assert gate.last_kind() is Noted.PROFILE_SET


# Before it was sent


def test_a_connection_with_the_new_profile_before_it_was_asked_for_ends_nothing(gate: Gate) -> None:
    """It could connect so all the time: it may have the lower one as well, and what it is sent is still to come."""
    asks_for(gate, 2)
    assert gate.connects(SECRET, TLS_BASIC)
    assert gate.profiles() == (TLS_BASIC, BASIC)
    assert gate.connects(SECRET, BASIC)
    gate.sends()
    gate.answers(**REJECTED)
    assert gate.profiles() == (TLS_BASIC, BASIC), "it has it already, and refuses it therefore (A05.FR.01)"
    assert gate.connects(SECRET, TLS_BASIC)
    assert gate.profiles() == (TLS_BASIC,)


# The restart that follows


def restarts(gate: Gate) -> int:
    return len(gate.services.errands.list(ErrandFilter(operation="Reset"), ALL).items)


def test_a_restart_follows_the_acceptance(gate: Gate) -> None:
    """OCTT TC_083."""
    asked_for(gate, 2, reset=True)
    assert restarts(gate) == 0
    gate.answers(**ACCEPTED)
    assert gate.sends() == ("Reset", {"type": "Hard"})
    gate.answers(**ACCEPTED)
    assert restarts(gate) == 1


@pytest.mark.parametrize("answer", [REJECTED, NOT_SUPPORTED])
def test_no_restart_follows_a_refusal(gate: Gate, answer: dict[str, str]) -> None:
    asked_for(gate, 2, reset=True)
    gate.answers(**answer)
    assert restarts(gate) == 0


def test_no_restart_follows_unless_it_was_asked_for(gate: Gate) -> None:
    asked_for(gate, 2)
    gate.answers(**ACCEPTED)
    assert restarts(gate) == 0


def test_a_restart_does_not_come_out_of_the_blue(gate: Gate) -> None:
    asked_for(gate, 2, reset=True)
    gate.carrying.leaves()
    gate.answers(**ACCEPTED)
    gate.clock.advance(timedelta(minutes=6))
    gate.services.errands.settle()
    gate.carrying.comes()
    assert not gate.has_something_to_send


# What the door finds changed


def test_what_was_changed_since_the_decision_admits_nobody(gate: Gate) -> None:
    decided = Entry(profile=TLS_BASIC, is_tls=True)
    with pytest.raises(DomainError) as caught:
        gate.services.admissions.admitted(gate.station, decided)
    assert caught.value.kind is Kind.REFUSED
    assert gate.access.profile is SecurityProfile.BASIC
