"""Every page that there is, found by being there: whoever follows links reaches it, and it is fit to be seen.

A new page is looked at without a word here; it only has to be reached on the furnished site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler
from playwright.sync_api import Browser, Page, expect

from forecourt.domain.access.permissions import Role
from forecourt.web.app import all_pages
from tests.stories.console.conftest import SignedIn, Visitors
from tests.stories.console.furnishing import furnish
from tests.support.browser import PHONE, Watch, assert_accessible, assert_fit_to_be_seen, assert_no_overflow
from tests.support.running import ADMIN, ADMIN_PASSWORD, RunningSystem

NO_PAGES = (
    "/live",
    "/sign-in/openid",
    "/sign-in/openid/back",
    "/transactions/{transaction:int}/plot.json",
    "/transactions/{transaction:int}/plot.svg",
)
"""Read by programs, or left at once."""
SIGNED_OUT = ("/sign-in", "/sign-in/code")
MOST_ADDRESSES = 3_000


def routes() -> list[str]:
    """The path of every GET, with its parameters in braces."""
    found = set[str]()
    for controller in all_pages():
        base = vars(controller).get("path", "")
        for handler in vars(controller).values():
            if isinstance(handler, HTTPRouteHandler) and "GET" in handler.http_methods:
                parts = [(base.strip("/"), path.strip("/")) for path in handler.paths or {"/"}]
                found.update("/" + "/".join(part for part in pair if part) for pair in parts)
    return sorted(found - {*NO_PAGES, *SIGNED_OUT})


class Links(HTMLParser):
    """What somebody may click, and what a form without changes asks for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag == "a" or (tag == "form" and values.get("method") == "get"):
            self.found.append(values.get("href") or values.get("action") or "")
        elif tag in ("img", "object", "div") and (values.get("src") or values.get("data-src")):
            self.found.append(values.get("src") or values.get("data-src") or "")


@pytest.fixture(scope="module")
def addresses(console: RunningSystem) -> dict[str, tuple[str, bool]]:
    """Route → an address that links lead to, and whether it is a page and no download."""
    first = furnish(console)
    with httpx.Client(base_url=console.console_url, trust_env=False, timeout=60) as client:
        client.post("/sign-in", data={"name": ADMIN, "password": ADMIN_PASSWORD})
        return _follow(client, [*first, _begun_second_factor(client), "/"])


def _begun_second_factor(client: httpx.Client) -> str:
    """No link leads to the code of a device that is being set up, but the form that begins it."""
    form = client.get("/account/second-factor").text
    token = re.search(r'name="csrf" value="([^"]+)"', form)
    assert token is not None
    data = {"csrf": token[1], "ownPassword": ADMIN_PASSWORD}
    begun = client.post("/account/second-factor/begin", data=data, headers={"Origin": str(client.base_url)})
    assert begun.is_redirect, begun.text
    return begun.headers["Location"]


def _follow(client: httpx.Client, first: list[str]) -> dict[str, tuple[str, bool]]:
    patterns = {route: re.compile(re.sub(r"\{\w+:(\w+)\}", _segment, route)) for route in routes()}
    found: dict[str, tuple[str, bool]] = {}
    waiting, seen = list(first), set(first)
    while waiting:
        address = waiting.pop(0)
        matches = [route for route, pattern in patterns.items() if pattern.fullmatch(urlsplit(address).path)]
        route = min(matches, key=lambda one: one.count("{"), default=None)
        if route is None or route in found:
            continue
        answer = client.get(address)
        if answer.is_redirect:
            links = [answer.headers["Location"]]
        else:
            is_refused_form = answer.status_code == 422 and urlsplit(address).query == ""
            if is_refused_form:
                continue  # a form that asks for something to be ticked first
            assert answer.status_code == 200, f"{address} is linked, and answers {answer.status_code}"
            is_page = answer.headers["Content-Type"].startswith("text/html")
            found[route] = (address, is_page)
            links = Links(answer.text).found if is_page else []
        for link in links:
            there = urljoin(address, link).partition("#")[0]
            if there.startswith("/") and there not in seen and len(seen) < MOST_ADDRESSES:
                seen.add(there)
                waiting.append(there)
    return found


def _segment(match: re.Match[str]) -> str:
    return r"\d+" if match[1] == "int" else "[^/]+"


@pytest.fixture(scope="module")
def window(browser: Browser, console: RunningSystem, signed_in: SignedIn) -> Iterator[tuple[Page, Watch]]:
    """One for all pages, one after the other: to open another takes longer than to load a page."""
    visitors = Visitors(browser, console, Watch(console.console_url), signed_in)
    yield visitors(Role.ADMIN), visitors.watch
    visitors.close()


@pytest.mark.parametrize("route", routes())
def test_a_page_is_fit_to_be_seen_in_both_themes_and_on_a_phone(
    addresses: dict[str, tuple[str, bool]], window: tuple[Page, Watch], route: str
) -> None:
    assert route in addresses, f"no link leads to {route} on the furnished site"
    address, is_page = addresses[route]
    if not is_page:
        return  # a download, which was answered
    page, watch = window
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert re.fullmatch(r".+ · Forecourt", page.title()), page.title()
    expect(page.locator("form[method=post]:not(:has(input[name=csrf]))"), "forms without their token").to_have_count(0)
    assert_fit_to_be_seen(page)
    watch.assert_faultless()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_who_has_not_signed_in_is_shown_a_page_that_is_fit_to_be_seen(as_role: Visitors, theme: str) -> None:
    page = as_role(None, theme=theme, width=PHONE["width"])
    page.goto("/sign-in")
    assert_no_overflow(page)
    assert_accessible(page)


def test_theme_and_language_are_chosen_on_every_page_also_before_signing_in(as_role: Visitors) -> None:
    page = as_role(None)
    page.goto("/sign-in?next=%2Falarms")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page).to_have_title("Anmelden · Forecourt")
    assert page.url.endswith("/sign-in?next=%2Falarms")


def test_the_menu_of_a_phone_works_with_the_keyboard(as_role: Visitors) -> None:
    page = as_role(Role.VIEWER, width=PHONE["width"])
    page.goto("/alarms")
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
