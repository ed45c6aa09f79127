"""What a simulated station says of itself: its boot, its connectors, its meters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from forecourt.dialects.v16.messages.boot_notification import BOOT_NOTIFICATION, BootNotificationRequest
from forecourt.dialects.v16.messages.meter_values import METER_VALUES, MeterValuesRequest
from forecourt.dialects.v16.messages.metering import ReadingContext
from forecourt.dialects.v16.messages.status_notification import (
    STATUS_NOTIFICATION,
    ChargePointStatus,
    StatusNotificationRequest,
)
from forecourt_simulator.connector import Connector
from forecourt_simulator.mailbox import Letter
from forecourt_simulator.readings import read_meter


def boot_letter(serial_number: str, firmware_version: str) -> Letter:
    words = BootNotificationRequest(
        charge_point_vendor="Forecourt",
        charge_point_model="Simulator",
        charge_point_serial_number=serial_number[:25],
        firmware_version=firmware_version,
    )
    return Letter(BOOT_NOTIFICATION, words)


def status_letter(connector_id: int, status: ChargePointStatus, taken_at: datetime) -> Letter:
    words = StatusNotificationRequest(
        connector_id=connector_id, error_code="NoError", status=status, timestamp=taken_at
    )
    return Letter(STATUS_NOTIFICATION, words, connector_id)


def meter_letter(
    connector: Connector, measurands: Iterable[str], *, context: ReadingContext, taken_at: datetime
) -> Letter:
    reading = read_meter(connector, measurands, context=context, taken_at=taken_at)
    words = MeterValuesRequest(connector_id=connector.id, meter_value=[reading])
    return Letter(METER_VALUES, words, connector.id, connector.transaction)
