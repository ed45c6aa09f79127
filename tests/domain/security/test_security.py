"""Security events are kept whatever they are, and known ones are told to be critical or not (security whitepaper A04,
§8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.security.model import SecurityEvent, SecurityEventFilter, StoredEvent, is_critical
from tests.domain.world import ALL, World
from tests.support.clock import NOON

CRITICAL = [
    "FirmwareUpdated",
    "SettingSystemTime",
    "StartupOfTheDevice",
    "ResetOrReboot",
    "SecurityLogWasCleared",
    "MemoryExhaustion",
    "TamperDetectionActivated",
]
NOT_CRITICAL = [
    "FailedToAuthenticateAtCentralSystem",
    "CentralSystemFailedToAuthenticate",
    "ReconfigurationOfSecurityParameters",
    "InvalidMessages",
    "AttemptedReplayAttacks",
    "InvalidFirmwareSignature",
    "InvalidFirmwareSigningCertificate",
    "InvalidCentralSystemCertificate",
    "InvalidChargePointCertificate",
    "InvalidTLSVersion",
    "InvalidTLSCipherSuite",
]
OTHERWISE_SPELLED = [
    "FailedToAuthenticationAtCentralSystem",
    "CentralSystemFailedToAuthentication",
    "FailedToAuthenticateAtCsms",
    "CsmsFailedToAuthenticate",
    "InvalidCsmsCertificate",
    "InvalidChargingStationCertificate",
]


def all_events(world: World) -> list[StoredEvent]:
    return list(world.services.security.list(SecurityEventFilter(), ALL).items)


@pytest.mark.parametrize("event_type", CRITICAL)
def test_critical_events_of_the_whitepaper(event_type: str) -> None:
    assert is_critical(event_type) is True
    assert is_critical(event_type.upper()) is True


@pytest.mark.parametrize("event_type", NOT_CRITICAL + OTHERWISE_SPELLED)
def test_other_events_of_the_whitepaper_in_every_spelling(event_type: str) -> None:
    assert is_critical(event_type) is False


def test_the_whitepaper_lists_18_events() -> None:
    assert len({*CRITICAL, *NOT_CRITICAL}) == 18


@pytest.mark.parametrize("event_type", ["", "DoorOpen", "com.example.FirmwareUpdated", "FirmwareUpdate"])
def test_nothing_is_known_of_an_event_of_a_vendor(event_type: str) -> None:
    assert is_critical(event_type) is None


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, tzinfo=UTC), NOON, NOON + timedelta(days=9999)])
def test_an_event_of_any_time_is_kept_as_told(at: datetime) -> None:
    """A04.FR.02: what happened off line is told later; and clocks may be wrong."""
    world = World()
    event = SecurityEvent(type="MemoryExhaustion", occurred_at=at, tech_info="flash")
    world.services.security.report(world.a_station(), event)
    assert all_events(world) == [StoredEvent("CP-1", event, True, NOON)]


def test_an_event_whose_answer_was_lost_is_kept_once() -> None:
    world = World()
    station, other = world.a_station(), world.a_station("CP-2")
    event = SecurityEvent(type="DoorOpen", occurred_at=NOON)
    for reporter in (station, station, other):
        world.services.security.report(reporter, event)
        world.clock.advance(timedelta(seconds=1))
    assert [(stored.station, stored.received_at) for stored in all_events(world)] == [
        ("CP-2", NOON + timedelta(seconds=2)),
        ("CP-1", NOON),
    ]
