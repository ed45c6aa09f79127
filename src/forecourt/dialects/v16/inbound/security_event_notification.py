"""SecurityEventNotification: something happened that matters for security (security whitepaper A04)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.security_event_notification import (
    SECURITY_EVENT_NOTIFICATION,
    SecurityEventNotificationRequest,
    SecurityEventNotificationResponse,
)
from forecourt.dialects.v16.translate import or_none
from forecourt.domain.provisioning.model import Station
from forecourt.domain.security.model import SecurityEvent
from forecourt.domain.services import Services


@answers(SECURITY_EVENT_NOTIFICATION)
def security_event_notification(
    request: SecurityEventNotificationRequest, station: Station, services: Services
) -> SecurityEventNotificationResponse:
    event = SecurityEvent(type=request.type, occurred_at=request.timestamp, tech_info=or_none(request.tech_info))
    services.security.report(station, event)
    return SecurityEventNotificationResponse()
