"""Pages in a browser that runs no scripts."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.stories.console.conftest import Visitors
from tests.support.running import ADMIN, ADMIN_PASSWORD


def test_who_signs_in_finds_the_alarms_and_leaves_again(as_role: Visitors) -> None:
    """In a session of its own: others go on with theirs."""
    page = as_role(None, scripts=False)
    page.goto("/alarms")
    page.get_by_label("Name").fill(ADMIN)
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alarms")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in · Forecourt")
