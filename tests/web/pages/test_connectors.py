"""The connectors of all stations."""

from __future__ import annotations

import pytest

from forecourt.web.pages.connectors import BAR_WIDTH, bar_of
from tests.web.door import Pages
from tests.web.pages.stations.fleet import ODD, Fleet


def test_without_any_the_page_says_so(pages: Pages) -> None:
    assert pages.get("/connectors").has("No connector is known")


def test_every_connector_is_listed_with_its_station(pages: Pages) -> None:
    fleet = Fleet(pages)
    one, two = fleet.add("CP1"), fleet.add("CP2")
    fleet.connect(two)
    fleet.report(one, 1, "Faulted", "GroundFailure", "wet")
    fleet.report(two, 0, "Available")
    fleet.report(two, 1, "Charging")
    fleet.report(two, 2, "Available")
    page = pages.get("/connectors")
    assert page.has("CP1 Off line 1 Faulted Ground failure wet", "CP2 Station Available", "CP2 1 Charging")
    assert page.has("Available 1", "Charging 1", "Faulted 1")  # the stations as a whole are not counted


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("station=P1", "CP1", "CP2"),
        ("status=Faulted", "CP1", "CP2"),
        ("error=GroundFailure", "CP1", "CP2"),
        ("online=yes", "CP2", "CP1"),
        ("online=no", "CP1", "CP2"),
    ],
)
def test_filters_find_what_they_say(pages: Pages, query: str, shown: str, hidden: str) -> None:
    fleet = Fleet(pages)
    one, two = fleet.add("CP1"), fleet.add("CP2")
    fleet.connect(two)
    fleet.report(one, 1, "Faulted", "GroundFailure")
    fleet.report(two, 1, "Available")
    page = pages.get(f"/connectors?{query}")
    assert f'href="/stations/{shown}"' in page.html
    assert f'href="/stations/{hidden}"' not in page.html
    assert pages.get("/connectors?status=Nothing").has("No connector matches")


def test_pages_follow_one_another_without_gap_or_repetition(pages: Pages) -> None:
    fleet = Fleet(pages)
    for name in ("A-1", "A-2", ODD):
        station = fleet.add(name)
        for connector in (0, 1, 2):
            fleet.report(station, connector, "Available")
    found: list[str] = []
    path = "/connectors?limit=2"
    while path:
        page = pages.get(path)
        found += [
            part.split("</strong>")[0] for part in page.html.split("<strong>")[1:] if 'data-label="Connector"' in part
        ]
        path = page.html.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert len(found) == 9


def test_a_removed_station_is_gone_from_the_list(pages: Pages) -> None:
    fleet = Fleet(pages)
    fleet.report(fleet.add("CP1"), 1, "Available")
    pages.services.provisioning.remove("CP1")
    assert pages.get("/connectors").has("No connector is known")


def test_the_bar_is_full_and_the_most_frequent_stands_first() -> None:
    parts = bar_of({"Faulted": 1, "Available": 3})
    assert [(part.status, part.left, part.width) for part in parts] == [("Available", 0, 750), ("Faulted", 750, 250)]
    assert sum(part.width for part in parts) == BAR_WIDTH
    assert bar_of({}) == []
