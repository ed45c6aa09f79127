"""What rooms tell the outside, and that ordinary messages tell nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.availability.model import StatusReport
from forecourt.domain.errands.intents import Say
from forecourt.domain.errands.model import Delivery, Draft, Order
from forecourt.domain.events.kinds import CHOOSABLE, SUMMARIES, Kind
from forecourt.domain.events.model import EventFilter, filled
from forecourt.domain.events.service import PER_HOUR
from forecourt.domain.evse import EvseId
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import BootFacts, UnknownStation
from forecourt.domain.security.model import SecurityEvent
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.domain.security_log.model import Note
from forecourt.domain.transactions.model import OperatorStopDraft
from tests.domain.world import ALL, World, a_stop
from tests.support.clock import NOON


class Told(World):
    """A world that is listened to."""

    def since(self, number: int = 0) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Kind, subject and data of what was told, the oldest first."""
        events = self.services.events.list(EventFilter(), ALL).items
        return [(one.kind.value, one.subject, one.data) for one in reversed(events) if one.number > number]

    def newest(self) -> tuple[str, str, Mapping[str, Any]]:
        return self.since()[-1]

    def count(self) -> int:
        return len(self.since())


@pytest.fixture
def world() -> Told:
    return Told()


def reports(world: World, status: str, evse: int = 1) -> None:
    station = world.services.provisioning.get_station("CP-1")
    report = StatusReport(place=EvseId(evse), status=status, error_code="NoError", info="<hot>")
    world.services.availability.report(station, report)


def test_every_kind_says_what_it_is_and_fills_its_sentence() -> None:
    assert SUMMARIES.keys() == set(Kind)
    assert Kind.TEST not in CHOOSABLE
    for kind in Kind:
        shown = filled(kind.sentence, dict.fromkeys(kind.fields, "X"))
        assert "{" not in shown, f"{kind.value} names what its data have not"


def test_data_are_exactly_what_the_kind_declares(world: Told) -> None:
    with pytest.raises(ValueError, match="alarmEnded has"):
        world.services.events.tell(Kind.ALARM_ENDED, "x", {"topic": "files", "more": 1})
    with pytest.raises(ValueError, match="alarmEnded has"):
        world.services.events.tell(Kind.ALARM_ENDED, "x", {})


def test_what_data_hold_is_never_a_template() -> None:
    assert filled("{a} and {b}", {"a": "{b}", "b": None}) == "{b} and"


def test_a_station_comes_and_goes(world: Told) -> None:
    station = world.a_station()
    assert world.newest() == ("stationRegistered", "CP-1", {"askedBy": "the station itself"})
    world.is_connected(station)
    assert world.newest() == ("stationConnected", "CP-1", {"address": "192.0.2.1", "securityProfile": 0})
    world.services.provisioning.boot(station, BootFacts(vendor="V", model="M"))
    assert world.newest()[0] == "stationBooted"
    world.services.presence.close(station, LinkId(1))
    assert world.newest() == ("stationDisconnected", "CP-1", {"reason": "The connection ended."})
    world.services.provisioning.remove("CP-1")
    assert world.newest()[0] == "stationRemoved"


def test_a_link_that_a_newer_one_replaced_ends_without_a_word(world: Told) -> None:
    station = world.a_station()
    world.is_connected(station, link_id=1)
    world.is_connected(station, link_id=2)
    before = world.count()
    world.services.presence.close(station, LinkId(1))
    assert world.count() == before
    world.services.presence.close_all("node")
    assert world.newest()[:2] == ("stationDisconnected", "CP-1")


def test_ordinary_messages_tell_nothing(world: Told) -> None:
    station = world.a_station()
    before = world.count()
    world.services.provisioning.heartbeat(station)
    reports(world, "Available")
    reports(world, "Charging")
    world.services.transactions.record_readings(station, EvseId(1), 1, [])
    assert not world.services.watch.is_due()
    assert world.count() == before


def test_a_fault_is_told_once_and_so_is_its_end(world: Told) -> None:
    world.a_station()
    reports(world, "Faulted")
    reports(world, "Faulted")
    world.services.watch.settle()
    kind, subject, data = world.newest()
    assert (kind, subject, data["connectorId"], data["info"]) == ("connectorFaulted", "CP-1", 1, "<hot>")
    assert not world.services.watch.is_due()
    world.clock.advance(timedelta(seconds=1))
    reports(world, "Available")
    assert world.services.watch.is_due()
    world.services.watch.settle()
    assert world.newest() == ("connectorRecovered", "CP-1", {"connectorId": 1, "status": "Available"})
    assert not world.services.watch.is_due()


