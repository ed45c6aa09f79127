"""Operations on pages: asked of many stations, followed while they run, and repeated where they failed."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from forecourt.domain.access.permissions import Role
from tests.support.running import RunningSystem


def registered(console: RunningSystem, *identities: str) -> None:
    for identity in identities:
        console.rest.add_station(identity)


def test_an_operation_is_asked_of_ticked_stations_after_a_question_and_repeated(
    console: RunningSystem, as_role: Callable[..., Page]
) -> None:
    registered(console, "OPS-1", "OPS-2")
    page = as_role(Role.OPERATOR)
    page.goto("/operations")
    page.get_by_label("Search").fill("restarts")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Reset", exact=True).click()
    page.get_by_label("Search").fill("OPS-")
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("All of this page").check()
    page.get_by_role("button", name="Go on with those ticked").click()
    page.get_by_role("combobox", name="Type type").select_option("Soft")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reset: go on?")
    page.get_by_role("button", name="Yes, do it to 2 stations").click()
    expect(page.get_by_role("status").filter(has_text="Reset is asked of 2 stations.")).to_be_visible()
    expect(page.get_by_text("2 of 2 stations have ended")).to_be_visible()
    page.get_by_role("link", name="Ask again where it was not done").click()
    expect(page.get_by_role("heading", name="For 2 stations")).to_be_visible()
    expect(page.get_by_role("combobox", name="Type type")).to_have_value("Soft")


def test_the_same_goes_without_scripts(console: RunningSystem, as_role: Callable[..., Page]) -> None:
    registered(console, "OPS-3")
    page = as_role(Role.OPERATOR, scripts=False)
    page.goto("/operations/ClearCache?station=OPS-3")
    page.get_by_text("Delivery", exact=True).click()
    page.get_by_label("When", exact=True).select_option("whenOnline")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_role("heading", name="Waits until the station is on line")).to_be_visible()
    page.locator("summary", has_text="Take back").click()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("status").filter(has_text="It is taken back")).to_be_visible()
