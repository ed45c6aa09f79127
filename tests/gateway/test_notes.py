"""Notes for the security log: gathered for a second, counted, and never more than a database should take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from forecourt.domain.paging import PageRequest
from forecourt.domain.security_log.model import MAX_REASON, MAX_STATION, Kind, Note, NoteFilter
from forecourt.gateway import notes as module
from forecourt.gateway.notes import DISTINCT_NOTES, Notes
from tests.gateway.desk import FakeOffice, until


def a_note(
    reason: str = "It came.", kind: Kind = Kind.TLS_REFUSED, station: str | None = None, address: str = "192.0.2.1"
) -> Note:
    return Note(kind=kind, reason=reason, station=station, address=address)


def written(office: FakeOffice) -> list[Note]:
    """What is in the log, the oldest first."""
    page = office.services.security_log.list(NoteFilter(), PageRequest(limit=500))
    return [one.note for one in reversed(page.items)]


def with_notes(story: Callable[[Notes, FakeOffice], None]) -> list[Note]:
    """What is in the log after a story."""
    office = FakeOffice()

    async def main() -> None:
        notes = Notes(office)
        story(notes, office)
        notes.write()
        await asyncio.sleep(0)

    asyncio.run(main())
    return written(office)


def test_equal_notes_become_one_with_a_count() -> None:
    def story(notes: Notes, _office: FakeOffice) -> None:
        for _ in range(5):
            notes.note(a_note())
        notes.note(a_note(address="192.0.2.2"))

    assert [(note.address, note.count) for note in with_notes(story)] == [("192.0.2.1", 5), ("192.0.2.2", 1)]


def test_the_log_of_the_process_says_it_once_with_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    def story(notes: Notes, _office: FakeOffice) -> None:
        for _ in range(5):
            notes.note(a_note())
        assert capsys.readouterr().out == "", "nothing before it is written down"

    with_notes(story)
    [line] = capsys.readouterr().out.splitlines()
    assert "192.0.2.1" in line
    assert "count=5" in line


@pytest.mark.parametrize(
    "kind", [Kind.TLS_REFUSED, Kind.CREDENTIALS_WRONG, Kind.INTERNAL_FAILURE, Kind.PROXY_HEADER_REFUSED]
)
def test_of_what_strangers_cause_only_so_much_is_written_one_by_one(kind: Kind) -> None:
    def story(notes: Notes, _office: FakeOffice) -> None:
        for number in range(DISTINCT_NOTES + 50):
            notes.note(a_note(station=f"CP-{number}", kind=kind))

    found = with_notes(story)
    assert len(found) == DISTINCT_NOTES + 1
    assert [note.count for note in found if note.station is None] == [50]
    assert {note.kind for note in found} == {kind}


def test_what_we_did_ourselves_is_never_left_out() -> None:
    def story(notes: Notes, _office: FakeOffice) -> None:
        for number in range(DISTINCT_NOTES + 50):
            notes.note(a_note(station=f"CP-{number}"))
            notes.note(a_note(station=f"CP-{number}", kind=Kind.LINK_CLOSED))

    closed = [note for note in with_notes(story) if note.kind is Kind.LINK_CLOSED]
    assert len(closed) == DISTINCT_NOTES + 50


def test_the_next_second_has_its_own_measure() -> None:
    def story(notes: Notes, _office: FakeOffice) -> None:
        for number in range(DISTINCT_NOTES):
            notes.note(a_note(station=f"CP-{number}"))
        notes.write()
        notes.note(a_note(station="another"))

    assert [note.station for note in with_notes(story)][-1] == "another"


def test_what_the_database_does_not_take_is_kept_for_the_next_time() -> None:
    office = FakeOffice()

    async def main() -> None:
        notes = Notes(office)
        notes.note(a_note())
        office.commit_error = RuntimeError("the disk is full")
        notes.write()
        await asyncio.sleep(0)
        assert written(office) == []
        office.commit_error = None
        notes.note(a_note())
        notes.write()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert [note.count for note in written(office)] == [2]


def test_what_strangers_write_is_shown_as_text_and_shortened() -> None:
    def story(notes: Notes, _office: FakeOffice) -> None:
        notes.note(a_note("a\x00b\ud800c\x1b[31m\n" + "x" * 10_000, station="é\x07" + "y" * 1000))

    [note] = with_notes(story)
    assert note.station is not None
    assert note.reason.startswith("a\ufffdb\ufffdc\ufffd[31m\ufffdxxx")
    assert len(note.reason) == MAX_REASON
    assert note.station.startswith("é\ufffdy")
    assert len(note.station) == MAX_STATION


def test_they_are_written_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NOTE_SECONDS", 0.01)
    office = FakeOffice()

    async def main() -> None:
        notes = Notes(office)
        writing = asyncio.ensure_future(notes.run())
        notes.note(a_note())
        await until(lambda: len(written(office)) == 1)
        jobs, turns, write = office.submitted, [0], notes.write

        def count() -> None:
            turns[0] += 1
            write()

        monkeypatch.setattr(notes, "write", count)
        await until(lambda: turns[0] == 3)
        assert office.submitted == jobs, "nothing is written when there is nothing to write"
        writing.cancel()

    asyncio.run(main())
