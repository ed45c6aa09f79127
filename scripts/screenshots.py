"""Takes the pictures of the console for docs/pictures: a demonstration runs for a while, and a browser looks at it."""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, Page, StorageState

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.stories.console.furnishing import DEMO, furnish_demo  # noqa: E402  # the sources are found from here on
from tests.support.browser import open_browser  # noqa: E402
from tests.support.running import ADMIN, ADMIN_PASSWORD, RunningSystem  # noqa: E402

PICTURES: Final = ROOT / "docs" / "pictures"
MOST_BYTES: Final = 200_000
RUNS_FOR_SECONDS: Final = 90.0
"""A minute passes for the simulated site in a second."""

MAIN_PAGES: Final = {
    "overview": "/",
    "stations": "/stations",
    "station": f"/stations/{DEMO}",
    "transaction": "/transactions/{ended}",
    "operation": "/operations/RemoteStartTransaction",
    "errands": "/errands",
    "posture": "/security",
    "trust": "/trust",
}
SIZES: Final = {"desktop": (1280, 1000), "phone": (360, 720)}
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        system = RunningSystem(Path(folder), command="demo")
        try:
            system.start()
            furnish_demo(system)
            time.sleep(RUNS_FOR_SECONDS)
            with open_browser() as browser:
                take_all(browser, system)
        finally:
            system.close()


def take_all(browser: Browser, system: RunningSystem) -> None:
    """Every main page, at a desk and on a phone, light and dark."""
    state = sign_in(browser, system)
    ended = system.rest.transactions(active="false")[0]["transactionId"]
    for (size, (width, height)), theme in itertools.product(SIZES.items(), THEMES):
        context = browser.new_context(
            base_url=system.console_url,
            viewport={"width": width, "height": height},
            color_scheme=theme,
            locale="en-GB",
            storage_state=state,
        )
        page = context.new_page()
        for name, path in MAIN_PAGES.items():
            page.goto(path.format(ended=ended))
            take(page, PICTURES / f"{name}-{size}-{theme}.png")
        context.close()


def sign_in(browser: Browser, system: RunningSystem) -> StorageState:
    context = browser.new_context(base_url=system.console_url)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#name", ADMIN)
    page.fill("#password", ADMIN_PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    state = context.storage_state()
    context.close()
    return state


def take(page: Page, path: Path) -> None:
    page.wait_for_load_state()
    page.wait_for_function("() => document.fonts.ready")
    page.screenshot(path=path, animations="disabled")
    if path.stat().st_size > MOST_BYTES:
        sys.exit(f"{path.name} has {path.stat().st_size} bytes; at most {MOST_BYTES} are kept.")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
