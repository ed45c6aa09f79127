"""LogStatusNotification: how an upload of a log goes (security whitepaper N01)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.log_status_notification import (
    LOG_STATUS_NOTIFICATION,
    LogStatusNotificationRequest,
    LogStatusNotificationResponse,
)
from forecourt.dialects.v16.translate import or_none
from forecourt.domain.jobs.model import Report
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@answers(LOG_STATUS_NOTIFICATION)
def log_status_notification(
    request: LogStatusNotificationRequest, station: Station, services: Services
) -> LogStatusNotificationResponse:
    report = Report(status=request.status, request_id=or_none(request.request_id))
    services.diagnostics.report_log(station, report)
    return LogStatusNotificationResponse()
