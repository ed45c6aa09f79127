"""The list of stations: filters, columns, pages and CSV."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import quote

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.provisioning.model import Registration
from tests.web.door import Pages, Shown
from tests.web.pages.stations.fleet import ODD, Fleet


def listed(page: Shown) -> list[str]:
    """The ids in the list, in order."""
    return re.findall(r"<strong>([^<]*)</strong></a></td>", page.html)


@pytest.fixture
def fleet(pages: Pages) -> Fleet:
    """Four stations that differ in everything that can be asked for."""
    fleet = Fleet(pages)
    one = fleet.add("CP1", description="By the gate", group="North", labels=("fast", "roof"))
    two = fleet.add("CP2", group="South", labels=("fast",))
    fleet.add("CP3", registration=Registration.PENDING)
    four = fleet.add("CP4")
    fleet.boot(one, vendor="Volt & Co")
    fleet.connect(one)
    fleet.report(one, 1, "Charging")
    fleet.report(one, 2, "Available")
    fleet.report(two, 1, "Faulted", "OtherError")
    pages.services.admissions.set_profile(four, SecurityProfile.BASIC, may_lower=False, asked_by="tests")
    return fleet


def test_without_stations_the_page_says_what_to_do(pages: Pages) -> None:
    page = pages.get("/stations")
    assert page.has("No station is registered", "Add a station", "Unknown stations")


def test_a_station_is_shown_with_its_columns(pages: Pages, fleet: Fleet) -> None:
    page = pages.get("/stations")
    assert listed(page) == ["CP1", "CP2", "CP3", "CP4"]
    assert page.has("4 stations", "By the gate", "On line", "1 Available", "1 Charging", "1.2.3", "fast", "roof")
    assert page.has("Pending", "Never")
    assert "Volt &amp; Co" not in page.html  # a column that is not chosen


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=GATE", ["CP1"]),
        ("search=volt+%26", ["CP1"]),
        ("online=yes", ["CP1"]),
        ("online=no", ["CP2", "CP3", "CP4"]),
        ("registration=Pending", ["CP3"]),
        ("profile=1", ["CP4"]),
        ("group=North", ["CP1"]),
        ("group=+", ["CP3", "CP4"]),
        ("label=fast", ["CP1", "CP2"]),
        ("label=fas", []),
        ("faulted=yes", ["CP2"]),
        ("faulted=no", ["CP1", "CP3", "CP4"]),
        ("label=fast&faulted=no", ["CP1"]),
    ],
)
def test_filters_find_what_they_say(pages: Pages, fleet: Fleet, query: str, found: list[str]) -> None:
    page = pages.get(f"/stations?{query}")
    assert listed(page) == found
    assert page.has(f"{len(found)} station{'' if len(found) == 1 else 's'}")
    assert page.has("No station matches") is (not found)


def test_pages_follow_one_another_with_the_filter(pages: Pages, fleet: Fleet) -> None:
    first = pages.get("/stations?limit=1&label=fast")
    assert listed(first) == ["CP1"]
    following = first.html.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = pages.get(following)
    assert listed(second) == ["CP2"]
    assert 'rel="next"' not in second.html


def test_columns_are_chosen_and_remembered(pages: Pages, fleet: Fleet) -> None:
    form: dict[str, str | list[str]] = {"column": ["vendor", "group", "nonsense"], "back": "/stations?label=fast"}
    answer = pages.post("/stations/columns", form)
    assert answer.location == "/stations?label=fast"
    pages.cookies |= dict(answer.response.cookies.items())
    page = pages.get(answer.location)
    assert page.has("Volt & Co M1", "North")
    assert not page.has("By the gate")
    everything_away = pages.post("/stations/columns", {})
    pages.cookies |= dict(everything_away.response.cookies.items())
    assert not pages.get("/stations").has("By the gate")


def test_choosing_columns_leads_nowhere_else(pages: Pages) -> None:
    for back in ("https://elsewhere.example/", "//elsewhere.example", "/stations/../people", "/sign-out"):
        assert pages.post("/stations/columns", {"back": back}).location == "/stations"


def test_a_cookie_that_was_tampered_with_shows_no_column_that_is_none(pages: Pages, fleet: Fleet) -> None:
    pages.cookies["forecourt_station_columns"] = "<script>.vendor.."
    page = pages.get("/stations")
    assert page.has("Volt & Co")
    assert "<script>.vendor" not in page.html


def test_the_whole_list_is_downloaded_with_its_filter(pages: Pages, fleet: Fleet) -> None:
    fleet.add("=CMD()")
    rows = list(csv.DictReader(io.StringIO(pages.get("/stations.csv").html)))
    assert [row["id"] for row in rows] == ["'=CMD()", "CP1", "CP2", "CP3", "CP4"]
    assert (rows[1]["labels"], rows[1]["connectors"], rows[1]["online"]) == ("fast,roof", "2", "true")
    rows = list(csv.DictReader(io.StringIO(pages.get("/stations.csv?label=fast&online=no").html)))
    assert [row["id"] for row in rows] == ["CP2"]


def test_odd_texts_are_shown_and_never_run(pages: Pages) -> None:
    fleet = Fleet(pages)
    station = fleet.add(ODD, description="<s>old</s>", labels=("<u>x</u>",))
    fleet.boot(station, vendor="<i>V</i>", firmware="<em>1</em>")
    page = pages.get("/stations")
    assert page.has(ODD, "<s>old</s>", "<u>x</u>", "<em>1</em>")
    for tag in ("<b>", "<s>old", "<u>x", "<em>1"):
        assert tag not in page.html
    assert f'href="/stations/{quote(ODD, safe="")}"' in page.html
    assert pages.get(f"/stations/{quote(ODD, safe='')}").has(ODD)


def test_who_may_not_operate_has_nothing_to_tick(pages: Pages, fleet: Fleet) -> None:
    pages.sign_in(Role.VIEWER)
    page = pages.get("/stations")
    assert listed(page) == ["CP1", "CP2", "CP3", "CP4"]
    assert 'name="station"' not in page.html
    assert "/stations/new" not in page.html
