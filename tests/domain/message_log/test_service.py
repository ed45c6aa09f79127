"""The log of messages: what is kept, how much of it, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.message_log.model import (
    MAX_TEXT,
    Direction,
    Exchange,
    Keeping,
    LoggedMessage,
    MessageFilter,
    MessagePolicy,
)
from forecourt.domain.message_log.service import MessageLog
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationDraft
from forecourt.storage.messages import MessageRecords
from tests.support.clock import NOON, FakeClock
from tests.support.workspace import MemoryWorkspace


class Book:
    """The log of two stations on a database in memory."""

    def __init__(self, policy: MessagePolicy | None = None) -> None:
        self.clock = FakeClock()
        self.workspace = MemoryWorkspace(clock=self.clock)
        register = self.workspace.services.provisioning
        self.keys = [register.add(StationDraft(identity=name), "tests").station.key for name in ("CP-1", "CP-2")]
        self.log = MessageLog(MessageRecords(self.workspace.unit), self.clock, policy or MessagePolicy())

    def note(self, station: int = 0, *, age: float = 0.0, is_answered: bool = True, **fields: str | None) -> None:
        given = {"action": "Heartbeat", "message_id": "1", "request": "{}", "response": "{}", **fields}
        exchange = Exchange(direction=Direction.IN, **given)  # type: ignore[arg-type]  # texts by their names
        self.log.note(self.keys[station], exchange, since=self.clock.monotonic() - age, is_answered=is_answered)

    def kept(self, **wanted: object) -> list[LoggedMessage]:
        return [*self.log.list(MessageFilter(**wanted), PageRequest(100)).items]  # type: ignore[arg-type]  # as above


def test_an_exchange_is_kept_with_both_of_its_times() -> None:
    book = Book()
    book.note(age=2.5, action="BootNotification", request='{"a":1}', response='{"b":2}')
    [kept] = book.kept()
    assert (kept.station, kept.action) == ("CP-1", "BootNotification")
    assert (kept.request, kept.response) == ('{"a":1}', '{"b":2}')
    assert (kept.at, kept.answered_at) == (NOON - timedelta(seconds=2.5), NOON)
    assert not kept.is_failed


def test_a_request_that_nobody_answered_has_no_time_of_an_answer() -> None:
    book = Book()
    book.note(is_answered=False, response=None, error="no answer within 30 s")
    [kept] = book.kept()
    assert (kept.answered_at, kept.is_failed) == (None, True)


def test_lists_are_filtered_and_have_the_newest_first() -> None:
    book = Book()
    book.note(0, message_id="1")
    book.note(1, message_id="2", action="Authorize")
    book.clock.advance(timedelta(minutes=1))
    book.note(0, message_id="3", error="broken", response=None)
    assert [one.message_id for one in book.kept()] == ["3", "2", "1"]
    assert [one.message_id for one in book.kept(station="CP-1")] == ["3", "1"]
    assert [one.message_id for one in book.kept(action="Authorize")] == ["2"]
    assert [one.message_id for one in book.kept(only_failed=True)] == ["3"]
    assert [one.message_id for one in book.kept(since=NOON + timedelta(seconds=1))] == ["3"]
    assert [one.message_id for one in book.kept(until=NOON + timedelta(seconds=1))] == ["2", "1"]
    assert book.kept(direction=Direction.OUT) == []
    assert book.kept(station="CP-9") == []


@pytest.mark.parametrize(
    ("keeping", "kept"),
    [(Keeping.ALL, ["2", "1"]), (Keeping.FAILURES, ["2"]), (Keeping.NONE, [])],
)
def test_the_policy_says_what_is_kept(keeping: Keeping, kept: list[str]) -> None:
    book = Book(MessagePolicy(keeping))
    book.note(message_id="1")
    book.note(message_id="2", error="broken")
    assert [one.message_id for one in book.kept()] == kept


def test_long_texts_are_cut_and_what_no_database_keeps_is_replaced() -> None:
    book = Book()
    book.note(request="x" * (MAX_TEXT + 1))
    book.note(request="a\0b", error="\ud800 is no character", action="y" * 300)
    cut, whole = book.kept()[::-1]
    assert (len(cut.request), cut.request[-1]) == (MAX_TEXT, "…")
    assert (whole.request, whole.error, len(whole.action)) == ("a\ufffdb", "\ufffd is no character", 100)


def test_what_is_too_old_or_too_much_is_forgotten() -> None:
    book = Book(MessagePolicy(most=100, age=timedelta(days=1)))
    assert not book.log.is_due()
    for number in range(101):
        book.note(message_id=str(number))
    assert not book.log.is_due()  # a little more is no reason to begin
    book.note(message_id="101")
    assert book.log.is_due()
    book.log.settle()
    assert [one.message_id for one in book.kept()][-1] == "2"
    assert not book.log.is_due()
    book.clock.advance(timedelta(days=1, seconds=1))
    book.note(message_id="new")
    assert book.log.is_due()
    book.log.settle()
    assert [one.message_id for one in book.kept()] == ["new"]
