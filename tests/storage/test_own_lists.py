"""The own authority's lists in both databases, and its issuers by their addresses, which strangers ask for."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy
from alembic import command
from alembic.config import Config

from forecourt.domain.authorities.model import KeyFamily, OwnCertificate, Phase, Rank
from forecourt.domain.authorities.store import NewOwn, StoredList
from forecourt.pki.issued import key_digest
from forecourt.pki.revocation import Crl, read_crl
from forecourt.storage.database import MIGRATIONS, Database
from forecourt.storage.own_ca import OwnRecords
from forecourt.storage.server_certificates import KeyRing
from tests.storage.bench import Bench
from tests.storage.explaining import explained
from tests.storage.test_migrations import engine
from tests.support.authority import Authority
from tests.support.clock import NOON
from tests.support.vault import VAULT

ROOT_CA = Authority.root(now=NOON)
ISSUING_CA = ROOT_CA.sub()
LATER = NOON + timedelta(minutes=1, microseconds=7)


def own(ca: Authority, rank: Rank, issuer: OwnCertificate | None = None) -> OwnCertificate:
    return OwnCertificate(
        certificate=ca.certificate,
        family=KeyFamily.ECDSA,
        rank=rank,
        phase=Phase.ACTIVE,
        key_id=key_digest(ca.certificate),
        issuer=None if issuer is None else issuer.fingerprint,
        has_key=False,
        made_at=NOON,
    )


ROOT = own(ROOT_CA, Rank.ROOT)
ISSUING = own(ISSUING_CA, Rank.ISSUING, ROOT)
RESPONDER = own(ISSUING_CA.sub("OCSP"), Rank.RESPONDER, ISSUING)
ADDRESS = ISSUING.address


def records(bench: Bench) -> OwnRecords:
    return OwnRecords(bench.unit, KeyRing(VAULT))


def a_crl(*serials: int) -> Crl:
    return read_crl(ISSUING_CA.crl(*serials))


def needs(bench: Bench) -> tuple[bool, bool]:
    """Whether the list is behind, and whether that is urgent."""
    with bench.reading():
        known = records(bench).lists()[ADDRESS]
    return known.is_behind, known.is_urgent


def test_a_list_comes_back_with_the_time_at_which_it_was_made(bench: Bench) -> None:
    store, crl = records(bench), a_crl(1)
    assert crl.next_update is not None
    with bench.committed():
        assert store.put_list(ADDRESS, crl, number=3, covers=0, made_at=LATER)
        assert not store.put_list(ADDRESS, a_crl(), number=3, covers=0, made_at=NOON)
    with bench.reading():
        assert store.find_list(ADDRESS) == StoredList(crl.der, 3, crl.this_update, crl.next_update, LATER)
        assert store.lists()[ADDRESS].made_at == LATER


def test_what_is_urgent_is_so_until_a_list_says_it(bench: Bench) -> None:
    store = records(bench)
    with bench.committed():
        store.put_list(ADDRESS, a_crl(), number=1, covers=0, made_at=NOON)
    assert needs(bench) == (False, False)
    for is_urgent, wanted in ((False, (True, False)), (True, (True, True)), (False, (True, True))):
        with bench.committed():
            store.ask_list(ADDRESS, is_urgent=is_urgent)
        assert needs(bench) == wanted
    for number, covers, wanted in ((2, 1, (True, True)), (3, 2, (True, False)), (4, 3, (False, False))):
        with bench.committed():
            assert store.put_list(ADDRESS, a_crl(), number=number, covers=covers, made_at=NOON)
        assert needs(bench) == wanted
    with bench.committed():
        store.ask_list(ADDRESS, is_urgent=False)
    assert needs(bench) == (True, False)


def test_certificates_are_found_by_their_address_and_by_who_signed_them(bench: Bench) -> None:
    store = records(bench)
    with bench.committed():
        for one in (ROOT, ISSUING, RESPONDER):
            store.add(NewOwn(one, None))
    with bench.reading():
        assert [store.at_address(one.address) for one in (ROOT, ISSUING, RESPONDER)] == [ROOT, ISSUING, RESPONDER]
        assert store.at_address("0" * 20) is None
        assert store.below(ROOT.fingerprint) == [ISSUING]
        assert store.below(ISSUING.fingerprint) == [RESPONDER]
        assert store.below(RESPONDER.fingerprint) == []


def test_what_strangers_ask_for_is_looked_up(sqlite_database: Database) -> None:
    bench = Bench(sqlite_database)
    store = records(bench)
    with bench.reading(), explained(bench) as plans:
        store.at_address(ADDRESS)
        store.below(ISSUING.fingerprint)
        store.find_revocation(ISSUING.certificate.subject_hash, "1")
        store.find_list(ADDRESS)
    bench.close()
    assert len(plans) == 4
    assert not any("SCAN" in plan for plan in plans), plans


def test_what_an_older_version_made_has_its_address_and_a_list_that_may_be_old(database_url: str) -> None:
    with engine(database_url).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0017")
        connection.execute(
            sqlalchemy.text(
                "INSERT INTO own_certificate (fingerprint, family, rank, phase, key_id, pem, is_in_token, made_at)"
                " VALUES (:fingerprint, 'ecdsa', 'issuing', 'active', :key_id, :pem, false, 0)"
            ),
            {"fingerprint": ISSUING.fingerprint, "key_id": ISSUING.key_id, "pem": ISSUING.certificate.pem},
        )
        connection.execute(
            sqlalchemy.text(
                "INSERT INTO own_list (address, number, this_update, next_update, der, asked, covers)"
                " VALUES (:address, 1, 0, 1, :der, 1, 0)"
            ),
            {"address": ADDRESS, "der": a_crl().der},
        )
    database = Database(database_url)
    database.migrate()
    bench = Bench(database)
    with bench.reading():
        found = records(bench).at_address(ADDRESS)
        known = records(bench).lists()[ADDRESS]
    bench.close()
    assert found is not None
    assert found.certificate == ISSUING.certificate
    assert (known.is_behind, known.is_urgent, known.made_at) == (True, False, None)
