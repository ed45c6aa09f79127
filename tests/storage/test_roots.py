"""Tests of roots at stations, and of plans to replace them, in both databases."""

from __future__ import annotations

from datetime import timedelta

from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId, LinkSecurity
from forecourt.domain.rollovers.model import (
    Rollover,
    RolloverFilter,
    RolloverNumber,
    RolloverState,
    StationStep,
    Step,
    StepFilter,
)
from forecourt.domain.roots.model import Learned
from forecourt.domain.roots.store import RootEntry
from forecourt.domain.trust.held import Use
from forecourt.pki.hash_data import HashData, hash_data
from forecourt.storage.rollovers import RolloverRecords
from forecourt.storage.roots import RootRecords
from tests.storage.bench import Bench, all_pages
from tests.support.authority import Authority
from tests.support.clock import NOON

OLD = Authority.root("Old Root", now=NOON)
NEW = Authority.root("New Root", now=NOON)
CENTRAL, MAKERS = Use.CENTRAL_SYSTEM_ROOT, Use.MANUFACTURER_ROOT
LATER = NOON + timedelta(minutes=5)


def an_entry(authority: Authority | None = OLD, use: Use = CENTRAL, learned: Learned = Learned.REPORTED) -> RootEntry:
    certificate = None if authority is None else authority.certificate
    named = (
        HashData("SHA512", "AB" * 64, "cd" * 64, "00F")
        if certificate is None
        else hash_data(certificate, None, "SHA384")
    )
    return RootEntry(use=use, named=named, certificate=certificate, learned=learned, learned_at=NOON)


def test_roots_come_back_as_they_were_written(bench: Bench) -> None:
    records, key = RootRecords(bench.unit), bench.add_station()
    with bench.committed():
        records.hold([key], [CENTRAL])
        first = records.add(key, an_entry())
        second = records.add(key, an_entry(None))
        records.add(key, an_entry(NEW, MAKERS))
    with bench.reading():
        found = records.of_station(key, CENTRAL)
        assert [one.number for one in found] == [first, second]
        assert [one.certificate for one in found] == [OLD.certificate, None]
        assert found[1].named == HashData("SHA512", "AB" * 64, "cd" * 64, "00F")
        assert (found[0].station, found[0].use, found[0].learned, found[0].learned_at) == (
            "CP-1",
            CENTRAL,
            Learned.REPORTED,
            NOON,
        )
        assert records.of_stations([key])[key].known[CENTRAL].reported_at is None
    with bench.committed():
        records.change(second, an_entry(NEW, learned=Learned.INSTALLED))
        records.remove(first)
        records.hold([key], [CENTRAL])
        records.note_report(key, CENTRAL, LATER)
        records.hold([key], [CENTRAL])
    with bench.reading():
        [left] = records.of_station(key, CENTRAL)
        assert (left.number, left.certificate, left.learned) == (second, NEW.certificate, Learned.INSTALLED)
        assert records.of_stations([key])[key].known[CENTRAL].reported_at == LATER
        assert records.of_stations([key])[key].known[MAKERS].reported_at is None


def test_stations_are_found_by_their_roots(bench: Bench) -> None:
    records = RootRecords(bench.unit)
    keys = [bench.add_station(f"CP-{number}") for number in range(5)]
    with bench.committed():
        for key in keys:
            records.add(key, an_entry())
        records.add(keys[0], an_entry(NEW, learned=Learned.INSTALLED))
        for key in keys[:2]:
            records.add(key, an_entry(None))
        bench.stations.remove(keys[4], NOON)
    with bench.reading():
        found = all_pages(lambda page: records.with_certificate(OLD.certificate.fingerprint, page), limit=3)
        assert [one.station for one in found] == ["CP-3", "CP-2", "CP-1", "CP-0"]
        counts = [(one.subject, one.stations, one.reported) for one in records.counts()]
    assert counts == [(OLD.certificate.subject, 4, 4), (NEW.certificate.subject, 1, 0), (None, 2, 2)]


