"""A security officer finds what is weak, mends it and looks at certificates, with a mouse in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from forecourt.domain.access.permissions import Role
from tests.support.authority import Authority
from tests.support.browser import assert_accessible
from tests.support.running import RunningSystem

HOSTILE = Authority.root('<script>document.title="taken"</script>')


def test_a_station_that_proves_nothing_is_found_and_given_a_password(
    as_role: Callable[..., Page], console: RunningSystem
) -> None:
    console.rest.add_station("WEAK-1", securityProfile=0)
    page = as_role(Role.SECURITY_OFFICER)
    page.goto("/security")
    page.locator("#findings li", has_text="(profile 0)").get_by_role("link", name="Raise them").click()
    page.get_by_label("Search").fill("WEAK-1")
    page.get_by_role("button", name="Filter").click()
    page.locator("tbody").get_by_role("link", name="WEAK-1").click()
    need = page.locator("#needs li", has_text="Password")
    expect(need).to_contain_text("Missing")
    need.get_by_text("Give it a new password").first.click()
    need.get_by_role("button", name="Give it a new password").click()
    expect(page.get_by_text("A new password is made for the station")).to_be_visible()
    expect(page.locator(".stages")).to_contain_text("ChangePassword")
    assert_accessible(page)


def test_a_root_with_a_hostile_name_is_imported_inspected_and_removed(as_role: Callable[..., Page]) -> None:
    page = as_role(Role.SECURITY_OFFICER, scripts=False)
    page.goto("/trust/import")
    page.get_by_label("Certificates as PEM").fill(HOSTILE.pem)
    page.get_by_label("Onboarding").check()
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Imported: 1 new")).to_be_visible()
    page.get_by_role("link", name="document.title").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("document.title=")
    assert page.locator("main script").count() == 0
    expect(page.locator("#needs")).to_contain_text("Last anchor")
    with page.expect_download() as download:
        page.get_by_role("link", name="PEM", exact=True).click()
    assert download.value.path().read_text() == HOSTILE.pem
    page.locator("summary", has_text="Remove").click()
    page.get_by_role("button", name="Remove from the store").click()
    expect(page.get_by_text("It is not trusted any more.")).to_be_visible()
