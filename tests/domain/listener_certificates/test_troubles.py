"""Managed server certificates that come late, unheard, not valid yet, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.listener_certificates.model import MemberState
from forecourt.domain.listener_certificates.timing import (
    FIRST_RETRY,
    LOOKS_EVERY,
)
from forecourt.domain.signing.model import SILENCE, Use, Waiting
from tests.domain.listener_certificates.lamp import NODE, OPERATOR, Lamp
from tests.domain.world import World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def lamp() -> Lamp:
    return Lamp(World())


def test_a_first_certificate_that_does_not_come_is_told_of_soon(lamp: Lamp) -> None:
    """Without one listeners cannot be reached at all."""
    lamp.put()
    lamp.makes_keys()
    (assignment,) = lamp.claims()
    lamp.world.services.signing.ended(assignment.number, NODE, Waiting(None, 3600, "It needs time."))
    lamp.passes(SILENCE - timedelta(seconds=1))
    assert lamp.alarms() == []
    lamp.passes(timedelta(seconds=1))
    (alarm,) = lamp.alarms()
    assert (alarm.topic, alarm.level) == (Topic.SERVER_CERTIFICATE, Level.CRITICAL)
    assert "is not there yet" in alarm.sentence


def test_what_is_not_even_begun_is_told_of_too(lamp: Lamp) -> None:
    lamp.put()
    lamp.passes(SILENCE)
    assert [one.level for one in lamp.alarms()] == [Level.CRITICAL]


def _ended_unheard(lamp: Lamp, state: str) -> None:
    """As after a room that failed when it was told."""
    sql = "UPDATE signing_request SET state = ?, leased_until = NULL WHERE number = ?"
    lamp.world.unit.execute(sql, (state, lamp.member().signing))


def test_a_request_that_ended_unheard_is_seen_and_tried_again(lamp: Lamp) -> None:
    lamp.put()
    lamp.makes_keys()
    _ended_unheard(lamp, "givenUp")
    lamp.passes(LOOKS_EVERY)
    assert lamp.state() is MemberState.FAILED
    lamp.passes(FIRST_RETRY)
    lamp.goes_through()
    assert lamp.state() is MemberState.IN_PLACE


def test_a_certificate_that_came_unheard_is_put_in_place(lamp: Lamp) -> None:
    lamp.put()
    lamp.makes_keys()
    (assignment,) = lamp.claims()
    lamp.world.services.signing.watch(Use.SERVER, lambda *_: None)
    assert lamp.signs(assignment)
    assert lamp.state() is MemberState.ASKED
    lamp.passes(LOOKS_EVERY)
    assert (lamp.state(), lamp.places()) == (MemberState.ISSUED, 1)


@pytest.mark.parametrize("sql", [None, "DELETE FROM signing_request"])
def test_renewing_what_waits_for_nobody_asks_anew(lamp: Lamp, sql: str | None) -> None:
    lamp.put()
    lamp.makes_keys()
    if sql is None:
        _ended_unheard(lamp, "givenUp")
    else:
        lamp.world.unit.execute(sql)
    lamp.room.renew("main", asked_by=OPERATOR)
    assert lamp.state() is MemberState.WANTED
    lamp.goes_through()
    assert lamp.state() is MemberState.IN_PLACE


def test_what_is_not_valid_yet_is_presented_when_it_is(lamp: Lamp) -> None:
    """RFC 5280 §4.1.2.5: stations would refuse it until then."""
    lamp.put()
    lamp.goes_through()
    former = lamp.served()
    lamp.room.renew("main", asked_by=OPERATOR)
    lamp.makes_keys()
    (assignment,) = lamp.claims()
    assert lamp.signs(assignment, begins=timedelta(minutes=9))
    assert (lamp.places(), lamp.served()) == (0, former)
    assert not lamp.room.has_work()
    lamp.passes(timedelta(minutes=9))
    assert lamp.room.has_work()
    assert lamp.places() == 1
    assert lamp.served() != former


def test_what_is_not_valid_yet_is_better_than_nothing(lamp: Lamp) -> None:
    lamp.put()
    lamp.makes_keys()
    (assignment,) = lamp.claims()
    assert lamp.signs(assignment, begins=timedelta(minutes=9))
    assert lamp.places() == 1


def test_a_certificate_of_seconds_is_not_renewed_every_second(lamp: Lamp) -> None:
    lamp.put()
    lamp.goes_through(days=3 / 86_400)
    assert lamp.member().renew_at == lamp.now() + FIRST_RETRY
    (alarm,) = lamp.alarms()
    assert (alarm.level, "too short" in alarm.sentence) == (Level.WARNING, True)


def test_a_server_certificate_that_cannot_be_looked_up_is_not_enabled_by_that(lamp: Lamp) -> None:
    """Only one that is not there is new; what an operator has disabled stays so."""
    lamp.put()
    lamp.goes_through()
    lamp.world.services.trust.enable_server_certificate("main-ecdsa", is_enabled=False, asked_by=OPERATOR)
    lamp.world.unit.execute("UPDATE server_certificate SET chain = 'rubbish'")
    lamp.room.renew("main", asked_by=OPERATOR)
    lamp.goes_through()
    (enabled,) = lamp.world.unit.all("SELECT is_enabled FROM server_certificate")
    assert not enabled[0]
