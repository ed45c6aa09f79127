"""Labels of stations, and other filters of the list, in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.availability.model import ConnectorFilter, EvseStatus, StatusReport
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Registration, StationDraft, StationFilter, StationKey
from tests.storage.bench import Bench, all_pages
from tests.storage.explaining import explained
from tests.support.clock import NOON


def labelled(bench: Bench, identity: str, *labels: str, group: str = "") -> StationKey:
    with bench.committed():
        station = bench.stations.add(StationDraft(identity=identity, group=group), NOON)
        assert station is not None
        bench.stations.put_labels(station.key, labels)
    return station.key


def found(bench: Bench, wanted: StationFilter, limit: int = 100) -> list[str]:
    with bench.reading():
        sheets = all_pages(lambda page: bench.stations.sheets(wanted, page), limit)
        count = bench.stations.count(wanted)
    assert count == len(sheets)
    return [sheet.station.identity for sheet in sheets]


def report(bench: Bench, key: StationKey, place: Place, status: str, error: str = "NoError", minutes: int = 0) -> None:
    known = StatusReport(place=place, status=status, error_code=error)
    with bench.committed():
        bench.availability.record(key, EvseStatus(known, NOON + timedelta(minutes=minutes)))


def test_labels_are_kept_exactly_and_replaced(bench: Bench) -> None:
    key = labelled(bench, "CP1", "b", "a", '<i>"%_\\🔌')
    with bench.reading():
        sheet = bench.stations.sheet("CP1")
    assert sheet is not None
    assert sheet.labels == ('<i>"%_\\🔌', "a", "b")
    with bench.committed():
        bench.stations.put_labels(key, ["c"])
    assert found(bench, StationFilter(label="c")) == ["CP1"]
    assert found(bench, StationFilter(label="a")) == []


def test_a_label_is_found_as_a_whole_and_over_pages(bench: Bench) -> None:
    for identity, label in (("A", "fast"), ("B", "faster"), ("C", "Fast"), ("D", "fast")):
        labelled(bench, identity, label, "all")
    assert found(bench, StationFilter(label="fast"), limit=1) == ["A", "D"]
    assert found(bench, StationFilter(label="all"), limit=2) == ["A", "B", "C", "D"]


def test_groups_and_labels_are_told_that_registered_stations_have(bench: Bench) -> None:
    gone = labelled(bench, "GONE", "old", group="Old")
    labelled(bench, "A", "x", "y", group="South")
    labelled(bench, "B", "x", group="North")
    labelled(bench, "C")
    with bench.committed():
        bench.stations.remove(gone, NOON)
    with bench.reading():
        assert bench.stations.groups() == ["North", "South"]
        assert bench.stations.labels() == ["x", "y"]


def test_stations_with_a_fault_are_those_of_which_any_place_has_one(bench: Bench) -> None:
    one, two, three = (labelled(bench, identity) for identity in ("A", "B", "C"))
    report(bench, one, EvseId(2), "Faulted")
    report(bench, two, WHOLE_STATION, "Faulted")
    report(bench, three, EvseId(1), "Faulted")
    report(bench, three, EvseId(1), "Available", minutes=1)
    assert found(bench, StationFilter(is_faulted=True)) == ["A", "B"]
    assert found(bench, StationFilter(is_faulted=False)) == ["C"]


def test_a_page_of_stations_is_read_in_three_questions(bench: Bench) -> None:
    for number in range(30):
        key = labelled(bench, f"S{number:02}", "x")
        report(bench, key, EvseId(1), "Available")
    with bench.reading(), explained(bench) as plans:
        page = all_pages(lambda request: bench.stations.sheets(StationFilter(), request), 50)
    if plans:  # of SQLite
        assert len(plans) == 3
    assert all(sheet.labels == ("x",) and len(sheet.evses) == 1 for sheet in page)


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_connectors_are_listed_by_station_and_number(bench: Bench, limit: int) -> None:
    keys = {identity: labelled(bench, identity) for identity in ("A-2", "A", "a", "7-7")}
    for key in keys.values():
        for place in (EvseId(10), EvseId(2), WHOLE_STATION):
            report(bench, key, place, "Available")
    with bench.reading():
        listed = all_pages(lambda page: bench.availability.connectors(ConnectorFilter(), page), limit)
        stations = [
            sheet.station.identity for sheet in all_pages(lambda p: bench.stations.sheets(StationFilter(), p), 9)
        ]
    places: list[Place] = [WHOLE_STATION, EvseId(2), EvseId(10)]
    assert [(one.station, one.status.report.place) for one in listed] == [
        (station, place) for station in stations for place in places
    ]


def test_connectors_are_found_by_what_they_report(bench: Bench) -> None:
    one, two = labelled(bench, "CP1"), labelled(bench, "CP2")
    report(bench, one, EvseId(1), "Faulted", "GroundFailure")
    report(bench, two, EvseId(1), "Available")
    with bench.committed():
        bench.links.open(two, LinkId(1), node="n", address="a", subprotocol="ocpp1.6", at=NOON)

    def listed(wanted: ConnectorFilter) -> list[tuple[str, bool]]:
        with bench.reading():
            return [
                (one.station, one.is_online) for one in all_pages(lambda p: bench.availability.connectors(wanted, p), 9)
            ]

    assert listed(ConnectorFilter(status="Faulted")) == [("CP1", False)]
    assert listed(ConnectorFilter(error_code="NoError")) == [("CP2", True)]
    assert listed(ConnectorFilter(is_online=True)) == [("CP2", True)]
    assert listed(ConnectorFilter(is_online=False, station="p1")) == [("CP1", False)]
    with bench.reading():
        assert bench.availability.counts() == {"Available": 1, "Faulted": 1}
        assert bench.availability.error_codes() == ["GroundFailure", "NoError"]
    with bench.committed():
        bench.stations.remove(two, NOON)
    assert listed(ConnectorFilter()) == [("CP1", False)]
    with bench.reading():
        assert bench.availability.counts() == {"Faulted": 1}


def test_a_link_is_found_while_it_is_open(bench: Bench) -> None:
    key = labelled(bench, "CP1")
    labelled(bench, "CP2")
    with bench.committed():
        bench.links.open(key, LinkId(1), node="n", address="192.0.2.1", subprotocol="ocpp1.6", at=NOON)
    with bench.reading():
        link = bench.links.find("CP1")
        assert bench.links.find("CP2") is None
    assert link is not None
    assert (link.station, link.address, link.connected_at) == ("CP1", "192.0.2.1", NOON)
    with bench.committed():
        bench.links.close(key, LinkId(1))
    with bench.reading():
        assert bench.links.find("CP1") is None


def test_a_station_that_comes_back_has_the_labels_of_its_new_registration(bench: Bench) -> None:
    key = labelled(bench, "CP1", "old")
    with bench.committed():
        bench.stations.remove(key, NOON)
        assert bench.stations.add(StationDraft(identity="CP1", registration=Registration.PENDING), NOON) is not None
        bench.stations.put_labels(key, ())
    assert found(bench, StationFilter(label="old")) == []
