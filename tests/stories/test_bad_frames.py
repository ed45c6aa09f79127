"""Frames that are no messages, and messages that break their words: each gets its answer, and the link lives on.

The codes are those of OCPP-J 1.6 §4.2.3 in the official spelling, one misspelling included.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.stories.builders import a_station, a_tag
from tests.stories.moments import ago
from tests.stories.wire import Wire
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem

FORMATION = "FormationViolation"
OCCURRENCE = "OccurenceConstraintViolation"
TYPE = "TypeConstraintViolation"
PROPERTY = "PropertyConstraintViolation"

BOOT: Json = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS: Json = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
START: Json = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2026-01-01T10:00:00Z"}
STOP: Json = {"transactionId": 1, "meterStop": 0, "timestamp": "2026-01-01T10:00:00Z"}
SAMPLE: Json = {"value": "1"}
VALUES: Json = {"connectorId": 1, "meterValue": [{"timestamp": "2026-01-01T10:00:00Z", "sampledValue": [SAMPLE]}]}


@pytest.fixture
def wire(system: RunningSystem, rest: Rest) -> Iterator[Wire]:
    """A link of a new station; whatever the test sent, a Heartbeat must be answered next."""
    with Wire(system.stations_url, a_station(rest)) as wire:
        yield wire
        wire.assert_alive()


def assert_refused(answer: Json, call_id: str, code: str) -> None:
    assert answer[:3] == [4, call_id, code], answer
    description, details = answer[3:]
    assert isinstance(description, str)
    assert 0 < len(description) <= 255
    assert details == {}


def refuses(wire: Wire, action: str, payload: Json, code: str) -> None:
    call_id = str(uuid.uuid4())
    assert_refused(wire.call(action, payload, call_id), call_id, code)


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "",
        " ",
        "{}",
        "[]",
        "null",
        "true",
        '"2"',
        "7",
        "[2]",
        "[[2]]",
        '["2","a","Heartbeat",{}]',
        "[2,",
        "[9]",
    ],
)
def test_a_text_without_a_message_id_is_dropped(wire: Wire, text: str) -> None:
    """OCPP-J 1.6 does not say how to answer what names no message; the next message shows that it was dropped."""
    wire.send_text(text)
    wire.assert_alive()


@pytest.mark.parametrize(
    "text",
    [
        '[2,"%s"]',
        '[2,"%s","Heartbeat"]',
        '[2,"%s","Heartbeat",{}',
        '[2,"%s","Heartbeat",{"a":}]',
        '[2,"%s",5,{}]',
        '[2,"%s",null,{}]',
        '[2,"%s",{},"Heartbeat"]',
    ],
)
def test_a_broken_call_with_a_readable_id_is_refused_with_formation_violation(wire: Wire, text: str) -> None:
    call_id = str(uuid.uuid4())
    wire.send_text(text % call_id)
    assert_refused(wire.receive(), call_id, FORMATION)


@pytest.mark.parametrize("kind", [0, 1, 5, 9, -2, 2.5])
def test_an_unknown_message_type_is_ignored(wire: Wire, kind: float) -> None:
    """OCPP-J 1.6 §4.1.3."""
    wire.send([kind, "id", "Heartbeat", {}])
    wire.assert_alive()


def test_a_message_id_of_36_characters_is_the_longest(wire: Wire) -> None:
    """OCPP-J 1.6 §4.1.4."""
    longest, too_long = "ü" * 36, "i" * 37
    wire.send([2, longest, "Heartbeat", {}])
    assert wire.receive()[:2] == [3, longest]
    wire.send([2, too_long, "Heartbeat", {}])
    assert_refused(wire.receive(), too_long, FORMATION)


def test_an_empty_message_id_is_refused(wire: Wire) -> None:
    wire.send([2, "", "Heartbeat", {}])
    assert_refused(wire.receive(), "", FORMATION)


def test_a_number_as_message_id_is_refused(wire: Wire) -> None:
    wire.send([2, 12, "Heartbeat", {}])
    answer = wire.receive()
    assert answer[0] == 4
    assert answer[1] in (12, "12")
    assert answer[2] == FORMATION


@pytest.mark.parametrize("action", ["Nonsense", "heartbeat", "Heartbeat ", "", "Nö" * 40, "Authorize.req"])
def test_an_unknown_action_is_not_implemented(wire: Wire, action: str) -> None:
    """Names of actions are case-sensitive (OCPP-J 1.6 Table 4)."""
    refuses(wire, action, {}, "NotImplemented")


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Reset", {"type": "Hard"}),
        ("RemoteStopTransaction", {"transactionId": 1}),
        ("GetConfiguration", {}),
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
    ],
)
def test_an_action_of_the_central_system_is_not_supported_from_a_station(
    wire: Wire, action: str, payload: Json
) -> None:
    refuses(wire, action, payload, "NotSupported")


@pytest.mark.parametrize("payload", [[], "text", 5, True, [{}]])
def test_a_payload_that_is_no_object_is_refused(wire: Wire, payload: Json) -> None:
    refuses(wire, "Heartbeat", payload, FORMATION)


def test_an_empty_payload_may_be_null(wire: Wire) -> None:
    """OCPP-J 1.6 Table 4."""
    assert list(wire.ask("Heartbeat", None)) == ["currentTime"]


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Heartbeat", {"extra": 1}),
        ("BootNotification", {**BOOT, "extra": 1}),
        ("StartTransaction", {**START, "connectorid": 1}),
        ("MeterValues", {"connectorId": 1, "meterValue": [{**VALUES["meterValue"][0], "extra": 1}]}),
    ],
)
def test_an_extra_field_is_a_formation_violation(wire: Wire, action: str, payload: Json) -> None:
    """OCPP-J 1.6 errata 3.2: no extra fields, also not in inner objects."""
    refuses(wire, action, payload, FORMATION)


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("BootNotification", {}),
        ("BootNotification", {"chargePointVendor": "V"}),
        ("Authorize", {}),
        ("StartTransaction", {name: START[name] for name in START if name != "timestamp"}),
        ("StopTransaction", {name: STOP[name] for name in STOP if name != "transactionId"}),
        ("MeterValues", {"connectorId": 1}),
        ("MeterValues", {"connectorId": 1, "meterValue": []}),
    ],
)
def test_a_missing_field_is_an_occurrence_constraint_violation(wire: Wire, action: str, payload: Json) -> None:
    refuses(wire, action, payload, OCCURRENCE)


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("BootNotification", {**BOOT, "chargePointVendor": 5}),
        ("Authorize", {"idTag": None}),
        ("Authorize", {"idTag": ["T"]}),
        ("StatusNotification", {**STATUS, "connectorId": "1"}),
        ("StartTransaction", {**START, "meterStart": "0"}),
        ("StartTransaction", {**START, "meterStart": 0.5}),
        ("StartTransaction", {**START, "connectorId": True}),
        ("MeterValues", {"connectorId": 1, "meterValue": {}}),
        (
            "MeterValues",
            {"connectorId": 1, "meterValue": [{"timestamp": START["timestamp"], "sampledValue": [{"value": 5}]}]},
        ),
        ("DataTransfer", {"vendorId": "v", "data": {"a": 1}}),
    ],
)
def test_a_wrong_type_is_a_type_constraint_violation(wire: Wire, action: str, payload: Json) -> None:
    refuses(wire, action, payload, TYPE)


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("BootNotification", {**BOOT, "chargePointModel": "x" * 21}),
        ("Authorize", {"idTag": "x" * 21}),
        ("StatusNotification", {**STATUS, "status": "Occupied"}),
        ("StatusNotification", {**STATUS, "status": "available"}),
        ("StatusNotification", {**STATUS, "errorCode": "Nothing"}),
        ("StatusNotification", {**STATUS, "connectorId": -1}),
        ("StartTransaction", {**START, "timestamp": "yesterday"}),
        ("StartTransaction", {**START, "timestamp": "2026-02-30T00:00:00Z"}),
        ("StartTransaction", {**START, "meterStart": 10**30}),
        ("StopTransaction", {**STOP, "reason": "Bored"}),
        ("FirmwareStatusNotification", {"status": "Sleeping"}),
        ("Authorize", {"idTag": "T\0G"}),
    ],
)
def test_a_value_that_is_not_allowed_is_a_property_constraint_violation(wire: Wire, action: str, payload: Json) -> None:
    refuses(wire, action, payload, PROPERTY)


def test_a_refused_start_leaves_nothing_behind(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest)
    with Wire(system.stations_url, identity) as wire:
        refuses(wire, "StartTransaction", {**START, "meterStart": "0"}, TYPE)
        refuses(wire, "StatusNotification", {**STATUS, "status": "Occupied"}, PROPERTY)
    assert rest.transactions(stationId=identity) == []
    assert rest.station(identity)["connectors"] == []


def test_an_integer_may_be_written_with_a_fraction_of_zero(system: RunningSystem, rest: Rest) -> None:
    """To JSON Schema `1.0` is an integer."""
    identity, tag = a_station(rest), a_tag(rest)
    with Wire(system.stations_url, identity) as wire:
        at = ago(minutes=1)
        wire.send_text(
            f'[2,"1","StartTransaction",{{"connectorId":1.0,"idTag":"{tag}","meterStart":12e2,"timestamp":"{at}"}}]'
        )
        answer = wire.receive()
        assert answer[:2] == [3, "1"]
        stored = rest.transaction(answer[2]["transactionId"])
        assert (stored["connectorId"], stored["meterStart"]) == (1, 1200)


def test_more_elements_than_a_call_has_do_no_harm(wire: Wire) -> None:
    wire.send([2, "more", "Heartbeat", {}, {}, 5])
    assert wire.receive()[1] == "more"


def test_a_frame_of_two_megabytes_is_refused(wire: Wire) -> None:
    refuses(wire, "DataTransfer", {"vendorId": "v", "data": "x" * 2_000_000}, FORMATION)


def test_a_frame_of_half_a_megabyte_is_taken(wire: Wire) -> None:
    assert wire.ask("DataTransfer", {"vendorId": "v", "data": "x" * 500_000}) == {"status": "UnknownVendorId"}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused(wire: Wire, opening: str, closing: str) -> None:
    depth = 100_000
    wire.send_text('[2,"deep","DataTransfer",' + opening * depth + "1" + closing * depth + "]")
    assert_refused(wire.receive(), "deep", FORMATION)
    wire.send_text("[" * depth)
    wire.send_text("[" * depth + "]" * depth)


@pytest.mark.parametrize("depth", [20, 200, 500, 600, 700, 900, 990, 1100, 5000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("field", ["data", "unknown", "vendorId"])
def test_a_nested_field_of_any_depth_is_refused(wire: Wire, field: str, opening: str, closing: str, depth: int) -> None:
    """No library gives up at the same depth as another; between their limits lie the surprises."""
    nested = opening * depth + "1" + closing * depth
    others = "" if field == "vendorId" else '"vendorId":"v",'
    wire.send_text(f'[2,"deep","DataTransfer",{{{others}"{field}":{nested}}}]')
    answer = wire.receive()
    assert_refused(answer, "deep", answer[2])
    assert answer[2] in (FORMATION, TYPE)


def test_a_binary_frame_does_not_end_the_link(wire: Wire) -> None:
    """OCPP-J 1.6 speaks of text frames alone; what comes in binary ones is either ignored or read the same way."""
    wire.send_binary(b"\x00\xff\x01")
    wire.assert_alive()


def test_broken_utf8_in_a_payload_is_refused(wire: Wire) -> None:
    wire.send_text(b'[2,"utf","Authorize",{"idTag":"\xff\xfe"}]')
    assert_refused(wire.receive(), "utf", FORMATION)


def test_text_of_another_encoding_is_refused(wire: Wire) -> None:
    wire.send_text('[2,"latin","Authorize",{"idTag":"Köln"}]'.encode("latin-1"))
    assert_refused(wire.receive(), "latin", FORMATION)


def test_a_repeated_message_id_gets_the_stored_answer(system: RunningSystem, rest: Rest) -> None:
    """OCPP-J 1.6 §4.1.4 and errata 3.7: a station may send again what was not answered in time, with its old id."""
    identity, tag = a_station(rest), a_tag(rest)
    frame = [2, "again", "StartTransaction", {**START, "idTag": tag, "timestamp": ago(minutes=1)}]
    with Wire(system.stations_url, identity) as wire:
        wire.send(frame)
        first = wire.receive()
        wire.send(frame)
        assert wire.receive() == first
        wire.assert_alive()
    assert first[0] == 3
    assert len(rest.transactions(stationId=identity)) == 1


def test_an_old_message_id_with_another_content_is_a_new_message(system: RunningSystem, rest: Rest) -> None:
    """Stations that number badly must not lose data."""
    identity, tag = a_station(rest), a_tag(rest, maxActiveTransactions=None)
    with Wire(system.stations_url, identity) as wire:
        ids = set()
        for number in (1, 2):
            payload = {**START, "connectorId": number, "idTag": tag, "timestamp": ago(minutes=1)}
            answer = wire.call("StartTransaction", payload, "same")
            assert answer[0] == 3
            ids.add(answer[2]["transactionId"])
    assert {entry["transactionId"] for entry in rest.transactions(stationId=identity)} == ids
    assert len(ids) == 2


@pytest.mark.parametrize(
    "frame",
    [
        [3, "nobody-asked", {}],
        [3, "nobody-asked", {"status": "Accepted"}],
        [4, "nobody-asked", "InternalError", "", {}],
        [4, "nobody-asked"],
        [3],
        [3, 5, {}],
    ],
)
def test_an_answer_to_no_call_is_dropped(wire: Wire, frame: Json) -> None:
    wire.send(frame)
    wire.assert_alive()


def test_keys_that_stand_twice_do_not_break_the_answer(wire: Wire) -> None:
    """JSON leaves open which one counts; either way the frame gets an answer."""
    wire.send_text('[2,"twice","Authorize",{"idTag":"A","idTag":"B"}]')
    assert wire.receive()[:2] in ([3, "twice"], [4, "twice"])


def test_numbers_that_json_does_not_know_are_refused(wire: Wire) -> None:
    for text in ("NaN", "Infinity", "-Infinity"):
        payload = json.dumps({**START, "meterStart": "#"}).replace('"#"', text)
        wire.send_text(f'[2,"{text}","StartTransaction",{payload}]')
        assert_refused(wire.receive(), text, FORMATION)
