"""Tests of authorities that are out of order: asked less and less often, told of, and begun anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import Level
from forecourt.domain.authorities.model import AuthorityKind
from forecourt.domain.signing.model import (
    LONGEST_TRY,
    SILENCE,
    Outage,
    SigningNumber,
    SigningState,
    Waiting,
)
from forecourt.domain.signing.service import FIRST_WAIT, LONGEST_POLL, LONGEST_WAIT
from tests.domain.signing.desk import CITY, HOUR, SECOND, STRANGERS, Desk
from tests.support.authority import Authority
from tests.support.signings import a_wanted, for_server


@pytest.fixture
def desk() -> Desk:
    return Desk()


CA = Authority.root().sub()


def test_one_that_wants_to_be_left_alone_is_asked_later_but_counts_as_silent(desk: Desk) -> None:
    """RFC 9110 §10.2.3: Retry-After is no answer to what was asked."""
    number = desk.asks()
    desk.claims()
    desk.desk.unavailable(number, "a", Outage("Too much to do.", again_seconds=120))
    assert desk.desk.get(number).again_at == desk.clock.now() + timedelta(seconds=120)
    tries = 0
    while not desk.alarms():
        desk.later(timedelta(seconds=120))
        for one in desk.claims():
            tries += 1
            desk.desk.unavailable(one.number, "a", Outage("Too much to do.", again_seconds=1))
        assert desk.clock.now() - desk.desk.get(number).asked_at < SILENCE * 3
    assert tries < 12, "the waits grow whatever it says"
    desk.later(HOUR)
    desk.claims()
    desk.desk.unavailable(number, "a", Outage("Later.", again_seconds=1e9))
    assert desk.desk.get(number).again_at == desk.clock.now() + LONGEST_WAIT


def test_what_an_authority_has_is_looked_after_less_and_less_often_and_told_of(desk: Desk) -> None:
    number = desk.asks()
    waits = []
    while not desk.alarms():
        desk.claims()
        desk.desk.ended(number, "a", Waiting("order", 1, "It looks."))
        again_at = desk.desk.get(number).again_at
        assert again_at is not None
        waits.append(again_at - desk.clock.now())
        desk.later(waits[-1])
    assert waits[0] == SECOND
    assert waits[-1] == LONGEST_POLL
    assert len(waits) < 80
    assert desk.alarms() == [(CITY, Level.WARNING)]


def test_what_is_begun_anew_again_and_again_is_tried_less_and_less_often(desk: Desk) -> None:
    number = desk.asks()
    waits = []
    for _ in range(8):
        (one,) = desk.claims()
        assert one.progress is None
        desk.desk.ended(number, "a", Waiting("order", 0, "It was placed."))
        desk.later(SECOND)
        desk.claims()
        desk.desk.unavailable(number, "a", Outage("It forgot the order.", begins_anew=True))
        again_at = desk.desk.get(number).again_at
        assert again_at is not None
        waits.append(again_at - desk.clock.now())
        desk.later(waits[-1])
    assert waits == sorted(waits)
    assert waits[-1] >= FIRST_WAIT * 64


def _out_of_order(desk: Desk, *owners: str) -> list[SigningNumber]:
    desk.services.authorities.add("city", AuthorityKind.EST, {"url": "https://est.example.com"}, asked_by="test")
    numbers = [desk.asks(a_wanted(owner), "city") for owner in owners]
    for one in desk.claims():
        desk.desk.unavailable(one.number, "a", STRANGERS)
    assert desk.alarms() == [("city", Level.CRITICAL)]
    return numbers


def test_the_alarm_is_over_when_nobody_waits_any_more(desk: Desk) -> None:
    first, second = _out_of_order(desk, "CP-1", "CP-2")
    desk.desk.cancel(first)
    assert desk.alarms() == [("city", Level.CRITICAL)]
    desk.later(LONGEST_TRY)
    desk.desk.settle()
    assert desk.state(second) is SigningState.GIVEN_UP
    assert desk.alarms() == []
    desk.services.authorities.remove("city", asked_by="test")


def test_a_refusal_leaves_the_alarm_of_another_request(desk: Desk) -> None:
    first, second = _out_of_order(desk, "CP-1", "CP-2")
    desk.later(HOUR)
    desk.claims()
    desk.desk.refused(second, "a", "Not this name.")
    assert desk.alarms() == [("city", Level.CRITICAL)]
    desk.desk.refused(first, "a", "Nor this one.")
    assert desk.alarms() == []


def test_requests_to_a_disabled_authority_wait_without_an_alarm_until_it_is_enabled(desk: Desk) -> None:
    (number,) = _out_of_order(desk, "CP-1")
    desk.services.authorities.change("city", is_enabled=False, asked_by="test")
    assert desk.alarms() == []
    for _ in range(8):
        desk.later(LONGEST_TRY / 4)
        assert desk.desk.asked() == []
        assert desk.claims() == []
        assert not desk.desk.is_due()
        desk.desk.settle()
    assert (desk.state(number), desk.alarms()) == (SigningState.WAITING, [])
    desk.services.authorities.change("city", is_enabled=True, asked_by="test")
    assert not desk.desk.is_due(), "its days begin now"
    assert [one.number for one in desk.claims()] == [number]


def test_an_authority_that_is_set_up_otherwise_is_asked_anew_at_once(desk: Desk) -> None:
    """An order belongs to where it was placed, and what was on its way is not used."""
    there = {"directory": "https://old.example.com/dir", "eabKeyId": "1", "eabKey": "a2V5a2V5"}
    desk.services.authorities.add("acme", AuthorityKind.ACME, there, asked_by="test")
    wanted = for_server()
    number = desk.asks(wanted, "acme")
    desk.desk.remember("acme", "account", "key")
    desk.claims()
    desk.desk.ended(number, "a", Waiting("https://old.example.com/order/1", 1, "It looks."))
    desk.later(SECOND)
    (old,) = desk.claims("a")
    assert old.progress is not None
    desk.services.authorities.change("acme", {"directory": "https://new.example.com/dir"}, asked_by="test")
    assert not desk.desk.ended(number, "a", Waiting(old.progress, 1, "It looks."))
    (new,) = desk.claims("b")
    assert (new.progress, new.authority.settings["directory"]) == (None, "https://new.example.com/dir")
    assert desk.desk.recall("acme", "account") is None
    for key in ({"eabKeyId": "2"}, {"eabKey": "b3RoZXJrZXk"}):
        desk.desk.remember("acme", "account", "key")
        desk.services.authorities.change("acme", key, asked_by="test")
        assert desk.desk.recall("acme", "account") is None, "another binding is another account"
    desk.desk.remember("acme", "account", "key")
    desk.services.authorities.change("acme", {"contact": "ops@example.com"}, asked_by="test")
    assert desk.desk.recall("acme", "account") == "key"


def test_what_cannot_be_read_is_refused_and_keeps_nothing_from_the_rest(desk: Desk) -> None:
    broken, good = desk.asks(a_wanted("CP-1")), desk.asks(a_wanted("CP-2"))
    desk.unit.execute("UPDATE signing_request SET csr = 'rubbish' WHERE number = ?", (broken,))
    assert [one.number for one in desk.claims()] == [good]
    assert desk.state(broken) is SigningState.REFUSED
    assert [(one.number, one.owner) for one in desk.told] == [(broken, "CP-1")]
