"""Images are installed: the station gets an address of its own, and the signature of the image (L01; A00.FR.706)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errors import Kind
from forecourt.domain.files.model import Direction, Ticket
from forecourt.domain.firmware.model import Image
from forecourt.domain.jobs.model import JobKind, JobState
from forecourt.redaction import tokens_in
from tests.domain.firmware.making import ALWAYS, BY, CONTENT, Maker, an_image
from tests.domain.world import refused
from tests.support.carrying import Carried, Json
from tests.support.clock import NOON

MAKER = Maker.new()
WRONG = MAKER.signs(b"another file")


def a_door(*, signed: bool = True) -> tuple[Carried, Image]:
    door = Carried()
    MAKER.is_trusted(door.services)
    return door, an_image(door.services, signed=MAKER.signs() if signed else None)


def ticket_of(door: Carried, location: str) -> Ticket:
    [token] = tokens_in(location)
    return door.services.files.good_ticket(token, Direction.DOWNLOAD)


def test_a_signed_image_is_sent_with_its_signature_and_an_address_of_the_stations_own() -> None:
    door, image = a_door()
    door.asks("InstallFirmware", image=image.number)
    action, words = door.sends()
    job = door.job()
    assert action == "SignedUpdateFirmware"
    assert image.signed is not None
    assert words["firmware"]["signature"] == image.signed.signature
    assert words["firmware"]["signingCertificate"] == image.signed.certificate
    assert words["requestId"] == job.request_id
    ticket = ticket_of(door, words["firmware"]["location"])
    assert (ticket.station, ticket.job, ticket.file) == ("CP-1", job.number, image.file.name)
    assert ticket.max_bytes == len(CONTENT)
    assert words["firmware"]["location"].endswith("/fw.bin")


def test_no_token_is_shown_or_stored() -> None:
    door, image = a_door()
    errand = door.asks("InstallFirmware", image=image.number)
    _, words = door.sends()
    location = words["firmware"]["location"]
    [token] = tokens_in(location)
    door.answers(status="Accepted")
    assert door.job().location == location.replace(token, "***")
    assert token not in repr(door.services.errands.get(errand.number))
    assert token not in door.everything_stored()


def test_an_image_without_a_signature_is_sent_in_the_older_way() -> None:
    door, image = a_door(signed=False)
    door.asks("InstallFirmware", image=image.number)
    action, words = door.sends()
    assert (action, door.job().kind) == ("UpdateFirmware", JobKind.FIRMWARE)
    assert ticket_of(door, words["location"]).file == image.file.name


def test_each_station_and_each_job_has_an_address_of_its_own() -> None:
    door, image = a_door()
    locations = set()
    for _ in range(2):
        door.asks("InstallFirmware", image=image.number)
        locations.add(door.sends()[1]["firmware"]["location"])
        door.answers(status="Accepted")
    assert len(locations) == 2


@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported"])
def test_a_station_that_cannot_verify_gets_the_image_unsigned_from_a_new_address(code: str) -> None:
    door, image = a_door()
    door.asks("InstallFirmware", image=image.number, allowUnsigned=True)
    first = door.sends()[1]["firmware"]["location"]
    door.answers_with_error(code)
    action, words = door.sends()
    assert action == "UpdateFirmware"
    assert words["location"] != first
    assert ticket_of(door, words["location"]).file == image.file.name
    job = door.job()
    assert (job.kind, job.state, ticket_of(door, words["location"]).job) == (
        JobKind.FIRMWARE,
        JobState.ASKED,
        job.number,
    )
    assert first not in door.everything_stored()


def test_an_address_is_good_until_the_job_ends() -> None:
    door, image = a_door()
    door.asks("InstallFirmware", image=image.number)
    _, words = door.sends()
    door.answers(status="Accepted")
    location, number = words["firmware"]["location"], words["requestId"]
    for status in ("Downloading", "Downloaded", "SignatureVerified", "Installing"):
        door.says("SignedFirmwareStatusNotification", status=status, requestId=number)
        ticket_of(door, location)
    door.says("SignedFirmwareStatusNotification", status="Installed", requestId=number)
    with refused(Kind.REFUSED, about="has ended"):
        ticket_of(door, location)


def test_an_address_is_good_long_after_the_time_of_a_late_download() -> None:
    door, image = a_door()
    at = NOON + timedelta(days=60)
    door.asks("InstallFirmware", image=image.number, retrieveAt=at.isoformat())
    location = door.sends()[1]["firmware"]["location"]
    door.answers(status="Accepted")
    door.clock.advance(timedelta(days=61))
    assert ticket_of(door, location).ends_at > at


def test_a_wrong_signature_is_sent_only_when_it_is_wanted_so() -> None:
    """A00.FR.706 as a warning: certification case 081 sends a wrong one."""
    door, image = a_door(signed=False)
    door.services.firmware_images.put_signature(image.number, WRONG, asked_by=BY)
    with refused(Kind.CONFLICT, field="despiteFailedCheck", about="A00.FR.706"):
        door.asks("InstallFirmware", image=image.number)
    assert door.jobs == []
    errand = door.asks("InstallFirmware", image=image.number, despiteFailedCheck=True)
    assert any("A00.FR.706" in warning for warning in errand.warnings)
    assert door.sends()[1]["firmware"]["signature"] == WRONG.signature


def test_another_signature_than_the_images_may_be_sent_and_is_checked_too() -> None:
    door, image = a_door()
    parameters: Json = {
        "image": image.number,
        "signature": WRONG.signature,
        "signingCertificate": WRONG.certificate,
    }
    with refused(Kind.CONFLICT, field="despiteFailedCheck"):
        door.asks("InstallFirmware", **parameters)
    door.asks("InstallFirmware", **parameters, despiteFailedCheck=True)
    assert door.sends()[1]["firmware"]["signature"] == WRONG.signature


def test_a_certificate_that_was_revoked_after_the_upload_is_found_when_it_is_to_be_sent() -> None:
    door, image = a_door()
    door.services.trust.revoke_certificate(MAKER.signer.certificate, reason="stolen", asked_by=BY)
    with refused(Kind.CONFLICT, field="despiteFailedCheck", about="was revoked"):
        door.asks("InstallFirmware", image=image.number)


def test_a_certificate_that_was_revoked_or_has_expired_since_the_last_time_is_found_at_once() -> None:
    """Although the answer is remembered while many stations are asked."""
    door, image = a_door()
    door.asks("InstallFirmware", image=image.number)
    door.services.trust.revoke_certificate(MAKER.signer.certificate, reason="stolen", asked_by=BY)
    with refused(Kind.CONFLICT, field="despiteFailedCheck", about="was revoked"):
        door.asks("InstallFirmware", image=image.number)
    door, image = a_door()
    door.asks("InstallFirmware", image=image.number)
    door.clock.advance(ALWAYS.ends + timedelta(minutes=1))
    with refused(Kind.CONFLICT, field="despiteFailedCheck", about="expired"):
        door.asks("InstallFirmware", image=image.number)


def test_an_image_is_not_removed_while_a_job_needs_it() -> None:
    door, image = a_door()
    door.asks("InstallFirmware", image=image.number)
    number = door.sends()[1]["requestId"]
    with refused(Kind.CONFLICT, about=str(door.job().number)):
        door.services.firmware_images.remove(image.number, asked_by=BY)
    door.answers(status="Accepted")
    door.says("SignedFirmwareStatusNotification", status="Installed", requestId=number)
    assert door.services.firmware_images.remove(image.number, asked_by=BY) == image.file


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({}, "location"),
        ({"location": "https://host/fw", "image": 1}, "image"),
        ({"location": "https://host/fw", "despiteFailedCheck": True}, "despiteFailedCheck"),
        ({"image": 1, "signature": "c2ln"}, "signingCertificate"),
    ],
)
def test_what_makes_no_sense_is_refused(parameters: Json, field: str) -> None:
    door, _ = a_door()
    with refused(Kind.INVALID, field=field):
        door.asks("InstallFirmware", **parameters)


def test_an_image_that_is_not_there_cannot_be_installed() -> None:
    door, image = a_door()
    with refused(Kind.NOT_FOUND, about=str(image.number + 1)):
        door.asks("InstallFirmware", image=image.number + 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("fw 2.0 (ä).bin", "fw_2.0____.bin"), ("...", "firmware.bin"), ("x" * 100, "x" * 64), ("日本", "__")],
)
def test_the_address_ends_with_a_plain_and_short_name(name: str, expected: str) -> None:
    door = Carried()
    image = an_image(door.services, name)
    door.asks("InstallFirmware", image=image.number)
    location = door.sends()[1]["location"]
    assert location.endswith(f"/{expected}")
    assert len(location) <= 512