def test_a_root_that_cannot_be_read_any_more_is_a_stranger(bench: Bench) -> None:
    """A former version took it; other roots, and other stations, are read all the same."""
    records, keys = RootRecords(bench.unit), [bench.add_station(f"CP-{number}") for number in range(2)]
    with bench.committed():
        for key in keys:
            records.add(key, an_entry())
            records.add(key, an_entry(NEW))
        broken = "UPDATE station_root SET pem = 'x' WHERE station_key = ? AND fingerprint = ?"
        bench.unit.execute(broken, (keys[0], OLD.certificate.fingerprint))
    with bench.reading():
        found = records.of_stations(keys)
        known = [[one.certificate for one in found[key].known[CENTRAL].roots] for key in keys]
        assert known == [[None, NEW.certificate], [OLD.certificate, NEW.certificate]]
        assert NEW.certificate in records.certificates(CENTRAL)


def test_what_concerns_the_roots_of_many_stations_is_read_at_once(bench: Bench) -> None:
    records, keys = RootRecords(bench.unit), [bench.add_station(f"CP-{number}") for number in range(3)]
    columns = "station_key, folded, name, value, is_read_only, is_unknown, awaits_restart, learned_at"
    with bench.committed():
        records.add(keys[0], an_entry())
        records.add(keys[1], an_entry(NEW, MAKERS))
        records.hold(keys, [CENTRAL])
        records.note_report(keys[1], CENTRAL, LATER)
        for name, value in (("CertificateStoreMaxLength", "7"), ("AdditionalRootCertificateCheck", "TRUE")):
            row = (keys[2], name.lower(), name, value, True, False, False, 0)
            bench.unit.execute(f"INSERT INTO setting ({columns}) VALUES ({', '.join('?' * len(row))})", row)
    with bench.reading():
        found = records.of_stations(keys)
        assert [found[key].count for key in keys] == [1, 1, 0]
        assert [found[key].known[CENTRAL].reported_at for key in keys] == [None, LATER, None]
        assert [one.certificate for one in found[keys[1]].known[MAKERS].roots] == [NEW.certificate]
        assert [(found[key].limit, found[key].checks) for key in keys] == [(None, None), (None, None), (7, True)]


def a_plan(state: RolloverState = RolloverState.INSTALLING, **changes: object) -> Rollover:
    fields = {
        "number": RolloverNumber(0),
        "state": state,
        "is_paused": False,
        "old_root": OLD.certificate,
        "new_root": NEW.certificate,
        "server_certificates": ("main", 'größer, "quoted"'),
        "switch_percent": 90,
        "deletes_old": True,
        "reason": None,
        "asked_by": "ada",
        "asked_at": NOON,
        "changed_at": NOON,
        "look_at": LATER,
        **changes,
    }
    return Rollover(**fields)  # type: ignore[arg-type]  # fields by name


def a_step(number: RolloverNumber, key: int, station: str, step: Step, **changes: object) -> StationStep:
    return StationStep(rollover=number, station_key=key, station=station, step=step, changed_at=NOON, **changes)  # type: ignore[arg-type]  # fields by name


def test_plans_come_back_as_they_were_written(bench: Bench) -> None:
    records = RolloverRecords(bench.unit)
    with bench.committed():
        plan = a_plan()
        number = records.add(plan)
    expected = a_plan(number=number)
    with bench.reading():
        assert records.find(number) == expected
        assert records.open() == [expected]
    done = a_plan(
        RolloverState.DONE,
        number=number,
        switch_percent=None,
        switched_at=NOON,
        ended_at=LATER,
        reason="x",
    )
    with bench.committed():
        records.put(done)
        records.add(a_plan(server_certificates=()))
    with bench.reading():
        assert records.find(number) == done
        assert [one.number for one in records.open()] == [number + 1]
        assert [one.number for one in all_pages(lambda page: records.list(RolloverFilter(), page), limit=1)] == [
            number + 1,
            number,
        ]
        assert records.find(RolloverNumber(99)) is None


