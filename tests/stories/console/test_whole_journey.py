"""One person's day: a station that nobody knows is admitted, raised to security profile 3, watched while it charges,
stopped, and its transactions are taken home as a file. With scripts, and without."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from forecourt.domain.access.permissions import Role
from tests.stories.builders import fresh_identity
from tests.stories.console.conftest import Visitors
from tests.stories.moments import ago
from tests.stories.octt.asking import on_line
from tests.stories.security.world import World, secured_system
from tests.stories.waiting import eventually
from tests.support.browser import DEADLINE_MS, Watch
from tests.support.peer import Peer
from tests.support.rest import Json

ACCEPTS: Json = {"status": "Accepted"}
TAG = "JOURNEY"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A system with TLS, on SQLite."""
    with secured_system(tmp_path_factory.mktemp("journey") / "system") as secured:
        secured.rest.add_tag(TAG, maxActiveTransactions=5)
        yield secured


@pytest.fixture
def visitors(browser: Browser, world: World) -> Iterator[Visitors]:
    found = Visitors(browser, world.system, Watch(world.system.console_url), {})
    try:
        yield found
        found.watch.assert_faultless()
    finally:
        found.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_an_unknown_station_to_the_file_of_its_transactions(
    world: World, visitors: Visitors, tmp_path: Path, scripts: bool
) -> None:
    page = visitors(Role.ADMIN, scripts=scripts)
    identity = fresh_identity()

    assert world.knock_plain(identity).status != 101

    def is_noted() -> bool:
        return identity in [one["id"] for one in world.rest.unknown_stations()]

    eventually(is_noted, "the door has noted who knocked")
    page.goto("/unknown-stations")
    page.get_by_role("row").filter(has_text=identity).get_by_role("button", name="Accept").click()
    expect(page.locator(".alert-success")).to_contain_text("The station is registered")

    with Peer(world.ws, identity) as station:
        station.boot(charge_point_serial_number=identity)
        on_line(world.rest, station)
        station.answers("ChangeConfiguration", ACCEPTS)
        page.goto(f"/stations/{identity}/upgrade?profile=3")
        page.get_by_label("Restart the station (hard)").uncheck()
        page.get_by_label("Although something is missing above").check()
        page.get_by_role("button", name="Upgrade to profile 3").click()
        assert station.wait_for_calls(1) == [("ChangeConfiguration", {"key": "SecurityProfile", "value": "3"})]
        in_time(page, page.locator("#upgrade"), "to profile 3", scripts=scripts)

    client = world.client(world.own(identity))
    with world.peer(identity, client) as station:
        station.boot(charge_point_serial_number=identity)
        eventually(lambda: world.rest.security(identity)["securityProfile"] == 3, "the profile is 3")
        in_time(page, page.locator("#upgrade dl"), "3", scripts=scripts)
        station.answers("RemoteStopTransaction", ACCEPTS)
        station.status(1, "Preparing")
        number = station.start(1, TAG, 1000, ago(minutes=30))["transactionId"]
        page.goto(f"/transactions/{number}")
        station.meter_values(1, [metered(10, 4000, 11)], transaction=number)
        in_time(page, page.locator("#transaction"), "11.00 kW", scripts=scripts)
        page.get_by_text("Stop charging").first.click()
        page.locator("details.confirm[open] button").click()
        assert station.wait_for_calls(1) == [("RemoteStopTransaction", {"transactionId": number})]
        page.goto(f"/transactions/{number}")
        station.stop(number, 5000, ago(minutes=1), reason="Remote")
        in_time(page, page.locator("#transaction"), "4.00 kWh", scripts=scripts)

    assert world.knock_plain(identity).status == 403
    page.goto(f"/transactions?station={identity}")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    path = tmp_path / "transactions.csv"
    download.value.save_as(path)
    (row,) = csv.DictReader(path.read_text().splitlines())
    assert (row["transactionId"], row["energyWh"], row["reason"]) == (str(number), "4000", "Remote")


def metered(minutes: int, energy_wh: int, kilowatts: float) -> Json:
    power = {"value": str(kilowatts), "measurand": "Power.Active.Import", "unit": "kW"}
    return {"timestamp": ago(minutes=minutes), "sampledValue": [{"value": str(energy_wh), "unit": "Wh"}, power]}


def in_time(page: Page, part: Locator, text: str, *, scripts: bool) -> None:
    """The part of the page comes to say this: by itself with scripts, and else when the page is opened again."""
    if scripts:
        expect(part).to_contain_text(text, timeout=DEADLINE_MS)
        return
    path = urlsplit(page.url)

    def says_so() -> bool:
        page.goto(f"{path.path}?{path.query}" if path.query else path.path)
        return text in " ".join(part.inner_text().split())  # of whichever kind the spaces are

    eventually(says_so, f"the page says {text!r}")
