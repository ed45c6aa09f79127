"""Certificate orders and sheets in the database, and what is due of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from forecourt.domain.certificates.model import (
    Awaited,
    CalendarFilter,
    CertificateOrder,
    Occasion,
    OrderFilter,
    OrderNumber,
    OrderState,
    Seen,
    Sheet,
    Shown,
    Taken,
)
from forecourt.domain.errands.intents import Restart
from forecourt.domain.errands.model import Draft, ErrandNumber
from forecourt.domain.errands.model import Order as ErrandOrder
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import BootFacts, StationDraft
from forecourt.domain.signing.model import SigningNumber, SigningState
from forecourt.domain.trust.model import Revoked
from forecourt.pki.certificate import Certificate
from forecourt.storage.certificates import CertificateRecords
from forecourt.storage.revocations import ParsedCrls, RevocationRecords
from forecourt.storage.signing import SigningRecords
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.authority import Authority
from tests.support.clock import NOON
from tests.support.signings import a_wanted

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ALL = PageRequest(1000)
CA = Authority.root(now=NOON).sub()
LEAF = CA.leaf("SN-1")


def an_order(station_key: int, **fields: object) -> CertificateOrder:
    plain = CertificateOrder(
        number=OrderNumber(0),
        station="CP-1",
        station_key=station_key,
        occasion=Occasion.OPERATOR,
        state=OrderState.ASKED,
        asked_by="ops",
        asked_at=NOON,
        changed_at=NOON,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # any of them, by name


def added(bench: Bench, station_key: int, **fields: object) -> CertificateOrder:
    with bench.committed():
        return CertificateRecords(bench.unit).add(an_order(station_key, **fields))


# What is kept


@pytest.mark.parametrize("unusual", UNUSUAL_TEXTS)
def test_an_order_is_kept_as_it_is(bench: Bench, unusual: str) -> None:
    key = bench.add_station()
    order = added(
        bench,
        key,
        state=OrderState.DOUBTFUL,
        reason=unusual,
        asked_by=unusual,
        ask_errand=ErrandNumber(2**40),
        asks=3,
        is_promised=True,
        deliver_errand=ErrandNumber(8),
        former_errand=ErrandNumber(7),
        signing=SigningNumber(9),
        authority="own",
        csr_digest="ab" * 32,
        key_digest="cd" * 32,
        chain=LEAF.chain,
        deliveries=2,
        taken=Taken.PERHAPS,
        awaited=Awaited.RETURN,
    )
    records = CertificateRecords(bench.unit)
    with bench.reading():
        assert records.find(order.number) == order
        assert records.with_request(key, "ab" * 32) == order
        assert records.with_certificate(key, LEAF.certificate.fingerprint) == order
        assert records.asked_with(ErrandNumber(2**40)) == order
        assert records.delivered_with(ErrandNumber(7)) == order
        assert records.delivered_with(ErrandNumber(8)) == order
        assert records.signed_with(SigningNumber(9)) == order
        assert records.unsettled(key) == [order]
        assert records.with_certificate(key + 1, LEAF.certificate.fingerprint) is None
    with bench.committed():
        records.change(replace(order, state=OrderState.USED, awaited=None))
    with bench.reading():
        assert records.unsettled(key) == []
        assert records.uses_key(key, "cd" * 32)
        assert records.other_with_key(key + 1, "cd" * 32) == "CP-1"
        assert (records.uses_key(key, "ab" * 32), records.other_with_key(key, "cd" * 32)) == (False, None)
        assert not records.find(order.number).is_revoked  # type: ignore[union-attr]  # it is there
    is_revoked(bench, LEAF.certificate)
    with bench.reading():
        assert records.find(order.number).is_revoked  # type: ignore[union-attr]  # it is there
        [listed] = records.list(OrderFilter(), ALL).items
        assert listed.is_revoked


def test_a_sheet_is_kept_as_it_is(bench: Bench) -> None:
    key = bench.add_station()
    certificate = LEAF.certificate
    shown = Shown(
        fingerprint=certificate.fingerprint,
        subject=certificate.subject,
        issuer=certificate.issuer,
        issuer_hash=certificate.issuer_hash,
        serial=certificate.serial,
        key_kind=certificate.key_kind,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        seen=Seen.PRESENTED,
        seen_at=NOON,
        order=OrderNumber(3),
    )
    sheet = Sheet(
        station_key=key,
        shown=shown,
        covered_until=NOON + DAY,
        cover_issuer_hash="ab" * 32,
        cover_serial="1F",
        waits_for=OrderNumber(9),
        renew_end=NOON + 30 * DAY,
        renew_third=NOON,
        alarm_at=NOON + MINUTE,
        alarm_step=2,
        failures=1,
        requests=4,
        requests_since=NOON,
    )
    records = CertificateRecords(bench.unit)
    with bench.committed():
        assert records.sheet(key) == Sheet(station_key=key)
        assert records.hold(key) == Sheet(station_key=key)
        records.put(sheet)
        assert records.hold(key) == sheet
    with bench.reading():
        assert (list(records.to_renew(NOON, 30 * DAY, 9)), list(records.to_tell_of(NOON, 9))) == ([key], [])
        assert list(records.to_renew(NOON - MINUTE, 40 * DAY, 9)) == [], "a third of its life is to be left"
        assert (list(records.to_renew(NOON, 29 * DAY, 9)), list(records.to_tell_of(NOON + DAY, 9))) == ([], [key])
    with bench.committed():
        records.put(replace(sheet, retry_at=NOON + DAY))
    with bench.reading():
        assert list(records.to_renew(NOON, 30 * DAY, 9)) == []
        assert list(records.to_renew(NOON + DAY, DAY, 9)) == [key]
    with bench.committed():
        bench.stations.remove(key, NOON)
    with bench.reading():
        assert (list(records.to_renew(NOON + DAY, DAY, 9)), list(records.to_tell_of(NOON + DAY, 9))) == ([], [])
        assert records.find_station(key) is None
        assert list(records.calendar(CalendarFilter(), ALL).items) == []


def test_orders_are_listed_by_what_they_are(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        other = bench.stations.add(StationDraft(identity="CP-2", group="north"), NOON)
    assert other is not None
    added(bench, key)
    added(bench, key, state=OrderState.USED, asked_at=NOON + DAY, occasion=Occasion.RENEWAL)
    added(bench, other.key, state=OrderState.DOUBTFUL)
    records = CertificateRecords(bench.unit)

    def numbers(**wanted: object) -> list[int]:
        chosen = OrderFilter(**wanted)  # type: ignore[arg-type]  # any of them, by name
        with bench.reading():
            return [one.number for one in all_pages(lambda page: records.list(chosen, page), 2)]

    first = min(numbers())
    assert numbers() == [first + 2, first + 1, first]
    assert numbers(station="CP-1") == [first + 1, first]
    assert numbers(group="north") == [first + 2]
    assert numbers(states=frozenset({OrderState.USED, OrderState.ASKED})) == [first + 1, first]
    assert numbers(is_open=True) == [first + 2, first]
    assert numbers(is_open=False) == [first + 1]
    assert numbers(occasion=Occasion.RENEWAL) == [first + 1]
    assert numbers(since=NOON + MINUTE) == [first + 1]
    assert numbers(until=NOON + MINUTE) == [first + 2, first]


# What is due


def test_what_time_brings_is_found(bench: Bench) -> None:
    key = bench.add_station()
    records = CertificateRecords(bench.unit)
    draft = Draft(operation="Reset", intent=Restart(is_hard=False), shown=None)
    with bench.committed():
        errand, _ = bench.errands.add(key, draft, ErrandOrder(asked_by="ops"), expires_at=NOON + DAY, at=NOON)
    leaf = LEAF.chain
    asked = added(bench, key, ask_errand=errand, asks=1, awaited=Awaited.ERRAND)
    sent = added(bench, key, state=OrderState.DELIVERING, deliver_errand=errand, awaited=Awaited.ERRAND, chain=leaf)
    doubtful = added(bench, key, state=OrderState.DOUBTFUL, awaited=Awaited.RETURN, chain=leaf)
    failed = added(bench, key, state=OrderState.FAILED, awaited=Awaited.BOOT, chain=leaf)
    given_up = added(bench, key, state=OrderState.CANCELLED, awaited=Awaited.WITHDRAWAL)

    def found() -> list[list[OrderNumber]]:
        with bench.reading():
            lists = (
                records.never_requested(NOON, timedelta(), 9),
                records.stranded(NOON, 9),
                records.returned(NOON, 9),
                records.booted(9),
                records.to_withdraw(9),
            )
            return [[one.number for one in orders] for orders in lists]

    assert found() == [[], [], [], [], [given_up.number]]
    with bench.committed():
        bench.unit.execute("UPDATE errand SET state = 'answered', ended_at = changed_at WHERE number = ?", (errand,))
        bench.links.open(key, LinkId(1), node="n", address="a", subprotocol="ocpp1.6", at=NOON)
        bench.stations.record_boot(key, BootFacts(vendor="V", model="M"), NOON + MINUTE)
    assert found() == [[asked.number], [sent.number], [doubtful.number], [failed.number], [given_up.number]]
    with bench.committed():
        bench.unit.execute("UPDATE link SET fingerprint = ?", (leaf[0].fingerprint,))
    assert found()[2] == [], "it showed the certificate"


@pytest.mark.parametrize(("asks", "minutes"), [(1, 2), (2, 4), (3, 8), (12, 2 * 2**11)])
def test_whoever_was_asked_again_has_twice_as_long(bench: Bench, asks: int, minutes: int) -> None:
    key = bench.add_station()
    records = CertificateRecords(bench.unit)
    draft = Draft(operation="Reset", intent=Restart(is_hard=False), shown=None)
    with bench.committed():
        errand, _ = bench.errands.add(key, draft, ErrandOrder(asked_by="ops"), expires_at=NOON + DAY, at=NOON)
        bench.unit.execute("UPDATE errand SET state = 'answered', ended_at = changed_at WHERE number = ?", (errand,))
    asked = added(bench, key, ask_errand=errand, asks=asks, awaited=Awaited.ERRAND)

    def found(at: datetime) -> list[OrderNumber]:
        with bench.reading():
            return [one.number for one in records.never_requested(at, 2 * MINUTE, 9)]

    over = NOON + minutes * MINUTE
    assert (found(over - timedelta(microseconds=1)), found(over)) == ([], [asked.number])


def test_those_before_are_displaced_once_the_station_stays_connected(bench: Bench) -> None:
    key = bench.add_station()
    records = CertificateRecords(bench.unit)
    order = added(bench, key, state=OrderState.USED, awaited=Awaited.REVOCATION, chain=LEAF.chain)

    def displaced(since: datetime) -> list[OrderNumber]:
        with bench.reading():
            return [one.number for one in records.displaced(since, 9)]

    assert displaced(NOON + DAY) == []
    with bench.committed():
        bench.links.open(key, LinkId(1), node="n", address="a", subprotocol="ocpp1.6", at=NOON)
    assert displaced(NOON + DAY) == [], "without a certificate"
    with bench.committed():
        bench.unit.execute("UPDATE link SET fingerprint = ?", (LEAF.certificate.fingerprint,))
    assert displaced(NOON + DAY) == [order.number]
    assert displaced(NOON - MINUTE) == [], "not for long enough"
    with bench.committed():
        bench.links.close(key, LinkId(1))
    assert displaced(NOON + DAY) == []
    with bench.committed():
        bench.links.open(key, LinkId(2), node="n", address="a", subprotocol="ocpp1.6", at=NOON)
        bench.unit.execute("UPDATE link SET fingerprint = ?", (LEAF.certificate.fingerprint,))
    is_revoked(bench, LEAF.certificate)
    assert displaced(NOON + DAY) == [], "its own certificate is revoked"


def test_requests_to_authorities_that_have_ended_untold_are_found(bench: Bench) -> None:
    key = bench.add_station()
    records = CertificateRecords(bench.unit)
    signings = SigningRecords(bench.unit)
    with bench.committed():
        number = signings.add(a_wanted(), "own", NOON)
    order = added(bench, key, state=OrderState.RECEIVED, awaited=Awaited.SIGNING, signing=number)
    with bench.reading():
        assert list(records.untold(NOON + DAY, 9)) == []
    with bench.committed():
        signings.end(number, SigningState.REFUSED, "No.", at=NOON, node=None)
    with bench.reading():
        assert [one.number for one in records.untold(NOON, 9)] == [order.number]
        assert list(records.untold(NOON - MINUTE, 9)) == []


def test_sheets_that_rest_on_what_is_revoked_are_found(bench: Bench) -> None:
    key = bench.add_station()
    records = CertificateRecords(bench.unit)
    leaf = LEAF.certificate
    with bench.committed():
        sheet = records.hold(key)
        sheet = replace(sheet, covered_until=NOON, cover_issuer_hash=leaf.issuer_hash, cover_serial=leaf.serial)
        records.put(sheet)
    with bench.reading():
        assert list(records.misjudged(0, 9)) == []
    is_revoked(bench, leaf)
    with bench.reading():
        assert list(records.misjudged(0, 9)) == [key]
        assert list(records.misjudged(records.newest_revocation(), 9)) == []
    with bench.committed():
        records.put(replace(sheet, covered_until=None, cover_serial=None))
    with bench.reading():
        assert list(records.misjudged(0, 9)) == []


def is_revoked(bench: Bench, certificate: Certificate) -> None:
    """It is in the register."""
    revoked = Revoked(
        issuer_hash=certificate.issuer_hash,
        serial=certificate.serial,
        subject="",
        reason="",
        revoked_by="ops",
        revoked_at=NOON,
    )
    with bench.committed():
        RevocationRecords(bench.unit, ParsedCrls()).add(revoked)


def test_former_ones_are_those_that_still_count(bench: Bench) -> None:
    key = bench.add_station()
    records = CertificateRecords(bench.unit)
    kept = added(bench, key, chain=LEAF.chain)
    gone = CA.leaf("SN-1")
    added(bench, key, chain=gone.chain)
    is_revoked(bench, gone.certificate)
    added(bench, key)
    last = added(bench, key, chain=LEAF.chain)
    with bench.reading():
        assert [one.number for one in records.former(key, last.number, NOON)] == [kept.number]
        assert list(records.former(key, last.number, LEAF.certificate.not_after)) == []
