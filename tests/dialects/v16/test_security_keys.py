"""AuthorizationKey and SecurityProfile that an operator writes as configuration keys (security whitepaper A01, A05)."""

from __future__ import annotations

import pytest

from forecourt.domain.admission.model import PasswordState, SecurityProfile, UpgradeState
from forecourt.domain.errands.model import BatchNumber, Delivery, Order
from forecourt.domain.errors import Kind
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.operations.reading import read_parameters
from tests.domain.admission.gate import ACCEPTED, BASIC, NOT_SUPPORTED, REBOOT_REQUIRED, REJECTED, TLS_BASIC, Gate
from tests.domain.world import refused
from tests.support.carrying import CATALOGUE

KEY = "303132333435363738394142434445464748494a"
SECRET = b"0123456789ABCDEFGHIJ"


@pytest.fixture
def gate() -> Gate:
    gate = Gate()
    gate.has_password()
    gate.services.admissions.set_profile(gate.station, BASIC, may_lower=False, asked_by="admin")
    return gate


def writes(gate: Gate, key: str, value: str) -> None:
    """The value goes to the station exactly as it was written."""
    errand = gate.asks("ChangeConfiguration", key=key, value=value)
    assert errand.operation == "ChangeConfiguration"
    assert gate.sends() == ("ChangeConfiguration", {"key": key, "value": value})


@pytest.mark.parametrize("key", ["AuthorizationKey", "authorizationkey", "AUTHORIZATIONKEY"])
def test_a_password_that_is_written_as_a_key_counts_as_one(gate: Gate, key: str) -> None:
    writes(gate, key, KEY)
    assert gate.opens(SECRET), "it may come before its answer is read"
    gate.answers(**ACCEPTED)
    assert gate.opens(SECRET)
    assert gate.opens(KEY.upper().encode())
    assert gate.states == [PasswordState.FORMER, PasswordState.CURRENT]


@pytest.mark.parametrize("value", ["0A", "ff" * 8, "00" * 20, "Ab" * 33])
def test_any_hexadecimal_text_is_a_password_however_long(gate: Gate, value: str) -> None:
    """The limits of A00.FR.205 are for the station to keep."""
    writes(gate, "AuthorizationKey", value)
    gate.answers(**ACCEPTED)
    assert gate.opens(bytes.fromhex(value))


@pytest.mark.parametrize("value", ["hello", "abc", " 3031", "0x31", "ÄÖ", "z" * 255])
@pytest.mark.parametrize("answer", [REJECTED, NOT_SUPPORTED])
def test_what_is_no_hexadecimal_text_is_sent_and_refused(gate: Gate, value: str, answer: dict[str, str]) -> None:
    writes(gate, "AuthorizationKey", value)
    gate.answers(**answer)
    assert gate.states == [PasswordState.CURRENT]
    assert gate.last_kind() is Noted.PASSWORD_REFUSED
    assert value not in repr(gate.notes)


@pytest.mark.parametrize("value", ["hello", "abc", "0x31", "ÄÖ"])
def test_what_is_no_hexadecimal_text_and_taken_is_the_password_as_it_is(gate: Gate, value: str) -> None:
    """The station took it, and would be locked out."""
    writes(gate, "AuthorizationKey", value)
    assert gate.opens(value.encode()), "it may come before its answer is read"
    gate.answers(**ACCEPTED)
    assert gate.states == [PasswordState.FORMER, PasswordState.CURRENT]
    assert gate.opens(value.encode())


def test_what_is_no_hexadecimal_text_is_warned_of(gate: Gate) -> None:
    errand = gate.asks("ChangeConfiguration", key="AuthorizationKey", value="hello")
    assert any("hexadecimal" in warning for warning in errand.warnings)
    assert "hello" not in repr(errand)


@pytest.mark.parametrize("value", ["", "z" * 256])
@pytest.mark.parametrize("answer", [ACCEPTED, REBOOT_REQUIRED])
def test_what_can_be_no_password_and_is_taken_is_in_doubt(gate: Gate, value: str, answer: dict[str, str]) -> None:
    writes(gate, "AuthorizationKey", value)
    gate.answers(**answer)
    assert gate.states == [PasswordState.CURRENT]
    assert gate.last_kind() is Noted.PASSWORD_DOUBTFUL


