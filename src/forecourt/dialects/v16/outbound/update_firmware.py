"""UpdateFirmware and SignedUpdateFirmware: have firmware installed (OCPP 1.6 §5.19; security whitepaper L01)."""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.signed_update_firmware import (
    SIGNED_UPDATE_FIRMWARE,
    Firmware,
    SignedUpdateFirmwareRequest,
    SignedUpdateFirmwareResponse,
)
from forecourt.dialects.v16.messages.update_firmware import (
    UPDATE_FIRMWARE,
    UpdateFirmwareRequest,
    UpdateFirmwareResponse,
)
from forecourt.dialects.v16.translate import or_unset
from forecourt.domain.errands.intents import UpdateFirmware
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.firmware.service import doubts_about_signature
from forecourt.domain.jobs.locations import doubts_about_location
from forecourt.domain.jobs.model import Answer, JobKind
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@carries(UpdateFirmware)
def update_firmware(intent: UpdateFirmware, _station: Station) -> Command:
    """Without a signature it is the older action, which cannot say when to install."""
    retries = or_unset(intent.retries)
    retry_interval = or_unset(intent.retry_seconds)
    if intent.signature is None or intent.signing_certificate is None:
        words = UpdateFirmwareRequest(
            location=intent.location,
            retrieve_date=intent.retrieve_at,
            retries=retries,
            retry_interval=retry_interval,
        )
        return Command(UPDATE_FIRMWARE, words)
    firmware = Firmware(
        location=intent.location,
        retrieve_date_time=intent.retrieve_at,
        install_date_time=or_unset(intent.install_at),
        signing_certificate=intent.signing_certificate,
        signature=intent.signature,
    )
    signed = SignedUpdateFirmwareRequest(
        request_id=intent.job, firmware=firmware, retries=retries, retry_interval=retry_interval
    )
    return Command(SIGNED_UPDATE_FIRMWARE, signed)


@hears(UPDATE_FIRMWARE)
def update_firmware_answered(
    request: UpdateFirmwareRequest,
    _response: UpdateFirmwareResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    answer = Answer(kind=JobKind.FIRMWARE, location=request.location)
    services.jobs.hear(station, answer, errand)


@hears(SIGNED_UPDATE_FIRMWARE)
def signed_update_firmware_answered(
    request: SignedUpdateFirmwareRequest,
    response: SignedUpdateFirmwareResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.security.note_spoken(station)
    answer = Answer(
        kind=JobKind.SIGNED_FIRMWARE,
        location=request.firmware.location,
        request_id=request.request_id,
        refusal=None if response.status in SIGNED_UPDATE_FIRMWARE.done else response.status,
        replaces_others=response.status == "AcceptedCanceled",
    )
    services.jobs.hear(station, answer, errand)


@warns(UPDATE_FIRMWARE)
def doubts_of_update_firmware(request: UpdateFirmwareRequest, _station: Station, _services: Services) -> Sequence[str]:
    return doubts_about_location(request.location)


@warns(SIGNED_UPDATE_FIRMWARE)
def doubts_of_signed_update_firmware(
    request: SignedUpdateFirmwareRequest, _station: Station, _services: Services
) -> Sequence[str]:
    firmware = request.firmware
    return [
        *doubts_about_location(firmware.location),
        *doubts_about_signature(firmware.signature, firmware.signing_certificate),
    ]
