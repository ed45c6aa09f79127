"""People sign in: with a password, with a second factor, and with a provider of somebody else's making."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Watch, assert_accessible, assert_no_overflow
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET, RunningProvider, running_provider
from tests.support.running import RunningSystem

LONG = "correct horse battery staple"


def enter(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_somebody_is_added_sets_up_a_second_factor_and_signs_in_with_it(as_role: Callable[..., Page]) -> None:
    admin = as_role()
    admin.goto("/people")
    admin.get_by_role("link", name="Add somebody").click()
    admin.get_by_label("Name of the account").fill("grace")
    admin.get_by_label("Role").select_option("operator")
    admin.get_by_label("Password", exact=True).fill(LONG)
    admin.get_by_label("Password again").fill(LONG)
    admin.get_by_role("button", name="Add", exact=True).click()
    expect(admin.get_by_text("The account is made.")).to_be_visible()

    grace = as_role(None, width=360, theme="dark")
    grace.goto("/account/second-factor")
    enter(grace, "grace", LONG)
    expect(grace).to_have_url(re.compile("/account/second-factor$"))
    grace.get_by_label("Your password").fill(LONG)
    grace.get_by_role("button", name="Set up").click()
    picture = grace.get_by_role("img", name="QR code")
    expect(picture).to_be_visible()
    assert picture.evaluate("one => one.naturalWidth") > 0, "the policy of pages lets the picture be shown"
    phone = pyotp.TOTP(grace.locator(".secret").inner_text().replace(" ", ""))
    assert_accessible(grace)
    assert_no_overflow(grace)
    grace.get_by_label("Code").fill(phone.now())
    grace.get_by_role("button", name="Turn it on").click()
    codes = grace.locator("#codes").inner_text().split()
    assert len(codes) == 10
    assert_accessible(grace)

    grace.get_by_role("link", name="I have kept them").click()
    grace.locator("#menu summary").click()
    grace.get_by_role("button", name="Sign out").click()
    enter(grace, "grace", LONG)
    expect(grace.get_by_role("heading", level=1)).to_have_text("Second factor")
    assert_accessible(grace)
    grace.goto("/alarms")  # the password alone opens nothing
    expect(grace).to_have_title("Sign in · Forecourt")
    grace.goto("/sign-in/code")
    grace.get_by_label("Code").fill(codes[0])
    grace.get_by_role("button", name="Go on").click()
    expect(grace.get_by_role("heading", level=1)).to_have_text("Overview")


def test_a_token_is_copied_and_used(as_role: Callable[..., Page], console: RunningSystem) -> None:
    page = as_role()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/tokens/new")
    page.get_by_label("Name").fill("billing")
    page.get_by_label("Operate").uncheck()
    page.get_by_label("Manage").uncheck()
    page.get_by_role("button", name="Make the token").click()
    page.get_by_role("button", name="Copy").click()
    secret = page.evaluate("() => navigator.clipboard.readText()")
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=console.console_url, headers=headers, trust_env=False) as rest:
        assert rest.get("/api/v1/stations").status_code == 200
        assert rest.post("/api/v1/stations", json={"id": "no"}).status_code == 403


# With a provider


@pytest.fixture(scope="module")
def system_with_provider(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningSystem, RunningProvider]]:
    folder = tmp_path_factory.mktemp("provider")
    system = RunningSystem(folder)
    with running_provider(folder, f"{system.console_url}/sign-in/openid/back") as provider:
        system.change_settings(
            FORECOURT_CONSOLE_URL=system.console_url,
            FORECOURT_OIDC_ISSUER=provider.issuer,
            FORECOURT_OIDC_CLIENT_ID=CLIENT_ID,
            FORECOURT_OIDC_CLIENT_SECRET=CLIENT_SECRET,
            FORECOURT_OIDC_SCOPES="openid profile groups",
            FORECOURT_OIDC_ROLE_CLAIM="groups",
            FORECOURT_OIDC_ROLE_OF="desk=operator, office=securityOfficer",
            FORECOURT_OIDC_BUTTON="the office",
            FORECOURT_PROXIES_ADDRESSES="127.0.0.1",
        )
        with system.at_work():
            yield system, provider


def test_somebody_signs_in_with_the_provider(
    browser: Browser, system_with_provider: tuple[RunningSystem, RunningProvider]
) -> None:
    system, provider = system_with_provider
    provider.put_people({"ada": {"name": "Ada L", "groups": ["office"]}})
    watch = Watch(system.console_url)
    watch.allow(re.escape(provider.issuer))
    watch.allow(r"fonts\.googleapis\.com")  # the provider's own pages ask there
    with browser.new_context(base_url=system.console_url, locale="en-GB") as context:
        page = context.new_page()
        watch.listen_to(page)
        page.goto("/audit")
        page.get_by_role("link", name="Sign in with the office").click()
        page.locator("input[name=login]").fill("ada")
        page.locator("input[name=password]").fill("any")
        page.locator("button[type=submit]").click()
        page.locator("button[type=submit]").click()  # consent
        expect(page).to_have_url(f"{system.console_url}/audit")
        expect(page.get_by_role("row").filter(has_text="signIn").first).to_contain_text(provider.issuer)
        expect(page.get_by_role("link", name="Ada L")).to_be_visible()
        page.goto("/people")
        expect(page.get_by_text("Your role does not allow this.")).to_be_visible()
    watch.assert_faultless()


def test_wrong_passwords_behind_a_proxy_are_counted_for_each_address_apart(
    system_with_provider: tuple[RunningSystem, RunningProvider],
) -> None:
    system, _provider = system_with_provider
    with httpx.Client(base_url=system.console_url, trust_env=False, timeout=60) as web:

        def tries(address: str) -> str:
            fields = {"name": "admin", "password": "wrong"}
            return web.post("/sign-in", data=fields, headers={"X-Forwarded-For": address}).text

        for _ in range(10):
            assert "The name or the password is wrong." in tries("192.0.2.1")
        assert "Too many attempts from this address" in tries("192.0.2.1")
        assert "Too many attempts from this address" in tries("192.0.2.9, 192.0.2.1")  # what stands before is invented
        assert "The name or the password is wrong." in tries("192.0.2.2")


def test_settings_of_the_process_are_shown_without_secrets(
    browser: Browser, system_with_provider: tuple[RunningSystem, RunningProvider]
) -> None:
    system, provider = system_with_provider
    with browser.new_context(base_url=system.console_url, locale="en-GB") as context:
        page = context.new_page()
        page.goto("/settings")
        enter(page, "admin", "a password for the tests")
        row = page.get_by_role("row").filter(has_text="FORECOURT_OIDC_ISSUER")
        expect(row).to_contain_text(provider.issuer)
        expect(row).to_contain_text("environment")
        assert CLIENT_SECRET not in page.content()
        page.goto("/about")
        expect(page.get_by_text(f"ws://127.0.0.1:{system.stations_port}/ocpp/IDENTITY")).to_be_visible()