def test_no_secret_of_it_is_stored(gate: Gate) -> None:
    errand = gate.asks("ChangeConfiguration", key="AuthorizationKey", value=KEY)
    assert KEY not in repr(gate.unit.all("SELECT * FROM errand")), "it is sealed while it waits"
    gate.sends()
    gate.answers(**ACCEPTED)
    told = repr(gate.services.errands.get(errand.number))
    assert SECRET.decode() not in told
    for secret in (KEY, KEY.upper()):
        assert secret not in told
        assert secret not in gate.everything_stored()


def test_one_password_is_not_written_to_many(gate: Gate) -> None:
    operation = CATALOGUE["ChangeConfiguration"]
    words = read_parameters(f'{{"key":"AuthorizationKey","value":"{KEY}"}}'.encode(), operation.params)
    order = Order(asked_by="admin", delivery=Delivery.WHEN_ONLINE, batch=BatchNumber(1))
    with refused(Kind.INVALID, about="ChangePassword"):
        operation.run(gate.services, gate.station, words, order)


@pytest.mark.parametrize(("key", "value"), [("SecurityProfile", "2"), ("securityPROFILE", " 02")])
def test_a_higher_profile_that_is_written_as_a_key_is_an_upgrade(gate: Gate, key: str, value: str) -> None:
    writes(gate, key, value)
    assert gate.profiles() == (TLS_BASIC, BASIC)
    gate.answers(**ACCEPTED)
    assert gate.access.upgrade is not None
    assert gate.access.upgrade.state is UpgradeState.ACCEPTED


def test_what_a_station_lacks_is_warned_of_and_not_refused(gate: Gate) -> None:
    errand = gate.asks("ChangeConfiguration", key="SecurityProfile", value="3")
    assert any("A05.FR.03" in warning for warning in errand.warnings)
    assert any("A05.FR.04" in warning for warning in errand.warnings)


@pytest.mark.parametrize("value", ["0", "1", "4", "-1", "high", "2.0", ""])
@pytest.mark.parametrize("answer", [ACCEPTED, REJECTED])
def test_a_profile_that_is_not_higher_is_sent_and_changes_nothing(
    gate: Gate, value: str, answer: dict[str, str]
) -> None:
    """A05.FR.01: the station refuses it. Whatever it answers, no lower one is accepted (A00.FR.005)."""
    before = gate.access
    writes(gate, "SecurityProfile", value)
    gate.answers(**answer)
    assert gate.access == before
    assert gate.access.profile is SecurityProfile.BASIC


def test_a_lower_one_that_is_taken_is_told_of(gate: Gate) -> None:
    """A station that breaks A05.FR.01 is refused from now on, and somebody has to know why."""
    errand = gate.asks("ChangeConfiguration", key="SecurityProfile", value="0")
    assert any("lower" in warning for warning in errand.warnings)
    gate.sends()
    gate.answers(**ACCEPTED)
    assert (gate.profiles(), gate.last_kind()) == ((BASIC,), Noted.PROFILE_DOUBTFUL)
    assert f"errand {errand.number}" in gate.notes[-1].reason


def test_what_was_not_higher_when_it_was_written_and_is_now_does_not_lock_the_station_out(gate: Gate) -> None:
    gate.asks("ChangeConfiguration", key="SecurityProfile", value="1")
    gate.services.admissions.set_profile(gate.station, SecurityProfile.NONE, may_lower=True, asked_by="admin")
    gate.sends()
    gate.answers(**ACCEPTED)
    assert gate.profiles() == (BASIC, SecurityProfile.NONE)
    assert gate.access.upgrade is not None
    assert gate.access.upgrade.asked_by == "admin"
    assert gate.last_kind() is Noted.PROFILE_ACCEPTED


def test_other_keys_are_sent_as_ever(gate: Gate) -> None:
    before = gate.access
    writes(gate, "HeartbeatInterval", "30")
    gate.answers(**ACCEPTED)
    assert gate.access == before
    assert gate.services.configuration.value(gate.station, "HeartbeatInterval") == "30"
