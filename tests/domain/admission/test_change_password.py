"""Passwords that are changed over OCPP, on every path (security whitepaper A01)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.admission.model import KeyForm, PasswordState
from forecourt.domain.errands.model import BatchNumber, Delivery, ErrandState, Failure, Order
from forecourt.domain.errors import Kind
from forecourt.domain.security_log.model import Kind as Noted
from tests.domain.admission.gate import ACCEPTED, NOT_SUPPORTED, REBOOT_REQUIRED, REJECTED, Gate
from tests.domain.world import refused

CURRENT, OFFERED, DOUBTFUL, AWAITS_RESTART, FORMER = (
    PasswordState.CURRENT,
    PasswordState.OFFERED,
    PasswordState.DOUBTFUL,
    PasswordState.AWAITS_RESTART,
    PasswordState.FORMER,
)
PROVE_NOTHING_DONE = (
    *("NotImplemented", "NotSupported", "FormationViolation", "PropertyConstraintViolation"),
    *("OccurenceConstraintViolation", "TypeConstraintViolation", "SecurityError", "ProtocolError"),
)
KEY = "303132333435363738394142434445464748494A"
SECRET = b"0123456789ABCDEFGHIJ"


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def old(gate: Gate) -> bytes:
    return gate.has_password()


# Accepted


def test_accepted_the_new_password_counts_and_the_old_one_no_more(gate: Gate, old: bytes) -> None:
    """A01.FR.03."""
    new = gate.changes_password()
    assert gate.opens(old), "nothing is known yet"
    gate.answers(**ACCEPTED)
    assert gate.states == [FORMER, CURRENT]
    assert gate.opens(new)
    assert not gate.opens(old)
    assert gate.kinds[-2:] == [Noted.PASSWORD_OFFERED, Noted.PASSWORD_CHANGED]


def test_the_old_password_is_recognised_for_a_while(gate: Gate) -> None:
    """So that a station that accepted the new one and uses the old is told from a stranger."""
    for number in range(6):
        gate.has_password(b"password number %d" % number)
    assert gate.states == [FORMER, FORMER, FORMER, CURRENT]
    assert [one.number for one in gate.access.passwords] == [3, 4, 5, 6]


def test_a_station_without_a_password_gets_its_first(gate: Gate) -> None:
    """Also at profile 0, as preparation."""
    new = gate.changes_password()
    gate.answers(**ACCEPTED)
    assert gate.states == [CURRENT]
    assert gate.opens(new)


# Rejected, NotSupported, CALLERROR, not carried


@pytest.mark.parametrize("answer", [REJECTED, NOT_SUPPORTED])
def test_refused_the_old_password_stays_and_the_new_one_goes(gate: Gate, old: bytes, answer: dict[str, str]) -> None:
    """A01.FR.04."""
    new = gate.changes_password()
    gate.answers(**answer)
    assert gate.states == [CURRENT]
    assert gate.opens(old)
    assert not gate.opens(new)
    assert gate.last_kind() is Noted.PASSWORD_REFUSED
    assert answer["status"] in gate.notes[-1].reason


def test_answered_with_an_error_the_old_password_stays(gate: Gate, old: bytes) -> None:
    new = gate.changes_password()
    errand = gate.carrying.claim.number
    gate.answers_with_error("NotImplemented")
    assert gate.states == [CURRENT, FORMER]
    assert gate.opens(old)
    assert not gate.opens(new)
    assert gate.last_kind() is Noted.PASSWORD_REFUSED
    assert f"errand {errand}" in gate.notes[-1].reason
    assert "NotImplemented" not in gate.notes[-1].reason, "what a station says may hold what it was told"


@pytest.mark.parametrize("code", ["GenericError", "InternalError", "", "SomethingElse"])
def test_an_error_that_does_not_prove_that_nothing_was_done_leaves_it_in_doubt(
    gate: Gate, old: bytes, code: str
) -> None:
    """The station may have taken it, and failed afterwards."""
    new = gate.changes_password()
    gate.answers_with_error(code)
    assert gate.states == [CURRENT, DOUBTFUL]
    assert gate.opens(old)
    assert gate.connects(new)
    assert gate.states == [FORMER, CURRENT]


@pytest.mark.parametrize("code", PROVE_NOTHING_DONE)
def test_an_error_about_the_message_proves_that_nothing_was_done(gate: Gate, old: bytes, code: str) -> None:
    gate.changes_password()
    gate.answers_with_error(code)
    assert gate.states == [CURRENT, FORMER]


def test_a_password_that_the_station_has_is_no_new_one(gate: Gate) -> None:
    """Where that is known at once: of one that was made here. It would be in doubt for ever if its answer was lost."""
    key = gate.sets(None).key
    assert key is not None
    with refused(Kind.CONFLICT, about="already"):
        gate.asks("ChangePassword", password=key.text)
    with refused(Kind.CONFLICT, about="already"):
        gate.asks("ChangeConfiguration", key="AuthorizationKey", value=key.hex.lower())
    assert gate.states == [CURRENT]


def test_off_line_it_fails_at_once_and_nothing_is_kept() -> None:
    gate = Gate(is_online=False)
    old = gate.has_password()
    gate.delivery = Delivery.NOW
    assert gate.asks("ChangePassword").state is ErrandState.FAILED
    assert gate.states == [CURRENT]
    assert gate.opens(old)
    assert gate.kinds == [Noted.PASSWORD_SET]


def test_cancelled_the_old_password_stays(gate: Gate, old: bytes) -> None:
    errand = gate.asks("ChangePassword")
    assert gate.states == [CURRENT, OFFERED]
    gate.services.errands.cancel(errand.number)
    assert gate.states == [CURRENT]
    assert gate.opens(old)
    assert "was not sent" in gate.notes[-1].reason, "the station refused nothing"


def test_expired_the_old_password_stays(gate: Gate, old: bytes) -> None:
    gate.carrying.leaves()
    gate.asks("ChangePassword")
    gate.clock.advance(timedelta(days=2))
    gate.services.errands.settle()
    assert gate.states == [CURRENT]
    assert gate.opens(old)


def test_taken_off_the_register_and_registered_again_it_has_its_passwords(gate: Gate, old: bytes) -> None:
    gate.asks("ChangePassword")
    gate.services.provisioning.remove("CP-1")
    assert gate.services.admissions.find("CP-1") is None
    gate.station = gate.a_station()
    assert gate.states == [CURRENT]
    assert gate.opens(old)


# RebootRequired


def test_reboot_required_both_count_until_the_new_one_is_used(gate: Gate, old: bytes) -> None:
    new = gate.changes_password()
    gate.answers(**REBOOT_REQUIRED)
    assert gate.states == [CURRENT, AWAITS_RESTART]
    assert gate.connects(old)
    assert gate.states == [CURRENT, AWAITS_RESTART]
    assert gate.connects(new)
    assert gate.states == [FORMER, CURRENT]
    assert not gate.opens(old)


# Lost and late answers


def test_lost_answer_both_count_until_the_new_one_is_used(gate: Gate, old: bytes) -> None:
    new = gate.changes_password()
    gate.carrying.breaks_off()
    assert gate.states == [CURRENT, DOUBTFUL]
    assert gate.last_kind() is Noted.PASSWORD_DOUBTFUL
    assert gate.connects(old), "the use of the old one decides nothing"
    assert gate.states == [CURRENT, DOUBTFUL]
    assert gate.connects(new)
    assert gate.states == [FORMER, CURRENT]
    assert gate.last_kind() is Noted.PASSWORD_CHANGED


def test_late_acceptance_decides(gate: Gate, old: bytes) -> None:
    gate.changes_password()
    gate.never_answers()
    gate.answers_late(**ACCEPTED)
    assert gate.states == [FORMER, CURRENT]
    assert not gate.opens(old)


def test_late_refusal_decides(gate: Gate, old: bytes) -> None:
    gate.changes_password()
    gate.never_answers()
    gate.answers_late(**REJECTED)
    assert gate.states == [CURRENT]
    assert gate.opens(old)


@pytest.mark.parametrize("answer", [ACCEPTED, REJECTED, REBOOT_REQUIRED])
def test_late_answer_after_the_login_changes_nothing(gate: Gate, old: bytes, answer: dict[str, str]) -> None:
    new = gate.changes_password()
    gate.never_answers()
    assert gate.connects(new)
    gate.answers_late(**answer)
    assert gate.states == [FORMER, CURRENT]
    assert gate.opens(new)
    assert not gate.opens(old)


def test_late_error_decides_as_a_refusal_does(gate: Gate, old: bytes) -> None:
    gate.changes_password()
    gate.never_answers()
    failure = Failure("The station answered with the error NotSupported", "NotSupported")
    assert gate.services.errands.failed_late(gate.carrying.claim, failure, response="{}")
    assert gate.states == [CURRENT, FORMER]
    assert gate.opens(old)


@pytest.mark.parametrize("answer", [ACCEPTED, REJECTED, REBOOT_REQUIRED])
def test_login_before_the_answer_was_read_counts(gate: Gate, old: bytes, answer: dict[str, str]) -> None:
    """A station may be back within milliseconds; it could not use what it did not take."""
    new = gate.changes_password()
    assert gate.connects(new)
    assert gate.states == [FORMER, CURRENT]
    gate.answers(**answer)
    assert gate.states == [FORMER, CURRENT]
    assert gate.opens(new)
    assert not gate.opens(old)


def test_a_late_answer_does_not_undo_what_was_set_since(gate: Gate, old: bytes) -> None:
    gate.changes_password()
    gate.never_answers()
    newest = gate.has_password(b"set by hand meanwhile")
    gate.answers_late(**ACCEPTED)
    assert gate.states == [FORMER, FORMER, CURRENT]
    assert gate.opens(newest)
    assert not gate.opens(old)


# Several


def test_two_changes_at_once_are_refused(gate: Gate, old: bytes) -> None:
    errand = gate.asks("ChangePassword")
    with refused(Kind.CONFLICT, about=f"errand {errand.number}"):
        gate.asks("ChangePassword")
    with refused(Kind.CONFLICT, about=f"errand {errand.number}"):
        gate.asks("ChangeConfiguration", key="AuthorizationKey", value=KEY)
    with refused(Kind.CONFLICT, about=f"errand {errand.number}"):
        gate.has_password(b"0123456789abcdef")
    assert gate.states == [CURRENT, OFFERED]


def test_after_a_lost_answer_another_one_may_be_offered(gate: Gate, old: bytes) -> None:
    first = gate.changes_password()
    gate.never_answers()
    second = gate.changes_password()
    assert gate.states == [CURRENT, DOUBTFUL, OFFERED]
    assert all(gate.opens(one) for one in (old, first, second))
    assert gate.connects(first)
    assert gate.states == [FORMER, CURRENT, OFFERED], "the newer one is still on its way"
    gate.answers(**ACCEPTED)
    assert gate.states == [FORMER, FORMER, CURRENT]
    assert gate.opens(second)


def test_not_more_than_three_may_be_undecided(gate: Gate, old: bytes) -> None:
    for _ in range(3):
        gate.changes_password()
        gate.never_answers()
    with refused(Kind.CONFLICT, about="never used"):
        gate.asks("ChangePassword")
    assert gate.states == [CURRENT, DOUBTFUL, DOUBTFUL, DOUBTFUL]


def test_an_offer_whose_end_came_to_nothing_here_is_in_nobodys_way(gate: Gate, old: bytes) -> None:
    """The answer was recorded, and what it means was lost."""
    new = gate.changes_password()
    gate.carrying.records('{"status":"Accepted"}', None)
    assert gate.states == [CURRENT, OFFERED]
    gate.changes_password()
    assert gate.states == [CURRENT, DOUBTFUL, OFFERED]
    assert gate.opens(new)


# Which


def test_every_station_gets_a_key_of_its_own() -> None:
    """A01.FR.06: one request to many stations."""
    gate = Gate()
    stations = [gate.a_station(f"CP-{number}") for number in range(2, 40)]
    order = Order(asked_by="admin", delivery=Delivery.WHEN_ONLINE, batch=BatchNumber(1))
    for station in stations:
        gate.services.passwords.change(station, None, order)
    hashes = [gate.services.admissions.access(station).passwords[0].hashed for station in stations]
    assert len(set(hashes)) == len(stations)


def test_one_password_cannot_be_given_to_many() -> None:
    gate = Gate()
    order = Order(asked_by="admin", delivery=Delivery.WHEN_ONLINE, batch=BatchNumber(1))
    with refused(Kind.INVALID, about="A01.FR.06"):
        gate.services.passwords.change(gate.station, SECRET, order)


def test_a_generated_key_is_told_to_nobody(gate: Gate) -> None:
    errand = gate.asks("ChangePassword")
    _, payload = gate.sends()
    everything = gate.everything_stored()
    assert payload["value"] not in everything
    assert bytes.fromhex(payload["value"]).decode() not in everything
    told = gate.services.errands.get(errand.number)
    assert payload["value"] not in repr(told)
    assert "***" in (told.request or "")


@pytest.mark.parametrize("given", [{"password": SECRET.decode()}, {"authorizationKey": KEY}])
def test_a_password_may_be_given(gate: Gate, given: dict[str, str]) -> None:
    errand = gate.asks("ChangePassword", **given)
    assert gate.sends() == ("ChangeConfiguration", {"key": "AuthorizationKey", "value": KEY})
    gate.answers(**ACCEPTED)
    assert gate.opens(SECRET)
    assert gate.opens(KEY.encode())
    assert not gate.access.passwords[0].is_generated
    told = gate.services.errands.get(errand.number)
    assert SECRET.decode() not in repr(told)
    assert KEY not in repr(told)


@pytest.mark.parametrize("password", ["fifteen letters", "", "ääääääääääb"])
def test_a_password_that_stations_do_not_take_is_refused(gate: Gate, password: str) -> None:
    """A00.FR.205: 16 to 20 bytes."""
    with refused(Kind.INVALID, about="16 to 20 bytes"):
        gate.asks("ChangePassword", password=password)
    assert gate.states == []


@pytest.mark.parametrize("password", ["sixteen letters!", "éééééééé", "a:b/c?d e\tf\x01g h i"])
def test_a_password_may_hold_any_characters(gate: Gate, password: str) -> None:
    gate.asks("ChangePassword", password=password)
    _, payload = gate.sends()
    assert bytes.fromhex(payload["value"]) == password.encode()
    gate.answers(**ACCEPTED)
    assert gate.opens(password.encode())


# The form in which a station shows it


def test_the_form_that_a_station_uses_is_noted_with_its_first_use(gate: Gate) -> None:
    new = gate.changes_password()
    gate.answers(**ACCEPTED)
    assert gate.form() is None
    assert gate.connects(new.hex().encode())
    assert gate.form() is KeyForm.HEX_TEXT
    assert gate.connects(new)
    assert gate.form() is KeyForm.BYTES
