"""What a station sends reaches the business, and what the business says reaches the station, as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from forecourt.dialects.v16 import dialect
from forecourt.domain.availability.model import EvseStatus, StatusReport
from forecourt.domain.data_transfer.model import Vendor, VendorMessage
from forecourt.domain.errors import Kind
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.provisioning.model import BootFacts, Registration
from forecourt.domain.security.model import SecurityEventFilter
from forecourt.domain.transactions.metering import Reading, Registers, Sample, StoredReading
from forecourt.domain.transactions.model import Doubt
from forecourt.ocpp.payload import Reader
from forecourt.storage.schema import to_number
from tests.domain.world import ALL, World, refused
from tests.schemas.official import Json, accepts
from tests.support.clock import NOON

V16 = dialect.make()
HOUR = timedelta(hours=1)
T_NOON, T_ONE = "2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z"


class Door(World):
    """A world with one station, which speaks OCPP 1.6."""

    def __init__(self, *, registration: Registration = Registration.ACCEPTED, heartbeat_seconds: int | None = None):
        super().__init__()
        self.station = self.a_station(registration=registration, heartbeat_seconds=heartbeat_seconds)

    def asks(self, action: str, request: Json) -> dict[str, Json]:
        """What the station is answered; both payloads obey the official schemas."""
        assert accepts(f"{action}Request", request)
        answer = self.asks_old(action, request)
        assert accepts(f"{action}Response", answer)
        return answer

    def asks_old(self, action: str, request: Json) -> dict[str, Json]:
        """The same with words that only older editions of the whitepaper had."""
        known = V16.actions[action]
        words = Reader(known.request).read(msgspec.Raw(json.dumps(request).encode()))
        answer = json.loads(V16.answer(known, words, self.station, self.services))
        assert isinstance(answer, dict)
        return answer

    def starts_here(self, connector_id: int = 1) -> int:
        started = self.asks(
            "StartTransaction",
            {"connectorId": connector_id, "idTag": "TAG", "meterStart": 1000, "timestamp": T_NOON},
        )
        transaction_id = started["transactionId"]
        assert isinstance(transaction_id, int)
        return transaction_id


def test_a_boot_is_recorded_with_all_its_facts() -> None:
    """OCPP 1.6 §4.2."""
    door = Door(heartbeat_seconds=300)

    answer = door.asks(
        "BootNotification",
        {
            "chargePointVendor": "V",
            "chargePointModel": "M",
            "chargePointSerialNumber": "S1",
            "chargeBoxSerialNumber": "B1",
            "firmwareVersion": "1.2",
            "iccid": "I1",
            "imsi": "I2",
            "meterType": "T1",
            "meterSerialNumber": "M1",
        },
    )

    assert answer == {"status": "Accepted", "currentTime": T_NOON, "interval": 300}
    assert door.services.provisioning.get("CP-1").facts == BootFacts(
        vendor="V",
        model="M",
        serial_number="S1",
        box_serial_number="B1",
        firmware_version="1.2",
        iccid="I1",
        imsi="I2",
        meter_type="T1",
        meter_serial_number="M1",
    )


def test_facts_that_a_boot_does_not_name_are_absent() -> None:
    door = Door()

    door.asks("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})

    assert door.services.provisioning.get("CP-1").facts == BootFacts(vendor="V", model="M")


@pytest.mark.parametrize("registration", Registration)
def test_a_boot_is_answered_with_the_decision_of_the_operator(registration: Registration) -> None:
    door = Door(registration=registration)

    answer = door.asks("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})

    assert answer["status"] == registration.value


def test_a_heartbeat_is_answered_with_the_time() -> None:
    """OCPP 1.6 §4.6."""
    door = Door()
    door.clock.advance(HOUR)

    assert door.asks("Heartbeat", {}) == {"currentTime": T_ONE}


def test_a_token_is_judged() -> None:
    """OCPP 1.6 §4.1."""
    door = Door()
    door.a_tag(parent="FLEET", expires_at=NOON + HOUR)

    assert door.asks("Authorize", {"idTag": "tag"}) == {
        "idTagInfo": {"status": "Accepted", "expiryDate": T_ONE, "parentIdTag": "FLEET"}
    }
    assert door.asks("Authorize", {"idTag": "LOST"}) == {"idTagInfo": {"status": "Invalid"}}


def test_a_start_is_answered_with_an_id_and_a_verdict() -> None:
    """OCPP 1.6 §4.8."""
    door = Door()
    door.a_tag()

    answer = door.asks(
        "StartTransaction",
        {"connectorId": 2, "idTag": "TAG", "meterStart": 1000, "reservationId": 5, "timestamp": T_NOON},
    )

    transaction = door.services.transactions.get(1)
    assert answer == {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}
    assert (transaction.evse, transaction.reservation_id) == (EvseId(2), 5)
    assert (transaction.started_at, transaction.meter_start_wh) == (NOON, 1000)


def test_a_start_without_a_reservation_has_none() -> None:
    door = Door()

    assert door.services.transactions.get(door.starts_here()).reservation_id is None


def test_a_start_at_connector_0_is_answered_and_doubted() -> None:
    door = Door()

    transaction = door.services.transactions.get(door.starts_here(connector_id=0))

    assert transaction.evse is WHOLE_STATION
    assert transaction.doubts == {Doubt.NO_EVSE}


@pytest.mark.parametrize(
    ("action", "request_"),
    [
        ("StartTransaction", {"connectorId": -1, "idTag": "T", "meterStart": 0, "timestamp": T_NOON}),
        ("StatusNotification", {"connectorId": -1, "errorCode": "NoError", "status": "Available"}),
        ("MeterValues", {"connectorId": -1, "meterValue": [{"timestamp": T_NOON, "sampledValue": [{"value": "1"}]}]}),
    ],
)
def test_a_negative_connector_is_refused(action: str, request_: Json) -> None:
    with refused(Kind.INVALID, field="connectorId"):
        Door().asks(action, request_)


def test_a_stop_ends_the_transaction_and_keeps_its_readings() -> None:
    """OCPP 1.6 §4.10."""
    door = Door()
    door.a_tag()
    transaction_id = door.starts_here()

    answer = door.asks(
        "StopTransaction",
        {
            "transactionId": transaction_id,
            "idTag": "tag",
            "meterStop": 2500,
            "timestamp": T_ONE,
            "reason": "EVDisconnected",
            "transactionData": [{"timestamp": T_ONE, "sampledValue": [{"value": "2.5", "unit": "kWh"}]}],
        },
    )

    assert answer == {"idTagInfo": {"status": "Accepted"}}
    transaction = door.services.transactions.get(transaction_id)
    assert transaction.stop is not None
    assert (transaction.stop.stopped_at, transaction.stop.meter_stop_wh) == (NOON + HOUR, 2500)
    assert (transaction.stop.reason, transaction.stop.id_token) == ("EVDisconnected", "tag")
    reading = Reading(NOON + HOUR, [Sample("2.5", None, None, None, None, None, "kWh")])
    stored = StoredReading(EvseId(1), transaction_id, reading, Registers(2500.0, None, None))
    assert door.services.transactions.readings(transaction_id, ALL).items == [stored]


def test_a_stop_without_a_token_is_answered_without_a_verdict() -> None:
    door = Door()
    transaction_id = door.starts_here()

    request: Json = {"transactionId": transaction_id, "meterStop": 2500, "timestamp": T_ONE}
    assert door.asks("StopTransaction", request) == {}


def test_a_stop_without_a_reason_is_local() -> None:
    """OCPP 1.6 §6.49."""
    door = Door()
    transaction_id = door.starts_here()
    door.asks("StopTransaction", {"transactionId": transaction_id, "meterStop": 2500, "timestamp": T_ONE})

    stop = door.services.transactions.get(transaction_id).stop
    assert stop is not None
    assert stop.reason == "Local"


@pytest.mark.parametrize("transaction_id", [-1, 0, 4711])
def test_a_stop_of_an_unknown_transaction_is_answered(transaction_id: int) -> None:
    door = Door()
    door.a_tag()

    request: Json = {"transactionId": transaction_id, "idTag": "TAG", "meterStop": 1, "timestamp": T_NOON}
    assert door.asks("StopTransaction", request) == {"idTagInfo": {"status": "Accepted"}}
    [stop] = door.services.transactions.list_doubtful_stops(ALL).items
    assert stop.report.transaction_id == transaction_id


METERED: Json = [{"timestamp": T_NOON, "sampledValue": [{"value": "7"}]}]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [({"transactionId": 5}, 5), ({}, None), ({"transactionId": 0}, None), ({"transactionId": -1}, None)],
)
def test_meter_values_are_recorded_with_their_transaction_if_they_name_one(
    sent: dict[str, Json], stored: int | None
) -> None:
    """OCPP 1.6 §4.7; stations that never got an id send -1 or 0."""
    door = Door()

    assert door.asks("MeterValues", {"connectorId": 1, "meterValue": METERED, **sent}) == {}
    assert door.unit.all("SELECT evse, transaction_id, energy_wh FROM meter_value") == [(1, stored, 7.0)]


def test_the_main_meter_is_at_connector_0() -> None:
    door = Door()

    door.asks("MeterValues", {"connectorId": 0, "meterValue": METERED})

    assert door.unit.all("SELECT evse FROM meter_value") == [(to_number(WHOLE_STATION),)]


def test_a_status_is_recorded_with_all_its_words() -> None:
    """OCPP 1.6 §4.9."""
    door = Door()

    answer = door.asks(
        "StatusNotification",
        {
            "connectorId": 2,
            "errorCode": "OtherError",
            "status": "Faulted",
            "info": "door open",
            "timestamp": "2026-01-01T10:30:00+01:00",
            "vendorId": "com.example",
            "vendorErrorCode": "E7",
        },
    )

    assert answer == {}
    at = NOON - timedelta(hours=2, minutes=30)
    report = StatusReport(
        place=EvseId(2),
        status="Faulted",
        error_code="OtherError",
        info="door open",
        vendor_id="com.example",
        vendor_error_code="E7",
        reported_at=at,
    )
    assert door.services.availability.present(door.station) == (EvseStatus(report, at),)


def test_the_status_of_the_station_counts_from_its_arrival_without_a_time_stamp() -> None:
    door = Door()

    door.asks("StatusNotification", {"connectorId": 0, "errorCode": "NoError", "status": "Available"})

    report = StatusReport(place=WHOLE_STATION, status="Available", error_code="NoError")
    assert door.services.availability.present(door.station) == (EvseStatus(report, NOON),)


def test_updates_and_uploads_are_recorded() -> None:
    """OCPP 1.6 §4.4, §4.5."""
    door = Door()

    assert door.asks("FirmwareStatusNotification", {"status": "Installing"}) == {}
    assert door.asks("DiagnosticsStatusNotification", {"status": "UploadFailed"}) == {}
    sheet = door.services.provisioning.get("CP-1")
    assert (sheet.firmware_status, sheet.diagnostics_status) == ("Installing", "UploadFailed")


@pytest.mark.parametrize(
    ("action", "status"),
    [("LogStatusNotification", "Uploading"), ("SignedFirmwareStatusNotification", "CertificateVerified")],
)
@pytest.mark.parametrize("request_id", [{}, {"requestId": 0}, {"requestId": -(2**63)}, {"requestId": 2**63 - 1}])
def test_reports_of_the_security_extension_are_kept_as_sent_whatever_they_are_about(
    action: str, status: str, request_id: dict[str, Json]
) -> None:
    """Security whitepaper N01, L01."""
    door = Door()

    request: dict[str, Json] = {"status": status, **request_id}
    answer = door.asks(action, request) if status != "CertificateVerified" else door.asks_old(action, request)

    assert answer == {}
    [report] = door.services.jobs.stray_reports(None, ALL).items
    assert (report.status, report.request_id) == (status, request_id.get("requestId"))


def test_a_security_event_is_kept_as_sent() -> None:
    """Security whitepaper A04.FR.03."""
    door = Door()

    request: dict[str, Json] = {"type": "TamperDetectionActivated", "timestamp": "2019-05-01T10:00:00+02:00"}
    assert door.asks("SecurityEventNotification", {**request, "techInfo": "lid"}) == {}
    assert door.asks("SecurityEventNotification", request) == {}

    stored = door.services.security.list(SecurityEventFilter(), ALL).items
    assert [(one.event.type, one.event.tech_info) for one in stored] == [
        ("TamperDetectionActivated", None),
        ("TamperDetectionActivated", "lid"),
    ]
    assert {one.event.occurred_at for one in stored} == {datetime(2019, 5, 1, 8, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"vendorId": "com.example", "messageId": "a", "data": "x"}, "Accepted"),
        ({"vendorId": "com.example", "messageId": "b"}, "UnknownMessageId"),
        ({"vendorId": "com.example"}, "UnknownMessageId"),
        ({"vendorId": "org.other", "messageId": "a"}, "UnknownVendorId"),
    ],
)
def test_a_vendor_message_is_judged(request_: Json, status: str) -> None:
    """OCPP 1.6 §4.3."""
    door = Door()
    door.services.data_transfer.put_vendor(Vendor("com.example", frozenset({"a"})))

    assert door.asks("DataTransfer", request_) == {"status": status}


def test_a_vendor_message_is_stored_as_sent() -> None:
    door = Door()
    door.services.data_transfer.put_vendor(Vendor("com.example"))
    door.asks("DataTransfer", {"vendorId": "com.example", "messageId": "a", "data": '{"n":1}'})
    door.asks("DataTransfer", {"vendorId": "com.example"})

    stored = door.services.data_transfer.list_messages(ALL).items
    assert [received.message for received in stored] == [
        VendorMessage("com.example", None, None),
        VendorMessage("com.example", "a", '{"n":1}'),
    ]
