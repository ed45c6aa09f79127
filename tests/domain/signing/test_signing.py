"""Tests of requests to authorities: asked once, told once, tried for days, and never two answers for one request."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import Level
from forecourt.domain.errors import Kind, conflict, not_found
from forecourt.domain.signing.model import (
    LEASE,
    LONGEST_TRY,
    SILENCE,
    Ended,
    Issued,
    IssuedFilter,
    SigningFilter,
    SigningNumber,
    SigningState,
    Use,
    Waiting,
)
from forecourt.domain.signing.service import FIRST_WAIT, LONGEST_WAIT, MAX_TROUBLES
from forecourt.domain.trust.model import Purpose
from tests.domain.signing.desk import CITY, HOUR, NO_ROUTE, SECOND, STRANGERS, Desk
from tests.domain.world import ALL, refused
from tests.support.authority import Authority
from tests.support.signings import a_wanted, answer, for_server


@pytest.fixture
def desk() -> Desk:
    return Desk()


CA = Authority.root().sub()


def test_what_is_asked_is_claimed_as_it_was_asked_for_and_rung_for(desk: Desk) -> None:
    wanted = for_server("csms.example.com", "other.example.com")
    number = desk.asks(wanted)
    assert "signing" in desk.unit.rings
    (assignment,) = desk.claims()
    assert (assignment.number, assignment.wanted, assignment.progress) == (number, wanted, None)


def test_what_is_issued_is_told_and_kept_in_the_register(desk: Desk) -> None:
    wanted = a_wanted("CP-1")
    number = desk.asks(wanted)
    desk.claims()
    chain = answer(CA, wanted)
    assert desk.desk.ended(number, "a", Issued(chain))
    assert desk.told == [(number, "CP-1", Issued(chain))]
    assert desk.state(number) is SigningState.ISSUED
    (kept,) = desk.desk.issued_of("CP-1")
    assert (kept.chain, kept.number, kept.authority) == (chain, number, CITY)
    assert desk.desk.find_issued(chain[0].issuer_hash, chain[0].serial) == kept
    assert desk.desk.get(number).fingerprint == chain[0].fingerprint


def test_a_request_is_claimed_by_one_node_until_its_lease_is_over(desk: Desk) -> None:
    number = desk.asks()
    assert desk.claims("a")
    assert desk.claims("b") == []
    desk.later(LEASE + SECOND)
    assert [one.number for one in desk.claims("b")] == [number]
    assert not desk.desk.ended(number, "a", Issued(answer(CA, a_wanted())))
    assert desk.told == []
    assert desk.desk.issued_of("CP-1") == []


def test_a_node_that_begins_again_takes_on_what_it_was_at(desk: Desk) -> None:
    number = desk.asks()
    desk.claims("a")
    assert desk.claims("a") == []
    assert desk.desk.release("b") == 0
    assert desk.desk.release("a") == 1
    assert [one.number for one in desk.claims("a")] == [number]


def test_progress_is_there_when_it_goes_on(desk: Desk) -> None:
    number = desk.asks()
    desk.claims()
    assert desk.desk.ended(number, "a", Waiting("https://ca/order/1", 30, "It looks."))
    assert desk.claims() == []
    shown = desk.desk.get(number)
    assert (shown.reason, shown.again_at) == ("It looks.", desk.clock.now() + timedelta(seconds=30))
    desk.later(timedelta(seconds=30))
    (again,) = desk.claims("b")
    assert again.progress == "https://ca/order/1"
    assert desk.told == []


def test_an_authority_cannot_make_it_wait_for_longer_than_an_hour_or_ask_without_a_pause(desk: Desk) -> None:
    number = desk.asks()
    desk.claims()
    desk.desk.ended(number, "a", Waiting(None, 1e9, "Later."))
    assert desk.desk.get(number).again_at == desk.clock.now() + LONGEST_WAIT
    desk.later(LONGEST_WAIT)
    desk.claims()
    desk.desk.ended(number, "a", Waiting(None, -5, "Now."))
    assert desk.claims() == []


def test_one_that_waits_for_ever_is_given_up_after_days(desk: Desk) -> None:
    """As after an EST server that answers 202 for ever (RFC 7030 §4.2.3)."""
    number = desk.asks()
    while desk.state(number) is SigningState.WAITING:
        assert desk.clock.now() - desk.desk.get(number).asked_at <= LONGEST_TRY + LONGEST_WAIT
        desk.claims()
        desk.desk.ended(number, "a", Waiting(None, 3600, "It needs time."))
        desk.later(LONGEST_WAIT)
    (told,) = desk.told
    assert isinstance(told.outcome, Ended)
    assert told.outcome.state is SigningState.GIVEN_UP
    assert "3 days" in told.outcome.reason
    assert "It needs time." in told.outcome.reason


def test_what_is_out_of_reach_is_tried_again_after_longer_and_longer_waits(desk: Desk) -> None:
    number = desk.asks()
    waits = []
    for _ in range(12):
        desk.claims()
        assert desk.desk.unavailable(number, "a", NO_ROUTE)
        again_at = desk.desk.get(number).again_at
        assert again_at is not None
        waits.append(again_at - desk.clock.now())
        desk.later(waits[-1])
    assert waits[:3] == [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4]
    assert waits[-1] == LONGEST_WAIT


def test_an_operator_is_told_of_a_silent_authority_after_a_while_and_no_more_once_it_signs(desk: Desk) -> None:
    wanted = a_wanted()
    number = desk.asks(wanted)
    desk.claims()
    desk.desk.unavailable(number, "a", NO_ROUTE)
    assert desk.alarms() == []
    desk.later(SILENCE)
    desk.claims()
    desk.desk.unavailable(number, "a", NO_ROUTE)
    assert desk.alarms() == [(CITY, Level.CRITICAL)]
    desk.later(timedelta(hours=1))
    desk.claims()
    desk.desk.ended(number, "a", Issued(answer(CA, wanted)))
    assert desk.alarms() == []


def test_an_operator_is_told_at_once_of_what_will_not_pass_by_itself(desk: Desk) -> None:
    number = desk.asks()
    desk.claims()
    desk.desk.unavailable(number, "a", STRANGERS)
    assert desk.alarms() == [(CITY, Level.CRITICAL)]
    assert desk.state(number) is SigningState.WAITING


def test_what_was_never_tried_is_given_up_after_days_too(desk: Desk) -> None:
    number = desk.asks()
    desk.later(LONGEST_TRY)
    assert desk.desk.is_due()
    desk.desk.settle()
    assert desk.state(number) is SigningState.GIVEN_UP
    assert not desk.desk.is_due()
    assert len(desk.told) == 1


def test_what_a_node_is_at_is_not_given_up_behind_its_back(desk: Desk) -> None:
    desk.asks()
    desk.later(LONGEST_TRY - SECOND)
    desk.claims()
    desk.later(SECOND * 2)
    assert not desk.desk.is_due()


def test_a_refusal_is_told_with_its_reason_and_says_nothing_of_the_authority(desk: Desk) -> None:
    number = desk.asks()
    desk.claims()
    assert desk.desk.refused(number, "a", "The name is not allowed.")
    assert desk.told == [(number, "CP-1", Ended(SigningState.REFUSED, "The name is not allowed."))]
    assert desk.alarms() == []
    assert not desk.desk.refused(number, "a", "Once more.")
    assert len(desk.told) == 1


def test_the_same_serial_number_twice_is_refused(desk: Desk) -> None:
    """RFC 5280 §4.1.2.2: with the issuer's name it names one certificate."""
    first, second = a_wanted("CP-1"), a_wanted("CP-2")
    numbers = [desk.asks(first), desk.asks(second)]
    desk.claims()
    desk.desk.ended(numbers[0], "a", Issued(answer(CA, first, serial=77)))
    assert desk.desk.ended(numbers[1], "a", Issued(answer(CA, second, serial=77)))
    assert desk.state(numbers[1]) is SigningState.REFUSED
    assert "serial number 4D" in (desk.desk.get(numbers[1]).reason or "")
    assert desk.desk.issued_of("CP-2") == []


