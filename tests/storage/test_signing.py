"""Tests of requests to authorities and of the register in the database, against the promises of their stores."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.paging import PageRequest
from forecourt.domain.signing.model import (
    IssuedCertificate,
    IssuedFilter,
    SigningFilter,
    SigningNumber,
    SigningState,
    Use,
    Wanted,
)
from forecourt.pki.sealing import Vault
from forecourt.storage.database import Database
from forecourt.storage.issued_certificates import RegisterRecords
from forecourt.storage.resealing import reseal
from forecourt.storage.signer_notes import SignerNotes
from forecourt.storage.signing import SigningRecords
from tests.storage.bench import HIGHEST, UNUSUAL_TEXTS, Bench, all_pages
from tests.support.authority import Authority
from tests.support.clock import NOON
from tests.support.signings import a_wanted, answer, for_server
from tests.support.vault import VAULT

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
CA = Authority.root().sub()


def add(bench: Bench, wanted: Wanted | None = None, authority: str = "own") -> SigningNumber:
    with bench.committed():
        return SigningRecords(bench.unit).add(wanted or a_wanted(), authority, NOON)


def lease(bench: Bench, number: SigningNumber, node: str = "a") -> None:
    with bench.committed():
        assert SigningRecords(bench.unit).lease(number, node, at=NOON, until=NOON + HOUR)


def an_issued(owner: str = "CP-1", *, serial: int | None = None, number: int = 1) -> IssuedCertificate:
    wanted = a_wanted(owner)
    chain = answer(CA, wanted, serial=serial)
    return IssuedCertificate(
        certificate=chain[0],
        chain=chain,
        number=SigningNumber(number),
        authority="own",
        use=Use.STATION,
        owner=owner,
        issued_at=NOON,
    )


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_a_request_is_kept_exactly(bench: Bench, text: str) -> None:
    wanted = replace(a_wanted(), common_name=text, organisation=text, owner=text, asked_by=text, days=0.5)
    number = add(bench, wanted, text)
    with bench.reading():
        found = SigningRecords(bench.unit).waited(number)
        shown = SigningRecords(bench.unit).find(number)
    assert found is not None
    assert shown is not None
    assert (found.wanted, found.authority, found.tried_since) == (wanted, text, NOON)
    assert (shown.owner, shown.common_name, shown.key_digest) == (text, text, wanted.csr.key_digest)


def test_host_names_come_back_in_order(bench: Bench) -> None:
    wanted = for_server("b.example.com", "a.example.com", "192.0.2.1")
    number = add(bench, wanted)
    with bench.reading():
        found = SigningRecords(bench.unit).waited(number)
    assert found is not None
    assert found.wanted == wanted


def test_what_is_due_is_named_longest_due_first_and_only_while_nobody_is_at_it(bench: Bench) -> None:
    store = SigningRecords(bench.unit)
    first, second, third = add(bench), add(bench, authority="city"), add(bench)
    lease(bench, first)
    with bench.committed():
        waited = store.waited(first)
        assert waited is not None
        assert store.put_off(waited, "Later.", node="a", again_at=NOON + SECOND)
    lease(bench, third)
    with bench.reading():
        assert store.asked(NOON) == ["city"]
        assert sorted(store.asked(NOON + SECOND)) == ["city", "own"]
        assert store.due(NOON, 10, None) == [second]
        assert store.due(NOON + SECOND, 10, None) == [second, first]
        assert store.due(NOON + SECOND, 1, None) == [second]
        assert store.due(NOON + SECOND, 10, "own") == [first]
        assert store.due(NOON + HOUR, 10, "own") == [third, first]


def test_only_the_node_that_is_at_it_puts_it_off_or_ends_it(bench: Bench) -> None:
    store = SigningRecords(bench.unit)
    number = add(bench)
    with bench.committed():
        assert not store.hold(number, "a")
    lease(bench, number)
    with bench.committed():
        waited = store.waited(number)
        assert waited is not None
        assert store.hold(number, "a")
        assert not store.hold(number, "b")
        assert not store.put_off(waited, "Later.", node="b", again_at=NOON)
        assert not store.issue(number, "aa", at=NOON, node="b")
        assert not store.end(number, SigningState.REFUSED, "No.", at=NOON, node="b")
        assert store.issue(number, "aa", at=NOON, node="a")
        assert not store.hold(number, "a")
        assert not store.end(number, SigningState.CANCELLED, "No.", at=NOON, node=None)


def test_progress_attempts_and_silence_are_kept(bench: Bench) -> None:
    store = SigningRecords(bench.unit)
    number = add(bench)
    lease(bench, number)
    with bench.committed():
        waited = store.waited(number)
        assert waited is not None
        changed = replace(waited, progress="https://ca/1 ⚡", attempts=HIGHEST, silent_since=NOON)
        assert store.put_off(changed, "Later.", node="a", again_at=NOON)
    with bench.reading():
        assert store.waited(number) == changed


def test_pages_of_requests_go_on_where_the_one_before_ended(bench: Bench) -> None:
    numbers = [add(bench, a_wanted(f"CP-{n}")) for n in range(5)]
    store = SigningRecords(bench.unit)
    with bench.reading():
        found = all_pages(lambda page: store.list(SigningFilter(), page), 2)
        assert [one.number for one in found] == numbers[::-1]
        assert store.list(SigningFilter(), PageRequest(10, "nonsense")).items == []


def test_a_serial_number_of_an_issuer_is_taken_once(bench: Bench) -> None:
    register = RegisterRecords(bench.unit)
    first = an_issued(serial=5)
    with bench.committed():
        assert register.add(first)
        assert not register.add(an_issued("CP-2", serial=5, number=2))
        assert register.add(an_issued("CP-2", serial=6, number=2))
    with bench.reading():
        assert register.find(first.certificate.fingerprint) == first
        assert register.find_serial(first.certificate.issuer_hash, "5") == first
        assert [one.number for one in all_pages(lambda page: register.list(IssuedFilter(), page), 1)] == [2, 1]
        assert register.of_owner("CP-1") == [first]


def test_the_register_is_searched_without_case_and_literally(bench: Bench) -> None:
    register = RegisterRecords(bench.unit)
    with bench.committed():
        register.add(an_issued())
    with bench.reading():
        assert len(register.list(IssuedFilter(search="cn=sn-1"), PageRequest()).items) == 1
        assert register.list(IssuedFilter(search="%"), PageRequest()).items == []


def test_nothing_is_due_or_overdue_at_an_authority_that_is_disabled(bench: Bench) -> None:
    store = SigningRecords(bench.unit)
    number = add(bench, authority="city")
    with bench.committed():
        bench.unit.execute(
            "INSERT INTO authority (name, kind, settings, secret_names, sealed_secrets, is_enabled, added_by, added_at)"
            " VALUES ('city', 'est', '{}', '[]', '', ?, 'ops', 0)",
            (False,),
        )
    with bench.reading():
        assert (store.asked(NOON), store.due(NOON, 9, None), store.overdue(NOON, NOON, 9)) == ([], [], [])
        assert not store.is_overdue(NOON, NOON)
    with bench.committed():
        bench.unit.execute("UPDATE authority SET is_enabled = ?", (True,))
        assert (store.asked(NOON), store.due(NOON, 9, None)) == (["city"], [number])
        assert store.overdue(NOON, NOON, 9) == [number]


def test_what_begins_anew_has_forgotten_its_progress_and_its_node(bench: Bench) -> None:
    store = SigningRecords(bench.unit)
    number, other = add(bench, authority="city"), add(bench)
    for one in (number, other):
        lease(bench, one)
        with bench.committed():
            waited = store.waited(one)
            assert waited is not None
            tried = replace(waited, progress="order", attempts=3, silent_since=NOON, is_told=True)
            assert store.put_off(tried, "Later.", node="a", again_at=NOON + HOUR)
            assert store.has_told(waited.authority)
    with bench.committed():
        assert store.lease(number, "a", at=NOON + HOUR, until=NOON + 2 * HOUR)
        store.begin_anew("city", NOON + HOUR)
        assert not store.hold(number, "a")
        anew, kept = store.waited(number), store.waited(other)
    assert anew is not None
    assert kept is not None
    assert (anew.progress, anew.attempts, anew.silent_since, anew.is_told) == (None, 0, None, False)
    assert anew.tried_since == NOON + HOUR
    assert (kept.progress, kept.attempts, kept.silent_since, kept.is_told) == ("order", 3, NOON, True)
    with bench.reading():
        assert (store.has_told("city"), store.has_told("own")) == (False, True)


def test_of_several_nodes_one_takes_a_request_on(postgresql_database: Database) -> None:
    """Each in a transaction of its own, at the same time."""
    bench = Bench(postgresql_database)
    numbers = [add(bench) for _ in range(20)]
    barrier = threading.Barrier(4)
    taken: list[SigningNumber] = []

    def take(node: str) -> None:
        own = Bench(postgresql_database)
        store = SigningRecords(own.unit)
        barrier.wait()
        for number in numbers:
            with own.committed():
                if store.lease(number, node, at=NOON, until=NOON + HOUR):
                    taken.append(number)
        own.close()

    threads = [threading.Thread(target=take, args=(f"node-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == numbers
    bench.close()


def test_of_several_nodes_one_issues_under_a_serial_number(postgresql_database: Database) -> None:
    issued = [an_issued(f"CP-{n}", serial=9, number=n) for n in range(4)]
    barrier = threading.Barrier(4)
    added: list[bool] = []

    def issue(one: IssuedCertificate) -> None:
        own = Bench(postgresql_database)
        barrier.wait()
        with own.committed():
            added.append(RegisterRecords(own.unit).add(one))
        own.close()

    threads = [threading.Thread(target=issue, args=(one,)) for one in issued]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(added) == [False, False, False, True]


def test_notes_are_sealed_and_sealed_anew_with_a_new_key(bench: Bench) -> None:
    notes = SignerNotes(bench.unit, VAULT)
    with bench.committed():
        notes.remember("city", "account", "the secret account key", NOON)
    with bench.reading():
        row = bench.unit.one("SELECT sealed FROM signer_note")
    assert row is not None
    assert "secret" not in row[0]
    newest = Vault([Vault.new_key()])
    assert reseal(bench.connection, newest=newest, vault=VAULT) == 1
    with bench.reading():
        assert SignerNotes(bench.unit, newest).recall("city", "account") == "the secret account key"
        assert notes.recall("city", "account") is None


def test_a_note_that_no_key_opens_is_replaced(bench: Bench) -> None:
    lost = SignerNotes(bench.unit, Vault([Vault.new_key()]))
    notes = SignerNotes(bench.unit, VAULT)
    with bench.committed():
        lost.remember("city", "account", "lost", NOON)
        assert notes.remember("city", "account", "new", NOON) == "new"
        assert notes.recall("city", "account") == "new"


def test_challenges_end(bench: Bench) -> None:
    notes = SignerNotes(bench.unit, VAULT)
    with bench.committed():
        notes.put_challenge("t", "t.old", until=NOON + SECOND)
        notes.put_challenge("t", "t.new", until=NOON + HOUR)
        notes.put_challenge("u", "u.x", until=NOON + SECOND)
        assert notes.challenge("t", NOON) == "t.new"
        notes.drop_challenges(before=NOON + SECOND)
        assert notes.challenge("u", NOON) is None
        assert notes.challenge("t", NOON + HOUR) is None
