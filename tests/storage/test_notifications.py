"""Events, subscriptions and deliveries on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.availability.model import EvseStatus, StatusReport
from forecourt.domain.events.kinds import Group, Kind
from forecourt.domain.events.model import EventFilter, EventNumber
from forecourt.domain.evse import EvseId
from forecourt.domain.notifications.model import (
    Channel,
    Delivery,
    Secrets,
    Subscription,
    SubscriptionNumber,
    Wish,
)
from forecourt.domain.paging import PageRequest
from forecourt.storage.database import Database
from forecourt.storage.events import EventRecords, WatchRecords
from forecourt.storage.notifications import SubscriptionRecords
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON
from tests.support.vault import VAULT

MINUTE = timedelta(minutes=1)
SECRETS = Secrets(secret="whsec_of_tests", header_value="Bearer of tests")
A_WISH = Wish(
    kinds=frozenset({Kind.ALARM_RAISED, Kind.BATCH_ENDED}),
    groups=frozenset({Group.TRANSACTIONS}),
    station="CP-1",
    station_group="north",
)
A_SUBSCRIPTION = Subscription(
    number=SubscriptionNumber(0),
    name="Billing",
    channel=Channel.WEBHOOK,
    recipients=("a@example.com", "b@example.com"),
    url="https://a.example/",
    header_name="Authorization",
    wish=A_WISH,
    changed_by="tests",
    changed_at=NOON,
    reached=0,
)


def tell(bench: Bench, text: str = "x", *, minutes: int = 0, station: str | None = "CP-1") -> None:
    with bench.committed():
        EventRecords(bench.unit).add(Kind.ALARM_ENDED, text[:255], station, {"topic": text}, NOON + minutes * MINUTE)


def subscribe(bench: Bench, name: str = "Billing") -> SubscriptionNumber:
    with bench.committed():
        number = SubscriptionRecords(bench.unit, VAULT).add(replace(A_SUBSCRIPTION, name=name), SECRETS)
    assert number is not None
    return number


def fail(bench: Bench, number: SubscriptionNumber, event: int, *, again: int | None = 1) -> None:
    with bench.committed():
        found = EventRecords(bench.unit).find(EventNumber(event))
        assert found is not None
        SubscriptionRecords(bench.unit, VAULT).failed(
            Delivery(
                subscription=number,
                event=found,
                attempts=1,
                error="No.",
                failing_since=NOON,
                tried_at=NOON,
                again_at=None if again is None else NOON + again * MINUTE,
            )
        )


def numbers(bench: Bench, wanted: EventFilter | None = None) -> list[int]:
    records = EventRecords(bench.unit)
    with bench.reading():
        return [one.number for one in all_pages(lambda page: records.list(wanted or EventFilter(), page), 2)]


@pytest.mark.parametrize("unusual", UNUSUAL_TEXTS)
def test_texts_of_events_are_kept_as_they_are(bench: Bench, unusual: str) -> None:
    tell(bench, unusual)
    with bench.reading():
        (found,) = EventRecords(bench.unit).list(EventFilter(), PageRequest()).items
    assert (found.subject, found.data, found.at) == (unusual[:255], {"topic": unusual}, NOON)


def test_events_are_found_by_what_they_are(bench: Bench) -> None:
    tell(bench, "a")
    tell(bench, "b", minutes=1, station=None)
    tell(bench, "c", minutes=2)
    third, second, first = numbers(bench)
    assert third > second > first
    assert numbers(bench, EventFilter(station="CP-1")) == [third, first]
    assert numbers(bench, EventFilter(kinds=frozenset({Kind.ALARM_RAISED}))) == []
    assert numbers(bench, EventFilter(groups=frozenset({Group.ALARMS}))) == [third, second, first]
    assert numbers(bench, EventFilter(since=NOON + MINUTE, until=NOON + 2 * MINUTE)) == [second]
    with bench.reading():
        assert EventRecords(bench.unit).told_at(Kind.ALARM_ENDED, 2) == NOON
        assert EventRecords(bench.unit).waiting(first) == (2, NOON + MINUTE)


def test_a_subscription_is_kept_with_everything(bench: Bench) -> None:
    number = subscribe(bench)
    with bench.reading():
        records = SubscriptionRecords(bench.unit, VAULT)
        assert records.find(number) == replace(A_SUBSCRIPTION, number=number)
        assert records.secrets(number) == SECRETS
        sealed = bench.connection.one("SELECT sealed FROM subscription")
    assert sealed is not None
    assert "whsec" not in sealed[0]
    paused = replace(
        A_SUBSCRIPTION, number=number, paused_at=NOON, paused_by="x", failing_since=NOON, failures=3, last_error="No."
    )
    with bench.committed():
        assert SubscriptionRecords(bench.unit, VAULT).put(paused)
    with bench.reading():
        assert SubscriptionRecords(bench.unit, VAULT).find(number) == paused


def test_a_name_is_taken_once(bench: Bench) -> None:
    first, second = subscribe(bench), subscribe(bench, "Other")
    with bench.committed():
        records = SubscriptionRecords(bench.unit, VAULT)
        assert records.add(A_SUBSCRIPTION, SECRETS) is None
        assert not records.put(replace(A_SUBSCRIPTION, number=second))
        assert records.put(replace(A_SUBSCRIPTION, number=first))


def test_of_two_nodes_one_gets_the_lease(database: Database) -> None:
    first, second = Bench(database), Bench(database)
    number = subscribe(first)
    tell(first)
    got: list[str] = []

    def lease(bench: Bench, node: str) -> None:
        with bench.committed():
            if SubscriptionRecords(bench.unit, VAULT).lease(number, node, NOON, NOON + MINUTE):
                got.append(node)

    threads = [threading.Thread(target=lease, args=(bench, node)) for bench, node in ((first, "a"), (second, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    with first.committed():
        records = SubscriptionRecords(first.unit, VAULT)
        assert records.with_work(NOON) == []
        assert [one.number for one in records.with_work(NOON + MINUTE)] == [number]
        assert records.hold(number, got[0], NOON)
        assert not records.hold(number, got[0], NOON + MINUTE)
        assert records.release_all(got[0]) == 1
    first.close()
    second.close()


def test_deliveries_are_due_counted_and_forgotten(bench: Bench) -> None:
    number = subscribe(bench)
    for _ in range(4):
        tell(bench)
    fourth, third, second, first = numbers(bench)
    fail(bench, number, first, again=2)
    fail(bench, number, second, again=1)
    fail(bench, number, third, again=None)
    with bench.reading():
        records = SubscriptionRecords(bench.unit, VAULT)
        assert [one.number for one in records.due(number, NOON + MINUTE, 10)] == [second]
        assert [one.number for one in records.due(number, NOON + 2 * MINUTE, 10)] == [second, first]
        (sheet,) = records.sheets()
        assert (sheet.behind, sheet.waiting, sheet.given_up) == (4, 2, 1)
        listed = all_pages(lambda page: records.deliveries(number, page), 2)
        assert [one.event.number for one in listed] == [third, second, first]
    with bench.committed():
        records = SubscriptionRecords(bench.unit, VAULT)
        records.succeeded(number, [EventNumber(second)])
        records.advance(number, third)
        records.advance(number, first)
        records.prune(NOON + MINUTE)
        EventRecords(bench.unit).prune(NOON + MINUTE, records.passed())
    assert numbers(bench) == [fourth, first], "one waits, and one was not looked at"
    with bench.committed():
        SubscriptionRecords(bench.unit, VAULT).remove(number)
    assert (bench.count("delivery"), bench.count("subscription")) == (0, 0)


def test_faults_are_found_where_they_are(bench: Bench) -> None:
    key = bench.add_station()

    def reports(status: str, minutes: int) -> None:
        report = StatusReport(place=EvseId(2), status=status, error_code="OtherError")
        with bench.committed():
            bench.availability.record(key, EvseStatus(report, NOON + minutes * MINUTE))

    reports("Faulted", 0)
    with bench.committed():
        watch = WatchRecords(bench.unit)
        (fault,) = watch.newly_faulted(10)
        assert (fault.station, fault.place, fault.error_code) == ("CP-1", 2, "OtherError")
        assert watch.recovered(10) == []
        assert watch.note_faulted(fault)
        assert not watch.note_faulted(fault)
    with bench.reading():
        assert WatchRecords(bench.unit).newly_faulted(10) == []
    reports("Available", 1)
    with bench.committed():
        watch = WatchRecords(bench.unit)
        (fault,) = watch.recovered(10)
        assert fault.status == "Available"
        assert watch.note_recovered(fault)
        assert not watch.note_recovered(fault)