def test_what_was_cancelled_is_not_issued(desk: Desk) -> None:
    wanted = a_wanted()
    number = desk.asks(wanted)
    desk.claims()
    assert desk.desk.cancel(number, "Another request took its place.").state is SigningState.CANCELLED
    assert desk.told == [(number, "CP-1", Ended(SigningState.CANCELLED, "Another request took its place."))]
    assert not desk.desk.ended(number, "a", Issued(answer(CA, wanted)))
    assert desk.desk.issued_list(IssuedFilter(), ALL).items == []
    with refused(Kind.CONFLICT, about="cancelled"):
        desk.desk.cancel(number)
    with refused(Kind.NOT_FOUND):
        desk.desk.cancel(SigningNumber(99))


def test_an_operator_may_have_it_tried_at_once(desk: Desk) -> None:
    number = desk.asks()
    desk.claims()
    desk.desk.unavailable(number, "a", NO_ROUTE)
    assert desk.claims() == []
    desk.desk.retry(number)
    assert [one.number for one in desk.claims()] == [number]
    desk.desk.refused(number, "a", "No.")
    with refused(Kind.CONFLICT, about="refused"):
        desk.desk.retry(number)


def test_a_room_that_knows_nothing_of_it_keeps_nothing_from_ending(desk: Desk) -> None:
    desk.trouble = not_found("Unknown.")
    number = desk.asks()
    desk.claims()
    assert desk.desk.refused(number, "a", "No.")
    assert desk.state(number) is SigningState.REFUSED


