"""Tests of the message log in the database, against the promises of MessageStore."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.message_log.model import Direction, Exchange, LoggedMessage, MessageFilter
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationKey
from forecourt.storage.messages import MessageRecords
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

MINUTE = timedelta(minutes=1)
EDGE = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
ASKED = Exchange(direction=Direction.IN, action="Heartbeat", message_id="1", request="{}", response='{"a":1}')
FAILED = Exchange(direction=Direction.OUT, action="Reset", message_id="2", request="{}", error="no answer")


@pytest.fixture
def messages(bench: Bench) -> MessageRecords:
    return MessageRecords(bench.unit)


def add(bench: Bench, key: StationKey, *exchanges: Exchange, minutes: int = 0) -> None:
    with bench.committed():
        for exchange in exchanges:
            at = NOON + minutes * MINUTE
            MessageRecords(bench.unit).add(key, exchange, at, None if exchange.response is None else at)


def listed(bench: Bench, wanted: MessageFilter | None = None, limit: int = 100) -> list[LoggedMessage]:
    with bench.reading():
        store = MessageRecords(bench.unit)
        return all_pages(lambda page: store.list(wanted or MessageFilter(), page), limit)


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_an_exchange_is_kept_exactly(bench: Bench, text: str) -> None:
    exchange = replace(ASKED, action=text, message_id=text, request=text, response=text, error=text)
    key = bench.add_station()
    with bench.committed():
        MessageRecords(bench.unit).add(key, exchange, NOON, EDGE)
    [kept] = listed(bench)
    assert (kept.station, kept.at, kept.answered_at) == ("CP-1", NOON, EDGE)
    assert (kept.direction, kept.action, kept.message_id) == (Direction.IN, text, text)
    assert (kept.request, kept.response, kept.error) == (text, text, text)


def test_what_nobody_answered_has_no_answer(bench: Bench) -> None:
    add(bench, bench.add_station(), FAILED)
    [kept] = listed(bench)
    assert (kept.response, kept.answered_at, kept.error) == (None, None, "no answer")


def test_the_newest_come_first_and_page_by_page(bench: Bench) -> None:
    key = bench.add_station()
    for number in range(7):
        add(bench, key, replace(ASKED, message_id=str(number)), minutes=number % 3)  # clocks go back now and then
    assert [one.message_id for one in listed(bench, limit=2)] == ["6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (MessageFilter(station="CP-1"), ["c", "a"]),
        (MessageFilter(station="cp-1"), []),
        (MessageFilter(station="nobody"), []),
        (MessageFilter(action="Reset"), ["d", "b"]),
        (MessageFilter(direction=Direction.OUT), ["d", "b"]),
        (MessageFilter(only_failed=True), ["d", "b"]),
        (MessageFilter(since=NOON + MINUTE), ["d", "c"]),
        (MessageFilter(until=NOON + MINUTE), ["b", "a"]),
        (MessageFilter(station="CP-2", only_failed=True, since=NOON + MINUTE), ["d"]),
    ],
)
def test_messages_are_sifted(bench: Bench, wanted: MessageFilter, found: list[str]) -> None:
    one, two = bench.add_station("CP-1"), bench.add_station("CP-2")
    for minutes, names in enumerate(("ab", "cd")):
        add(bench, one, replace(ASKED, message_id=names[0]), minutes=minutes)
        add(bench, two, replace(FAILED, message_id=names[1]), minutes=minutes)
    assert [message.message_id for message in listed(bench, wanted)] == found
    assert [message.message_id for message in listed(bench, wanted, limit=1)] == found


def test_what_is_too_old_or_too_much_goes_a_part_at_a_time(bench: Bench, messages: MessageRecords) -> None:
    key = bench.add_station()
    with bench.reading():
        assert not messages.has_surplus(1, NOON)
    for number in range(10):
        add(bench, key, replace(ASKED, message_id=str(number)), minutes=number)
    with bench.reading():
        assert messages.has_surplus(5, NOON)
        assert messages.has_surplus(100, NOON + MINUTE)
        assert not messages.has_surplus(100, NOON)

    with bench.committed():
        messages.remove_surplus(5, NOON, limit=2)
    assert [one.message_id for one in listed(bench)][-1] == "2"
    with bench.committed():
        messages.remove_surplus(5, NOON, limit=100)
    assert [one.message_id for one in listed(bench)] == ["9", "8", "7", "6", "5"]
    with bench.committed():
        messages.remove_surplus(100, NOON + 7 * MINUTE, limit=100)
    assert [one.message_id for one in listed(bench)] == ["9", "8", "7"]


def test_numbers_are_not_given_again_after_the_newest_was_removed(bench: Bench, messages: MessageRecords) -> None:
    """Whoever follows the log goes on after the last number that he saw."""
    key = bench.add_station()
    add(bench, key, ASKED)
    [first] = listed(bench)
    with bench.committed():
        messages.remove_surplus(0, EDGE, limit=100)
        assert not messages.list(MessageFilter(), PageRequest()).items
    add(bench, key, ASKED)
    [second] = listed(bench)
    assert second.number > first.number
