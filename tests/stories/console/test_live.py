"""Open pages that follow what happens, and know when they do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from forecourt.domain.access.permissions import Role
from tests.stories.console.conftest import Visitors
from tests.stories.wire import Wire
from tests.support.running import RunningSystem

RECONNECT_MS = 60_000
BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system that these stories may stop."""
    running = RunningSystem(tmp_path_factory.mktemp("live"))
    try:
        running.start()
        yield running
        running.assert_clean_log()
    finally:
        running.close()


@pytest.fixture
def stations(console: RunningSystem, as_role: Visitors) -> Page:
    """The list of stations, with LIVE-B in it, as soon as its stream is open."""
    if not any(one["id"] == "LIVE-B" for one in console.rest.stations()):
        console.rest.add_station("LIVE-B")
    page = as_role()
    with page.expect_request(lambda request: request.url.endswith("/live")):
        page.goto("/stations")
    return page


def test_rows_come_and_change_by_themselves_and_what_was_ticked_and_opened_stays(
    console: RunningSystem, stations: Page
) -> None:
    page = stations
    page.evaluate("window.isTheSamePage = true")
    row = page.get_by_role("row").filter(has_text="LIVE-B")
    tick = row.get_by_role("checkbox")
    tick.check()
    tick.focus()

    console.rest.add_station("LIVE-A")
    expect(page.get_by_role("row").filter(has_text="LIVE-A")).to_be_visible()
    expect(tick).to_be_checked()
    expect(tick).to_be_focused()
    expect(page.get_by_label("Tick LIVE-A")).not_to_be_checked()

    with Wire(console.stations_url, "LIVE-B") as station:
        station.ask("BootNotification", BOOT)
        expect(row).to_contain_text("On line")
        station.ask("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Preparing"})
        expect(row).to_contain_text("Preparing")
        expect(tick).to_be_checked()
    expect(row).to_contain_text("Off line")
    assert page.evaluate("window.isTheSamePage"), "the page was loaded anew"


def test_many_changes_within_a_moment_are_fetched_together_and_the_last_is_shown(
    console: RunningSystem, stations: Page
) -> None:
    fetched: list[str] = []
    stations.on("request", lambda request: fetched.append(request.url) if request.headers.get("hx-request") else None)
    row = stations.get_by_role("row").filter(has_text="LIVE-B")
    statuses = ["Available", "Preparing", "Charging", "SuspendedEV", "Finishing"] * 6
    with Wire(console.stations_url, "LIVE-B") as station:
        station.ask("BootNotification", BOOT)
        for status in [*statuses, "Unavailable"]:
            station.ask("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": status})
        expect(row).to_contain_text("Unavailable")
    assert len(fetched) < len(statuses) / 2


def test_a_page_that_lost_the_system_says_so_and_finds_it_again(
    console: RunningSystem, stations: Page, as_role: Visitors
) -> None:
    as_role.watch.allow(r"/live")
    as_role.watch.allow(r"htmx:(afterRequest|sendError)|ERR_CONNECTION_REFUSED")  # a part was fetched meanwhile
    lost = stations.locator("#lost")
    expect(lost).to_be_hidden()
    console.terminate()
    expect(lost).to_be_visible()
    console.start()
    console.rest.add_station("LIVE-AFTER")
    expect(lost).to_be_hidden(timeout=RECONNECT_MS)
    expect(stations.get_by_role("row").filter(has_text="LIVE-AFTER")).to_be_visible()


def test_a_tab_that_nobody_sees_has_no_stream_and_catches_up_when_it_is_seen(
    console: RunningSystem, stations: Page
) -> None:
    stations.evaluate("""() => {
      Object.defineProperty(document, "hidden", {configurable: true, get: () => true});
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    console.rest.add_station("LIVE-BEHIND")
    with stations.expect_request(lambda request: request.url.endswith("/live")):
        stations.evaluate("() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); }")
    expect(stations.get_by_role("row").filter(has_text="LIVE-BEHIND")).to_be_visible()


def test_a_page_is_left_when_its_session_has_ended_elsewhere(as_role: Visitors) -> None:
    first = as_role(Role.VIEWER)
    with first.expect_request(lambda request: request.url.endswith("/live")):
        first.goto("/stations")
    second = first.context.new_page()
    second.goto("/stations")
    second.get_by_role("button", name="Sign out").click()
    expect(first).to_have_title("Sign in · Forecourt")
