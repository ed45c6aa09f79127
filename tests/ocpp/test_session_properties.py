"""Properties of a session: whatever the station sends, receive() never raises and every CALL gets its answer."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.ocpp import frames
from forecourt.ocpp.errors import BadFrame
from forecourt.ocpp.session import Limits, Request
from tests.ocpp.talk import V16, Talk
from tests.schemas.official import schema_of
from tests.schemas.payloads import fullest

FRAME_BYTES = 4096

REAL_FRAMES = [
    json.dumps([2, f"id-{n}", name, fullest(schema_of(f"{name}Request"))], ensure_ascii=False).encode()
    for n, name in enumerate(V16.answers)
] + [
    b'[3,"our-1",{"status":"Accepted"}]',
    b'[4,"our-1","NotSupported","no",{"a":[1,2]}]',
    b'[5,"our-1",{}]',
]

SPLINTERS = [b"[", b"]", b"{", b"}", b'"', b"\\", b",", b":", b"\\u0000", b"\\ud800", b"\xff", b"\xc3", b"\x00"]
SPLINTERS += [b"null", b"1.0", b"1e999", b"-0", b"NaN", b"[" * 300, b"[" * 600 + b"]" * 600, b"9" * 5000]


def answers_to(frame: bytes) -> list[bytes]:
    """What leaves for one frame, when the house answers at once."""
    talk = Talk(Limits(frame_bytes=FRAME_BYTES))
    event = talk.session.receive(frame, 0.0)
    if isinstance(event, Request):
        talk.session.answer(event.call_id, b"{}", 0.0)
    return talk.session.frames_to_send()


def check(frame: bytes) -> None:
    """Never an exception; one answer, of the right shape, to a CALL whose id can be read; none to anything else."""
    sent = answers_to(frame)
    for answer in sent:
        kind, call_id, *_rest = json.loads(answer)
        assert kind in (3, 4)
        assert isinstance(call_id, str | int | float)
    assert len(sent) == (1 if has_readable_id(frame) else 0)


def has_readable_id(frame: bytes) -> bool:
    if len(frame) > FRAME_BYTES:
        return frames.salvage_call_id(frame) is not None
    try:
        cut = frames.decode(frame)
        if cut.kind != frames.CALL:
            return False
        frames.check_call_id(bytes(cut.id))
    except BadFrame as bad:
        return bad.call_id is not None
    return True


@st.composite
def mutated_frames(draw: st.DrawFn) -> bytes:
    """A real frame that was cut, doubled, or had something put into it."""
    frame = draw(st.sampled_from(REAL_FRAMES))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(frame)))
        end = draw(st.integers(start, min(len(frame), start + 20)))
        put = draw(st.sampled_from(SPLINTERS) | st.binary(max_size=4) | st.just(frame[start:end] * 2))
        frame = frame[:start] + put + frame[end:]
    return frame


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_taken(frame: bytes) -> None:
    check(frame)


@given(mutated_frames())
@settings(max_examples=500, deadline=None)
def test_damaged_real_frames_are_taken_and_calls_answered(frame: bytes) -> None:
    check(frame)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=6) | JSON)
@settings(max_examples=200, deadline=None)
def test_any_json_is_taken(value: object) -> None:
    check(json.dumps(value).encode())


@given(action=st.sampled_from(sorted(V16.actions)), payload=JSON, call_id=st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_payload_of_a_known_action_is_answered_under_its_id(action: str, payload: object, call_id: str) -> None:
    frame = json.dumps([2, call_id, action, payload]).encode()

    sent = answers_to(frame)

    if len(call_id) <= 36:
        [answer] = sent
        assert json.loads(answer)[1] == call_id


@given(st.lists(st.sampled_from(REAL_FRAMES) | mutated_frames(), max_size=20))
@settings(max_examples=100, deadline=None)
def test_a_session_takes_any_sequence_of_frames(sequence: list[bytes]) -> None:
    talk = Talk()
    for frame in sequence:
        talk.hears(frame)
    for request in [event for event in talk.events if isinstance(event, Request)]:
        talk.session.answer(request.call_id, b"{}", talk.now)
    assert talk.session.is_quiet
