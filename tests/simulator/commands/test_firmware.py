"""Updates of the firmware of a simulated station (OCPP 1.6 §5.19; security whitepaper L01)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import UNSET

from forecourt.dialects.v16.messages.boot_notification import BootNotificationRequest
from forecourt.dialects.v16.messages.extended_trigger_message import ExtendedTriggerMessageRequest
from forecourt.dialects.v16.messages.firmware_status_notification import FirmwareStatusNotificationRequest
from forecourt.dialects.v16.messages.signed_firmware_status_notification import SignedFirmwareStatusNotificationRequest
from forecourt.dialects.v16.messages.signed_update_firmware import (
    Firmware,
    SignedUpdateFirmwareRequest,
    SignedUpdateFirmwareResponse,
)
from forecourt.dialects.v16.messages.update_firmware import UpdateFirmwareRequest, UpdateFirmwareResponse
from tests.simulator.worlds import START, World, a_charging_world, a_world, ask

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def told(world: World) -> list[str]:
    """The statuses of an update, and the version of each boot."""
    found: list[str] = []
    for letter in world.letters():
        match letter.words:
            case FirmwareStatusNotificationRequest(status=status):
                found.append(status)
            case SignedFirmwareStatusNotificationRequest(status=status, request_id=number):
                found.append(status if number is UNSET else f"{status} {number}")
            case BootNotificationRequest(firmware_version=version):
                found.append(f"boot {version}")
            case _:
                pass
    return found


def update(world: World, *, host: str = "files.example", minutes: int = 0) -> None:
    retrieve = START + timedelta(minutes=minutes)
    request = UpdateFirmwareRequest(location=f"https://{host}/sim/sim-2.1.bin", retrieve_date=retrieve)
    assert ask(world, request) == UpdateFirmwareResponse()


def signed(
    world: World, number: int, *, certificate: str = CERTIFICATE, signature: str = "c2lnbg==", install_in: int = 0
) -> str:
    firmware = Firmware(
        location="https://files.example/sim-3.bin",
        retrieve_date_time=START,
        install_date_time=START + timedelta(seconds=install_in),
        signing_certificate=certificate,
        signature=signature,
    )
    response = ask(world, SignedUpdateFirmwareRequest(request_id=number, firmware=firmware))
    assert isinstance(response, SignedUpdateFirmwareResponse)
    return response.status


def restart(world: World) -> None:
    assert world.station.is_restart_due
    world.station.disconnect()
    world.station.finish_restart(world.now)
    world.station.connect(world.now)


def test_an_update_is_told_step_by_step_and_boots_with_the_new_version() -> None:
    world = a_world()
    update(world)
    world.wait(80)
    assert told(world) == ["Downloading", "Downloaded", "Installing"]
    restart(world)
    assert told(world) == ["boot sim-2.1", "Installed"]
    world.wait(600)
    assert not world.station.is_restart_due


def test_a_signed_update_is_told_under_its_number() -> None:
    world = a_world()
    assert signed(world, 9) == "Accepted"
    world.wait(80)
    assert told(world) == [
        *("Downloading 9", "Downloaded 9", "SignatureVerified 9", "Installing 9", "InstallRebooting 9"),
    ]
    restart(world)
    assert told(world) == ["boot sim-3", "Installed 9"]


def test_an_update_waits_for_its_times() -> None:
    world = a_world()
    update(world, minutes=5)
    world.wait(299)
    assert told(world) == []
    world.wait(1)
    assert told(world) == ["Downloading"]
    world = a_world()
    signed(world, 1, install_in=600)
    world.wait(599)
    assert told(world)[-1] == "SignatureVerified 1"
    world.wait(1)
    assert told(world) == ["Installing 1"]


def test_firmware_out_of_reach_is_not_downloaded() -> None:
    world = a_world()
    update(world, host="files.invalid")
    world.wait(600)
    assert told(world) == ["Downloading", "DownloadFailed"]
    assert world.station.firmware.version == "1.0"


@pytest.mark.parametrize("signature", ["", "not base64!"])
def test_a_signature_that_is_none_ends_the_update(signature: str) -> None:
    world = a_world()
    signed(world, 9, signature=signature)
    world.wait(600)
    assert told(world) == ["Downloading 9", "Downloaded 9", "InvalidSignature 9"]


def test_a_signing_certificate_that_is_none_is_refused() -> None:
    world = a_world()
    assert signed(world, 9, certificate="hello") == "InvalidCertificate"
    world.wait(600)
    assert told(world) == []


def test_a_second_update_takes_the_place_of_the_first() -> None:
    world = a_world()
    signed(world, 1)
    world.wait(10)
    assert signed(world, 2) == "AcceptedCanceled"
    world.wait(10)
    assert told(world) == ["Downloading 1", "Downloading 2"]


def test_an_update_ends_transactions_before_the_station_boots() -> None:
    world = a_charging_world()
    update(world)
    world.wait(80)
    assert not world.station.connectors[1].is_busy
    assert "StopTransaction" in world.sent()
    assert world.station.is_restart_due


def test_a_trigger_tells_how_the_update_goes() -> None:
    world = a_world()
    ask(world, ExtendedTriggerMessageRequest(requested_message="FirmwareStatusNotification"))
    assert told(world) == ["Idle"]
    signed(world, 7)
    world.wait(10)
    assert told(world) == ["Downloading 7"]
    ask(world, ExtendedTriggerMessageRequest(requested_message="FirmwareStatusNotification"))
    assert told(world) == ["Downloading 7"]


def test_a_restart_in_the_middle_keeps_the_old_version() -> None:
    world = a_world()
    update(world)
    world.wait(10)
    world.station.restart = "Hard"
    restart(world)
    assert "boot 1.0" in told(world)
