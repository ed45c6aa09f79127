"""How long the server takes for pages over a large network's past (`benchmarks.seeding`)."""

from __future__ import annotations

import html
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from benchmarks.seeding import Size, seed
from forecourt.web.menu import MENU
from tests.support.running import ADMIN, ADMIN_PASSWORD, RunningSystem

ROUNDS: Final = 5
LIST_MS: Final = 200
PLOT_MS: Final = 500
_NEXT: Final = re.compile('rel="next" href="([^"]+)"')
_SETTINGS: Final = {"FORECOURT_FILES_HTTP": "off", "FORECOURT_LOG_LEVEL": "warning"}


def print_pages(share: float) -> None:
    """Every page of the navigation, those that lists lead to, and plots: the median and the slowest of some rounds."""
    with tempfile.TemporaryDirectory(prefix="forecourt-bench-") as folder:
        size = Size() if share == 1.0 else Size().share(share)
        print(f"\npages over {size.stations:,} stations and {size.transactions:,} transactions with", end=" ")
        print(f"{size.transactions * size.values_per_transaction:,} meter values (SQLite)")
        system = RunningSystem(Path(folder), settings=_SETTINGS)
        system.data.mkdir(parents=True)
        seed(f"sqlite:///{system.data}/forecourt.db", size, now=datetime.now(UTC))
        system.start()
        try:
            _measure(system.console_url, size)
        finally:
            system.close()


def _measure(url: str, size: Size) -> None:
    print(f"{'median ms':>10} {'slowest ms':>11} {'aim':>6}  page")
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as browser:
        form = {"name": ADMIN, "password": ADMIN_PASSWORD}
        signed_in = browser.post("/sign-in", data=form, headers={"Origin": url})
        if signed_in.status_code != httpx.codes.SEE_OTHER:
            raise RuntimeError(f"nobody could sign in: {signed_in.status_code}")
        for path, aim in _pages(size):
            further = _print_page(browser, path, aim, path)
            if further:
                _print_page(browser, further, aim, f"{path} (its second page)")


def _print_page(browser: httpx.Client, path: str, aim: int, name: str) -> str | None:
    """Prints a line and returns where the page's next one is."""
    took, text = [], ""
    for _ in range(ROUNDS):
        seconds, text = _ask(browser, path)
        took.append(seconds * 1000)
    median = statistics.median(took)
    print(f"{median:>10.1f} {max(took):>11.1f} {aim:>6}  {name}{'  MISSED' if median > aim else ''}", flush=True)
    further = _NEXT.search(text)
    return None if further is None else html.unescape(further[1])


def _ask(browser: httpx.Client, path: str) -> tuple[float, str]:
    began = time.perf_counter()
    answer = browser.get(path)
    took = time.perf_counter() - began
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"{path} was answered with {answer.status_code}")
    return took, answer.text


def _pages(size: Size) -> Iterator[tuple[str, int]]:
    """Addresses, and the milliseconds in which their pages should be there."""
    last, station = size.transactions, "CP-00007"
    for group in MENU:
        for entry in group.entries:
            yield entry.path, LIST_MS
    for part in ("", "/transactions", "/messages", "/errands", "/files", "/history", "/configuration", "/charging"):
        yield f"/stations/{station}{part}", LIST_MS
    for query in (
        "search=CP-0000&online=yes",
        "search=nothing+like+it",
        "profile=3&online=no",
        "group=Site+007",
        "faulted=yes",
        "limit=200",
    ):
        yield f"/stations?{query}", LIST_MS
    for query in (
        *(f"station={station}", "idTag=TAG000100", "active=yes", "active=no", "doubtful=yes", "period=30"),
        *(f"station={station}&active=no&period=90", "station=CP-00009&connectorId=2", "idTag=NOBODY", "limit=200"),
    ):
        yield f"/transactions?{query}", LIST_MS
    yield "/connectors?status=Faulted", LIST_MS
    yield "/id-tags?search=TAG0001", LIST_MS
    yield f"/security-events?station={station}", LIST_MS
    yield "/doubtful-stops", LIST_MS
    yield "/operations/Reset", LIST_MS
    for number in (1, last // 2, last):
        yield f"/transactions/{number}", PLOT_MS  # with its plots
        yield f"/transactions/{number}/plot.svg", PLOT_MS
        yield f"/transactions/{number}/values", LIST_MS
