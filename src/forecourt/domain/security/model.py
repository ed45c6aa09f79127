"""Security events as stations report them (security whitepaper A04, §8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

_CRITICAL: Final = """
    FirmwareUpdated SettingSystemTime StartupOfTheDevice ResetOrReboot SecurityLogWasCleared MemoryExhaustion
    TamperDetectionActivated
"""
_NOT_CRITICAL: Final = """
    FailedToAuthenticateAtCentralSystem CentralSystemFailedToAuthenticate ReconfigurationOfSecurityParameters
    InvalidMessages AttemptedReplayAttacks InvalidFirmwareSignature InvalidFirmwareSigningCertificate
    InvalidCentralSystemCertificate InvalidChargePointCertificate InvalidTLSVersion InvalidTLSCipherSuite
"""
_OTHER_SPELLINGS: Final = """
    FailedToAuthenticationAtCentralSystem CentralSystemFailedToAuthentication
    FailedToAuthenticateAtCsms CsmsFailedToAuthenticate InvalidCsmsCertificate InvalidChargingStationCertificate
"""
"""How some editions of the whitepaper spell two of them, and the names of OCPP 2.0.1; none is critical."""

_IS_CRITICAL: Final = {name.lower(): True for name in _CRITICAL.split()} | {
    name.lower(): False for name in (_NOT_CRITICAL + _OTHER_SPELLINGS).split()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEvent:
    """An event, as the station tells it. Its time may lie far back, because a station that was off line tells later
    what happened (A04.FR.02), or in the future, because its clock is wrong."""

    type: str
    occurred_at: datetime
    tech_info: str | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event and what is known about it."""

    station: str
    event: SecurityEvent
    is_critical: bool | None
    received_at: datetime
    number: int = field(default=0, compare=False)
    """Numbers the events of all stations in the order in which they arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEventFilter:
    """Which events to list; None means any. Times are those that the stations told."""

    station: str | None = None
    type: str | None = None
    is_critical: bool | None = None
    """False also finds what the whitepaper does not list."""
    since: datetime | None = None
    until: datetime | None = None


def is_critical(event_type: str) -> bool | None:
    """What the whitepaper says of a type (§8), or None for a vendor's own. Types are compared without case."""
    return _IS_CRITICAL.get(event_type.lower())
