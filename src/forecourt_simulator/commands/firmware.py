"""Answers to UpdateFirmware and SignedUpdateFirmware (OCPP 1.6 §5.19; security whitepaper L01)."""

from __future__ import annotations

from msgspec import UNSET

from forecourt.dialects.v16.messages.signed_update_firmware import (
    SignedUpdateFirmwareRequest,
    SignedUpdateFirmwareResponse,
)
from forecourt.dialects.v16.messages.update_firmware import UpdateFirmwareRequest, UpdateFirmwareResponse
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.firmware import Update
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station


@answer.register
def _update(request: UpdateFirmwareRequest, station: Station, now: Moment) -> UpdateFirmwareResponse:
    station.firmware.begin(Update(request.location, request.retrieve_date), now)
    return UpdateFirmwareResponse()


@answer.register
def _signed(request: SignedUpdateFirmwareRequest, station: Station, now: Moment) -> SignedUpdateFirmwareResponse:
    """Only the look of the signing certificate is checked."""
    firmware = request.firmware
    if not firmware.signing_certificate.lstrip().startswith("-----BEGIN CERTIFICATE-----"):
        return SignedUpdateFirmwareResponse(status="InvalidCertificate")
    update = Update(
        firmware.location,
        firmware.retrieve_date_time,
        install_at=None if firmware.install_date_time is UNSET else firmware.install_date_time,
        request_id=request.request_id,
        signature=firmware.signature,
    )
    is_replacing = station.firmware.begin(update, now)
    return SignedUpdateFirmwareResponse(status="AcceptedCanceled" if is_replacing else "Accepted")