def test_a_transaction_is_told_from_its_start_to_its_stop(world: Told) -> None:
    station = world.a_station()
    world.a_tag()
    number = world.starts(station)
    kind, _, data = world.newest()
    assert (kind, data["transactionId"], data["idTag"]) == ("transactionStarted", number, "TAG")
    assert (data["startedAt"], data["meterStartWh"], data["doubts"]) == ("2026-01-01T12:00:00.000Z", 1000, [])
    before = world.count()
    world.starts(station)
    assert world.count() == before, "the same start, told again by the station"
    stop = a_stop(number, stopped_at=NOON + timedelta(minutes=5), meter_stop_wh=3500)
    world.services.transactions.stop(station, stop)
    kind, _, data = world.newest()
    assert (kind, data["energyWh"], data["durationSeconds"], data["reason"]) == (
        "transactionStopped",
        2500,
        300,
        "Local",
    )
    before = world.count()
    world.services.transactions.stop(station, stop)
    assert world.count() == before
    world.services.transactions.stop(station, a_stop(number, meter_stop_wh=9999))
    assert world.newest()[0] == "doubtfulStop"
    world.services.transactions.stop(station, a_stop(999))
    assert world.newest()[2]["doubts"] == ["unknownTransaction"]


def test_a_stop_by_an_operator_is_told(world: Told) -> None:
    station = world.a_station()
    number = world.starts(station)
    world.services.transactions.stop_by_operator(number, OperatorStopDraft(stopped_by="tests"))
    kind, _, data = world.newest()
    assert (kind, data["stoppedBy"]) == ("transactionStopped", "tests")


def test_critical_security_events_are_told_and_others_are_not(world: Told) -> None:
    station = world.a_station()
    world.services.security.report(station, SecurityEvent(type="TamperDetectionActivated", occurred_at=NOON))
    assert world.newest()[2]["type"] == "TamperDetectionActivated"
    before = world.count()
    world.services.security.report(station, SecurityEvent(type="InvalidMessages", occurred_at=NOON))
    assert world.count() == before


def test_entries_of_the_security_log_are_told_when_they_are_of_note(world: Told) -> None:
    log = world.services.security_log
    log.note(Note(kind=Noted.CERTIFICATE_DELIVERED, reason="It took it.", station="CP-1"))
    assert world.newest()[:2] == ("certificateInstalled", "CP-1")
    log.note(Note(kind=Noted.POLICY_CHANGED, reason="It was changed.", asked_by="tests"))
    assert world.newest()[:2] == ("securityNoted", "tests")
    before = world.count()
    log.note(Note(kind=Noted.TLS_REFUSED, reason="Anybody can cause this.", address="192.0.2.1"))
    assert world.count() == before


def test_what_strangers_cause_is_told_so_often_an_hour(world: Told) -> None:
    for index in range(PER_HOUR + 5):
        stranger = UnknownStation(f"X-{index}", "192.0.2.1", "ocpp1.6", world.clock.now(), world.clock.now(), 1)
        world.services.provisioning.record_strangers([stranger])
        world.services.provisioning.record_strangers([stranger])
        world.services.security_log.note(Note(kind=Noted.TOO_MANY_ATTEMPTS, reason=f"Guess {index}."))
    assert [kind for kind, _, _ in world.since()].count("unknownStation") == PER_HOUR
    assert [kind for kind, _, _ in world.since()].count("securityNoted") == PER_HOUR
    world.clock.advance(timedelta(hours=1))
    late = UnknownStation("late", "192.0.2.1", "", world.clock.now(), world.clock.now(), 1)
    world.services.provisioning.record_strangers([late])
    assert world.newest()[1] == "late"


def test_alarms_are_told_when_they_are_raised_get_worse_and_end(world: Told) -> None:
    alarms = world.services.alarms
    alarms.raise_(Topic.FILES, "shelf", Level.WARNING, "It is nearly full.")
    alarms.raise_(Topic.FILES, "shelf", Level.WARNING, "It is nearly full still.")
    alarms.raise_(Topic.FILES, "shelf", Level.CRITICAL, "It is full.")
    alarms.end(Topic.FILES, "shelf")
    alarms.end(Topic.FILES, "shelf")
    assert [(kind, data.get("level")) for kind, _, data in world.since()] == [
        ("alarmRaised", "warning"),
        ("alarmRaised", "critical"),
        ("alarmEnded", None),
    ]


def test_an_errand_that_fails_is_told_and_one_of_a_batch_with_its_batch(world: Told) -> None:
    station = world.a_station()
    draft = Draft(operation="Reset", intent=Say("Reset", "{}"), shown="{}")
    world.services.errands.ask(station, draft, Order(asked_by="tests", delivery=Delivery.NOW))
    kind, subject, data = world.newest()
    assert (kind, subject, data["operation"], data["state"]) == ("errandFailed", "CP-1", "Reset", "failed")
    before = world.count()
    batch = world.services.errands.add_batch("Reset", "tests", 1)
    world.services.errands.ask(station, draft, Order(asked_by="tests", delivery=Delivery.NOW, batch=batch))
    assert world.count() == before
    assert not world.services.watch.is_due(), "it is still being written"
    world.services.errands.finish_writing(batch)
    world.services.watch.settle()
    kind, _, data = world.newest()
    assert (kind, data["total"], data["answered"], data["failed"]) == ("batchEnded", 1, 0, 1)
    assert not world.services.watch.is_due()


def test_a_unit_of_work_that_fails_tells_nothing(world: Told) -> None:
    """The event is written with what happened, or not at all."""
    world.unit.connection.execute("SAVEPOINT work")
    world.a_station()
    world.unit.connection.execute("ROLLBACK TO SAVEPOINT work")
    assert world.since() == []
