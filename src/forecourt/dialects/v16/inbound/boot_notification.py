"""BootNotification: the station says what it is, and is told the operator's decision (OCPP 1.6 §4.2)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.boot_notification import (
    BOOT_NOTIFICATION,
    BootNotificationRequest,
    BootNotificationResponse,
)
from forecourt.dialects.v16.translate import or_none
from forecourt.domain.provisioning.model import BootFacts, Station
from forecourt.domain.services import Services


@answers(BOOT_NOTIFICATION)
def boot_notification(
    request: BootNotificationRequest, station: Station, services: Services
) -> BootNotificationResponse:
    facts = BootFacts(
        vendor=request.charge_point_vendor,
        model=request.charge_point_model,
        serial_number=or_none(request.charge_point_serial_number),
        box_serial_number=or_none(request.charge_box_serial_number),
        firmware_version=or_none(request.firmware_version),
        iccid=or_none(request.iccid),
        imsi=or_none(request.imsi),
        meter_type=or_none(request.meter_type),
        meter_serial_number=or_none(request.meter_serial_number),
    )
    outcome = services.provisioning.boot(station, facts)
    return BootNotificationResponse(
        status=outcome.registration.value,
        current_time=outcome.at,
        interval=outcome.interval_seconds,
    )