def test_each_station_is_found_when_its_time_has_come(bench: Bench) -> None:
    records = RolloverRecords(bench.unit)
    keys = {name: bench.add_station(name) for name in ("A", "B", "C", "D", "gone")}
    with bench.committed():
        number = records.add(a_plan(RolloverState.CLEANING, switched_at=NOON))
        assert records.add_stations(number, [*keys, "A", "unknown"], NOON) == 5
        assert records.add_stations(number, ["A"], NOON) == 0
        records.put_steps([a_step(number, keys["B"], "B", Step.PENDING, again_at=LATER, tried=frozenset({"x", "y"}))])
        records.put_steps([a_step(number, keys["C"], "C", Step.READY)])
        records.put_steps([a_step(number, keys["D"], "D", Step.FAILED, reason="why", attempts=3)])
        bench.stations.remove(keys["gone"], NOON)
    with bench.reading():
        assert records.counts(number) == {**dict.fromkeys(Step, 0), Step.PENDING: 2, Step.READY: 1, Step.FAILED: 1}
        assert [one.station for one in records.pending(number, NOON, 10)] == ["A"]
        both = records.pending(number, LATER, 10)
        assert [(one.station, one.tried) for one in both] == [("A", frozenset()), ("B", {"x", "y"})]
        assert records.came_back(number, NOON, LATER, 10) == []
        listed = all_pages(lambda page: records.steps(StepFilter(rollover=number), page), limit=2)
        assert [one.station for one in listed] == ["A", "B", "C", "D"]
        [failed] = records.steps(StepFilter(rollover=number, steps=frozenset({Step.FAILED})), PageRequest()).items
        assert failed == a_step(number, keys["D"], "D", Step.FAILED, reason="why", attempts=3)
    with bench.committed():
        assert records.retry(number, LATER) == 1
        security = LinkSecurity(is_tls=True, tls_version="TLSv1.3")
        link = {"node": "n", "address": "a", "subprotocol": "ocpp1.6"}
        bench.links.open(keys["C"], LinkId(1), **link, at=LATER, security=security)
        for since, is_there in ((LATER + timedelta(seconds=1), False), (LATER, True)):
            found = [(one.station, is_ours) for one, is_ours in records.came_back(number, since, LATER, 10)]
            assert found == ([("C", True)] if is_there else [])
        bench.links.close(keys["C"], LinkId(1))
        assert records.came_back(number, LATER, LATER, 10) == [], "it went off line again"


def test_ready_is_who_has_the_root(bench: Bench) -> None:
    records, roots = RolloverRecords(bench.unit), RootRecords(bench.unit)
    keys = {name: bench.add_station(name) for name in ("A", "B", "C", "D")}
    new = [NEW.certificate.fingerprint]
    with bench.committed():
        number = records.add(a_plan())
        records.add_stations(number, list(keys), NOON)
        for name, step in (("A", Step.READY), ("B", Step.READY), ("C", Step.LEFT), ("D", Step.PENDING)):
            records.put_steps([a_step(number, keys[name], name, step)])
        for name in ("A", "D"):
            roots.add(keys[name], an_entry(NEW))
        assert records.ready(number, new) == (1, 1)
        assert records.ready(number, []) == (0, 1)
        assert records.fall_back(number, new, LATER) == 1
        assert [one.station for one in records.pending(number, LATER, 10)] == ["B", "D"]
        assert records.others_without(number, new) == 0
        records.begin_again(keys["A"], LATER)
        again = records.step(number, "A")
        assert again is not None
        assert again.step is Step.PENDING
        assert records.step(number, "E") is None


def test_strangers_are_named_once_they_are_known(bench: Bench) -> None:
    records, keys = RootRecords(bench.unit), [bench.add_station(f"CP-{number}") for number in range(2)]
    with bench.committed():
        for key in keys:
            records.add(key, an_entry(None))
        [named] = records.strangers()
        records.name(named, NEW.certificate)
        assert records.strangers() == []
        assert records.certificates(CENTRAL) == [NEW.certificate]
        records.forget(keys[0])
        assert (records.of_station(keys[0], CENTRAL), len(records.of_station(keys[1], CENTRAL))) == ([], 1)


def test_a_plan_is_looked_at_when_its_time_has_come(bench: Bench) -> None:
    records, key = RolloverRecords(bench.unit), bench.add_station()
    with bench.committed():
        number = records.add(a_plan())
        later = records.add(a_plan(look_at=LATER + timedelta(seconds=1)))
        assert records.next_due(NOON) is None
        assert records.next_due(LATER) == number
        records.put_off(number, "why", LATER + timedelta(hours=1))
        assert records.next_due(LATER + timedelta(minutes=1)) == later
        records.add_stations(number, ["CP-1"], NOON)
        records.put_steps([a_step(number, key, "CP-1", Step.READING)])
        assert records.cancelled_under_way() is None
        records.put(a_plan(RolloverState.CANCELLED, number=number, ended_at=NOON))
        assert records.next_due(LATER + timedelta(days=1)) == later
        assert records.cancelled_under_way() == number, "what is under way is taken back"
        bench.stations.remove(key, NOON)
        assert records.cancelled_under_way() is None
