"""How long the server takes for pages over a large network's past (`benchmarks.seeding`)."""

from __future__ import annotations

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
            took = sorted(_ask(browser, path) for _ in range(ROUNDS))
            missed = "  MISSED" if statistics.median(took) > aim else ""
            print(f"{statistics.median(took):>10.1f} {took[-1]:>11.1f} {aim:>6}  {path}{missed}")


def _ask(browser: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    answer = browser.get(path)
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"{path} was answered with {answer.status_code}")
    return took


def _pages(size: Size) -> Iterator[tuple[str, int]]:
    last, station = size.transactions, "CP-00007"
    for group in MENU:
        for entry in group.entries:
            yield entry.path, LIST_MS
    yield "/stations?search=CP-0000&online=yes", LIST_MS
    yield "/stations?search=nothing+like+it", LIST_MS
    yield f"/stations/{station}", LIST_MS
    yield f"/stations/{station}/messages", LIST_MS
    yield f"/transactions?stationId={station}", LIST_MS
    yield "/transactions?idTag=TAG000100", LIST_MS
    yield "/transactions?active=yes", LIST_MS
    yield "/transactions?active=no&stationId=CP-00009", LIST_MS
    yield f"/transactions/{last // 2}", LIST_MS
    yield f"/transactions/{last // 2}/plot.svg", PLOT_MS
    yield f"/transactions/{last}/plot.svg", PLOT_MS
    yield "/connectors?status=Faulted", LIST_MS
    yield "/id-tags?search=TAG0001", LIST_MS
