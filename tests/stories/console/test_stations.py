"""Stations on pages: one that knocks is admitted, labelled, found, seen while it charges, and removed."""

from __future__ import annotations

import csv
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from websockets.exceptions import InvalidStatus

from tests.stories.moments import ago
from tests.stories.wire import Wire
from tests.support.browser import DEADLINE_MS
from tests.support.running import RunningSystem

IDENTITY = "STORY 1&2 <i>"
BOOT = {"chargePointVendor": "<b>Vendor", "chargePointModel": "Model"}


def test_a_station_that_knocks_is_admitted_labelled_watched_and_removed(
    console: RunningSystem, browser_page: Page, tmp_path: Path
) -> None:
    page, here = browser_page, f"/stations/{quote(IDENTITY, safe='')}"
    page.goto("/unknown-stations")
    with pytest.raises(InvalidStatus):
        Wire(console.stations_url, IDENTITY)
    expect(row := page.get_by_role("row").filter(has_text=IDENTITY)).to_be_visible(timeout=DEADLINE_MS)
    row.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(IDENTITY)
    expect(page.get_by_text("It has never connected.")).to_be_visible()

    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Labels").fill("story, fast")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The station is changed.")).to_be_visible()

    console.rest.add_tag("STORY-TAG")
    with Wire(console.stations_url, IDENTITY) as station:
        station.ask("BootNotification", BOOT)
        station.ask("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"})
        start = {"connectorId": 1, "idTag": "STORY-TAG", "meterStart": 0, "timestamp": ago(seconds=60)}
        station.ask("StartTransaction", start)
        connector = page.get_by_role("row").filter(has_text="STORY-TAG")
        expect(connector).to_contain_text("Charging")  # without a reload
        expect(page.get_by_text("<b>Vendor")).to_be_visible()
        page.get_by_role("link", name="Messages").click()
        exchange = page.get_by_role("row").filter(has_text="StartTransaction")
        exchange.get_by_text("Request and answer").click()
        expect(exchange).to_contain_text('"idTag": "STORY-TAG"')

    page.goto("/stations?label=story")
    expect(page.get_by_text("1 station", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "stations.csv")
    with (tmp_path / "stations.csv").open(newline="") as file:
        assert [(one["id"], one["labels"]) for one in csv.DictReader(file)] == [(IDENTITY, "fast,story")]

    page.get_by_label(f"Tick {IDENTITY}").check()
    page.get_by_role("button", name="Change the ticked ones…").click()
    page.get_by_text("Remove 1 station…").click()
    page.get_by_role("button", name="Remove 1 station", exact=True).click()
    expect(page.get_by_text("1 station was removed.")).to_be_visible()
    page.goto(here)
    expect(page.get_by_text(f"{IDENTITY} is not registered")).to_be_visible()


def test_without_scripts_a_station_is_added_and_removed(console: RunningSystem, page_without_scripts: Page) -> None:
    page = page_without_scripts
    page.goto("/stations/new")
    page.get_by_label("Id", exact=True).fill("STORY-PLAIN")
    page.get_by_label("Heartbeat interval in seconds").fill("30")
    page.get_by_role("button", name="Register it").click()
    expect(page.get_by_text("The station is registered.")).to_be_visible()
    page.get_by_role("link", name="Edit").click()
    page.get_by_text("Remove this station…").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("The station STORY-PLAIN is removed.")).to_be_visible()
