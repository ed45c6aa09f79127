"""Tests of charging profiles in both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from forecourt.domain.authorization.model import AuthorizationStatus, Verdict
from forecourt.domain.errands.intents import InstallProfile
from forecourt.domain.errands.model import Draft, ErrandNumber, ErrandState, Order
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.provisioning.model import StationKey
from forecourt.domain.smart_charging.model import AssignmentState, Profile, ProfileFilter, RateUnit, ToldSchedule
from forecourt.domain.transactions.model import StartReport, Stop
from forecourt.storage.database import Database
from forecourt.storage.errands import Errands
from forecourt.storage.smart_charging import SmartChargingRecords
from tests.domain.smart_charging.profiles import DEFAULT, MAX, TX, a_draft, a_profile, a_schedule
from tests.storage.bench import HIGHEST, UNUSUAL_TEXTS, Bench, all_pages
from tests.storage.explaining import explained, uses
from tests.support.clock import NOON
from tests.support.vault import VAULT

S = AssignmentState
ONE = EvseId(1)
LATER = NOON + timedelta(hours=1, microseconds=7)


def test_a_profile_comes_back_as_it_went_in(bench: Bench) -> None:
    records = SmartChargingRecords(bench.unit)
    profile = a_profile(
        MAX,
        a_schedule((0, 6.1, 1), (60, 0.0), unit=RateUnit.WATT, starts_at=LATER, duration=61, min_rate=0.3),
        level=3,
        valid_from=NOON,
        valid_to=LATER,
    )
    with bench.committed():
        numbers = [records.add_profile(a_draft(profile, name=text, description=text), NOON) for text in UNUSUAL_TEXTS]
        assert records.change_profile(numbers[0], a_draft(name="changed"), LATER)
        assert not records.change_profile(HIGHEST, a_draft(), LATER)
        assert records.remove_profile(numbers[-1])
        assert not records.remove_profile(numbers[-1])
    with bench.reading():
        assert records.find_profile(numbers[-1]) is None
        changed = records.find_profile(numbers[0])
        found = all_pages(lambda page: records.profiles(ProfileFilter(), page), limit=3)
    assert changed is not None
    assert (changed.name, changed.created_at, changed.changed_at) == ("changed", NOON, LATER)
    assert [one.number for one in found] == numbers[:-1]
    assert [(one.name, one.description) for one in found[1:]] == [(text, text) for text in UNUSUAL_TEXTS[1:-1]]
    assert {one.profile for one in found[2:]} == {
        Profile(
            profile_id=number,
            stack_level=profile.stack_level,
            purpose=profile.purpose,
            kind=profile.kind,
            valid_from=profile.valid_from,
            valid_to=profile.valid_to,
            schedule=profile.schedule,
        )
        for number in numbers[2:-1]
    }


def test_assignments_know_their_station_library_and_transaction(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    records = SmartChargingRecords(bench.unit)
    with bench.committed():
        library = records.add_profile(a_draft(), NOON)
        kept = a_profile(number=library)
        start = StartReport(evse=ONE, id_token="TAG", started_at=NOON, meter_start_wh=0)
        verdict = Verdict(AuthorizationStatus.ACCEPTED)
        transaction = bench.transactions.start(key, start, verdict, frozenset(), NOON)
        tx = a_profile(TX, number=9, transaction_id=transaction)
        records.add_assignment(key, ONE, kept, library=library, state=S.INSTALLED, at=NOON)
        records.add_assignment(key, ONE, tx, library=None, state=S.INSTALLED, at=NOON)
        records.add_assignment(other, WHOLE_STATION, kept, library=library, state=S.REQUESTED, at=NOON)
        foreign = records.add_assignment(other, ONE, tx, library=None, state=S.INSTALLED, at=NOON)
    with bench.reading():
        assert [(one.station, one.profile) for one in records.open_on(key)] == [("CP-1", kept), ("CP-1", tx)]
        assert [(one.station, one.place) for one in records.open_of(library)] == [
            ("CP-1", ONE),
            ("CP-2", WHOLE_STATION),
        ]
        ended = records.find_assignment(foreign)
    assert ended is not None
    assert ended.state is S.ENDED, "the transaction runs, but at another station"
    stop = Stop(stopped_at=LATER, meter_stop_wh=1, reason="Local", id_token=None, received_at=LATER)
    with bench.committed():
        bench.transactions.stop(transaction, stop, frozenset())
        records.change_profile(library, a_draft(a_profile(MAX)), LATER)
    with bench.reading():
        assert [(one.profile, one.is_outdated) for one in records.open_on(key)] == [(kept, True)]
        found = all_pages(lambda page: records.assignments(key, page), limit=1)
    assert [one.state for one in found] == [S.ENDED, S.INSTALLED]


def test_an_assignment_is_found_by_its_errand(bench: Bench) -> None:
    key = bench.add_station()
    records, errands = SmartChargingRecords(bench.unit), Errands(bench.unit, VAULT)
    profile = a_profile(DEFAULT, number=3)
    with bench.committed():
        number, other = (
            records.add_assignment(key, ONE, profile, library=3, state=S.REQUESTED, at=NOON) for _ in range(2)
        )
        draft = Draft(operation="Assign", intent=InstallProfile(ONE, profile, number), shown=None)
        errand, _ = errands.add(key, draft, Order(asked_by="admin"), expires_at=LATER, at=NOON)
        assert records.find_by_errand(errand) is None
        records.set_errand(number, errand)
        found = records.find_by_errand(errand)
        assert found is not None
        assert (found.number, found.state) == (number, S.REQUESTED)
        errands.finish(errand, ErrandState.ANSWERED, of=ErrandState.QUEUED, at=LATER)
        assert [(one.number, one.state) for one in records.open_on(key)] == [(number, S.UNKNOWN), (other, S.REQUESTED)]
        records.settle(number, S.INSTALLED, "because", LATER)
    with bench.reading():
        found = records.find_by_errand(errand)
    assert found is not None
    assert (found.state, found.reason, found.errand) == (S.INSTALLED, "because", errand)
    assert (found.requested_at, found.changed_at) == (NOON, LATER)


def test_transactions_that_run_at_a_place_are_found_newest_first(bench: Bench) -> None:
    key, other = bench.add_station(), bench.add_station("CP-2")
    records = SmartChargingRecords(bench.unit)
    verdict = Verdict(AuthorizationStatus.ACCEPTED)

    def start(station: StationKey, evse: EvseId, meter_wh: int) -> int:
        report = StartReport(evse=evse, id_token="TAG", started_at=NOON, meter_start_wh=meter_wh)
        return bench.transactions.start(station, report, verdict, frozenset(), NOON)

    with bench.committed():
        lost, ended, newest = (start(key, ONE, meter_wh) for meter_wh in range(3))
        start(key, EvseId(2), 0)
        start(other, ONE, 0)
        stop = Stop(stopped_at=LATER, meter_stop_wh=1, reason="Local", id_token=None, received_at=LATER)
        bench.transactions.stop(ended, stop, frozenset())
    with bench.reading():
        assert list(records.running_at(key, ONE)) == [newest, lost]
        assert list(records.running_at(key, EvseId(3))) == []


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda records, key: records.open_on(key), "assignment_open"),
        (lambda records, key: records.settle_ended(key, NOON), "assignment_open"),
        (lambda records, _: records.find_by_errand(ErrandNumber(1)), "assignment_of_errand"),
        (lambda records, key: records.running_at(key, ONE), "transaction_running"),
    ],
)
def test_what_is_there_is_found_in_indexes(
    sqlite_database: Database, ask: Callable[[SmartChargingRecords, int], object], index: str
) -> None:
    """A station may have had any number of profiles and transactions."""
    bench = Bench(sqlite_database)
    key = bench.add_station()
    with explained(bench) as plans, bench.committed():
        ask(SmartChargingRecords(bench.unit), key)
    bench.close()
    assert uses(plans, index), plans


def test_the_newest_schedule_of_a_place_is_kept(bench: Bench) -> None:
    key = bench.add_station()
    records = SmartChargingRecords(bench.unit)

    def told(place: EvseId, limit: float) -> ToldSchedule:
        schedule = a_schedule((0, limit), starts_at=LATER, duration=60)
        return ToldSchedule(place=place, asked_seconds=HIGHEST, starts_at=LATER, schedule=schedule, told_at=NOON)

    with bench.committed():
        for one in (told(EvseId(2), 1.0), told(ONE, 2.0), told(EvseId(2), 3.1)):
            records.put_schedule(key, one)
    with bench.reading():
        assert records.schedules(key) == [told(ONE, 2.0), told(EvseId(2), 3.1)]
        assert records.schedules(key + 1) == []
