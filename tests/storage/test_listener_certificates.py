"""Tests of managed server certificates in the database, against the promises of ListenerCertificateStore."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.clerk.listener_keys import make_key
from forecourt.domain.alarms.model import AlarmFilter, Level, Topic
from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.listener_certificates.model import Member, MemberState, Wish
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.services import Services
from forecourt.domain.signing.model import SigningNumber
from forecourt.pki.keys import PrivateKey, new_private_key
from forecourt.pki.sealing import Vault
from forecourt.storage.building import services_on
from forecourt.storage.database import Database
from forecourt.storage.errors import StorageError
from forecourt.storage.listener_certificates import ListenerCertificateRecords
from forecourt.storage.signing import SigningRecords
from tests.storage.bench import Bench
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON, FakeClock
from tests.support.vault import VAULT
from tests.support.workspace import PlainHasher

HOUR = timedelta(hours=1)
MEMBER = Member(name="main-rsa", family=KeyFamily.RSA, state=MemberState.ASKED, round=3, signing=SigningNumber(7))
WISH = Wish(host_names=("a.example", "127.0.0.1"), families=frozenset({KeyFamily.RSA}))


def records(bench: Bench, vault: Vault = VAULT) -> ListenerCertificateRecords:
    return ListenerCertificateRecords(bench.unit, vault)


def put(bench: Bench, member: Member = MEMBER, wish: Wish = WISH) -> None:
    with bench.committed():
        records(bench).put("main", wish, changed_by="ops", at=NOON)
        records(bench).put_member("main", member)


def a_key() -> PrivateKey:
    return new_private_key("EC secp256r1")


def test_all_that_is_wished_and_known_is_read_back(bench: Bench) -> None:
    wish = replace(WISH, authority="acme", is_fast=True, renew_before=2 * HOUR)
    member = replace(
        MEMBER,
        state=MemberState.FAILED,
        reason="It is \N{SNOWMAN}.",
        attempts=2,
        fingerprint="ab",
        placed_at=NOON,
        not_after=NOON + HOUR,
        renew_at=NOON + 2 * HOUR,
        again_at=NOON + 3 * HOUR,
        due_at=NOON + 4 * HOUR,
        wanted_at=NOON + 5 * HOUR,
    )
    put(bench, member, wish)
    with bench.reading():
        found = records(bench).find("main")
        assert found is not None
        assert (found.wish, found.members, found.changed_by, found.changed_at) == (wish, (member,), "ops", NOON)
        assert records(bench).all() == [found]
        assert records(bench).owner("main-rsa") == "main"
        assert records(bench).member_of(SigningNumber(7)) == "main-rsa"
        assert records(bench).find("other") is None
        assert records(bench).owner("other") is None
        assert records(bench).member_of(SigningNumber(8)) is None


def test_what_is_due_is_found(bench: Bench) -> None:
    put(bench, replace(MEMBER, due_at=NOON))
    with bench.reading():
        assert not records(bench).is_due(NOON - HOUR)
        assert records(bench).is_due(NOON)
        assert records(bench).due(NOON) == ["main-rsa"]


def test_a_key_is_sealed_until_it_is_in_place(bench: Bench) -> None:
    key, issued = a_key(), Authority.root(now=NOON)
    put(bench, replace(MEMBER, state=MemberState.ISSUED))
    with bench.committed():
        records(bench).keep_key("main-rsa", key)
        records(bench).keep_chain("main-rsa", (issued.certificate,))
        assert records(bench).has_work(NOON)
    with bench.reading():
        row = bench.connection.one("SELECT sealed_key FROM listener_member")
        assert row is not None
        assert "PRIVATE KEY" not in row[0]
        (placement,) = records(bench).placements(NOON)
        assert placement.key_pem == key.pem().decode()
        assert placement.chain_pem == issued.pem
        assert "PRIVATE KEY" not in repr(placement)
        (lost,) = records(bench, Vault([Vault.new_key()])).placements(NOON)
        assert lost.key_pem is None, "sealed with another key"
    put(bench, replace(MEMBER, state=MemberState.IN_PLACE))
    with bench.reading():
        assert bench.connection.one("SELECT sealed_key, chain FROM listener_member") == (None, None)
        assert not records(bench).has_work(NOON)


def test_it_goes_with_its_members(bench: Bench) -> None:
    put(bench)
    with bench.committed():
        assert records(bench).lock("main")
        assert records(bench).remove("main")
        assert not records(bench).remove("main")
        assert not records(bench).lock("main")
    assert (bench.count("listener_certificate"), bench.count("listener_member")) == (0, 0)


def test_who_locks_is_alone_until_the_commit(postgresql_database: Database) -> None:
    """Two nodes that made a key at the same time ask for one certificate."""
    first, second = Bench(postgresql_database), Bench(postgresql_database)
    put(first, replace(MEMBER, state=MemberState.WANTED))
    seen: list[MemberState] = []

    def other() -> None:
        with second.committed():
            records(second).lock("main")
            found = records(second).find("main")
            assert found is not None
            seen.append(found.members[0].state)

    thread = threading.Thread(target=other)
    with first.committed():
        records(first).lock("main")
        records(first).put_member("main", MEMBER)
        thread.start()
        thread.join(0.2)
        assert thread.is_alive(), "it waits for the first to commit"
    thread.join(10)
    assert seen == [MemberState.ASKED]
    first.close()
    second.close()


def _services(bench: Bench) -> Services:
    compose = services_on(clock=FakeClock(), policy=BootPolicy(), hasher=PlainHasher(), vault=VAULT)
    return compose(bench.unit)


def test_what_nobody_renews_is_told_of_and_what_is_managed_is_not(bench: Bench) -> None:
    """By what is in the database: the certificates that are presented, the members, and the alarms that are open."""
    services, soon = _services(bench), Validity(timedelta(0), timedelta(days=6))
    for name in ("main-rsa", "given"):
        given = Authority.root(now=NOON).leaf("a.example", dns=["a.example"], validity=soon)
        with bench.committed():
            services.trust.put_server_certificate(
                name, chain_pem=given.chain_pem, key_pem=given.key_pem, asked_by="ops"
            )
    put(bench)
    with bench.committed():
        services.alarms.raise_(Topic.SERVER_CERTIFICATE, "main-rsa", Level.CRITICAL, "It is late.")
        services.alarms.raise_(Topic.SERVER_CERTIFICATE, "gone", Level.WARNING, "It ends.")
    late = services_on(
        clock=FakeClock(NOON + timedelta(days=5, hours=23)), policy=BootPolicy(), hasher=PlainHasher(), vault=VAULT
    )(bench.unit)
    with bench.committed():
        assert late.listener_certificates.is_due()
        late.listener_certificates.settle()
        assert not late.listener_certificates.is_due()
    with bench.reading():
        found = late.alarms.list(AlarmFilter(is_open=True), PageRequest()).items
    assert sorted((one.subject, one.level) for one in found) == [
        ("given", Level.CRITICAL),
        ("main-rsa", Level.CRITICAL),
    ]


def _until_somebody_waits(bench: Bench) -> None:
    """For a lock, in this database."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ends_at = time.monotonic() + 10
    while bench.unit.all(waiting) == [(0,)]:
        assert time.monotonic() < ends_at, "nobody waits"
        bench.unit.all("SELECT pg_stat_clear_snapshot()::text")
        time.sleep(0.01)


