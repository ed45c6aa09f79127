"""Unknown stations and id tags, connections, and vendor messages over REST."""

from __future__ import annotations

import pytest

from forecourt.domain.data_transfer.model import VendorMessage
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import UnknownStation
from tests.api.door import Door, faults, problem
from tests.support.clock import NOON


def test_unknown_stations_are_listed_and_forgotten(door: Door) -> None:
    stranger = UnknownStation("CP/9", "192.0.2.7", "ocpp1.6", NOON, NOON, 3)
    door.services.provisioning.record_strangers([stranger])
    assert door.get("/unknown-stations")["items"] == [
        {
            "id": "CP/9",
            "firstSeenAt": "2026-01-01T12:00:00Z",
            "lastSeenAt": "2026-01-01T12:00:00Z",
            "attempts": 3,
            "address": "192.0.2.7",
            "subprotocols": "ocpp1.6",
        }
    ]
    assert door.ask("DELETE", "/unknown-stations/CP%2F9").status_code == 204
    assert door.get("/unknown-stations")["items"] == []


def test_unknown_id_tags_are_listed_and_forgotten(door: Door) -> None:
    door.services.authorization.authorize(door.a_station(), "Stranger")
    assert door.get("/unknown-id-tags")["items"] == [
        {
            "idTag": "Stranger",
            "stationId": "CP1",
            "firstSeenAt": "2026-01-01T12:00:00Z",
            "lastSeenAt": "2026-01-01T12:00:00Z",
            "attempts": 1,
        }
    ]
    assert door.ask("DELETE", "/unknown-id-tags/STRANGER").status_code == 204
    problem(door.ask("DELETE", "/unknown-id-tags/STRANGER"), 404)


def test_a_registered_stranger_leaves_the_list(door: Door) -> None:
    door.services.authorization.authorize(door.a_station(), "Stranger")
    door.ask("POST", "/id-tags", {"idTag": "stranger"})
    assert door.get("/unknown-id-tags")["items"] == []


def test_connections_are_listed_and_closed(door: Door) -> None:
    station = door.a_station()
    door.services.presence.open(station, LinkId(7), node="node-1", address="192.0.2.5", subprotocol="ocpp1.6")
    assert door.get("/connections")["items"] == [
        {
            "stationId": "CP1",
            "address": "192.0.2.5",
            "subprotocol": "ocpp1.6",
            "connectedAt": "2026-01-01T12:00:00Z",
            "node": "node-1",
            "securityProfile": 0,
            "listener": "",
            "tls": False,
            "tlsVersion": None,
            "cipher": None,
            "viaProxy": None,
            "fingerprint": None,
            "certificateEndsAt": None,
            "onboarding": False,
        }
    ]
    response = door.ask("DELETE", "/connections/CP1")
    assert response.status_code == 202
    assert door.services.presence.to_close("node-1") == [("CP1", LinkId(7))]
    assert door.workspace.changes.stations == ["CP1"]


def test_a_vendor_is_put_shown_listed_and_removed(door: Door) -> None:
    setting = {"messageIds": ["b", "a"]}
    expected = {"vendorId": "com/acme", "messageIds": ["a", "b"]}
    assert door.ask("PUT", "/data-transfer/vendors/com%2Facme", setting).json() == expected
    assert door.get("/data-transfer/vendors/com%2Facme") == expected
    assert door.get("/data-transfer/vendors")["items"] == [expected]
    same = {"vendorId": "com/acme", "messageIds": None}
    assert door.ask("PUT", "/data-transfer/vendors/com%2Facme", same).json() == same
    assert door.ask("DELETE", "/data-transfer/vendors/com%2Facme").status_code == 204
    problem(door.ask("GET", "/data-transfer/vendors/com%2Facme"), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"vendorId": "other"}, "vendorId"),
        ({"messageIds": "a"}, "messageIds"),
        ({"messageIds": ["a", 5]}, "messageIds[1]"),
    ],
)
def test_a_vendor_that_contradicts_its_address_or_its_types_is_a_400(door: Door, body: object, field: str) -> None:
    assert field in faults(door.ask("PUT", "/data-transfer/vendors/acme", body))


def test_a_vendor_that_no_station_can_name_is_a_422(door: Door) -> None:
    assert "vendorId" in faults(door.ask("PUT", f"/data-transfer/vendors/{'v' * 256}", {}), 422)
    assert "messageIds" in faults(door.ask("PUT", "/data-transfer/vendors/acme", {"messageIds": ["m" * 51]}), 422)


def test_vendor_messages_are_listed_newest_first(door: Door) -> None:
    station = door.a_station()
    door.ask("PUT", "/data-transfer/vendors/acme", {})
    for data in ("one", None):
        door.services.data_transfer.receive(station, VendorMessage("acme", None, data))
    assert [item["data"] for item in door.get("/data-transfer/messages")["items"]] == [None, "one"]
    assert door.get("/data-transfer/messages?limit=1")["items"] == [
        {
            "stationId": "CP1",
            "vendorId": "acme",
            "messageId": None,
            "data": None,
            "receivedAt": "2026-01-01T12:00:00Z",
        }
    ]
