"""Firmware updates and uploads of diagnostics are recorded as the stations report them (OCPP 1.6 §4.4, §4.5)."""

from __future__ import annotations

from datetime import timedelta

from tests.domain.world import World
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)


def test_any_status_of_an_update_in_any_order_is_recorded() -> None:
    world = World()
    station = world.a_station()
    for status in ("Installed", "Downloading", "Idle"):
        world.services.firmware.report(station, status)
        world.clock.advance(SECOND)

    assert world.memory.firmware == [
        (station.key, "Installed", NOON),
        (station.key, "Downloading", NOON + SECOND),
        (station.key, "Idle", NOON + 2 * SECOND),
    ]
    sheet = world.services.provisioning.get("CP-1")
    assert (sheet.firmware_status, sheet.diagnostics_status) == ("Idle", None)


def test_any_status_of_an_upload_in_any_order_is_recorded() -> None:
    world = World()
    station = world.a_station()
    for status in ("Uploaded", "Uploading"):
        world.services.diagnostics.report(station, status)
        world.clock.advance(SECOND)

    assert world.memory.diagnostics == [
        (station.key, "Uploaded", NOON),
        (station.key, "Uploading", NOON + SECOND),
    ]
    sheet = world.services.provisioning.get("CP-1")
    assert (sheet.firmware_status, sheet.diagnostics_status) == (None, "Uploading")
