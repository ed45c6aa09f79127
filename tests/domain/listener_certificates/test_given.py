"""Server certificates that nobody renews: somebody is told before they end, and until that is put right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.listener_certificates.given import LOOKS_EVERY
from tests.domain.listener_certificates.lamp import HOST, OPERATOR, ROOT, Lamp, a_wish
from tests.domain.world import World
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LIFE = 365


@pytest.fixture
def lamp() -> Lamp:
    return Lamp(World())


def give(lamp: Lamp, name: str = "main", *, days: float = LIFE, authority: Authority = ROOT) -> None:
    """An operator gives one that ends so many days after noon."""
    given = authority.leaf(HOST, dns=[HOST], validity=Validity(timedelta(0), timedelta(days=days)))
    trust = lamp.world.services.trust
    trust.put_server_certificate(name, chain_pem=given.chain_pem, key_pem=given.key_pem, asked_by=OPERATOR)


def told(lamp: Lamp) -> list[tuple[str, Level]]:
    return [(one.subject, one.level) for one in lamp.alarms() if one.topic is Topic.SERVER_CERTIFICATE]


@pytest.mark.parametrize(
    ("before", "level", "words"),
    [
        (30 * DAY + SECOND, None, ""),
        (30 * DAY, Level.WARNING, "less than 30 days left"),
        (7 * DAY + SECOND, Level.WARNING, "less than 30 days left"),
        (7 * DAY, Level.WARNING, "less than 7 days left"),
        (DAY, Level.CRITICAL, "less than 1 day left"),
        (SECOND, Level.CRITICAL, "less than 1 day left"),
        (-SECOND, Level.CRITICAL, "expired on"),
    ],
)
def test_there_is_an_alarm_30_and_7_days_and_a_day_before_its_end_and_after_it(
    lamp: Lamp, before: timedelta, level: Level | None, words: str
) -> None:
    give(lamp)
    lamp.passes(LIFE * DAY - before)
    assert told(lamp) == ([] if level is None else [("main", level)])
    assert all(words in one.sentence for one in lamp.alarms())


def test_as_time_passes_one_alarm_becomes_more_urgent(lamp: Lamp) -> None:
    give(lamp)
    numbers = set()
    for days_left in (29, 28, 6, 1, -1):
        lamp.passes(NOON + (LIFE - days_left) * DAY - lamp.now())
        (alarm,) = lamp.alarms()
        numbers.add(alarm.number)
        assert alarm.changed_at == (lamp.now() if days_left != 28 else NOON + (LIFE - 29) * DAY)
    assert len(numbers) == 1


def test_a_short_lived_one_has_no_alarm_all_its_life(lamp: Lamp) -> None:
    """As for the certificates of stations: when a third of its life is left, at the earliest."""
    give(lamp, days=9)
    assert told(lamp) == []
    lamp.passes(6 * DAY)
    assert told(lamp) == [("main", Level.WARNING)]
    lamp.passes(2.5 * DAY)
    assert told(lamp) == [("main", Level.CRITICAL)]
    assert "less than 18 hours left" in lamp.alarms()[0].sentence


def test_one_that_is_given_with_few_days_left_is_told_of_at_once(lamp: Lamp) -> None:
    lamp.world.clock.advance(LIFE * DAY - 2 * DAY)
    give(lamp)
    assert told(lamp) == [("main", Level.WARNING)]


def test_another_one_under_its_name_ends_the_alarm_at_once(lamp: Lamp) -> None:
    give(lamp)
    lamp.passes(LIFE * DAY - HOUR)
    give(lamp, days=2 * LIFE)
    assert told(lamp) == []


@pytest.mark.parametrize("what", ["removed", "disabled"])
def test_what_is_no_longer_presented_is_told_of_no_longer(lamp: Lamp, what: str) -> None:
    give(lamp)
    lamp.passes(LIFE * DAY - HOUR)
    trust = lamp.world.services.trust
    if what == "removed":
        trust.remove_server_certificate("main", asked_by=OPERATOR)
    else:
        trust.enable_server_certificate("main", is_enabled=False, asked_by=OPERATOR)
    assert told(lamp) == []


def test_a_ca_above_it_that_ends_first_is_told_of(lamp: Lamp) -> None:
    """RFC 5280 §6.1.3: stations refuse the chain from then on."""
    short = ROOT.sub(validity=Validity(timedelta(0), timedelta(days=90)))
    give(lamp, authority=short)
    lamp.passes(80 * DAY)
    (alarm,) = lamp.alarms()
    assert alarm.sentence.startswith("A CA certificate in the chain of the server certificate 'main'")


def test_managed_ones_are_left_to_their_renewals_until_they_are_managed_no_longer(lamp: Lamp) -> None:
    lamp.put()
    lamp.goes_through()
    lamp.passes(lamp.member().not_after - lamp.now() - 29 * DAY)  # type: ignore[operator]  # it is in place
    assert not any("Nobody renews it" in one.sentence for one in lamp.alarms())
    lamp.room.remove("main", asked_by=OPERATOR)
    lamp.passes(LOOKS_EVERY)
    (alarm,) = lamp.alarms()
    assert (alarm.subject, alarm.level) == ("main-ecdsa", Level.WARNING)
    assert "Nobody renews it" in alarm.sentence


def test_an_alarm_of_a_managed_one_is_not_ended_by_a_look(lamp: Lamp) -> None:
    lamp.put(wish=a_wish(authority=None))
    lamp.passes(HOUR)
    assert told(lamp) == [("main-ecdsa", Level.CRITICAL)]
    give(lamp, "other")
    assert told(lamp) == [("main-ecdsa", Level.CRITICAL)]


def test_what_one_look_did_not_keep_the_next_one_does(lamp: Lamp) -> None:
    """A unit of work may come to nothing after the look."""
    give(lamp)
    lamp.passes(LIFE * DAY - HOUR)
    lamp.world.services.alarms.end(Topic.SERVER_CERTIFICATE, "main")
    lamp.passes(LOOKS_EVERY - SECOND)
    assert told(lamp) == []
    lamp.passes(SECOND)
    assert told(lamp) == [("main", Level.CRITICAL)]