@pytest.mark.parametrize("does", ["put", "remove"])
def test_what_an_operator_does_while_its_request_ends_does_not_block(postgresql_database: Database, does: str) -> None:
    """Both lock the request and then the certificate: the other order would be a deadlock."""
    mine, theirs = Bench(postgresql_database), Bench(postgresql_database)
    operator, clerk = _services(mine), _services(theirs)
    with mine.committed():
        operator.listener_certificates.put("main", Wish(host_names=("a.example",)), asked_by="ops")
    with mine.reading():
        keys = operator.listener_certificates.keys_wanted()
    with mine.committed():
        for one in keys:
            operator.listener_certificates.key_made(one, *make_key(one))
    with mine.committed():
        numbers = sorted(one.number for one in operator.signing.claim("a", 9))
    held, failures = threading.Event(), list[Exception]()

    def ends() -> None:
        try:
            with theirs.committed():
                assert SigningRecords(theirs.unit).hold(numbers[0], "a")
                held.set()
                _until_somebody_waits(theirs)
                for number in numbers:
                    clerk.signing.refused(number, "a", "No.")
        except (StorageError, AssertionError) as error:
            failures.append(error)

    ending = threading.Thread(target=ends)
    ending.start()
    held.wait(10)
    with mine.committed():
        room = operator.listener_certificates
        if does == "put":
            room.put("main", Wish(host_names=("b.example",)), asked_by="ops")
        else:
            room.remove("main", asked_by="ops")
    ending.join(60)
    assert failures == []
    mine.close()
    theirs.close()
