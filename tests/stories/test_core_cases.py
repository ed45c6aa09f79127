"""The certification tool's Core cases that a station starts, played by an independent station (OCPP 1.6 §4)."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from tests.stories.builders import a_station, a_tag, fresh_tag
from tests.stories.moments import ago, is_now
from tests.stories.octt.cases import case
from tests.stories.octt.states import (
    ACCEPTED,
    HEARTBEAT_SECONDS,
    a_link,
    assert_boot_accepted,
    assert_started,
    charging,
)
from tests.stories.records import assert_transaction, connector
from tests.stories.waiting import eventually
from tests.stories.wire import open_socket
from tests.support.peer import Peer
from tests.support.rest import Rest
from tests.support.running import RunningSystem


@case("001")
def test_case_001_cold_boot(system: RunningSystem, rest: Rest) -> None:
    at = ago(minutes=1)
    with a_link(system) as peer:
        facts = {
            "charge_point_serial_number": "SN-1",
            "charge_box_serial_number": "BOX-1",
            "firmware_version": "1.2.3",
            "iccid": "8949000000000000001",
            "imsi": "262010000000001",
            "meter_type": "Ferraris",
            "meter_serial_number": "M-1",
        }
        assert_boot_accepted(peer.boot("Vendor", "Model", **facts))
        for number in (0, 1, 2):
            assert peer.status(number, "Available", at=at) == {}
        for _ in range(2):
            answer = peer.heartbeat()
            assert list(answer) == ["currentTime"]
            assert is_now(answer["currentTime"])

        station = rest.station(peer.identity)
        assert is_now(station["bootedAt"])
        eventually(lambda: rest.station(peer.identity)["lastSeenAt"] is not None, "the Heartbeat shows as contact")
        assert {name: station[name] for name in station if name not in ("bootedAt", "lastSeenAt", "createdAt")} == {
            "id": peer.identity,
            "description": "",
            "registration": "Accepted",
            "heartbeatInterval": HEARTBEAT_SECONDS,
            "labels": [],
            "securityProfile": 0,
            "group": "",
            "online": True,
            "chargePointVendor": "Vendor",
            "chargePointModel": "Model",
            "chargePointSerialNumber": "SN-1",
            "chargeBoxSerialNumber": "BOX-1",
            "firmwareVersion": "1.2.3",
            "iccid": "8949000000000000001",
            "imsi": "262010000000001",
            "meterType": "Ferraris",
            "meterSerialNumber": "M-1",
            "firmwareStatus": None,
            "diagnosticsStatus": None,
            "connectors": [connector(number, "Available", at) for number in (0, 1, 2)],
        }
        assert len(peer.received) == 6, "the central system said something that it was not asked for"


@case("003")
def test_case_003_plug_in_first(system: RunningSystem, rest: Rest) -> None:
    tag, at = a_tag(rest), ago(minutes=1)
    with a_link(system) as peer:
        assert_boot_accepted(peer.boot())
        assert peer.status(1, "Preparing", at=at) == {}
        assert peer.authorize(tag) == ACCEPTED
        transaction_id = assert_started(peer.start(1, tag, 1000, at))
        assert peer.status(1, "Charging", at=at) == {}
        assert rest.station(peer.identity)["connectors"] == [connector(1, "Charging", at)]
        assert_transaction(
            rest,
            transaction_id,
            stationId=peer.identity,
            connectorId=1,
            idTag=tag,
            startTimestamp=at,
            meterStart=1000,
        )


@case("004_1")
def test_case_004_1_identification_first(system: RunningSystem, rest: Rest) -> None:
    tag, at = a_tag(rest), ago(minutes=1)
    with a_link(system) as peer:
        assert peer.authorize(tag) == ACCEPTED
        assert peer.status(1, "Preparing", at=at) == {}
        transaction_id = assert_started(peer.start(1, tag, 0, at))
        assert peer.status(1, "Charging", at=at) == {}
        assert_transaction(
            rest, transaction_id, stationId=peer.identity, connectorId=1, idTag=tag, startTimestamp=at, meterStart=0
        )


@case("004_2")
def test_case_004_2_identification_first_and_connection_timeout(system: RunningSystem, rest: Rest) -> None:
    tag, first, later = a_tag(rest), ago(minutes=3), ago(minutes=1)
    with a_link(system) as peer:
        assert peer.authorize(tag) == ACCEPTED
        assert peer.status(1, "Preparing", at=first) == {}
        assert peer.status(1, "Available", at=later) == {}
        assert rest.connectors(peer.identity)["items"] == [connector(1, "Available", later)]
        history = rest.status_history(peer.identity, connectorId=1)
        assert sorted((entry["timestamp"], entry["status"]) for entry in history) == [
            (first, "Preparing"),
            (later, "Available"),
        ]
        assert rest.transactions(stationId=peer.identity) == []


@case("005_1")
def test_case_005_1_stop_at_the_ev_side(system: RunningSystem, rest: Rest) -> None:
    tag, at, end = a_tag(rest), ago(minutes=30), ago(minutes=1)
    with a_link(system) as peer:
        transaction_id = charging(peer, tag, meter=1000, at=at)
        assert peer.status(1, "SuspendedEV", at=end) == {}
        assert peer.stop(transaction_id, 8000, end, reason="EVDisconnected", id_tag=tag) == ACCEPTED
        assert peer.status(1, "Finishing", at=end) == {}
        assert peer.status(1, "Available", at=end) == {}
        assert rest.station(peer.identity)["connectors"] == [connector(1, "Available", end)]
        assert_transaction(
            rest,
            transaction_id,
            stationId=peer.identity,
            connectorId=1,
            idTag=tag,
            startTimestamp=at,
            meterStart=1000,
            active=False,
            stopTimestamp=end,
            meterStop=8000,
            reason="EVDisconnected",
            stopIdTag=tag,
            energyWh=7000,
        )


@case("007")
def test_case_007_start_with_a_cached_id(system: RunningSystem, rest: Rest) -> None:
    tag, at = a_tag(rest), ago(minutes=1)
    with a_link(system) as peer:
        assert peer.status(1, "Preparing", at=at) == {}
        transaction_id = assert_started(peer.start(1, tag, 5, at))
        assert peer.status(1, "Charging", at=at) == {}
        assert_transaction(
            rest, transaction_id, stationId=peer.identity, connectorId=1, idTag=tag, startTimestamp=at, meterStart=5
        )


@case("023_1")
def test_case_023_1_authorize_an_invalid_tag(system: RunningSystem, rest: Rest) -> None:
    tag = fresh_tag()
    with a_link(system) as peer:
        assert peer.authorize(tag) == {"idTagInfo": {"status": "Invalid"}}
        assert peer.authorize(tag) == {"idTagInfo": {"status": "Invalid"}}
        [stranger] = [entry for entry in rest.unknown_tags() if entry["idTag"] == tag]
        assert stranger["stationId"] == peer.identity
        assert stranger["attempts"] == 2
        assert is_now(stranger["firstSeenAt"])
        assert is_now(stranger["lastSeenAt"])


@case("023_2")
def test_case_023_2_authorize_an_expired_tag(system: RunningSystem, rest: Rest) -> None:
    expiry = ago(hours=1)
    tag = a_tag(rest, expiryDate=expiry)
    with a_link(system) as peer:
        assert peer.authorize(tag) == {"idTagInfo": {"status": "Expired", "expiryDate": expiry}}
    assert tag not in [entry["idTag"] for entry in rest.unknown_tags()]


@case("023_3")
def test_case_023_3_authorize_a_blocked_tag(system: RunningSystem, rest: Rest) -> None:
    tag = a_tag(rest, blocked=True)
    with a_link(system) as peer:
        assert peer.authorize(tag) == {"idTagInfo": {"status": "Blocked"}}
    assert tag not in [entry["idTag"] for entry in rest.unknown_tags()]


@case("024")
def test_case_024_connector_lock_failure(system: RunningSystem, rest: Rest) -> None:
    tag, at = a_tag(rest), ago(minutes=1)
    with a_link(system) as peer:
        assert peer.authorize(tag) == ACCEPTED
        assert peer.status(1, "Preparing", at=at) == {}
        details = {"info": "bolt stuck", "vendor_id": "Vendor", "vendor_error_code": "E42"}
        assert peer.status(1, "Faulted", "ConnectorLockFailure", at=at, **details) == {}
        assert rest.station(peer.identity)["connectors"] == [
            connector(
                1, "Faulted", at, "ConnectorLockFailure", info="bolt stuck", vendorId="Vendor", vendorErrorCode="E42"
            )
        ]


@case("032_1")
def test_case_032_1_power_failure_and_stop_after_boot(system: RunningSystem, rest: Rest) -> None:
    tag, at, end = a_tag(rest), ago(minutes=30), ago(minutes=2)
    with a_link(system) as peer:
        identity = peer.identity
        transaction_id = charging(peer, tag, meter=0, at=at)
        peer.lose_power()
    eventually(lambda: rest.station(identity)["online"] is False, "the station shows as off line")
    with Peer(system.stations_url, identity) as peer:
        assert_boot_accepted(peer.boot())
        assert peer.status(0, "Available", at=end) == {}
        assert peer.status(1, "Finishing", at=end) == {}
        assert peer.status(2, "Available", at=end) == {}
        assert peer.stop(transaction_id, 1500, end, reason="PowerLoss") == {}
        statuses = [(entry["connectorId"], entry["status"]) for entry in rest.station(identity)["connectors"]]
        assert statuses == [(0, "Available"), (1, "Finishing"), (2, "Available")]
        assert_transaction(
            rest,
            transaction_id,
            stationId=identity,
            connectorId=1,
            idTag=tag,
            startTimestamp=at,
            meterStart=0,
            active=False,
            stopTimestamp=end,
            meterStop=1500,
            reason="PowerLoss",
            energyWh=1500,
        )


@case("037_1")
def test_case_037_1_offline_start_with_a_valid_tag(system: RunningSystem, rest: Rest) -> None:
    tag, at, now = a_tag(rest), ago(hours=5), ago(seconds=5)
    with a_link(system) as peer:
        transaction_id = assert_started(peer.start(1, tag, 100, at))
        assert peer.status(1, "Charging", at=now) == {}
        assert_transaction(
            rest, transaction_id, stationId=peer.identity, connectorId=1, idTag=tag, startTimestamp=at, meterStart=100
        )


@case("037_3")
def test_case_037_3_offline_start_with_an_invalid_tag(system: RunningSystem, rest: Rest) -> None:
    tag, at, end = fresh_tag(), ago(hours=5), ago(minutes=1)
    with a_link(system) as peer:
        transaction_id = assert_started(peer.start(1, tag, 100, at), "Invalid")
        assert peer.status(1, "Charging", at=end) == {}
        assert peer.stop(transaction_id, 180, end, reason="DeAuthorized") == {}
        assert peer.status(1, "Finishing", at=end) == {}
        assert_transaction(
            rest,
            transaction_id,
            stationId=peer.identity,
            connectorId=1,
            idTag=tag,
            idTagStatus="Invalid",
            startTimestamp=at,
            meterStart=100,
            active=False,
            stopTimestamp=end,
            meterStop=180,
            reason="DeAuthorized",
            energyWh=80,
        )
    assert [entry["stationId"] for entry in rest.unknown_tags() if entry["idTag"] == tag] == [peer.identity]


@case("039")
def test_case_039_offline_transaction(system: RunningSystem, rest: Rest) -> None:
    tag, at, end = a_tag(rest), ago(hours=9), ago(hours=8)
    with a_link(system) as peer:
        transaction_id = assert_started(peer.start(2, tag, 100, at))
        assert peer.stop(transaction_id, 20_100, end, reason="Local", id_tag=tag) == ACCEPTED
        assert_transaction(
            rest,
            transaction_id,
            stationId=peer.identity,
            connectorId=2,
            idTag=tag,
            startTimestamp=at,
            meterStart=100,
            active=False,
            stopTimestamp=end,
            meterStop=20_100,
            reason="Local",
            stopIdTag=tag,
            energyWh=20_000,
        )


@case("064")
def test_case_064_data_transfer_to_the_central_system(system: RunningSystem, rest: Rest) -> None:
    rest.put_vendor("com.example.known", ["greeting"])
    with a_link(system) as peer:
        assert peer.data_transfer("com.example.unknown", "greeting", "hello") == {"status": "UnknownVendorId"}
        assert peer.data_transfer("com.example.known", "farewell", "bye") == {"status": "UnknownMessageId"}
        assert peer.data_transfer("com.example.known", "greeting", '{"a": "ü"}') == {"status": "Accepted"}
        [stored] = [entry for entry in rest.vendor_messages() if entry["stationId"] == peer.identity]
        assert (stored["vendorId"], stored["messageId"]) == ("com.example.known", "greeting")
        assert stored["data"] == '{"a": "ü"}'


@case("088")
def test_case_088_subprotocol(system: RunningSystem, rest: Rest) -> None:
    url = f"{system.stations_url}/ocpp/{a_station(rest)}"
    with pytest.raises(InvalidStatus) as refused:
        open_socket(url, ["ocpp0.1"])
    assert refused.value.response.status_code == 400
    with open_socket(url, ["ocpp0.1", "ocpp1.6"]) as socket:
        assert socket.response is not None
        assert socket.response.headers.get_all("Sec-WebSocket-Protocol") == ["ocpp1.6"]


def test_firmware_and_diagnostics_reports_are_kept(system: RunningSystem, rest: Rest) -> None:
    """OCPP 1.6 §4.4 and §4.5: the last report of each kind is what the station's page shows."""
    with a_link(system) as peer:
        for status in ("Downloading", "Downloaded", "Installing", "Installed"):
            assert peer.firmware_status(status) == {}
        for status in ("Uploading", "UploadFailed"):
            assert peer.diagnostics_status(status) == {}
        station = rest.station(peer.identity)
        assert (station["firmwareStatus"], station["diagnosticsStatus"]) == ("Installed", "UploadFailed")
