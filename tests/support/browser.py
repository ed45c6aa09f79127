"""Debian's Chromium, driven by Playwright: pages as people see them, and all that goes wrong on them.

Playwright's loop holds the thread that starts it, so no test of the same module may run a loop there itself; stations
of the tests have threads of their own.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, ViewportSize, sync_playwright

from tests.support.components import not_run

AXE: Final = Path(__file__).resolve().parents[2] / ".venv" / "assets" / "axe.js"
"""Laid there by scripts/assets.py."""

DEADLINE_MS: Final = 20_000
"""How long a page may take for anything before the test gives up; machines may be slow."""

PHONE: Final = ViewportSize(width=360, height=800)

_GRAVE: Final = ("serious", "critical")
_FLAGS: Final = ("--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser without a window."""
    path = shutil.which("chromium")
    if path is None:
        not_run("Chromium", "apt-get install chromium")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=[*_FLAGS, *root])
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """Listens to pages, and fails a test for what nobody would see: errors of scripts, what the policy of the pages
    forbids, requests that fail or go elsewhere.

    A page that is refused (4xx) is an answer like others; a part of a page is not.
    """

    def __init__(self, origin: str) -> None:
        self._host = urlsplit(origin).netloc
        self._allowed: list[re.Pattern[str]] = []
        self.faults: list[str] = []

    def listen_to(self, page: Page) -> None:
        page.set_default_timeout(DEADLINE_MS)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._found(f"uncaught: {error}"))
        page.on("request", self._asked)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def allow(self, pattern: str) -> None:
        """What matches is expected in this test."""
        self._allowed.append(re.compile(pattern))

    def assert_faultless(self) -> None:
        """Nothing went wrong since this was last asked."""
        left = [fault for fault in self.faults if not any(one.search(fault) for one in self._allowed)]
        self.faults.clear()
        assert not left, "The browser met faults:\n  " + "\n  ".join(left)

    def _found(self, fault: str) -> None:
        self.faults.append(fault)

    def _said(self, message: ConsoleMessage) -> None:
        # What fails to load is told by its response, with its status.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self._found(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self._host:
            self._found(f"asked another host: {request.url}")

    def _failed(self, request: Request) -> None:
        # Whatever was under way when a page was left, and every download, ends like this.
        if request.failure != "net::ERR_ABORTED":
            self._found(f"failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        is_page = response.request.resource_type == "document"
        if response.status >= (500 if is_page else 400):
            self._found(f"answered {response.status}: {response.request.method} {response.url}")


def assert_fit_to_be_seen(page: Page) -> None:
    """As it is now, in both themes, and on a phone."""
    before = page.viewport_size
    assert before is not None
    assert_no_overflow(page)
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    try:
        assert_no_overflow(page)
        assert_accessible(page)
    finally:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(before)


def assert_accessible(page: Page) -> None:
    """axe finds nothing serious or critical on the page as it is now. It is a script: not for pages without them."""
    findings = [one for one in _axe(page)["violations"] if one["impact"] in _GRAVE]
    assert not findings, f"{page.url} is hard to use for some:\n" + "\n".join(_told(one) for one in findings)


def assert_no_overflow(page: Page) -> None:
    """Nobody has to scroll sideways to read the page."""
    wide = page.evaluate(_WIDE)
    assert not wide, f"{page.url} is wider than {page.viewport_size}: {wide}"


def _axe(page: Page) -> Any:  # Any: JSON of the library
    if not AXE.exists():
        not_run("axe-core", "make dev")
    if page.evaluate("() => !window.axe"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # Colours that are fading in are not those that are read.
    page.evaluate(_SETTLE)
    return page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")


def _told(finding: Any) -> str:
    places = [f"    {' '.join(map(str, node['target']))}: {node['failureSummary']}" for node in finding["nodes"][:5]]
    return "\n".join([f"  {finding['impact']}: {finding['id']}: {finding['help']}", *places])


_SETTLE: Final = """() => {
  for (const one of document.getAnimations())
    if (one.effect?.getComputedTiming().iterations !== Infinity) one.finish();
}"""

_WIDE: Final = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const isClipped = (one) => { for (let up = one.parentElement; up && up !== document.body; up = up.parentElement)
    if (getComputedStyle(up).overflowX !== "visible") return true; return false; };
  return [`${root.scrollWidth} px`, ...[...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1 && !isClipped(one))
    .slice(0, 8).map((one) => `${one.tagName.toLowerCase()}.${one.getAttribute("class") ?? ""}#${one.id}`)];
}"""
