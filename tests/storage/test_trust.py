"""Tests of the store of trust in the database, against the promises of its protocols."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.paging import PageRequest
from forecourt.domain.trust.held import Held, How, Use
from forecourt.domain.trust.model import (
    Origin,
    Policy,
    Purpose,
    Removed,
    RevocationMode,
    Role,
    ServerChain,
    Trusted,
    TrustFilter,
    Unusable,
)
from forecourt.pki.sealing import Vault
from forecourt.storage import trust
from forecourt.storage.database import Database
from forecourt.storage.held_certificates import HeldRecords
from forecourt.storage.security_policy import PolicyRecords
from forecourt.storage.server_certificates import KeyRing, ServerCertificateRecords
from forecourt.storage.trust import TrustRecords
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.authority import Authority
from tests.support.clock import NOON
from tests.support.vault import VAULT

ROOT = Authority.root(now=NOON)
SERVER = ROOT.sub().leaf("csms.example.com", dns=["csms.example.com"])
TRUSTED = Trusted(
    certificate=ROOT.certificate,
    purposes=frozenset({Purpose.STATION, Purpose.SERVER}),
    role=Role.ANCHOR,
    origin=Origin.OPERATOR,
    added_by="admin",
    added_at=NOON,
)
CHAIN = ServerChain(name="main", chain=SERVER.chain, is_enabled=True, added_by="admin", added_at=NOON)


@pytest.fixture
def records(bench: Bench) -> TrustRecords:
    return TrustRecords(bench.unit)


@pytest.fixture
def served(bench: Bench) -> ServerCertificateRecords:
    return ServerCertificateRecords(bench.unit, KeyRing(VAULT))


@pytest.fixture
def policies(bench: Bench) -> PolicyRecords:
    return PolicyRecords(bench.unit)


@pytest.fixture
def held(bench: Bench) -> HeldRecords:
    return HeldRecords(bench.unit)


@pytest.mark.parametrize(
    "trusted",
    [
        TRUSTED,
        replace(TRUSTED, purposes=frozenset(Purpose), role=Role.INTERMEDIATE, origin=Origin.OCPP, is_enabled=False),
        *[replace(TRUSTED, added_by=text) for text in UNUSUAL_TEXTS],
    ],
)
def test_a_trusted_certificate_is_kept_exactly(bench: Bench, records: TrustRecords, trusted: Trusted) -> None:
    with bench.committed():
        assert records.add(trusted)
    with bench.reading():
        assert records.find(ROOT.certificate.fingerprint) == trusted
        assert records.list(TrustFilter(), PageRequest()).items == [trusted]
        assert records.enabled() == ([trusted] if trusted.is_enabled else [])
        assert records.fingerprints() == {ROOT.certificate.fingerprint}
    with bench.committed():
        assert not records.add(replace(trusted, added_by="another"))
    with bench.reading():
        assert records.find(ROOT.certificate.fingerprint) == trusted


def test_strange_names_are_kept_as_they_are_shown(bench: Bench, records: TrustRecords) -> None:
    strange = Authority.root("a\x00b'; DROP TABLE crl; -- 🔌\n", organisation='"%_\\', now=NOON)
    with bench.committed():
        records.add(replace(TRUSTED, certificate=strange.certificate))
    with bench.reading():
        found = records.find(strange.certificate.fingerprint)
        assert isinstance(found, Trusted)
        assert found.certificate == strange.certificate
        for search in ("DROP TABLE", "🔌", "%_"):
            assert len(records.list(TrustFilter(search=search), PageRequest()).items) == 1
        assert records.list(TrustFilter(search="%%"), PageRequest()).items == []


def test_changes_and_removals_are_kept(bench: Bench, records: TrustRecords) -> None:
    changed = replace(TRUSTED, purposes=frozenset({Purpose.FIRMWARE}), role=Role.INTERMEDIATE, is_enabled=False)
    with bench.committed():
        records.add(TRUSTED)
        assert records.anchored() == {Purpose.STATION, Purpose.SERVER}
        records.change(changed)
        assert records.anchored() == frozenset()
    with bench.reading():
        assert records.find(ROOT.certificate.fingerprint) == changed
    with bench.committed():
        assert records.remove(ROOT.certificate.fingerprint, removed_by="ada", at=NOON)
        assert not records.remove(ROOT.certificate.fingerprint, removed_by="eve", at=NOON)
        assert not records.change(TRUSTED)
    with bench.reading():
        assert records.find(ROOT.certificate.fingerprint) is None
        assert records.removed(ROOT.certificate.fingerprint) == Removed("ada", NOON)
        assert (records.fingerprints(), records.disabled(), records.enabled()) == (frozenset(), frozenset(), [])
        assert records.list(TrustFilter(), PageRequest()).items == []
    with bench.committed():
        assert records.add(TRUSTED)
    with bench.reading():
        assert records.find(ROOT.certificate.fingerprint) == TRUSTED
        assert records.removed(ROOT.certificate.fingerprint) is None


def test_the_newest_removals_are_remembered(
    bench: Bench, records: TrustRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "MAX_REMOVED", 2)
    several = [Authority.root(f"Root {number}", now=NOON).certificate for number in range(4)]
    with bench.committed():
        for number, one in enumerate(several):
            records.add(replace(TRUSTED, certificate=one))
            if number < 3:
                records.remove(one.fingerprint, removed_by="ada", at=NOON + timedelta(hours=number))
    with bench.reading():
        assert [records.removed(one.fingerprint) is not None for one in several] == [False, True, True, False]
        assert records.fingerprints() == {several[3].fingerprint}


def test_the_list_comes_in_pages_and_is_sifted(bench: Bench, records: TrustRecords) -> None:
    added = [
        replace(
            TRUSTED,
            certificate=Authority.root(f"Root {number}", now=NOON + timedelta(days=number)).certificate,
            purposes=frozenset({Purpose.STATION} if number % 2 else {Purpose.FIRMWARE}),
            is_enabled=number != 3,
        )
        for number in range(5)
    ]
    with bench.committed():
        for one in added:
            records.add(one)
    with bench.reading():
        assert all_pages(lambda page: records.list(TrustFilter(), page), 2) == added[::-1]
        assert records.enabled() == [added[0], added[1], added[2], added[4]]
        for wanted, found in (
            (TrustFilter(purpose=Purpose.STATION), [3, 1]),
            (TrustFilter(purpose=Purpose.ONBOARDING), []),
            (TrustFilter(role=Role.INTERMEDIATE), []),
            (TrustFilter(is_enabled=False), [3]),
            (TrustFilter(search="root 4"), [4]),
            (TrustFilter(search=added[2].certificate.fingerprint.upper()), [2]),
            (TrustFilter(expires_before=added[1].certificate.not_after), [0]),
        ):
            assert records.list(wanted, PageRequest()).items == [added[number] for number in found], wanted


def test_a_certificate_that_cannot_be_read_any_more_is_left_out(bench: Bench, records: TrustRecords) -> None:
    with bench.committed():
        records.add(TRUSTED)
        bench.unit.execute("UPDATE trusted_certificate SET pem = ?", ("damaged",))
    with bench.reading():
        [unusable] = records.enabled()
    assert isinstance(unusable, Unusable)
    assert unusable.name == ROOT.certificate.fingerprint
    assert "cannot be read" in str(unusable.reason)


def test_the_version_grows_with_every_change_and_never_otherwise(bench: Bench, records: TrustRecords) -> None:
    with bench.reading():
        assert records.version() == 0
    for version in (1, 2):
        with bench.committed():
            records.bump()
        with bench.reading():
            assert records.version() == version
    bench.connection.begin()
    records.bump()
    bench.connection.rollback()
    bench.unit.forget()
    with bench.reading():
        assert records.version() == 2


def test_two_who_change_at_once_get_two_versions(database: Database) -> None:
    def bump() -> None:
        bench = Bench(database)
        records = TrustRecords(bench.unit)
        for _ in range(20):
            with bench.committed():
                records.bump()
        bench.close()

    threads = [threading.Thread(target=bump) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    bench = Bench(database)
    with bench.reading():
        assert TrustRecords(bench.unit).version() == 60
    bench.close()


def test_two_thousand_certificates_are_read_at_once(bench: Bench, records: TrustRecords) -> None:
    """Gateways read them at every change."""
    authority = Authority.root(now=NOON)
    key = authority.signing_key
    name = ROOT.certificate.x509.subject
    with bench.committed():
        for number in range(1, 2_001):
            certificate = authority.sign(name, key, serial=number)
            records.add(replace(TRUSTED, certificate=certificate))
    with bench.reading():
        assert len(records.enabled()) == 2_000


def test_a_server_certificate_is_kept_and_its_key_sealed(bench: Bench, served: ServerCertificateRecords) -> None:
    with bench.committed():
        served.put(CHAIN, SERVER.key)
    with bench.reading():
        assert served.find("main") == CHAIN
        assert served.find("other") is None
        assert served.all() == [CHAIN]
        [opened] = served.opened()
        [(sealed,)] = bench.unit.all("SELECT sealed_key FROM server_certificate")
    assert not isinstance(opened, Unusable)
    assert opened.key.pem().decode() == SERVER.key_pem
    assert "PRIVATE" not in sealed
    with bench.committed():
        served.set_enabled("main", is_enabled=False)
    with bench.reading():
        assert served.all() == [replace(CHAIN, is_enabled=False)]
        assert served.opened() == []
    with bench.committed():
        served.put(replace(CHAIN, added_by="another"), SERVER.key)
    with bench.reading():
        assert served.all() == [replace(CHAIN, added_by="another")]
    with bench.committed():
        served.remove("main")
    assert bench.count("server_certificate") == 0


def test_a_key_that_cannot_be_opened_leaves_out_its_certificate_alone(
    bench: Bench, served: ServerCertificateRecords
) -> None:
    lost = ServerCertificateRecords(bench.unit, KeyRing(Vault([Vault.new_key()])))
    with bench.committed():
        served.put(CHAIN, SERVER.key)
        lost.put(replace(CHAIN, name="lost"), SERVER.key)
    with bench.reading():
        assert len(served.all()) == 2
        found = {type(one).__name__: one for one in served.opened()}
    assert set(found) == {"ServerCertificate", "Unusable"}
    unusable = found["Unusable"]
    assert isinstance(unusable, Unusable)
    assert unusable.name == "lost"
    assert "'lost' cannot be opened" in str(unusable.reason)
    assert "give the server certificate once more" in str(unusable.reason)


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(
            cpo_name="Straße 🔌",
            trusted_organisations=('"', "b, c"),
            new_station_profile=SecurityProfile.TLS_CERTIFICATE,
            revocation=RevocationMode.HARD,
            listeners={"wss": frozenset({SecurityProfile.TLS_BASIC, SecurityProfile.BASIC}), "ws": frozenset()},
            renew_before_days=7,
            renewals_per_minute=1,
        ),
    ],
)
def test_the_policy_is_kept_exactly(bench: Bench, policies: PolicyRecords, policy: Policy) -> None:
    with bench.reading():
        assert policies.find() is None
    for one in (Policy(cpo_name="before"), policy):
        with bench.committed():
            policies.put(one)
        with bench.reading():
            assert policies.find() == one
    assert bench.count("security_policy") == 1


def test_what_another_version_wrote_into_the_policy_is_taken_as_the_strictest(
    bench: Bench, policies: PolicyRecords
) -> None:
    with bench.committed():
        policies.put(Policy())
        bench.unit.execute(
            "UPDATE security_policy SET new_station_profile = 9, revocation = 'always', listeners = ?,"
            " renew_before_days = NULL, renewals_per_minute = NULL",
            ('{"ws": [1, 9], "wss": [9]}',),
        )
    with bench.reading():
        assert policies.find() == Policy(
            new_station_profile=SecurityProfile.TLS_CERTIFICATE,
            revocation=RevocationMode.HARD,
            listeners={"ws": frozenset({SecurityProfile.BASIC}), "wss": frozenset()},
        )


def test_keys_that_are_not_presented_any_more_are_forgotten(bench: Bench) -> None:
    ring = KeyRing(VAULT)
    served = ServerCertificateRecords(bench.unit, ring)
    with bench.committed():
        served.put(CHAIN, SERVER.key)
    with bench.reading():
        served.opened()
        [(sealed,)] = bench.unit.all("SELECT sealed_key FROM server_certificate")
    opened = ring.open(sealed)
    assert ring.open(sealed) is opened
    with bench.committed():
        served.set_enabled("main", is_enabled=False)
    with bench.reading():
        served.opened()
    assert ring.open(sealed) is not opened


def test_what_a_station_holds_is_kept_exactly(bench: Bench, held: HeldRecords) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    one = Held(certificate=ROOT.certificate, use=Use.CENTRAL_SYSTEM_ROOT, how=How.DELIVERED, learned_at=NOON)
    same = replace(one, use=Use.MANUFACTURER_ROOT, learned_at=NOON + timedelta(hours=1))
    with bench.committed():
        assert held.put(key, one, 20)
        assert held.put(key, same, 20)
        assert not held.put(key, replace(one, learned_at=NOON + timedelta(days=1)), 20)
    with bench.reading():
        assert held.of_station(key) == [same, one]
        assert held.of_station(other) == []
    presented = replace(one, how=How.PRESENTED, learned_at=NOON + timedelta(days=1))
    with bench.committed():
        assert held.put(key, presented, 20)
    with bench.reading():
        assert held.of_station(key) == [presented, same]
    with bench.committed():
        held.forget(key, Use.MANUFACTURER_ROOT, ROOT.certificate.fingerprint)
    with bench.reading():
        assert held.of_station(key) == [presented]


def test_only_the_newest_of_a_use_are_kept(bench: Bench, held: HeldRecords) -> None:
    key = bench.add_station()
    all_held = [
        Held(
            certificate=ROOT.leaf(f"SN-{number}").certificate,
            use=Use.CHARGE_POINT,
            how=How.PRESENTED,
            learned_at=NOON + timedelta(minutes=number),
        )
        for number in range(4)
    ]
    with bench.committed():
        held.put(key, replace(all_held[0], use=Use.MANUFACTURER_ROOT), 2)
        for one in all_held:
            held.put(key, one, 2)
    with bench.reading():
        assert [one.learned_at.minute for one in held.of_station(key)] == [3, 2, 0]
