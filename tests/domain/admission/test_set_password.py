"""Passwords that operators set, keep and drop by hand."""

from __future__ import annotations

import pytest

from forecourt.domain.admission.model import PasswordNumber, PasswordState
from forecourt.domain.errors import Kind
from forecourt.domain.security_log.model import Kind as Noted
from tests.domain.admission.gate import ACCEPTED, REBOOT_REQUIRED, Gate
from tests.domain.world import refused

CURRENT, OFFERED, DOUBTFUL, AWAITS_RESTART, FORMER = (
    PasswordState.CURRENT,
    PasswordState.OFFERED,
    PasswordState.DOUBTFUL,
    PasswordState.AWAITS_RESTART,
    PasswordState.FORMER,
)


@pytest.fixture
def gate() -> Gate:
    return Gate()


def decides(gate: Gate, number: int, *, keep: bool) -> None:
    gate.services.passwords.decide(gate.station, PasswordNumber(number), keep=keep, asked_by="ada")


def test_a_password_that_is_set_counts_at_once_and_no_errand_is_written(gate: Gate) -> None:
    old = gate.has_password(b"the first password")
    new = gate.has_password(b"the second password")
    assert gate.states == [FORMER, CURRENT]
    assert gate.opens(new)
    assert not gate.opens(old)
    assert not gate.has_something_to_send
    assert gate.kinds == [Noted.PASSWORD_SET, Noted.PASSWORD_SET]
    assert gate.notes[-1].asked_by == "admin"


def test_a_generated_one_is_given_once_in_both_forms(gate: Gate) -> None:
    key = gate.sets(None).key
    assert key is not None
    assert gate.opens(key.text.encode())
    assert gate.opens(key.hex.encode())
    assert gate.access.passwords[0].is_generated
    everything = gate.everything_stored()
    assert key.text not in everything
    assert key.hex not in everything


def test_one_that_was_given_is_not_given_back(gate: Gate) -> None:
    assert gate.sets(b"0123456789abcdef").key is None


@pytest.mark.parametrize(("length", "warnings"), [(1, 1), (15, 1), (16, 0), (20, 0), (21, 1), (255, 1)])
def test_what_stations_have_is_taken_and_warned_of(gate: Gate, length: int, warnings: int) -> None:
    """A00.FR.205 advises 16 to 20 bytes, and stations are what they are."""
    given = gate.sets(b"x" * length)
    assert len(given.warnings) == warnings
    assert gate.opens(b"x" * length)


@pytest.mark.parametrize("secret", [b"", b"x" * 256])
def test_no_password_and_an_endless_one_are_refused(gate: Gate, secret: bytes) -> None:
    with refused(Kind.INVALID, about="1 to 255 bytes"):
        gate.sets(secret)


def test_what_is_in_doubt_is_over_when_one_is_set(gate: Gate) -> None:
    gate.has_password()
    gate.changes_password()
    gate.never_answers()
    gate.changes_password()
    gate.answers(**REBOOT_REQUIRED)
    assert gate.states == [CURRENT, DOUBTFUL, AWAITS_RESTART]
    gate.has_password(b"this is what it has")
    assert gate.states == [FORMER, FORMER, FORMER, CURRENT]


def test_an_operator_keeps_what_was_in_doubt(gate: Gate) -> None:
    old = gate.has_password()
    new = gate.changes_password()
    gate.never_answers()
    decides(gate, 2, keep=True)
    assert gate.states == [FORMER, CURRENT]
    assert gate.opens(new)
    assert not gate.opens(old)
    assert gate.notes[-1].asked_by == "ada"


def test_an_operator_drops_what_was_in_doubt(gate: Gate) -> None:
    old = gate.has_password()
    new = gate.changes_password()
    gate.never_answers()
    decides(gate, 2, keep=False)
    assert gate.states == [CURRENT, FORMER]
    assert gate.opens(old)
    assert not gate.opens(new)
    decides(gate, 2, keep=False)
    assert gate.states == [CURRENT], "dropped once more it is forgotten"


