"""The security log keeps what it is told, bounded, and gives up nothing but old refusals (security whitepaper
A00.FR.323)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.security_log import service
from forecourt.domain.security_log.model import REFUSALS, Kind, Note, NoteFilter, StoredNote
from tests.domain.world import ALL, World
from tests.support.clock import NOON

MINUTE = timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    return World()


def a_note(kind: Kind = Kind.CREDENTIALS_WRONG, reason: str = "Wrong.", *, station: str | None = "CP-1") -> Note:
    return Note(kind=kind, reason=reason, station=station, address="192.0.2.1")


def log(world: World, wanted: NoteFilter | None = None) -> list[StoredNote]:
    return list(world.services.security_log.list(wanted or NoteFilter(), ALL).items)


def test_an_entry_says_what_it_was_told_and_when(world: World) -> None:
    note = Note(
        kind=Kind.PROFILE_LOWERED, reason="From 2 to 1.", station="CP-1", address="::1", asked_by="admin", count=3
    )
    world.services.security_log.note(note)
    [stored] = log(world)
    assert (stored.note, stored.at) == (note, NOON)
    assert "security" in world.unit.rings


def test_nothing_to_note_rings_for_nobody(world: World) -> None:
    world.services.security_log.note_all([])
    assert (log(world), world.unit.rings) == ([], [])


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("x" * 500, "x" * 500),
        ("x" * 501, "x" * 499 + "…"),
        ("a\x00b", "a\ufffdb"),
        ("\ud83d\ude00", "\U0001f600"),
        ("half \ud83d", "half \ufffd"),
        ("\udc00 first", "\ufffd first"),
        ("line\nbreak \x1b[31m", "line\nbreak \x1b[31m"),
    ],
)
def test_what_strangers_send_is_made_fit_for_every_database(world: World, sent: str, kept: str) -> None:
    world.services.security_log.note(a_note(reason=sent))
    assert log(world)[0].note.reason == kept


def test_every_text_has_its_bound(world: World) -> None:
    long = "y" * 10_000
    world.services.security_log.note(
        Note(kind=Kind.UNKNOWN_STATION, reason=long, station=long, address=long, asked_by=long)
    )
    note = log(world)[0].note
    lengths = [len(text or "") for text in (note.reason, note.station, note.address, note.asked_by)]
    assert lengths == [500, 255, 100, 300]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_kept_and_found(world: World, kind: Kind) -> None:
    world.services.security_log.note_all([a_note(kind), a_note(Kind.LINK_CLOSED), a_note(Kind.CSR_REFUSED)])
    found = log(world, NoteFilter(kinds=frozenset({kind})))
    assert {stored.note.kind for stored in found} == {kind}
    assert kind.summary.endswith(".")


def test_of_refusals_only_the_newest_of_each_kind_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of one kind must not wash away what another tells, nor what operators did."""
    monkeypatch.setattr(service, "REFUSALS_KEPT", 2)
    world.services.security_log.note_all([a_note(Kind.CREDENTIALS_FORMER), a_note(Kind.PROFILE_LOWERED)])
    world.services.security_log.note_all([a_note(Kind.UNKNOWN_STATION, str(n)) for n in range(5)])
    world.services.security_log.note_all([a_note(Kind.POLICY_CHANGED, str(n)) for n in range(5)])
    world.services.security_log.prune()
    kept = [(stored.note.kind, stored.note.reason) for stored in log(world)]
    assert kept == [
        *((Kind.POLICY_CHANGED, str(n)) for n in (4, 3, 2, 1, 0)),
        *((Kind.UNKNOWN_STATION, str(n)) for n in (4, 3)),
        (Kind.PROFILE_LOWERED, "Wrong."),
        (Kind.CREDENTIALS_FORMER, "Wrong."),
    ]


def test_what_operators_do_is_no_refusal() -> None:
    assert not REFUSALS & {Kind.PASSWORD_SET, Kind.PROFILE_LOWERED, Kind.TRUST_CHANGED, Kind.POLICY_CHANGED}
    assert {Kind.TLS_REFUSED, Kind.UNKNOWN_STATION, Kind.CREDENTIALS_WRONG} <= REFUSALS


def test_whoever_follows_is_told_each_entry_once_and_in_order(world: World) -> None:
    world.services.security_log.note(a_note(reason="before"))
    number = world.services.security_log.settled()
    world.services.security_log.note_all([a_note(reason=str(n), station=f"CP-{n % 2}") for n in range(5)])
    told = []
    for _ in range(4):
        tail = world.services.security_log.after(number, NoteFilter(station="CP-0"), 2)
        told += [stored.note.reason for stored in tail.items]
        number = tail.reached
    assert told == ["0", "2", "4"]
    assert number == world.services.security_log.settled()


def test_what_follows_skips_what_is_not_wanted_for_good(world: World) -> None:
    """Otherwise a follower of something rare would read the whole log again each time."""
    world.services.security_log.note_all([a_note(reason=str(n)) for n in range(5)])
    tail = world.services.security_log.after(0, NoteFilter(station="CP-9"), 2)
    assert (tail.items, tail.has_more) == ([], False)
    assert tail.reached == log(world)[0].number
