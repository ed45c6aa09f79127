"""A session is watched on its page while it charges, asked to stop, and taken home as a file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.stories.moments import ago
from tests.support.browser import DEADLINE_MS, assert_accessible
from tests.support.peer import Peer
from tests.support.rest import Json
from tests.support.running import RunningSystem

TAG = "PLOTTED"


@pytest.fixture(scope="module")
def tag(console: RunningSystem) -> str:
    console.rest.add_tag(TAG, maxActiveTransactions=5)
    return TAG


def metered(minutes: int, energy_wh: int, kilowatts: float) -> Json:
    return {
        "timestamp": ago(minutes=minutes),
        "sampledValue": [
            {"value": str(energy_wh), "unit": "Wh"},
            {"value": str(kilowatts), "measurand": "Power.Active.Import", "unit": "kW"},
        ],
    }


def test_a_session_is_watched_live_stopped_and_downloaded(
    console: RunningSystem, browser_page: Page, tag: str, tmp_path: Path
) -> None:
    console.rest.add_station("PLOT-A")
    page = browser_page
    with Peer(console.stations_url, "PLOT-A") as station:
        station.answers("RemoteStopTransaction", {"status": "Accepted"})
        station.boot()
        number = station.start(1, tag, 1000, ago(minutes=30))["transactionId"]
        station.meter_values(1, [metered(20, 2000, 7.4)], transaction=number)
        with page.expect_request(lambda request: request.url.endswith("/live")):
            page.goto(f"/transactions/{number}")
        figure = page.locator("figure[data-plot*='Power.Active.Import']")
        expect(figure.locator("canvas")).to_be_visible(timeout=DEADLINE_MS)
        expect(figure.locator("svg")).to_be_hidden()
        expect(figure).to_contain_text("1 value, 7.4 kW.")
        assert_accessible(page)

        page.evaluate("document.querySelector('.plot-canvas canvas').isTheSame = true")
        station.meter_values(1, [metered(10, 4000, 11)], transaction=number)
        expect(page.locator("#transaction")).to_contain_text("11.00 kW", timeout=DEADLINE_MS)
        expect(figure).to_contain_text("2 values, lowest 7.4 kW, highest 11 kW")
        assert page.evaluate("document.querySelector('.plot-canvas canvas').isTheSame"), "it was drawn anew"
        expect(figure.locator("svg")).to_be_hidden()

        page.get_by_text("Stop charging").first.click()
        page.locator("details.confirm[open] button").click()
        expect(page.get_by_text("The station is asked to stop the transaction.")).to_be_visible()
        station.stop(number, 5000, ago(minutes=1), reason="Remote")

    page.goto(f"/transactions?idTag={tag}&station=PLOT-A")
    expect(page.get_by_role("row").filter(has_text="PLOT-A")).to_contain_text("4.00 kWh")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    path = tmp_path / "transactions.csv"
    download.value.save_as(path)
    (row,) = csv.DictReader(path.read_text().splitlines())
    assert (row["transactionId"], row["energyWh"], row["reason"]) == (str(number), "4000", "Remote")


def test_without_scripts_the_plots_are_drawings(console: RunningSystem, page_without_scripts: Page, tag: str) -> None:
    console.rest.add_station("PLOT-B")
    with Peer(console.stations_url, "PLOT-B") as station:
        station.boot()
        number = station.start(1, tag, 0, ago(minutes=30))["transactionId"]
        station.meter_values(1, [metered(20, 1000, 7), metered(10, 2000, 5)], transaction=number)
    page = page_without_scripts
    page.goto(f"/transactions/{number}")
    drawing = page.get_by_role("img", name="Power (kW)")
    expect(drawing).to_be_visible()
    assert drawing.locator("path.line").count() == 1
    expect(page.locator("figcaption").first).to_contain_text("2 values, lowest 5 kW, highest 7 kW, last 5 kW.")
    page.get_by_role("link", name="As a table").first.click()
    expect(page.get_by_role("row").filter(has_text="Power.Active.Import")).to_have_count(2)


def test_a_file_of_tags_with_a_fault_is_corrected_and_taken(browser_page: Page, tmp_path: Path) -> None:
    page, path = browser_page, tmp_path / "tags.csv"
    path.write_text("idTag,expiresAt\nFROM-A-FILE,never\n")
    page.goto("/id-tags/-/import")
    page.set_input_files("#file", path)
    page.get_by_role("button", name="Check and import").click()
    expect(page.get_by_role("row").filter(has_text="'never' is no time")).to_contain_text("2")
    path.write_text("idTag,expiresAt\nFROM-A-FILE,2099-12-31\n")
    page.set_input_files("#file", path)
    page.get_by_role("button", name="Check and import").click()
    expect(page.get_by_text("1 id tag is registered.")).to_be_visible()
    expect(page.get_by_role("link", name="FROM-A-FILE")).to_be_visible()