@pytest.mark.parametrize("trouble", [RuntimeError("a mistake"), conflict("It was half done.")])
def test_a_room_that_fails_when_it_is_told_is_not_told_in_the_end(desk: Desk, trouble: Exception) -> None:
    wanted = a_wanted()
    number = desk.asks(wanted)
    desk.claims()
    desk.trouble = trouble
    for _ in range(MAX_TROUBLES):
        desk.unit.connection.execute("SAVEPOINT work")
        with pytest.raises(type(trouble)):
            desk.desk.ended(number, "a", Issued(answer(CA, wanted)))
        desk.unit.connection.execute("ROLLBACK TO SAVEPOINT work")
        desk.unit.connection.execute("RELEASE SAVEPOINT work")
    assert desk.state(number) is SigningState.WAITING
    assert desk.desk.ended(number, "a", Issued(answer(CA, wanted)))
    assert desk.state(number) is SigningState.ISSUED


def test_requests_are_found_by_what_they_are(desk: Desk) -> None:
    first = desk.asks(a_wanted("CP-1"))
    second = desk.asks(for_server())
    desk.claims()
    desk.desk.refused(first, "a", "No.")

    def found(wanted: SigningFilter) -> list[int]:
        return [one.number for one in desk.desk.list(wanted, ALL).items]

    assert found(SigningFilter()) == [second, first]
    assert found(SigningFilter(states=frozenset({SigningState.REFUSED}))) == [first]
    assert found(SigningFilter(use=Use.SERVER)) == [second]
    assert found(SigningFilter(owner="CP-1")) == [first]
    assert found(SigningFilter(authority="nobody")) == []
    assert found(SigningFilter(since=desk.clock.now() + SECOND)) == []
    assert found(SigningFilter(until=desk.clock.now())) == []
    assert desk.desk.counts(CITY) == {SigningState.REFUSED: 1, SigningState.WAITING: 1}


def test_the_register_says_what_was_revoked(desk: Desk) -> None:
    wanted = a_wanted()
    number = desk.asks(wanted)
    desk.claims()
    chain = answer(CA, wanted)
    desk.desk.ended(number, "a", Issued(chain))
    desk.services.trust.import_all([CA.certificate], frozenset({Purpose.STATION}), None, "test")
    desk.services.trust.revoke_certificate(chain[0], reason="keyCompromise", asked_by="test")
    (revoked,) = desk.desk.issued_list(IssuedFilter(is_revoked=True), ALL).items
    assert (revoked.revoked_at, revoked.revoked_because) == (desk.clock.now(), "keyCompromise")
    assert desk.desk.issued_list(IssuedFilter(is_revoked=False), ALL).items == []
    assert desk.desk.issued_list(IssuedFilter(search=chain[0].serial.lower()), ALL).items == [revoked]
    assert desk.desk.issued_list(IssuedFilter(expires_before=chain[0].not_after), ALL).items == []


def test_a_challenge_is_answered_for_an_hour_and_forgotten(desk: Desk) -> None:
    desk.desk.put_challenge("token", "token.key")
    assert desk.desk.challenge("token") == "token.key"
    assert desk.desk.challenge("other") is None
    assert not desk.desk.is_due()
    desk.later(HOUR)
    assert desk.desk.challenge("token") is None
    assert desk.desk.is_due()
    desk.desk.settle()
    assert desk.unit.all("SELECT token FROM acme_challenge") == []
    assert not desk.desk.is_due()


@pytest.mark.parametrize("token", ["", "a" * 129, "a\0b", "\udcff", "a/b", "\u0663"])
def test_what_is_no_token_is_neither_kept_nor_looked_up(desk: Desk, token: str) -> None:
    """RFC 8555 §8.3: anybody may ask, and the database takes no half of a character."""
    assert desk.desk.challenge(token) is None
    with refused(Kind.INVALID, about="base64url"):
        desk.desk.put_challenge(token, "answer")


def test_what_a_signer_remembers_first_stays_until_it_is_forgotten(desk: Desk) -> None:
    assert desk.desk.recall("city", "account") is None
    assert desk.desk.remember("city", "account", "key 1") == "key 1"
    assert desk.desk.remember("city", "account", "key 2") == "key 1"
    assert desk.desk.recall("city", "account") == "key 1"
    assert desk.desk.recall("town", "account") is None
    desk.desk.forget_notes("city")
    assert desk.desk.recall("city", "account") is None