@pytest.mark.parametrize(
    ("answer", "states"), [(ACCEPTED, [FORMER, CURRENT]), (REBOOT_REQUIRED, [CURRENT, AWAITS_RESTART])]
)
def test_one_that_was_dropped_counts_after_all_when_the_station_took_it(
    gate: Gate, answer: dict[str, str], states: list[PasswordState]
) -> None:
    """A01.FR.03: the station would be locked out with the password that it has."""
    gate.has_password()
    new = gate.changes_password()
    gate.never_answers()
    decides(gate, 2, keep=False)
    gate.answers_late(**answer)
    assert gate.states == states
    assert gate.opens(new)
    assert not gate.access.passwords[1].is_withdrawn


def test_one_that_was_forgotten_and_taken_is_told_of(gate: Gate) -> None:
    gate.has_password()
    gate.changes_password()
    gate.never_answers()
    for _ in range(2):
        decides(gate, 2, keep=False)
    gate.answers_late(**ACCEPTED)
    assert gate.states == [CURRENT]
    assert gate.last_kind() is Noted.PASSWORD_DOUBTFUL, "the station has a password now that is on record nowhere"


def test_what_an_operator_replaced_is_withdrawn_and_the_link_looked_at_again(gate: Gate) -> None:
    gate.has_password(b"the first password")
    gate.has_password(b"the second password")
    assert [one.is_withdrawn for one in gate.access.passwords] == [True, False]
    assert gate.changes.stations == ["CP-1", "CP-1"]
    decides(gate, 1, keep=True)
    assert [one.is_withdrawn for one in gate.access.passwords] == [False, True]
    assert len(gate.changes.stations) == 3
    gate.changes_password()
    gate.never_answers()
    decides(gate, 3, keep=False)
    assert [one.is_withdrawn for one in gate.access.passwords] == [False, True, True]
    assert len(gate.changes.stations) == 4


def test_what_the_station_itself_replaced_is_not_withdrawn(gate: Gate) -> None:
    """A01: it leaves by itself, and comes back with the new one."""
    gate.has_password()
    rung = len(gate.changes.stations)
    gate.changes_password()
    gate.answers(**ACCEPTED)
    assert [one.is_withdrawn for one in gate.access.passwords] == [False, False]
    assert len(gate.changes.stations) == rung


def test_no_hash_is_shown(gate: Gate) -> None:
    gate.has_password()
    password = gate.access.passwords[0]
    assert password.hashed not in repr(gate.access)
    assert "given just now" not in repr(gate.services.passwords.preparer.prepare(b"given just now"))


def test_an_operator_brings_a_former_one_back(gate: Gate) -> None:
    """For a station that accepted a new password and goes on with the old one (A01.FR.03)."""
    old = gate.has_password()
    new = gate.changes_password()
    gate.answers(**ACCEPTED)
    assert not gate.connects(old)
    decides(gate, 1, keep=True)
    assert gate.states == [CURRENT, FORMER]
    assert gate.connects(old)
    assert not gate.opens(new)


def test_one_that_is_kept_is_the_only_one(gate: Gate) -> None:
    gate.has_password()
    for _ in range(2):
        gate.changes_password()
        gate.never_answers()
    decides(gate, 2, keep=True)
    assert gate.states == [FORMER, CURRENT, FORMER]


def test_the_one_that_counts_needs_no_decision(gate: Gate) -> None:
    gate.has_password()
    with refused(Kind.CONFLICT, about="counts"):
        decides(gate, 1, keep=True)
    with refused(Kind.CONFLICT, about="Set another one"):
        decides(gate, 1, keep=False)


def test_what_is_on_its_way_is_not_decided(gate: Gate) -> None:
    gate.has_password()
    errand = gate.asks("ChangePassword")
    for keep in (True, False):
        with refused(Kind.CONFLICT, about=f"errand {errand.number}"):
            decides(gate, 2, keep=keep)
    assert gate.states == [CURRENT, OFFERED]


def test_another_stations_password_is_not_found(gate: Gate) -> None:
    other = gate.a_station("CP-2")
    number = gate.services.passwords.set(other, gate.services.passwords.preparer.prepare(None), "ada").number
    with refused(Kind.NOT_FOUND, about="CP-1"):
        decides(gate, number, keep=False)
    assert len(gate.services.admissions.access(other).passwords) == 1
