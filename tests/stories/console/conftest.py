"""A running system and a browser in front of it, for stories told on pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TypeAlias

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from forecourt.domain.access.permissions import Role
from forecourt.passwords import Argon2Hasher
from tests.support.browser import Watch, open_browser
from tests.support.running import ADMIN, ADMIN_PASSWORD, RunningSystem

SignedIn: TypeAlias = dict[tuple[str, Role], StorageState]
"""What browsers keep of those who have signed in, by the address of the system."""


class Visitors:
    """Pages of people of every role; each has its own window, so that two may look at once."""

    def __init__(self, browser: Browser, system: RunningSystem, watch: Watch, signed_in: SignedIn) -> None:
        self._browser = browser
        self._system = system
        self._signed_in = signed_in
        self._contexts: list[BrowserContext] = []
        self.watch = watch

    def __call__(
        self,
        role: Role | None = Role.ADMIN,
        *,
        scripts: bool = True,
        width: int = 1280,
        height: int = 900,
        theme: str = "light",
        language: str = "en-GB",
    ) -> Page:
        """A page of somebody who has signed in with a role, or of nobody; addresses are those of the system."""
        context = self._browser.new_context(
            base_url=self._system.console_url,
            java_script_enabled=scripts,
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            locale=language,
            timezone_id="Europe/Berlin",
            accept_downloads=True,
            storage_state=None if role is None else self._state_of(role),
        )
        self._contexts.append(context)
        page = context.new_page()
        self.watch.listen_to(page)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _state_of(self, role: Role) -> StorageState:
        key = (self._system.console_url, role)
        if key not in self._signed_in:
            self._signed_in[key] = self._sign_in(role)
        return self._signed_in[key]

    def _sign_in(self, role: Role) -> StorageState:
        name = ADMIN if role is Role.ADMIN else _account(self._system, role)
        page = self(None)
        page.goto("/sign-in")
        page.fill("#name", name)
        page.fill("#password", ADMIN_PASSWORD)
        page.click("main button")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.goto("about:blank")  # not to be told of what the start page lacks
        return page.context.storage_state()


def _account(system: RunningSystem, role: Role) -> str:
    """An account of that role, with the password of the tests. Put there by hand, as no page is to be needed for it."""
    with closing(sqlite3.connect(system.data / "forecourt.db", timeout=30)) as database, database:
        row = (role.value, Argon2Hasher().hash(ADMIN_PASSWORD), role.value)
        database.execute("INSERT INTO account (name, password_hash, role) VALUES (?, ?, ?)", row)
    return role.value


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system on SQLite that all stories of a process share, each with stations and tags of its own."""
    with RunningSystem(tmp_path_factory.mktemp("console")).at_work() as running:
        yield running


@pytest.fixture(scope="session")
def signed_in() -> SignedIn:
    """For all systems of a process."""
    return {}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def as_role(browser: Browser, console: RunningSystem, signed_in: SignedIn) -> Iterator[Visitors]:
    """``as_role(Role.VIEWER)`` is a page of somebody of that role. What goes wrong on any of them fails the test."""
    visitors = Visitors(browser, console, Watch(console.console_url), signed_in)
    try:
        yield visitors
        visitors.watch.assert_faultless()
    finally:
        visitors.close()


@pytest.fixture
def browser_page(as_role: Callable[..., Page]) -> Page:
    """Somebody who administers."""
    return as_role()


@pytest.fixture
def page_without_scripts(as_role: Callable[..., Page]) -> Page:
    """The same in a browser that runs no scripts."""
    return as_role(scripts=False)
