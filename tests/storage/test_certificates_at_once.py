"""Two nodes that change the certificates of one station at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from forecourt.domain.admission.model import Entry, SecurityProfile
from forecourt.domain.certificates.model import ASKED_FOR, CertificateOrder, Occasion, OrderFilter, OrderState
from forecourt.domain.errands.model import ErrandNumber, Line, Order
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.services import Services
from forecourt.domain.signing.model import Issued
from forecourt.storage.building import services_on
from forecourt.storage.database import Database
from tests.storage.bench import Bench
from tests.support.authority import OPERATOR, Authority
from tests.support.clock import NOON, FakeClock
from tests.support.signings import a_csr, leaf_for
from tests.support.vault import VAULT
from tests.support.workspace import PlainHasher

ALL = PageRequest(1000)
CA = Authority.root(now=NOON).sub()
LEAF = CA.leaf("SN-1")


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


def test_two_nodes_ask_a_silent_station_again_once(rivals: Rivals) -> None:
    def ask(services: Services) -> None:
        services.certificates.renew(services.provisioning.get_station("CP-1"), Order(asked_by="ops"))

    rivals.first.does(ask)
    with rivals.first.bench.committed():
        rivals.first.bench.unit.execute("UPDATE errand SET state = 'answered', ended_at = changed_at")
    rivals.clock.advance(ASKED_FOR)
    rivals.at_once(lambda services: services.certificates.settle(), lambda services: services.certificates.settle())
    assert [one.asks for one in rivals.orders()] == [2]
    assert rivals.watcher.count("errand") == 2


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
