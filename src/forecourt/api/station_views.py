"""Stations as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from forecourt.asgi.paths import connector_id
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.availability.model import EvseStatus
from forecourt.domain.provisioning.model import BootFacts, Registration, StationSheet


class ConnectorView(msgspec.Struct, frozen=True, rename="camel"):
    """A status report. Connector 0 is the station as a whole (OCPP 1.6 §4.9)."""

    connector_id: int
    status: str
    error_code: str
    info: str | None
    vendor_id: str | None
    vendor_error_code: str | None
    timestamp: datetime


class StationView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A station. What only the station can know is null until its first BootNotification."""

    id: str
    description: str
    group: str
    """Empty for none."""
    labels: Sequence[str]
    registration: Registration
    heartbeat_interval: int | None
    """Seconds; null means the interval of the system."""
    security_profile: SecurityProfile
    online: bool
    last_seen_at: datetime | None
    booted_at: datetime | None
    charge_point_vendor: str | None = None
    charge_point_model: str | None = None
    charge_point_serial_number: str | None = None
    charge_box_serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_type: str | None = None
    meter_serial_number: str | None = None
    firmware_status: str | None
    diagnostics_status: str | None
    created_at: datetime
    connectors: Sequence[ConnectorView]


_NO_FACTS: Final = BootFacts(vendor="", model="")


def show_connector(status: EvseStatus) -> ConnectorView:
    report = status.report
    return ConnectorView(
        connector_id=connector_id(report.place),
        status=report.status,
        error_code=report.error_code,
        info=report.info,
        vendor_id=report.vendor_id,
        vendor_error_code=report.vendor_error_code,
        timestamp=status.at,
    )


def show_station(sheet: StationSheet) -> StationView:
    facts = sheet.facts or _NO_FACTS
    return StationView(
        id=sheet.station.identity,
        description=sheet.description,
        group=sheet.group,
        labels=sheet.labels,
        registration=sheet.station.registration,
        heartbeat_interval=sheet.station.heartbeat_seconds,
        security_profile=sheet.security_profile,
        online=sheet.is_online,
        last_seen_at=sheet.last_seen_at,
        booted_at=sheet.booted_at,
        charge_point_vendor=facts.vendor or None,
        charge_point_model=facts.model or None,
        charge_point_serial_number=facts.serial_number,
        charge_box_serial_number=facts.box_serial_number,
        firmware_version=facts.firmware_version,
        iccid=facts.iccid,
        imsi=facts.imsi,
        meter_type=facts.meter_type,
        meter_serial_number=facts.meter_serial_number,
        firmware_status=sheet.firmware_status,
        diagnostics_status=sheet.diagnostics_status,
        created_at=sheet.created_at,
        connectors=[show_connector(status) for status in sheet.evses],
    )
