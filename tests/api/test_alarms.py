"""Alarms over REST: listed, counted, downloaded and acknowledged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import Level, Topic
from tests.api.door import Door, faults, problem


@pytest.fixture
def alarmed(door: Door) -> Door:
    door.services.alarms.raise_(Topic.AUTHORITY, "=acme", Level.WARNING, "It is silent.")
    door.clock.advance(timedelta(hours=1))
    door.services.alarms.raise_(Topic.CERTIFICATE_EXPIRES, "CP1", Level.CRITICAL, "It expires tomorrow.")
    return door


def subjects(door: Door, query: str = "") -> list[str]:
    return [item["subject"] for item in door.get(f"/alarms?{query}")["items"]]


def test_an_alarm_is_shown_with_all_that_is_known(alarmed: Door) -> None:
    known = {
        "alarm": 2,
        "topic": "certificateExpires",
        "subject": "CP1",
        "level": "critical",
        "sentence": "It expires tomorrow.",
        "raisedAt": "2026-01-01T13:00:00Z",
        "changedAt": "2026-01-01T13:00:00Z",
        "acknowledgedBy": None,
        "acknowledgedAt": None,
        "endedAt": None,
    }
    assert alarmed.get("/alarms/2") == known
    assert alarmed.get("/alarms")["items"][0] == known


def test_alarms_are_found_by_what_they_are(alarmed: Door) -> None:
    alarmed.services.alarms.end(Topic.AUTHORITY, "=acme")
    assert subjects(alarmed) == ["CP1", "=acme"]
    assert subjects(alarmed, "open=true") == ["CP1"]
    assert subjects(alarmed, "open=false") == ["=acme"]
    assert subjects(alarmed, "topic=authority&topic=files") == ["=acme"]
    assert subjects(alarmed, "subject=CP1") == ["CP1"]
    assert subjects(alarmed, "level=critical") == ["CP1"]
    assert subjects(alarmed, "acknowledged=true") == []
    assert subjects(alarmed, "from=2026-01-01T12:30:00Z") == ["CP1"]
    assert subjects(alarmed, "to=2026-01-01T12:30:00Z") == ["=acme"]
    assert "topic" in faults(alarmed.ask("GET", "/alarms?topic=weather"))


def test_open_alarms_are_counted(alarmed: Door) -> None:
    alarmed.ask("POST", "/alarms/1/acknowledge")
    assert alarmed.get("/alarms/open") == {"total": 2, "warning": 1, "critical": 1, "unacknowledged": 1}


def test_alarms_are_downloaded(alarmed: Door) -> None:
    heading, first, second = alarmed.ask("GET", "/alarms.csv").text.splitlines()
    assert heading.startswith("alarm,topic,subject,level,sentence,raisedAt")
    assert (
        first == "2,certificateExpires,CP1,critical,It expires tomorrow.,2026-01-01T13:00:00Z,2026-01-01T13:00:00Z,,,"
    )
    assert ",'=acme," in second


def test_an_alarm_is_acknowledged_once(alarmed: Door) -> None:
    known = alarmed.ask("POST", "/alarms/1/acknowledge")
    assert known.status_code == 200
    assert (known.json()["acknowledgedBy"], known.json()["acknowledgedAt"]) == ("token tests", "2026-01-01T13:00:00Z")
    assert "token tests" in problem(alarmed.ask("POST", "/alarms/1/acknowledge"), 409)["detail"]
    problem(alarmed.ask("POST", f"/alarms/{2**70}/acknowledge"), 404)
