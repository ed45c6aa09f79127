"""Who is let in at the stations' door, under which name, and who is shown out again (OCPP-J 1.6 §3)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from websockets.exceptions import InvalidStatus

from tests.stories.builders import a_station, a_tag, fresh_identity
from tests.stories.moments import ago, is_now
from tests.stories.octt.cases import case
from tests.stories.waiting import eventually
from tests.stories.wire import Wire, open_socket
from tests.support.peer import CallRefused, Peer
from tests.support.rest import Rest, RestRefused
from tests.support.running import RunningSystem

OFFERED = ("ocpp1.6",)
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def status_of_refusal(system: RunningSystem, path: str, subprotocols: Sequence[str] | None = OFFERED) -> int:
    """The HTTP status with which the upgrade is refused; the test fails when it is not."""
    with pytest.raises(InvalidStatus) as refused:
        open_socket(system.stations_url + path, subprotocols)
    return refused.value.response.status_code


def is_online(rest: Rest, identity: str) -> bool:
    return rest.station(identity)["online"] is True


def test_an_unknown_station_gets_404_and_is_remembered(system: RunningSystem, rest: Rest) -> None:
    identity = fresh_identity()

    def record() -> list[object]:
        return [entry["attempts"] for entry in rest.unknown_stations() if entry["id"] == identity]

    assert status_of_refusal(system, f"/ocpp/{identity}", ["ocpp2.0.1", "ocpp1.6"]) == 404
    assert status_of_refusal(system, f"/ocpp/{identity}", ["ocpp2.0.1", "ocpp1.6"]) == 404
    eventually(lambda: record() == [2], "both attempts are on record")
    [stranger] = [entry for entry in rest.unknown_stations() if entry["id"] == identity]
    assert is_now(stranger["firstSeenAt"])
    assert is_now(stranger["lastSeenAt"])
    assert stranger["address"].startswith("127.0.0.1")
    assert "ocpp2.0.1" in stranger["subprotocols"]
    assert "ocpp1.6" in stranger["subprotocols"]

    rest.add_station(identity)
    with Wire(system.stations_url, identity) as wire:
        wire.assert_alive()
    assert record() == [], "a station that was registered is no stranger any more"


def test_an_unknown_station_is_forgotten_on_request(system: RunningSystem, rest: Rest) -> None:
    identity = fresh_identity()
    assert status_of_refusal(system, f"/ocpp/{identity}") == 404
    eventually(lambda: identity in [entry["id"] for entry in rest.unknown_stations()], "the attempt is on record")
    rest.delete(f"/unknown-stations/{identity}")
    assert identity not in [entry["id"] for entry in rest.unknown_stations()]


@pytest.mark.parametrize(
    "path",
    [
        "/ocpp/",
        "/ocpp/%20CP",
        "/ocpp/CP%09",
        "/ocpp/CP%00",
        "/ocpp/CP%0A",
        "/ocpp/C%3AP",
        "/ocpp/%FF",
        "/ocpp/" + "x" * 300,
    ],
    ids=["empty", "leading space", "tab", "NUL", "line feed", "colon", "not UTF-8", "300 characters"],
)
def test_an_identity_that_no_station_can_have_gets_400(system: RunningSystem, rest: Rest, path: str) -> None:
    before = rest.unknown_stations()
    assert status_of_refusal(system, path) == 400
    assert rest.unknown_stations() == before


def test_an_encoded_slash_is_refused(system: RunningSystem) -> None:
    """OCPP-J 1.6 §3.1.1: it belongs to the identity, and no identity here may hold one."""
    assert status_of_refusal(system, "/ocpp/CP%2F1") == 400


@case("088")
@pytest.mark.parametrize("offered", [None, ["ocpp0.1"], ["ocpp2.0.1", "ocpp1.5"], ["OCPP1.6"]])
def test_no_common_subprotocol_is_refused_before_the_upgrade(
    system: RunningSystem, rest: Rest, offered: list[str] | None
) -> None:
    """Case 088: there is no 101 to be taken back."""
    identity = a_station(rest)
    assert status_of_refusal(system, f"/ocpp/{identity}", offered) == 400
    assert not is_online(rest, identity)


@case("088")
@pytest.mark.parametrize("offered", [["ocpp1.6"], ["ocpp0.1", "ocpp1.6"], ["ocpp1.6", "ocpp2.0.1"], ["x", "ocpp1.6"]])
def test_the_first_known_subprotocol_of_the_stations_list_is_taken(
    system: RunningSystem, rest: Rest, offered: list[str]
) -> None:
    """OCPP-J 1.6 §3.2: the answer names exactly one."""
    with open_socket(f"{system.stations_url}/ocpp/{a_station(rest)}", offered) as socket:
        assert socket.response is not None
        assert socket.response.headers.get_all("Sec-WebSocket-Protocol") == ["ocpp1.6"]


def test_the_path_of_steve_leads_to_the_same_door(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest)
    url = f"{system.stations_url}/steve/websocket/CentralSystemService/{identity}"
    with open_socket(url, OFFERED) as socket:
        socket.send(f'[2,"1","BootNotification",{{"chargePointVendor":"V","chargePointModel":"{identity}"}}]')
        assert '"Accepted"' in str(socket.recv(timeout=20))
    assert rest.station(identity)["chargePointModel"] == identity


def test_another_path_is_not_found(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest)
    assert status_of_refusal(system, f"/{identity}") == 404
    assert status_of_refusal(system, f"/ocpp/{identity}/more") in (400, 404)


@pytest.mark.parametrize(
    ("identity", "segment"),
    [
        ("CP-E1", "CP%2DE1"),
        ("RDAM 123", "RDAM%20123"),
        ("Säule Köln", "S%C3%A4ule%20K%C3%B6ln"),
        ("50%25", "50%2525"),
        ("a+b", "a+b"),
        ("q?x", "q%3Fx"),
    ],
)
def test_an_identity_is_decoded_exactly_once(system: RunningSystem, rest: Rest, identity: str, segment: str) -> None:
    """OCPP-J 1.6 §3.1.1 with RFC 3986."""
    rest.add_station(identity)
    with open_socket(f"{system.stations_url}/ocpp/{segment}", OFFERED) as socket:
        socket.send('[2,"1","Heartbeat",{}]')
        assert "currentTime" in str(socket.recv(timeout=20))
        assert is_online(rest, identity)
        assert identity in [entry["stationId"] for entry in rest.connections()]


def test_the_newest_socket_of_a_station_wins(system: RunningSystem, rest: Rest) -> None:
    """Half-open sockets are usual: the station that knocks again has lost the older one."""
    identity = a_station(rest)
    with Wire(system.stations_url, identity) as older:
        older.assert_alive()
        with Wire(system.stations_url, identity) as newer:
            newer.assert_alive()
            frames, code = older.wait_until_closed()
            assert frames == []
            assert code is not None, "the older socket must be closed with a close frame"
            newer.assert_alive()
            assert [entry["stationId"] for entry in rest.connections()].count(identity) == 1
            assert is_online(rest, identity)
    eventually(lambda: not is_online(rest, identity), "the station shows as off line")


def test_a_connection_is_listed_and_closed_on_request(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest)
    with Wire(system.stations_url, identity) as wire:
        wire.assert_alive()
        [connection] = [entry for entry in rest.connections() if entry["stationId"] == identity]
        assert connection["subprotocol"] == "ocpp1.6"
        assert connection["address"].startswith("127.0.0.1")
        assert is_now(connection["connectedAt"])
        assert connection["node"]
        rest.close_connection(identity)
        frames, code = wire.wait_until_closed()
        assert frames == []
        assert code is not None
    eventually(lambda: identity not in [entry["stationId"] for entry in rest.connections()], "the link is not listed")
    with pytest.raises(RestRefused) as refused:
        rest.close_connection(identity)
    assert refused.value.status == 404
    with Wire(system.stations_url, identity) as wire:
        wire.assert_alive()


def test_a_station_that_is_deleted_is_disconnected(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest)
    with Wire(system.stations_url, identity) as wire:
        wire.assert_alive()
        rest.remove_station(identity)
        _frames, code = wire.wait_until_closed()
        assert code is not None
    assert status_of_refusal(system, f"/ocpp/{identity}") == 404


@pytest.mark.parametrize("registration", ["Pending", "Rejected"])
def test_a_station_that_is_not_accepted_may_only_boot(system: RunningSystem, rest: Rest, registration: str) -> None:
    """OCPP 1.6 §4.2, errata 3.10: other calls get the CALLERROR SecurityError, and nothing of them is kept."""
    identity, tag = a_station(rest, registration=registration), a_tag(rest)
    with Peer(system.stations_url, identity) as peer:
        answer = peer.boot("Vendor", "Model")
        assert answer["status"] == registration
        assert answer["interval"] > 0
        assert is_now(answer["currentTime"])
        assert set(answer) == {"status", "interval", "currentTime"}
        for call in (
            peer.heartbeat,
            lambda: peer.authorize(tag),
            lambda: peer.status(1, "Available"),
            lambda: peer.start(1, tag, 0, ago(minutes=1)),
            lambda: peer.data_transfer("vendor"),
        ):
            with pytest.raises(CallRefused) as refused:
                call()
            assert refused.value.code == "SecurityError"
            assert refused.value.description
            assert refused.value.details == {}
    assert rest.station(identity)["chargePointModel"] == "Model"
    assert rest.station(identity)["connectors"] == []
    assert rest.transactions(stationId=identity) == []


def test_a_changed_registration_takes_effect_on_the_open_link(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest, registration="Pending")

    def heartbeat_is_answered(wire: Wire) -> bool:
        kind: int = wire.call("Heartbeat", {})[0]
        return kind == 3

    with Wire(system.stations_url, identity) as wire:
        assert wire.ask("BootNotification", BOOT)["status"] == "Pending"
        assert not heartbeat_is_answered(wire)
        rest.change_station(identity, registration="Accepted", heartbeatInterval=77)
        eventually(lambda: heartbeat_is_answered(wire), "the acceptance reaches the link")
        answer = wire.ask("BootNotification", BOOT)
        assert (answer["status"], answer["interval"]) == ("Accepted", 77)
        rest.change_station(identity, registration="Rejected")
        eventually(lambda: not heartbeat_is_answered(wire), "the rejection reaches the link")
        assert wire.ask("BootNotification", BOOT)["status"] == "Rejected"


def test_the_registration_is_carried_over_to_the_next_link(system: RunningSystem, rest: Rest) -> None:
    """OCPP-J 1.6 §5.4: a station that reconnects does not boot again."""
    identity = a_station(rest)
    with Wire(system.stations_url, identity) as wire:
        assert wire.ask("BootNotification", BOOT)["status"] == "Accepted"
    with Wire(system.stations_url, identity) as wire:
        wire.assert_alive()
    assert not any(entry["id"] == identity for entry in rest.unknown_stations())
