"""Of two that change what is trusted at once, the later works on what the earlier wrote. PostgreSQL lets both in;
with SQLite there is one writer anyway."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.trust import server_certificates, trusted_certificates
from forecourt.domain.trust.importing import Fate
from forecourt.domain.trust.model import Purpose, RevocationMode, Role
from forecourt.domain.trust.service import Trust
from forecourt.pki.revocation import read_crl
from forecourt.storage.building import services_on
from forecourt.storage.database import Database
from tests.storage.bench import Bench
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON, FakeClock
from tests.support.vault import VAULT
from tests.support.workspace import PlainHasher

ROOT = Authority.root(now=NOON)
OTHER = Authority.root("Other", now=NOON)
SERVER = ROOT.leaf("csms.example.com", dns=["csms.example.com"])
STATION = frozenset({Purpose.STATION})
FINGERPRINT = ROOT.certificate.fingerprint

Work = Callable[[Trust], object]


@dataclass
class Rivals:
    """Two nodes on one database, and somebody who watches them."""

    first: Bench
    second: Bench
    watcher: Bench
    trusts: tuple[Trust, Trust]

    def alone(self, work: Work) -> object:
        with self.first.committed():
            return work(self.trusts[0])

    def at_once(self, earlier: Work, later: Work) -> DomainError | None:
        """The earlier is not committed before the later waits for it. Returns why the later was refused."""
        refusals: list[DomainError] = []
        crashes: list[BaseException] = []

        def second() -> None:
            try:
                with self.second.committed():
                    later(self.trusts[1])
            except DomainError as error:
                refusals.append(error)
            except BaseException as error:  # noqa: BLE001  # raised again on the thread of the test
                crashes.append(error)

        thread = threading.Thread(target=second)
        with self.first.committed():
            earlier(self.trusts[0])
            thread.start()
            self._wait_for_a_lock(thread)
        thread.join(20)
        assert not crashes, crashes
        return refusals[0] if refusals else None

    def _wait_for_a_lock(self, thread: threading.Thread) -> None:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with self.watcher.reading():
                row = self.watcher.connection.one(waiting)
            if row is not None and row[0]:
                return
            assert thread.is_alive(), "the later one did not wait"
        raise AssertionError("nobody waited")


@pytest.fixture
def rivals(postgresql_database: Database) -> Iterator[Rivals]:
    benches = [Bench(postgresql_database) for _ in range(3)]
    build = services_on(clock=FakeClock(), policy=BootPolicy(), hasher=PlainHasher(), vault=VAULT)
    first, second, watcher = benches
    yield Rivals(first, second, watcher, (build(first.unit).trust, build(second.unit).trust))
    for bench in benches:
        bench.close()


def test_two_changes_of_one_certificate_are_both_kept(rivals: Rivals) -> None:
    rivals.alone(lambda trust: trust.import_bundle(ROOT.pem, STATION, None, "ada"))
    more = frozenset({Purpose.STATION, Purpose.SERVER})
    rivals.at_once(
        lambda trust: trust.change(FINGERPRINT, is_enabled=False, asked_by="ada"),
        lambda trust: trust.change(FINGERPRINT, purposes=more, asked_by="eve"),
    )
    found = rivals.trusts[0].get(FINGERPRINT)
    assert (found.is_enabled, found.purposes) == (False, more)


def test_what_was_removed_meanwhile_is_not_found(rivals: Rivals) -> None:
    rivals.alone(lambda trust: trust.import_bundle(ROOT.pem, STATION, None, "ada"))
    refusal = rivals.at_once(
        lambda trust: trust.remove(FINGERPRINT, asked_by="ada"),
        lambda trust: trust.change(FINGERPRINT, is_enabled=False, asked_by="eve"),
    )
    assert refusal is not None
    assert refusal.kind is Kind.NOT_FOUND


def test_one_certificate_is_added_once_and_the_other_is_told(rivals: Rivals) -> None:
    fates: list[Fate] = []

    def later(trust: Trust) -> None:
        fates.extend(one.fate for one in trust.import_bundle(ROOT.pem, frozenset({Purpose.SERVER}), None, "eve"))

    rivals.at_once(lambda trust: trust.import_bundle(ROOT.pem, STATION, None, "ada"), later)
    assert fates == [Fate.EXTENDED]
    assert rivals.trusts[0].get(FINGERPRINT).purposes == {Purpose.STATION, Purpose.SERVER}


def test_two_imports_do_not_pass_the_limit(rivals: Rivals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusted_certificates, "MAX_CERTIFICATES", 1)
    refusal = rivals.at_once(
        lambda trust: trust.import_bundle(ROOT.pem, STATION, None, "ada"),
        lambda trust: trust.import_bundle(OTHER.pem, STATION, None, "eve"),
    )
    assert refusal is None
    assert rivals.trusts[0].snapshot().trusted_for(Purpose.STATION, Role.ANCHOR) == (ROOT.certificate,)


def test_an_older_list_never_takes_the_place_of_a_newer_one(rivals: Rivals) -> None:
    rivals.alone(lambda trust: trust.import_bundle(ROOT.pem, STATION, None, "ada"))
    older = read_crl(ROOT.crl(validity=Validity(timedelta(hours=-2), timedelta(days=1))))
    newer = read_crl(ROOT.crl(5))
    refusal = rivals.at_once(lambda trust: trust.put_crl(newer), lambda trust: trust.put_crl(older))
    assert refusal is not None
    assert refusal.kind is Kind.CONFLICT
    assert rivals.trusts[0].crls() == [newer]


def test_two_changes_of_the_policy_are_both_kept(rivals: Rivals) -> None:
    basic = SecurityProfile.BASIC
    rivals.at_once(
        lambda trust: trust.change_policy(lambda known: replace(known, new_station_profile=basic), asked_by="ada"),
        lambda trust: trust.change_policy(lambda known: replace(known, revocation=RevocationMode.HARD), asked_by="eve"),
    )
    policy = rivals.trusts[0].policy()
    assert (policy.new_station_profile, policy.revocation) == (basic, RevocationMode.HARD)


def test_a_server_certificate_that_was_removed_meanwhile_is_not_found(rivals: Rivals) -> None:
    def serve(trust: Trust) -> object:
        return trust.put_server_certificate("main", chain_pem=SERVER.chain_pem, key_pem=SERVER.key_pem, asked_by="ada")

    laters: list[Work] = [
        lambda trust: trust.remove_server_certificate("main", asked_by="eve"),
        lambda trust: trust.enable_server_certificate("main", is_enabled=False, asked_by="eve"),
    ]
    for later in laters:
        rivals.alone(serve)
        refusal = rivals.at_once(lambda trust: trust.remove_server_certificate("main", asked_by="ada"), later)
        assert refusal is not None
        assert refusal.kind is Kind.NOT_FOUND


def test_two_server_certificates_do_not_pass_the_limit(rivals: Rivals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_certificates, "MAX_SERVER_CERTIFICATES", 1)

    def serve(name: str) -> Work:
        return lambda trust: trust.put_server_certificate(
            name, chain_pem=SERVER.chain_pem, key_pem=SERVER.key_pem, asked_by="ada"
        )

    refusal = rivals.at_once(serve("main"), serve("other"))
    assert refusal is not None
    assert [one.name for one in rivals.trusts[0].server_certificates()] == ["main"]


def test_who_changes_nothing_leaves_the_version(rivals: Rivals) -> None:
    rivals.alone(lambda trust: trust.import_bundle(ROOT.pem, STATION, None, "ada"))
    refusal = rivals.at_once(
        lambda trust: trust.change(FINGERPRINT, is_enabled=False, asked_by="ada"),
        lambda trust: trust.change(FINGERPRINT, is_enabled=False, asked_by="eve"),
    )
    assert refusal is None
    assert rivals.trusts[0].version() == 2
