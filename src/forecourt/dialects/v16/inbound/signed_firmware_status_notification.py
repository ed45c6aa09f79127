"""SignedFirmwareStatusNotification: how a signed firmware update goes (security whitepaper L01)."""

from __future__ import annotations

from typing import Final

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.signed_firmware_status_notification import (
    SIGNED_FIRMWARE_STATUS_NOTIFICATION,
    SignedFirmwareStatusNotificationRequest,
    SignedFirmwareStatusNotificationResponse,
)
from forecourt.dialects.v16.translate import or_none
from forecourt.domain.jobs.model import Report
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services

_STEPS_OF_EDITION_1: Final = {
    # The station goes on to the signature, as it does after the download.
    "CertificateVerified": "Downloaded",
    # Later editions say this in the answer; either way the origin of the firmware is not proved.
    "InvalidCertificate": "InvalidSignature",
    "RevokedCertificate": "InvalidSignature",
}


@answers(SIGNED_FIRMWARE_STATUS_NOTIFICATION)
def signed_firmware_status_notification(
    request: SignedFirmwareStatusNotificationRequest, station: Station, services: Services
) -> SignedFirmwareStatusNotificationResponse:
    report = Report(
        status=request.status,
        step=_STEPS_OF_EDITION_1.get(request.status),
        request_id=or_none(request.request_id),
    )
    services.firmware.report_signed(station, report)
    return SignedFirmwareStatusNotificationResponse()
