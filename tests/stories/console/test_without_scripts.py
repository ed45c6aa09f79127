"""Pages in a browser that runs no scripts."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_who_has_signed_in_finds_the_alarms_and_leaves_again(page_without_scripts: Page) -> None:
    page = page_without_scripts
    page.goto("/alarms")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alarms")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in · Forecourt")
