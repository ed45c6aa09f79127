"""The log of messages over REST."""

from __future__ import annotations

import csv
import io

from forecourt.domain.message_log.model import Direction, Exchange
from forecourt.domain.provisioning.model import Station
from tests.api.door import Door, faults

HEARTBEAT = Exchange(
    direction=Direction.IN, action="Heartbeat", message_id="7", request="{}", response='{"currentTime":"=now()"}'
)
LOST = Exchange(
    direction=Direction.OUT, action="Reset", message_id="8", request='{"type":"Soft"}', error="No answer within 30 s."
)


def said(door: Door, station: Station, *exchanges: Exchange) -> None:
    for exchange in exchanges:
        is_answered = exchange.response is not None
        log = door.services.message_log
        log.note(station.key, exchange, since=door.clock.monotonic() - 1, is_answered=is_answered)


def test_a_message_is_shown_with_its_answer_and_both_times(door: Door) -> None:
    said(door, door.a_station(), HEARTBEAT)
    assert door.get("/messages")["items"] == [
        {
            "number": 1,
            "stationId": "CP1",
            "direction": "in",
            "action": "Heartbeat",
            "messageId": "7",
            "request": "{}",
            "response": '{"currentTime":"=now()"}',
            "error": None,
            "timestamp": "2026-01-01T11:59:59Z",
            "answeredAt": "2026-01-01T12:00:00Z",
        }
    ]


def test_messages_are_found_by_what_they_are(door: Door) -> None:
    said(door, door.a_station("CP1"), HEARTBEAT, LOST)
    said(door, door.a_station("CP2"), HEARTBEAT)

    def found(query: str) -> list[int]:
        return [item["number"] for item in door.get(f"/messages?{query}")["items"]]

    assert found("") == [3, 2, 1]
    assert found("stationId=CP1") == [2, 1]
    assert found("action=Reset") == [2]
    assert found("direction=in") == [3, 1]
    assert found("failed=true") == [2]
    assert found("from=2026-01-01T12:00:00Z") == []
    page = door.get("/messages?limit=2")
    assert found(f"limit=2&cursor={page['next']}") == [1]
    assert "direction" in faults(door.ask("GET", "/messages?direction=up"))


def test_messages_are_downloaded_safe_to_open(door: Door) -> None:
    said(door, door.a_station("=cmd()"), HEARTBEAT, LOST)
    answer = door.ask("GET", "/messages.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["action"] for row in rows] == ["Reset", "Heartbeat"]
    assert rows[0]["stationId"] == "'=cmd()"
    assert (rows[0]["direction"], rows[0]["answeredAt"], rows[0]["error"]) == ("out", "", "No answer within 30 s.")
