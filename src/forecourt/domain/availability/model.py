"""What a station reports of the state of its EVSEs (OCPP 1.6 §4.9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.evse import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """One report, as sent. ``status`` and ``error_code`` are the words of the station's version of OCPP."""

    place: Place
    status: str
    error_code: str
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None
    reported_at: datetime | None = None
    """The station's own time stamp; None when it sent none."""


FAULTED: Final = "Faulted"
"""The status of what cannot be used until somebody has looked at it; every version of OCPP has this word."""


@dataclass(frozen=True, slots=True)
class EvseStatus:
    """A report and when it counts from: the station's time stamp, or the time of arrival if that is earlier.

    A time stamp from the future is not believed: it would keep every later report from being shown.
    """

    report: StatusReport
    at: datetime


@dataclass(frozen=True, slots=True)
class ConnectorState:
    """The present state of one place of one station."""

    station: str
    is_online: bool
    status: EvseStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorFilter:
    """Which places to list; None means any."""

    station: str | None = None
    """A part of the identity."""
    status: str | None = None
    error_code: str | None = None
    is_online: bool | None = None
    """Whether its station is connected: the state of one that is not may be old."""
