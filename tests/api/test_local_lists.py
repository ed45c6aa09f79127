"""Local authorization lists over REST."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errands.model import Order
from forecourt.domain.provisioning.model import Station
from tests.api.door import Door, faults
from tests.support.carrying import Carrying
from tests.support.clock import NOON

PATH = "/stations/CP1/local-list"


@pytest.fixture
def station(door: Door) -> Station:
    return door.a_station()


def test_at_first_nothing_is_known(door: Door, station: Station) -> None:
    assert door.get(PATH) == {
        "state": "unmanaged",
        "reason": None,
        "all": False,
        "wantedEntries": 0,
        "acknowledgedEntries": 0,
        "additions": 0,
        "changes": 0,
        "deletions": 0,
        "version": None,
        "contentKnown": False,
        "acknowledgedAt": None,
        "sendingVersion": None,
        "sendingErrand": None,
        "reportedVersion": None,
        "reportedAt": None,
        "items": [],
        "next": None,
    }


def test_tags_are_chosen_sent_and_acknowledged(door: Door, station: Station) -> None:
    door.a_tag("A", parent="G", expires_at=NOON + timedelta(days=1))
    door.a_tag("B", is_blocked=True)
    body = door.ask("PUT", PATH, {"idTags": ["b", "A"]}).json()
    assert (body["state"], body["wantedEntries"], body["additions"]) == ("due", 2, 2)
    a = {"status": "Accepted", "expiryDate": "2026-01-02T12:00:00Z", "parentIdTag": "G"}
    b = {"status": "Blocked", "expiryDate": None, "parentIdTag": None}
    assert body["items"] == [
        {"idTag": "A", "wanted": a, "acknowledged": None, "due": True},
        {"idTag": "B", "wanted": b, "acknowledged": None, "due": True},
    ]

    carrying = Carrying(door.services, station)
    errand = door.services.local_lists.update(station, Order(asked_by="tester"), in_full=False)
    sending = door.get(PATH)
    assert (sending["state"], sending["sendingVersion"], sending["sendingErrand"]) == ("sending", 1, errand.number)
    carrying.does(status="Accepted")
    done = door.get(PATH)
    assert (done["state"], done["version"], done["contentKnown"]) == ("inSync", 1, True)
    assert (done["acknowledgedEntries"], done["acknowledgedAt"]) == (2, "2026-01-01T12:00:00Z")
    assert (done["sendingVersion"], done["sendingErrand"]) == (None, None)
    assert done["items"][0] == {"idTag": "A", "wanted": a, "acknowledged": a, "due": False}


def test_a_failure_tells_its_reason(door: Door, station: Station) -> None:
    door.ask("PUT", PATH, {"idTags": []})
    door.services.local_lists.update(station, Order(asked_by="tester"), in_full=False)
    body = door.get(PATH)

    assert body["state"] == "failed"
    assert "not connected" in body["reason"]


def test_all_tags_are_followed_and_listed_page_by_page(door: Door, station: Station) -> None:
    for number in range(5):
        door.a_tag(f"T{number}")
    assert door.ask("PUT", PATH, {"all": True}).json()["all"]
    first = door.get(f"{PATH}?limit=3")
    second = door.get(f"{PATH}?limit=3&cursor={first['next']}")

    assert first["wantedEntries"] == 5
    assert [item["idTag"] for item in first["items"] + second["items"]] == [f"T{number}" for number in range(5)]
    assert second["next"] is None


@pytest.mark.parametrize("body", [{}, {"all": False}, {"idTags": None}, {"idTags": ["A"], "all": True}])
def test_the_body_says_one_thing(door: Door, station: Station, body: object) -> None:
    assert "idTags" in faults(door.ask("PUT", PATH, body), 400)


def test_unknown_tags_are_a_422_that_names_them(door: Door, station: Station) -> None:
    door.a_tag("A")
    response = door.ask("PUT", PATH, {"idTags": ["A", "Nobody"]})

    assert "'Nobody'" in faults(response, 422)["idTags"]
    assert door.get(PATH)["state"] == "unmanaged"
