"""DiagnosticsStatusNotification: how an upload goes (OCPP 1.6 §4.4)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.diagnostics_status_notification import (
    DIAGNOSTICS_STATUS_NOTIFICATION,
    DiagnosticsStatusNotificationRequest,
    DiagnosticsStatusNotificationResponse,
)
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@answers(DIAGNOSTICS_STATUS_NOTIFICATION)
def diagnostics_status_notification(
    request: DiagnosticsStatusNotificationRequest, station: Station, services: Services
) -> DiagnosticsStatusNotificationResponse:
    services.diagnostics.report(station, request.status)
    return DiagnosticsStatusNotificationResponse()
