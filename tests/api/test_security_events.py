"""Security events over REST (security whitepaper A04)."""

from __future__ import annotations

from datetime import datetime, timedelta

from forecourt.domain.provisioning.model import Station
from forecourt.domain.security.model import SecurityEvent
from tests.api.door import Door, faults
from tests.support.clock import NOON

HOUR = timedelta(hours=1)


def happens(door: Door, station: Station, kind: str, *, at: datetime = NOON, tech_info: str | None = None) -> None:
    event = SecurityEvent(type=kind, occurred_at=at, tech_info=tech_info)
    door.services.security.report(station, event)


def test_an_event_is_shown_as_the_station_told_it(door: Door) -> None:
    station = door.a_station()
    happens(door, station, "TamperDetectionActivated", at=NOON - 1000 * HOUR, tech_info="lid")
    happens(door, station, "TamperDetectionActivated", at=NOON - 1000 * HOUR, tech_info="lid")
    assert door.get("/security-events")["items"] == [
        {
            "stationId": "CP1",
            "type": "TamperDetectionActivated",
            "critical": True,
            "timestamp": "2025-11-20T20:00:00Z",
            "techInfo": "lid",
            "receivedAt": "2026-01-01T12:00:00Z",
        }
    ]


def test_events_are_found_by_what_they_are(door: Door) -> None:
    first, second = door.a_station("CP1"), door.a_station("CP2")
    happens(door, first, "ResetOrReboot")
    happens(door, first, "InvalidMessages", at=NOON + HOUR)
    happens(door, second, "DoorOpen", at=NOON + 2 * HOUR)

    def types(query: str) -> list[str]:
        return [item["type"] for item in door.get(f"/security-events?{query}")["items"]]

    assert types("") == ["DoorOpen", "InvalidMessages", "ResetOrReboot"]
    assert types("stationId=CP2") == ["DoorOpen"]
    assert types("type=invalidmessages") == ["InvalidMessages"]
    assert types("critical=true") == ["ResetOrReboot"]
    assert types("critical=false") == ["DoorOpen", "InvalidMessages"]
    assert types("from=2026-01-01T13:00:00Z&to=2026-01-01T14:00:00Z") == ["InvalidMessages"]
    page = door.get("/security-events?limit=2")
    assert len(page["items"]) == 2
    assert types(f"limit=2&cursor={page['next']}") == ["ResetOrReboot"]
    assert "critical" in faults(door.ask("GET", "/security-events?critical=maybe"))
    assert "to" in faults(door.ask("GET", "/security-events?to=2026-01-01T12:30:00"))


def test_events_are_downloaded_safe_to_open(door: Door) -> None:
    station = door.a_station()
    happens(door, station, "DoorOpen", tech_info="=cmd()")
    happens(door, station, "MemoryExhaustion")
    response = door.ask("GET", "/security-events.csv")
    assert response.text.splitlines() == [
        "stationId,type,critical,timestamp,techInfo,receivedAt",
        "CP1,MemoryExhaustion,true,2026-01-01T12:00:00Z,,2026-01-01T12:00:00Z",
        "CP1,DoorOpen,,2026-01-01T12:00:00Z,'=cmd(),2026-01-01T12:00:00Z",
    ]
    assert len(door.ask("GET", "/security-events.csv?critical=true").text.splitlines()) == 2
