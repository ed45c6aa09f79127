"""StatusNotification: the state of a connector or of the station (OCPP 1.6 §4.9)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.status_notification import (
    STATUS_NOTIFICATION,
    StatusNotificationRequest,
    StatusNotificationResponse,
)
from forecourt.dialects.v16.translate import or_none, to_place
from forecourt.domain.availability.model import StatusReport
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@answers(STATUS_NOTIFICATION)
def status_notification(
    request: StatusNotificationRequest, station: Station, services: Services
) -> StatusNotificationResponse:
    report = StatusReport(
        place=to_place(request.connector_id),
        status=request.status,
        error_code=request.error_code,
        info=or_none(request.info),
        vendor_id=or_none(request.vendor_id),
        vendor_error_code=or_none(request.vendor_error_code),
        reported_at=or_none(request.timestamp),
    )
    services.availability.report(station, report)
    return StatusNotificationResponse()
