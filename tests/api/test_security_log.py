"""The security log over REST: listed, downloaded and followed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.api import following
from forecourt.domain.security.model import SecurityEvent
from forecourt.domain.security_log.model import Kind, Note
from tests.api.door import Door, faults
from tests.api.streaming import listening
from tests.support.clock import NOON

HOUR = timedelta(hours=1)


def notes(door: Door, *reasons: str, kind: Kind = Kind.CREDENTIALS_WRONG, station: str = "CP1") -> None:
    """Entries, and the ring that follows their commit."""
    door.services.security_log.note_all(
        [Note(kind=kind, reason=reason, station=station, address="192.0.2.1") for reason in reasons]
    )
    door.news.security_noted(None)


def reasons(door: Door, query: str = "") -> list[str]:
    return [item["reason"] for item in door.get(f"/security-log?{query}")["items"]]


def test_an_entry_is_shown_with_all_that_is_known(door: Door) -> None:
    door.services.security_log.note(
        Note(kind=Kind.PROFILE_LOWERED, reason="From 2 to 1.", station="CP1", asked_by="token ops")
    )
    assert door.get("/security-log?askedBy=token%20ops")["items"] == [
        {
            "entry": 1,
            "timestamp": "2026-01-01T12:00:00Z",
            "kind": "profileLowered",
            "reason": "From 2 to 1.",
            "stationId": "CP1",
            "address": None,
            "askedBy": "token ops",
            "count": 1,
        }
    ]


def test_entries_are_found_by_what_they_are(door: Door) -> None:
    notes(door, "a", "b")
    notes(door, "c", kind=Kind.TLS_REFUSED, station="CP2")
    door.clock.advance(HOUR)
    notes(door, "d", kind=Kind.PASSWORD_SET)
    assert reasons(door) == ["d", "c", "b", "a"]
    assert reasons(door, "kind=tlsRefused") == ["c"]
    assert reasons(door, "kind=tlsRefused&kind=passwordSet") == ["d", "c"]
    assert reasons(door, "stationId=CP2") == ["c"]
    assert reasons(door, "address=::1") == []
    assert reasons(door, "askedBy=ada") == []
    assert reasons(door, "from=2026-01-01T12:30:00Z") == ["d"]
    assert reasons(door, "to=2026-01-01T12:30:00Z&stationId=CP1") == ["b", "a"]
    page = door.get("/security-log?limit=3")
    assert reasons(door, f"limit=3&cursor={page['next']}") == ["a"]
    assert "kind" in faults(door.ask("GET", "/security-log?kind=weather"))


def test_the_kinds_are_told_with_what_they_mean(door: Door) -> None:
    kinds = door.get("/security-log/kinds")
    assert kinds["next"] is None
    assert [item["kind"] for item in kinds["items"]] == [kind.value for kind in Kind]
    assert all(item["summary"] for item in kinds["items"])


def test_the_log_is_downloaded_safe_to_open(door: Door) -> None:
    """A stranger chooses what he calls himself."""
    notes(door, '=HYPERLINK("http://evil")', station="@SUM(A1)")
    notes(door, "plain", kind=Kind.TLS_REFUSED)
    response = door.ask("GET", "/security-log.csv")
    assert response.headers["content-type"].startswith("text/csv")
    assert response.text.splitlines() == [
        "entry,timestamp,kind,reason,stationId,address,askedBy,count",
        "2,2026-01-01T12:00:00Z,tlsRefused,plain,CP1,192.0.2.1,,1",
        '1,2026-01-01T12:00:00Z,credentialsWrong,"\'=HYPERLINK(""http://evil"")",\'@SUM(A1),192.0.2.1,,1',
    ]
    assert len(door.ask("GET", "/security-log.csv?kind=tlsRefused").text.splitlines()) == 2


# Followed


def test_every_new_entry_is_told_as_it_is_stored(door: Door) -> None:
    notes(door, "before")

    async def story() -> None:
        async with listening(door, "/security-log/events") as listener:
            await listener.next(":")
            assert listener.headers["content-type"].startswith("text/event-stream")
            notes(door, "one", "two")
            told = [await listener.next("entry") for _ in range(2)]
            stored = (await door.asking("GET", "/security-log?limit=2")).json()["items"]
        assert [event.data for event in told] == list(reversed(stored))
        assert [event.id for event in told] == [str(item["entry"]) for item in reversed(stored)]

    door.run(story())


def test_filters_choose_what_is_told(door: Door) -> None:
    async def story() -> None:
        async with listening(door, "/security-log/events?kind=tlsRefused&stationId=CP2") as listener:
            await listener.next(":")
            notes(door, "no")
            notes(door, "no", kind=Kind.TLS_REFUSED)
            notes(door, "yes", kind=Kind.TLS_REFUSED, station="CP2")
            assert (await listener.next("entry")).data["reason"] == "yes"

    door.run(story())


def test_a_client_goes_on_where_it_was_interrupted_and_nothing_is_told_twice(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PAGE", 2)
    notes(door, *"abcdefg")

    async def story() -> None:
        async with listening(door, "/security-log/events", headers={"Last-Event-ID": "2"}) as listener:
            told = [(await listener.next("entry")).data["reason"] for _ in range(5)]
            notes(door, "h")
            told.append((await listener.next("entry")).data["reason"])
        assert told == list("cdefgh")

    door.run(story())


def test_an_id_from_before_the_database_was_restored_does_not_hide_what_comes(door: Door) -> None:
    notes(door, "a")

    async def story() -> None:
        async with listening(door, "/security-log/events", headers={"Last-Event-ID": "999"}) as listener:
            await listener.next(":")
            notes(door, "b")
            assert (await listener.next("entry")).data["reason"] == "b"

    door.run(story())


@pytest.mark.parametrize("path", ["/security-log/events", "/security-events/events"])
@pytest.mark.parametrize("event_id", ["x", "-1", "1.5", "9" * 30])
def test_an_id_that_no_event_had_is_a_400(door: Door, path: str, event_id: str) -> None:
    headers = {"Authorization": f"Bearer {door.token}", "Last-Event-ID": event_id}
    assert "Last-Event-ID" in faults(door.ask("GET", path, headers=headers))


def test_security_events_of_stations_are_followed_too(door: Door) -> None:
    station, other = door.a_station("CP1"), door.a_station("CP2")

    def happens(kind: str, at: timedelta = HOUR) -> None:
        for one in (other, station):
            door.services.security.report(one, SecurityEvent(type=kind, occurred_at=NOON - at, tech_info="lid"))
        door.news.security_noted(None)

    async def story() -> None:
        happens("Before")
        async with listening(door, "/security-events/events?stationId=CP1") as listener:
            await listener.next(":")
            happens("ResetOrReboot")
            happens("ResetOrReboot")  # told again, because the answer was lost
            happens("DoorOpen", 1000 * HOUR)
            door.clock.advance(timedelta(minutes=1))  # a number was used up by what is there already
            door.news.security_noted(None)
            told = [await listener.next("securityEvent") for _ in range(2)]
            stored = (await door.asking("GET", "/security-events?stationId=CP1&limit=2")).json()["items"]
        assert [event.data for event in told] == list(reversed(stored))
        async with listening(
            door, "/security-events/events?stationId=CP1", headers={"Last-Event-ID": told[0].id or ""}
        ) as listener:
            assert (await listener.next("securityEvent")).data["type"] == "DoorOpen"

    door.run(story())
