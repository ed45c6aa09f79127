"""Frames that are no messages: answered where an id can be read, counted, and in the end hopeless."""

from __future__ import annotations

import pytest

from forecourt.dialects.v16.messages.clear_cache import CLEAR_CACHE
from forecourt.ocpp.session import Limits, Refused
from tests.ocpp.talk import Talk

UNANSWERABLE = [
    b"",
    b"hello",
    b"{}",
    b"[]",
    b"[2]",
    b'"text"',
    b"\xff\xfe\x00",
    b'[2,"","x"',
    b'[2,"\xff","Heartbeat",{}]',
    b'[2,null,"Heartbeat",{}]',
    b'[3,"a",{}',
    b'[4,"a"',
    b"[" * 100_000,
]


@pytest.mark.parametrize("frame", UNANSWERABLE, ids=lambda frame: str(frame[:30]))
def test_a_frame_without_a_readable_id_is_counted_and_not_answered(frame: bytes) -> None:
    talk = Talk()

    assert talk.hears(frame) == []
    [refused] = talk.events
    assert isinstance(refused, Refused)
    assert refused.payload == frame
    assert talk.session.counts.bad_frames == 1


ANSWERABLE = [
    b'[2,"a","Heartbeat",{}',
    b'[2,"a","Heartbeat",{}]]',
    b'[2,"a","Heartbeat"]',
    b'[2,"a"]',
    b'[2,"a","Heartbeat",{,}]',
    b'[2,"a","DataTransfer",{"vendorId":"\xff"},}',
    b'[2,"a","Heartbeat",{"deep":' + b"[" * 100_000,
]


@pytest.mark.parametrize("frame", ANSWERABLE, ids=lambda frame: str(frame[:40]))
def test_a_broken_call_whose_id_can_be_read_is_answered(frame: bytes) -> None:
    """An unanswered CALL makes a station wait for its whole time-out."""
    talk = Talk()

    [sent] = talk.hears(frame)
    assert sent.startswith('[4,"a","FormationViolation","')
    assert talk.session.counts.bad_frames == 1


@pytest.mark.parametrize("depth", [10, 250, 300, 450, 600, 900, 2_000, 100_000])
def test_a_call_of_any_depth_is_answered(depth: int) -> None:
    talk = Talk()

    [sent] = talk.hears(b'[2,"a","Heartbeat",{"deep":' + b"[" * depth + b"]" * depth + b"}]")
    assert sent.startswith('[4,"a","FormationViolation","')


def test_broken_utf_8_in_a_payload_is_answered() -> None:
    talk = Talk()

    [sent] = talk.hears(b'[2,"a","Authorize",{"idTag":"\xc3\x28"}]')
    assert sent.startswith('[4,"a","FormationViolation","')


def test_a_frame_above_the_limit_is_answered_and_not_read() -> None:
    talk = Talk(Limits(frame_bytes=100))

    within = b'[2,"a","Heartbeat",{}'.ljust(99) + b"]"
    assert talk.hears(within) == []
    assert talk.requests == ['"a"']

    [sent] = talk.hears(b'[2,"b","Heartbeat",{}'.ljust(100) + b"]")
    assert sent == '[4,"b","FormationViolation","the message has 101 bytes; at most 100 are accepted",{}]'
    assert talk.requests == ['"a"']


def test_a_big_answer_is_not_answered() -> None:
    talk = Talk(Limits(frame_bytes=100))

    assert talk.hears(b'[3,"a","' + b"x" * 100 + b'"]') == []
    assert talk.session.counts.bad_frames == 1


@pytest.mark.parametrize(
    ("call_id", "reason"),
    [
        ('""', "the message id is empty"),
        (f'"{"x" * 37}"', "the message id has 37 characters; at most 36 are allowed"),
        (f'"{"ä" * 37}"', "the message id has 37 characters; at most 36 are allowed"),
        ("17", "the message id must be a string"),
        ("-1", "the message id must be a string"),
    ],
)
def test_a_call_with_an_id_against_the_rules_is_refused_under_that_id(call_id: str, reason: str) -> None:
    """OCPP-J 1.6 §4.1.4."""
    talk = Talk()

    talk.goes(f'> [2,{call_id},"Heartbeat",{{}}]', f'< [4,{call_id},"FormationViolation","{reason}",{{}}]')
    assert talk.requests == []


@pytest.mark.parametrize("call_id", ["x" * 36, "ä" * 36, "😀" * 36, "\\u00e4" * 36, " ", "\\u0000", "-"])
def test_ids_within_the_rules_are_taken(call_id: str) -> None:
    talk = Talk()

    talk.goes(f'> [2,"{call_id}","Heartbeat",{{}}]')
    talk.answers(call_id)
    talk.goes(f'< [3,"{call_id}",{{}}]')


@pytest.mark.parametrize("frame", ['[5,"a"]', '[1,"a","Heartbeat",{}]', '[0,"a"]', '[-2,"a"]', '[5,"a","x",{}]'])
def test_an_unknown_type_of_message_is_ignored_and_counted(frame: str) -> None:
    """OCPP-J 1.6 §4.1.3."""
    talk = Talk()

    talk.goes(f"> {frame}")
    assert talk.events == [None]
    assert talk.session.counts.unknown_types == 1
    assert talk.session.counts.bad_frames == 0


# Hopeless


def test_a_session_is_hopeless_after_too_many_bad_frames_in_a_row() -> None:
    talk = Talk(Limits(bad_frames=3))

    was_hopeless = []
    for _ in range(5):
        talk.hears(b"garbage")
        was_hopeless.append(talk.session.is_hopeless)

    assert was_hopeless == [False, False, False, True, True]
    assert talk.session.counts.bad_frames == 5


GOOD = ['[2,"a","Heartbeat",{}]', '[2,"a","Unknown",{}]', '[2,"a","Authorize",{}]', '[3,"a",{}]', '[5,"a"]']


@pytest.mark.parametrize("frame", GOOD)
def test_any_message_of_the_right_shape_sets_the_count_back(frame: str) -> None:
    talk = Talk(Limits(bad_frames=3))

    for _ in range(3):
        talk.hears(b"garbage")
    talk.hears(frame.encode())
    for _ in range(3):
        talk.hears(b"garbage")
    assert not talk.session.is_hopeless


def test_with_a_limit_of_0_the_first_bad_frame_is_one_too_many() -> None:
    talk = Talk(Limits(bad_frames=0))

    was_hopeless = [talk.session.is_hopeless]
    talk.hears(b"garbage")
    was_hopeless.append(talk.session.is_hopeless)

    assert was_hopeless == [False, True]


def test_bad_frames_end_no_call_and_no_request() -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.goes('< [2,"our-1","ClearCache",{}]', '> [2,"a","Heartbeat",{}]', '> [3,"our-1",{}', "> garbage")
    talk.answers("a")
    talk.goes('< [3,"a",{}]', '> [3,"our-1",{"status":"Accepted"}]')
    assert talk.answered.call.call_id == "our-1"
