"""Frames of OCPP-J are cut, written and, where they are broken, still given an answer (OCPP-J 1.6 §4.2)."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.ocpp import frames
from forecourt.ocpp.errors import BadFrame, Fault


def test_a_call_is_cut_into_id_action_and_payload() -> None:
    frame = frames.decode(b'[2, "19223201", "Authorize", {"idTag": "A"}]')

    assert frame.kind == frames.CALL
    assert bytes(frame.id) == b'"19223201"'
    assert bytes(frame.second) == b'"Authorize"'
    assert bytes(frame.third) == b'{"idTag": "A"}'


def test_a_result_is_cut_into_id_and_payload() -> None:
    frame = frames.decode(b'[3,"19223201",{"status":"Accepted"}]')

    assert frame.kind == frames.CALL_RESULT
    assert bytes(frame.second) == b'{"status":"Accepted"}'


def test_an_error_is_cut_into_id_code_description_and_details() -> None:
    frame = frames.decode(b'[4,"1","GenericError","no",{"more":1}]')

    assert frame.kind == frames.CALL_ERROR
    elements = [bytes(frame.second), bytes(frame.third), bytes(frame.fourth)]
    assert elements == [b'"GenericError"', b'"no"', b'{"more":1}']


def test_elements_beyond_the_standard_are_ignored() -> None:
    assert bytes(frames.decode(b'[2,"1","Heartbeat",{},"more",[]]').third) == b"{}"


NOT_A_MESSAGE = {
    b"": "the message is not valid JSON",
    b"   ": "the message is not valid JSON",
    b"hello": "the message is not valid JSON",
    b'[2,"1","Heartbeat",{}': "the message is not valid JSON",
    b'[2,"1","Heartbeat",{}]]': "the message is not valid JSON",
    b"[2,'1','Heartbeat',{}]": "the message is not valid JSON",
    b"{}": "the message must be a JSON array",
    b'"[2]"': "the message must be a JSON array",
    b"null": "the message must be a JSON array",
    b"2": "the message must be a JSON array",
    b"[]": "the message must be a JSON array",
    b"[2]": "the message must be a JSON array",
    b'["2","1","Heartbeat",{}]': "the message must be a JSON array",
    b'[null,"1","Heartbeat",{}]': "the message must be a JSON array",
    b'[true,"1","Heartbeat",{}]': "the message must be a JSON array",
    b'[2,"1"]': "a CALL has four elements",
    b'[2,"1","Heartbeat"]': "a CALL has four elements",
    b'[2,"1","Heartbeat",' + b"[" * 100_000: "the message is nested too deeply",
}


@pytest.mark.parametrize(("text", "reason"), NOT_A_MESSAGE.items(), ids=lambda value: str(value)[:40])
def test_text_that_is_no_message_is_refused_with_its_reason(text: bytes, reason: str) -> None:
    with pytest.raises(BadFrame) as refused:
        frames.decode(text)

    assert refused.value.reason.startswith(reason)
    assert refused.value.fault is Fault.FORMAT


@pytest.mark.parametrize(
    ("text", "call_id"),
    [
        (b'[2,"1","Heartbeat"', b'"1"'),
        (b' [ 2 , "1" , "Heartbeat', b'"1"'),
        (b'\r\n\t[2,"1",', b'"1"'),
        (b'[2,"1"', b'"1"'),
        (b'[2,"1\\u0041"', b'"1A"'),
        (b'[2,"' + b"x" * 36 + b'","Heartbeat"', b'"' + b"x" * 36 + b'"'),
        ('[2,"zäh","Heartbeat"'.encode(), '"zäh"'.encode()),
        (b'[2,"1","DataTransfer",{"data":"\xff', b'"1"'),
        (b'[2,"' + b"x" * 37 + b'","Heartbeat"', None),
        (b'[2,"' + b"x" * 500, None),
        (b'[2,"","Heartbeat"', None),
        (b'[2,"1', None),
        (b'[2,1,"Heartbeat"', None),
        (b'[2,{"a":1},"Heartbeat"', None),
        (b'[2,null,"Heartbeat"', None),
        (b'[2,"\xff","Heartbeat"', None),
        (b'[2,"\\ud800","Heartbeat"', None),
        (b'[2,"\\n","Heartbeat"', None),
        (b'[3,"1",{}', None),
        (b'[4,"1","GenericError"', None),
        (b'[22,"1","Heartbeat"', None),
        (b'{2,"1"', None),
        (b"[2", None),
        (b"", None),
        (b"\xff\xfe", None),
    ],
)
def test_the_id_of_a_call_is_read_from_a_head_that_can_be_trusted(text: bytes, call_id: bytes | None) -> None:
    assert frames.salvage_call_id(text) == call_id


def test_only_the_head_of_a_frame_is_searched_for_an_id() -> None:
    assert frames.salvage_call_id(b"[2," + b" " * 1000 + b'"1","Heartbeat"') is None


@given(st.binary(max_size=300))
def test_reading_any_bytes_gives_a_frame_or_a_refusal(text: bytes) -> None:
    with contextlib.suppress(BadFrame):
        frame = frames.decode(text)
        assert text.strip().startswith(b"[")
        assert bytes(frame.id) in text


@given(call_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=36), tail=st.binary(max_size=40))
def test_a_salvaged_id_is_the_id_that_was_sent(call_id: str, tail: bytes) -> None:
    head = f"[2,{json.dumps(call_id)},".encode()

    salvaged = frames.salvage_call_id(head + tail)

    assert salvaged is None or json.loads(salvaged) == call_id
    if call_id.isascii() and call_id.isprintable():
        assert salvaged is not None


@pytest.mark.parametrize(
    "raw", [b'"1"', b'"' + b"x" * 36 + b'"', ('"' + "ä" * 36 + '"').encode(), b'"' + b"\\u00e4" * 36 + b'"', b'" "']
)
def test_an_id_has_1_to_36_characters(raw: bytes) -> None:
    frames.check_call_id(raw)


@pytest.mark.parametrize(
    ("raw", "reason", "answered_as"),
    [
        (b'""', "the message id is empty", b'""'),
        (b'"' + b"x" * 37 + b'"', "the message id has 37 characters", b'"' + b"x" * 37 + b'"'),
        (b'"' + b"x" * 255 + b'"', "the message id has 255 characters", None),
        (('"' + "ä" * 37 + '"').encode(), "the message id has 37 characters", ('"' + "ä" * 37 + '"').encode()),
        (b"17", "the message id must be a string", b"17"),
        (b"-1.5e3", "the message id must be a string", b"-1.5e3"),
        (b"9" * 37, "the message id must be a string", None),
        (b"null", "the message id must be a string", None),
        (b"true", "the message id must be a string", None),
        (b"{}", "the message id must be a string", None),
        (b'["1"]', "the message id must be a string", None),
        (b'"\xff"', "the message id is not valid UTF-8", None),
    ],
)
def test_other_ids_are_refused_and_short_ones_are_given_back(
    raw: bytes, reason: str, answered_as: bytes | None
) -> None:
    """OCPP-J 1.6 §4.1.4; §4.2.3 names the id that is too long as a reason for a CALLERROR."""
    with pytest.raises(BadFrame) as refused:
        frames.check_call_id(raw)

    assert refused.value.reason.startswith(reason)
    assert refused.value.call_id == answered_as


def test_a_call_is_written_without_blanks() -> None:
    assert frames.encode_call("our-1", "Reset", b'{"type":"Soft"}') == b'[2,"our-1","Reset",{"type":"Soft"}]'


def test_a_result_carries_the_very_bytes_of_the_id() -> None:
    assert frames.encode_result(b'"\\u00e4"', b"{}") == b'[3,"\\u00e4",{}]'


def test_an_error_has_empty_details_and_at_most_255_characters_of_description() -> None:
    """OCPP-J 1.6 §4.2.3."""
    frame = frames.encode_error(b'"1"', "GenericError", "é" * 300)

    assert json.loads(frame) == [4, "1", "GenericError", "é" * 255, {}]


@pytest.mark.parametrize(
    ("raw", "text"),
    [(b'"a"', "a"), (b'"\\u00e4"', "ä"), (b'""', ""), (b"1", None), (b"null", None), (b"", None), (b'"\xff"', None)],
)
def test_a_text_is_read_from_a_raw_element(raw: bytes, text: str | None) -> None:
    assert frames.read_text(raw) == text


def test_the_refusal_of_a_big_frame_names_both_sizes_and_keeps_the_id() -> None:
    refused = frames.too_big(b'[2,"1","DataTransfer",{"data":"' + b"x" * 100, 50)

    assert refused.reason == "the message has 131 bytes; at most 50 are accepted"
    assert refused.call_id == b'"1"'
