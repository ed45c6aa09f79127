"""Certificate orders and sheets in the database, and two nodes that change them at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from forecourt.domain.admission.model import Entry, SecurityProfile
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
from forecourt.domain.errands.model import Draft, ErrandNumber, Line
from forecourt.domain.errands.model import Order as ErrandOrder
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import BootFacts, StationDraft
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.services import Services
from forecourt.domain.signing.model import Issued, SigningNumber, SigningState
from forecourt.domain.trust.model import Revoked
from forecourt.pki.certificate import Certificate
from forecourt.storage.certificates import CertificateRecords
from forecourt.storage.database import Database, services_on
from forecourt.storage.revocations import ParsedCrls, RevocationRecords
from forecourt.storage.signing import SigningRecords
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.authority import OPERATOR, Authority
from tests.support.clock import NOON, FakeClock
from tests.support.signings import a_csr, a_wanted, leaf_for
from tests.support.vault import VAULT
from tests.support.workspace import PlainHasher

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
    asked = added(bench, key, ask_errand=errand, awaited=Awaited.ERRAND)
    sent = added(bench, key, state=OrderState.DELIVERING, deliver_errand=errand, awaited=Awaited.ERRAND, chain=leaf)
    doubtful = added(bench, key, state=OrderState.DOUBTFUL, awaited=Awaited.RETURN, chain=leaf)
    failed = added(bench, key, state=OrderState.FAILED, awaited=Awaited.BOOT, chain=leaf)
    given_up = added(bench, key, state=OrderState.CANCELLED, awaited=Awaited.WITHDRAWAL)

    def found() -> list[list[OrderNumber]]:
        with bench.reading():
            lists = (
                records.never_requested(NOON, 9),
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


# Two nodes


@dataclass
class Node:
    """One of them."""

    bench: Bench
    services: Services

    def does(self, work: Callable[[Services], object]) -> object:
        with self.bench.committed():
            return work(self.services)


@dataclass
class Rivals:
    """Two nodes on one database, a station that proves who it is, and somebody who watches."""

    first: Node
    second: Node
    watcher: Bench
    clock: FakeClock
    line: Line

    def at_once(
        self,
        earlier: Callable[[Services], object],
        later: Callable[[Services], object],
        then: Callable[[Services], object] = lambda _: None,
    ) -> None:
        """The earlier is not committed before the later waits for it, and goes on with ``then``."""
        crashes: list[BaseException] = []

        def second() -> None:
            try:
                self.second.does(later)
            except BaseException as error:  # noqa: BLE001  # raised again on the thread of the test
                crashes.append(error)

        thread = threading.Thread(target=second)
        with self.first.bench.committed():
            earlier(self.first.services)
            thread.start()
            self._wait_for_a_lock(thread)
            then(self.first.services)
        thread.join(20)
        assert not crashes, crashes

    def in_steps(self, work: Callable[[Services], object], other: Callable[[Services], object]) -> None:
        """The other begins while the first is between its two halves: it holds the sheet, and goes on."""
        self.at_once(
            lambda services: services.certificates._store.hold(services.provisioning.get_station("CP-1").key),
            other,
            then=work,
        )

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

    def orders(self) -> list[CertificateOrder]:
        """Oldest first."""
        with self.first.bench.reading():
            return list(reversed(self.first.services.certificates.orders(OrderFilter(), ALL).items))

    def is_revoked(self, order: CertificateOrder) -> bool:
        assert order.leaf is not None
        with self.first.bench.reading():
            return self.first.services.trust.is_revoked(order.leaf.issuer_hash, order.leaf.serial)

    def receive(self, pem: str) -> Callable[[Services], object]:
        return lambda services: services.certificates.receive_csr(services.provisioning.get_station("CP-1"), pem)

    def is_issued(self) -> CertificateOrder:
        """The station asked for a certificate, and an errand brings it."""
        self.first.does(self.receive(a_csr("SN-1").pem))
        self.first.does(_sign)
        return self.orders()[-1]

    def is_sent(self) -> ErrandNumber:
        def send(services: Services) -> ErrandNumber:
            station = services.provisioning.get_station("CP-1")
            claim = services.errands.next_for(station, self.line)
            assert claim is not None
            assert services.errands.send(
                claim, line=self.line, action="CertificateSigned", shown="{}", answer_seconds=30
            )
            return claim.number

        number = self.first.does(send)
        assert isinstance(number, int)
        return ErrandNumber(number)


def _sign(services: Services) -> None:
    [assignment] = services.signing.claim("clerk", 1)
    leaf = leaf_for(CA, assignment.wanted)
    assert services.signing.ended(assignment.number, "clerk", Issued((leaf, *CA.presented)))


@pytest.fixture
def rivals(postgresql_database: Database) -> Iterator[Rivals]:
    clock = FakeClock()
    benches = [Bench(postgresql_database) for _ in range(3)]
    build = services_on(clock=clock, policy=BootPolicy(), hasher=PlainHasher(), vault=VAULT)
    first, second = (Node(bench, build(bench.unit)) for bench in benches[:2])
    line = Line("node", LinkId(1))

    def prepare(services: Services) -> None:
        draft = StationDraft(identity="CP-1", security_profile=SecurityProfile.TLS_BASIC)
        station = services.provisioning.add(draft, "ada").station
        services.admissions.change(station, serial_number="SN-1", asked_by="ada")
        services.trust.change_policy(lambda known: replace(known, cpo_name=OPERATOR), asked_by="ada")
        services.presence.open(station, line.link_id, node=line.node, address="192.0.2.1", subprotocol="ocpp1.6")

    first.does(prepare)
    yield Rivals(first, second, benches[2], clock, line)
    for bench in benches:
        bench.close()


def test_one_request_at_two_nodes_is_one_order(rivals: Rivals) -> None:
    """A station that repeats its request over a new link, while the old node still works on the first."""
    pem = a_csr("SN-1").pem
    rivals.at_once(rivals.receive(pem), rivals.receive(pem))
    [order] = rivals.orders()
    assert order.state is OrderState.RECEIVED


def test_of_two_requests_the_later_counts(rivals: Rivals) -> None:
    rivals.at_once(rivals.receive(a_csr("SN-1").pem), rivals.receive(a_csr("SN-1").pem))
    assert [one.state for one in rivals.orders()] == [OrderState.SUPERSEDED, OrderState.RECEIVED]


def test_two_nodes_begin_one_renewal(rivals: Rivals) -> None:
    rivals.is_issued()
    errand = rivals.is_sent()
    rivals.first.does(_answer(errand, "Accepted"))
    rivals.clock.advance(LEAF.certificate.not_after - NOON)
    rivals.at_once(lambda services: services.certificates.settle(), lambda services: services.certificates.settle())
    assert [one.occasion for one in rivals.orders()] == [Occasion.STATION, Occasion.RENEWAL]


def test_a_refusal_that_comes_while_the_station_shows_the_certificate_revokes_nothing(rivals: Rivals) -> None:
    order = rivals.is_issued()
    errand = rivals.is_sent()
    assert order.leaf is not None
    leaf = order.leaf
    rivals.at_once(
        lambda services: services.certificates.presented(services.provisioning.get_station("CP-1"), leaf),
        _answer(errand, "Rejected"),
    )
    [order] = rivals.orders()
    assert order.state is OrderState.USED
    assert not rivals.is_revoked(order)


def test_what_is_issued_while_another_request_comes_is_not_delivered(rivals: Rivals) -> None:
    rivals.first.does(rivals.receive(a_csr("SN-1").pem))
    rivals.at_once(rivals.receive(a_csr("SN-1").pem), _sign)
    first, second = rivals.orders()
    assert (first.state, second.state) == (OrderState.SUPERSEDED, OrderState.RECEIVED)
    assert rivals.is_revoked(first)


def test_a_station_that_shows_its_certificate_while_its_answer_is_read_keeps_nobody_waiting(rivals: Rivals) -> None:
    """One node takes in that it took it, and what it holds; the other lets it in."""
    order = rivals.is_issued()
    errand = rivals.is_sent()
    assert order.leaf is not None
    entry = Entry(
        profile=SecurityProfile.TLS_BASIC, is_tls=True, fingerprint=order.leaf.fingerprint, certificate=order.leaf
    )

    def comes(services: Services) -> None:
        services.admissions.admitted(services.provisioning.get_station("CP-1"), entry)

    def answers(services: Services) -> None:
        station = services.provisioning.get_station("CP-1")
        services.certificates.answered(station, errand, status="Accepted", is_accepted=True)
        chain = "".join(one.pem for one in order.chain)
        services.trust.chain_answered(station, chain=chain, status="Accepted", is_accepted=True, asked_by="ops")

    rivals.in_steps(answers, comes)
    assert rivals.orders()[0].state is OrderState.USED


def _answer(errand: ErrandNumber, status: str) -> Callable[[Services], object]:
    return lambda services: services.certificates.answered(
        services.provisioning.get_station("CP-1"), errand, status=status, is_accepted=status == "Accepted"
    )
