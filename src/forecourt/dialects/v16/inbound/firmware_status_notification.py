"""FirmwareStatusNotification: how an update goes (OCPP 1.6 §4.5)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.firmware_status_notification import (
    FIRMWARE_STATUS_NOTIFICATION,
    FirmwareStatusNotificationRequest,
    FirmwareStatusNotificationResponse,
)
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@answers(FIRMWARE_STATUS_NOTIFICATION)
def firmware_status_notification(
    request: FirmwareStatusNotificationRequest, station: Station, services: Services
) -> FirmwareStatusNotificationResponse:
    services.firmware.report(station, request.status)
    return FirmwareStatusNotificationResponse()
