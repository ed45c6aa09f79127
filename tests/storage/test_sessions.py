"""Tests of sessions of people in the database, against the promises of SessionStore."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.access.account import Account
from forecourt.domain.access.permissions import Role
from forecourt.domain.access.sessions import Session, Visitor
from forecourt.storage.accounts import AccountRecords
from forecourt.storage.sessions import SessionRecords
from tests.storage.bench import Bench
from tests.support.clock import NOON
from tests.support.vault import VAULT

HOUR = timedelta(hours=1)
LONG_AGO = NOON - 100 * HOUR
A_SESSION = Session(
    digest="d1",
    account="ann",
    csrf="it's \\ 🔌",
    started_at=NOON,
    seen_at=NOON,
    expires_at=NOON + 16 * HOUR,
    address="2001:db8::1",
    agent="Ag%ent '\"?",
)


@pytest.fixture
def sessions(bench: Bench) -> SessionRecords:
    """Of ann, who has an account and a session, and of bob, who has an account."""
    store = SessionRecords(bench.unit)
    with bench.committed():
        for name in ("ann", "bob"):
            AccountRecords(bench.unit, VAULT).add(Account(name=name, shown_name="", role=Role.OPERATOR), "hash")
        store.add(A_SESSION)
    return store


def test_a_visitor_is_found_by_the_digest_alone(bench: Bench, sessions: SessionRecords) -> None:
    with bench.committed():
        AccountRecords(bench.unit, VAULT).put_manner("ann", language="de", zone="Europe/Berlin", theme="dark")
    with bench.reading():
        found = sessions.find_visitor("d1", at=NOON, seen_since=LONG_AGO)
        assert found == Visitor("ann", "ann", Role.OPERATOR, A_SESSION.csrf, NOON, "de", "Europe/Berlin", "dark")
        for other in ("D1", "", "ann", "d"):
            assert sessions.find_visitor(other, at=NOON, seen_since=LONG_AGO) is None


def test_a_session_ends_with_its_time_without_use_and_with_its_account(bench: Bench, sessions: SessionRecords) -> None:
    just_before = A_SESSION.expires_at - timedelta(microseconds=1)
    with bench.reading():
        assert sessions.find_visitor("d1", at=just_before, seen_since=LONG_AGO)
        assert not sessions.find_visitor("d1", at=A_SESSION.expires_at, seen_since=LONG_AGO)
        assert not sessions.find_visitor("d1", at=NOON, seen_since=NOON)
    with bench.committed():
        sessions.seen("d1", NOON + HOUR)
    with bench.reading():
        assert sessions.find_visitor("d1", at=NOON + HOUR, seen_since=NOON)
    with bench.committed():
        accounts = AccountRecords(bench.unit, VAULT)
        accounts.change("ann", shown_name="", role=Role.OPERATOR, is_enabled=False)
    with bench.reading():
        assert not sessions.find_visitor("d1", at=NOON, seen_since=LONG_AGO)


def test_half_a_session_is_nobodys_and_is_tried_so_often(bench: Bench, sessions: SessionRecords) -> None:
    with bench.committed():
        sessions.add(replace(A_SESSION, digest="half", is_half=True))
        assert sessions.find_visitor("half", at=NOON, seen_since=LONG_AGO) is None
        assert sessions.find_half("d1", at=NOON, most_tries=2) is None
        assert sessions.list_of("ann", at=NOON, seen_since=LONG_AGO) == [A_SESSION]
        for _ in range(2):
            assert sessions.find_half("half", at=NOON, most_tries=2) == "ann"
            sessions.tried("half")
        assert sessions.find_half("half", at=NOON, most_tries=2) is None
        assert sessions.find_half("half", at=A_SESSION.expires_at, most_tries=9) is None


def test_the_sessions_of_an_account_are_listed_the_last_used_first(bench: Bench, sessions: SessionRecords) -> None:
    with bench.committed():
        sessions.add(replace(A_SESSION, digest="later", seen_at=NOON + HOUR))
        sessions.add(replace(A_SESSION, digest="over", expires_at=NOON))
        sessions.add(replace(A_SESSION, digest="bobs", account="bob"))
    with bench.reading():
        found = sessions.list_of("ann", at=NOON, seen_since=LONG_AGO)
        assert found == [replace(A_SESSION, digest="later", seen_at=NOON + HOUR), A_SESSION]


def test_sessions_are_removed_alone_or_all_but_one(bench: Bench, sessions: SessionRecords) -> None:
    def left() -> list[str]:
        with bench.reading():
            return [row[0] for row in bench.unit.all("SELECT digest FROM session ORDER BY digest")]

    with bench.committed():
        for digest in ("d2", "d3"):
            sessions.add(replace(A_SESSION, digest=digest))
        sessions.add(replace(A_SESSION, digest="bobs", account="bob"))
        sessions.remove_of("ann", but="d2")
    assert left() == ["bobs", "d2"]
    with bench.committed():
        sessions.remove("d2")
        sessions.remove("d2")
    assert left() == ["bobs"]
    with bench.committed():
        sessions.remove_of("bob")
    assert left() == []


def test_sessions_that_have_ended_are_forgotten(bench: Bench, sessions: SessionRecords) -> None:
    with bench.committed():
        sessions.add(replace(A_SESSION, digest="over", expires_at=NOON))
        sessions.add(replace(A_SESSION, digest="unused", seen_at=LONG_AGO))
        sessions.prune(NOON, LONG_AGO)
    with bench.reading():
        assert bench.unit.all("SELECT digest FROM session") == [("d1",)]
