"""Events and subscriptions over REST."""

from __future__ import annotations

import pytest

from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.events.kinds import CHOOSABLE
from forecourt.domain.notifications.model import SubscriptionNumber, Trial
from tests.api.door import Door, faults, problem

HOOK = {"name": "Billing", "channel": "webhook", "url": "https://billing.example/hook", "groups": ["transactions"]}
MAIL = {"name": "Night", "channel": "mail", "recipients": ["a@example.com"]}
FIRST = SubscriptionNumber(1)


@pytest.fixture
def told(door: Door) -> Door:
    door.services.alarms.raise_(Topic.FILES, "shelf", Level.WARNING, "It is full.")
    door.services.alarms.end(Topic.FILES, "shelf")
    return door


def test_events_are_shown_and_found(told: Door) -> None:
    event = {
        "event": 1,
        "id": "evt_1",
        "kind": "alarmRaised",
        "group": "alarms",
        "subject": "shelf",
        "stationId": None,
        "sentence": "warning: It is full.",
        "data": {"topic": "files", "level": "warning", "sentence": "It is full."},
        "at": "2026-01-01T12:00:00Z",
    }
    assert told.get("/events/1") == event
    listed = told.get("/events?kind=alarmRaised")
    assert (listed["items"], listed["next"]) == ([event], None)
    assert [one["event"] for one in told.get("/events")["items"]] == [2, 1]
    assert told.get("/events?group=transactions")["items"] == []
    assert told.get("/events?to=2020-01-01T00:00:00Z")["items"] == []
    assert "kind" in faults(told.ask("GET", "/events?kind=weather"))
    problem(told.ask("GET", f"/events/{2**70}"), 404)


def test_kinds_say_what_they_have(door: Door) -> None:
    kinds = door.get("/events/kinds")
    assert [one["kind"] for one in kinds] == [kind.value for kind in CHOOSABLE]
    assert kinds[0]["data"] == ["address", "securityProfile"]


def test_a_webhook_is_added_changed_and_removed(door: Door) -> None:
    made = door.ask("POST", "/notifications", json=HOOK)
    assert made.status_code == 201
    assert made.json()["subscription"] == 1
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    shown = door.ask("GET", "/notifications/1")
    assert secret not in shown.text
    assert (shown.json()["state"], shown.json()["groups"], shown.json()["delivered"]) == ("active", ["transactions"], 0)
    changed = door.ask("PUT", "/notifications/1", json=HOOK | {"kinds": ["alarmRaised"], "stationId": "CP-1"})
    assert (changed.json()["kinds"], changed.json()["stationId"]) == (["alarmRaised"], "CP-1")
    renewed = door.ask("POST", "/notifications/1/secret").json()["secret"]
    assert renewed != secret
    problem(door.ask("PUT", "/notifications/1", json=MAIL), 409)
    assert door.ask("DELETE", "/notifications/1").status_code == 204
    problem(door.ask("GET", "/notifications/1"), 404)


def test_what_cannot_be_is_refused_with_its_field(door: Door) -> None:
    for body, field in (
        (HOOK | {"url": "ftp://a.example/"}, "url"),
        (HOOK | {"headerName": "Host"}, "headerName"),
        (MAIL | {"recipients": []}, "recipients"),
        (MAIL | {"recipients": ["a@example.com\r\nBcc: b@example.com"]}, "recipients"),
        (MAIL | {"kinds": ["test"]}, "kinds"),
    ):
        refusal = problem(door.ask("POST", "/notifications", json=body), 422)
        assert [one["field"] for one in refusal["errors"]] == [field]
    door.ask("POST", "/notifications", json=MAIL)
    problem(door.ask("POST", "/notifications", json=MAIL), 409)


def test_it_is_tried_paused_and_goes_on(door: Door) -> None:
    door.ask("POST", "/notifications", json=HOOK)
    assert door.ask("POST", "/notifications/1/test").status_code == 202
    assert door.get("/notifications/1")["behind"] == 1
    paused = door.ask("POST", "/notifications/1/pause").json()
    assert (paused["state"], paused["pausedBy"]) == ("paused", "token tests")
    problem(door.ask("POST", "/notifications/1/test"), 409)
    resumed = door.ask("POST", "/notifications/1/resume", json={"skipsWaiting": True}).json()
    assert (resumed["state"], resumed["behind"]) == ("active", 0)


def test_what_failed_is_listed_tried_again_and_skipped(door: Door) -> None:
    door.ask("POST", "/notifications", json=HOOK)
    door.ask("POST", "/notifications/1/test")
    taken = door.services.dispatch.take(FIRST, "node")
    assert taken is not None
    door.services.dispatch.settle(taken, "node", [Trial(taken.events[0], "It answered 500.")])
    (failed,) = door.get("/notifications/1/deliveries")["items"]
    assert (failed["error"], failed["attempts"], failed["event"]["kind"]) == ("It answered 500.", 1, "test")
    assert door.get("/notifications/1")["state"] == "failing"
    assert door.ask("POST", "/notifications/1/deliveries/1/retry").status_code == 202
    assert door.services.dispatch.at_work() == [1]
    assert door.ask("DELETE", "/notifications/1/deliveries/1").status_code == 204
    problem(door.ask("POST", "/notifications/1/deliveries/1/retry"), 404)
