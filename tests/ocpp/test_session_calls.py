"""Our calls: in order, one at a time, each ended exactly once (OCPP-J 1.6 §4.1.1)."""

from __future__ import annotations

import pytest

from forecourt.dialects.v16.messages.clear_cache import CLEAR_CACHE, ClearCacheResponse
from forecourt.dialects.v16.messages.get_local_list_version import GET_LOCAL_LIST_VERSION
from forecourt.dialects.v16.messages.reset import RESET, ResetRequest
from forecourt.ocpp.errors import QueueFull
from forecourt.ocpp.session import Limits
from tests.ocpp.talk import Talk

ACCEPTED = '{"status":"Accepted"}'


def test_a_call_is_sent_and_its_answer_read() -> None:
    talk = Talk()

    call = talk.calls(RESET, ResetRequest(type="Soft"))
    talk.goes('< [2,"our-1","Reset",{"type":"Soft"}]', f'> [3,"our-1",{ACCEPTED}]')

    assert talk.answered.call is call
    assert talk.session.deadline is None


def test_one_call_is_in_flight_and_the_others_wait_in_order() -> None:
    talk = Talk()

    for _ in range(3):
        talk.calls(CLEAR_CACHE)
    talk.goes(
        '< [2,"our-1","ClearCache",{}]',
        f'> [3,"our-1",{ACCEPTED}]',
        '< [2,"our-2","ClearCache",{}]',
        '> [4,"our-2","GenericError","",{}]',
        '< [2,"our-3","ClearCache",{}]',
        f'> [3,"our-3",{ACCEPTED}]',
    )


def test_calls_and_requests_may_cross() -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.goes('< [2,"our-1","ClearCache",{}]', '> [2,"a","Heartbeat",{}]')
    talk.answers("a")
    talk.goes('< [3,"a",{}]', f'> [3,"our-1",{ACCEPTED}]')
    assert talk.answered.words == ClearCacheResponse(status="Accepted")


def test_an_id_of_the_station_and_one_of_ours_may_be_equal() -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.goes('< [2,"our-1","ClearCache",{}]', '> [2,"our-1","Heartbeat",{}]', f'> [3,"our-1",{ACCEPTED}]')
    talk.answers("our-1")
    talk.goes('< [3,"our-1",{}]')


def test_the_id_of_an_answer_is_compared_as_text() -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.goes('< [2,"our-1","ClearCache",{}]', f'> [3,"our\\u002d1",{ACCEPTED}]')
    assert talk.answered.words == ClearCacheResponse(status="Accepted")


def test_the_queue_has_an_end() -> None:
    talk = Talk(Limits(queued_calls=2))

    for _ in range(3):
        talk.calls(CLEAR_CACHE)  # one of them is in flight
    with pytest.raises(QueueFull) as refused:
        talk.calls(CLEAR_CACHE)
    assert refused.value.waiting == 2
    assert "2 calls already wait" in str(refused.value)

    talk.goes('< [2,"our-1","ClearCache",{}]', f'> [3,"our-1",{ACCEPTED}]', '< [2,"our-2","ClearCache",{}]')
    talk.calls(CLEAR_CACHE)


# Answers first


def test_a_call_waits_for_the_answer_to_a_request_that_came_before_it() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Heartbeat",{}]')
    talk.calls(CLEAR_CACHE)
    talk.goes()
    talk.answers("a")
    talk.goes('< [3,"a",{}]', '< [2,"our-1","ClearCache",{}]')


def test_a_call_waits_for_exactly_the_requests_that_came_before_it() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Heartbeat",{}]', '> [2,"b","Heartbeat",{}]')
    talk.calls(CLEAR_CACHE)
    talk.goes('> [2,"c","Heartbeat",{}]')
    talk.answers("b")
    talk.goes('< [3,"b",{}]')
    talk.answers("a")
    talk.goes('< [3,"a",{}]', '< [2,"our-1","ClearCache",{}]')
    assert talk.session.is_awaited(b'"c"')


def test_a_call_waits_for_no_request_that_came_after_it() -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.calls(CLEAR_CACHE)
    talk.goes(
        '< [2,"our-1","ClearCache",{}]',
        '> [2,"a","Heartbeat",{}]',
        f'> [3,"our-1",{ACCEPTED}]',
        '< [2,"our-2","ClearCache",{}]',
    )


def test_a_call_leaves_after_a_request_that_was_refused() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Heartbeat",{}]')
    talk.calls(CLEAR_CACHE)
    talk.goes('> [2,"b","Authorize",{}]', '< [4,"b","OccurenceConstraintViolation",…')
    talk.answers("a")
    talk.goes('< [3,"a",{}]', '< [2,"our-1","ClearCache",{}]')


def test_a_call_leaves_after_a_request_that_was_given_up() -> None:
    talk = Talk(Limits(answer_seconds=25))

    talk.goes('> [2,"a","Heartbeat",{}]')
    talk.calls(CLEAR_CACHE)
    assert talk.waits(25) == []
    talk.goes('< [4,"a","InternalError",…', '< [2,"our-1","ClearCache",{}]')
    assert talk.session.deadline == talk.now + 30


# Time


def test_a_call_without_an_answer_fails_in_time_and_the_next_one_leaves() -> None:
    talk = Talk(Limits(call_seconds=30))

    first, second = talk.calls(CLEAR_CACHE), talk.calls(CLEAR_CACHE)
    talk.goes('< [2,"our-1","ClearCache",{}]')
    assert talk.waits(29.9) == []
    [failed] = talk.waits(0.1)
    assert (failed.call, failed.code, failed.reason) == (first, None, "no answer within 30 s")
    talk.goes('< [2,"our-2","ClearCache",{}]')
    assert talk.session.deadline == talk.now + 30
    [failed] = talk.waits(30)
    assert failed.call is second


def test_a_call_may_have_its_own_time() -> None:
    talk = Talk(Limits(call_seconds=30))

    talk.calls(CLEAR_CACHE, seconds=2.5)
    assert talk.session.deadline == talk.now + 2.5
    [failed] = talk.waits(2.5)
    assert failed.reason == "no answer within 2.5 s"


def test_the_time_of_a_call_begins_when_it_is_sent() -> None:
    talk = Talk(Limits(call_seconds=30))

    talk.calls(CLEAR_CACHE)
    talk.calls(CLEAR_CACHE)
    talk.waits(20)
    talk.goes('< [2,"our-1","ClearCache",{}]', f'> [3,"our-1",{ACCEPTED}]', '< [2,"our-2","ClearCache",{}]')
    assert talk.waits(20) == []
    assert len(talk.waits(10)) == 1


def test_the_deadline_is_the_earlier_of_a_request_and_a_call() -> None:
    talk = Talk(Limits(answer_seconds=25, call_seconds=30))

    talk.calls(CLEAR_CACHE)
    assert talk.session.deadline == talk.now + 30
    talk.goes('< [2,"our-1","ClearCache",{}]', '> [2,"a","Heartbeat",{}]')
    assert talk.session.deadline == talk.now + 25


# Answers that cannot be used


def test_a_late_answer_is_told_once() -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.calls(CLEAR_CACHE)
    talk.waits(30)
    talk.goes('< [2,"our-1","ClearCache",{}]', '< [2,"our-2","ClearCache",{}]', f'> [3,"our-1",{ACCEPTED}]')
    assert talk.answered.call.call_id == "our-1"
    assert talk.session.counts.unmatched_answers == 0
    talk.goes(f'> [3,"our-1",{ACCEPTED}]')
    assert talk.events[-1] is None
    assert talk.session.counts.unmatched_answers == 1

    talk.goes(f'> [3,"our-2",{ACCEPTED}]')
    assert talk.answered.call.call_id == "our-2"


@pytest.mark.parametrize(
    "frame",
    [
        f'[3,"other",{ACCEPTED}]',
        '[4,"other","GenericError","",{}]',
        f'[3,"our-2",{ACCEPTED}]',
        f"[3,1,{ACCEPTED}]",
        f"[3,null,{ACCEPTED}]",
        f'[3,"",{ACCEPTED}]',
    ],
)
def test_an_answer_to_no_call_is_dropped_and_counted(frame: str) -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.calls(CLEAR_CACHE)
    talk.goes('< [2,"our-1","ClearCache",{}]', f"> {frame}")
    assert talk.events == [None]
    assert talk.session.counts.unmatched_answers == 1
    talk.goes(f'> [3,"our-1",{ACCEPTED}]', '< [2,"our-2","ClearCache",{}]')


def test_an_answer_ends_its_call_once() -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.goes('< [2,"our-1","ClearCache",{}]', f'> [3,"our-1",{ACCEPTED}]', f'> [3,"our-1",{ACCEPTED}]')
    assert talk.events[-1] is None
    assert talk.session.counts.unmatched_answers == 1


def test_a_callerror_fails_the_call_with_its_code_as_received() -> None:
    talk = Talk()

    call = talk.calls(GET_LOCAL_LIST_VERSION)
    talk.goes('< [2,"our-1","GetLocalListVersion",{}]', '> [4,"our-1","NotSupported","no list",{"a":1}]')
    assert (talk.failed.call, talk.failed.code, talk.failed.reason) == (call, "NotSupported", "no list")


@pytest.mark.parametrize(
    ("rest", "code", "reason"),
    [
        ("", "GenericError", ""),
        (',"FormatViolation"', "FormatViolation", ""),
        (',"VendorWord","x",null', "VendorWord", "x"),
        (",17,18", "GenericError", ""),
        (",null,null,null", "GenericError", ""),
        (',"","",{}', "GenericError", ""),
    ],
)
def test_a_callerror_is_read_however_it_is_written(rest: str, code: str, reason: str) -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.goes('< [2,"our-1","ClearCache",{}]', f'> [4,"our-1"{rest}]')
    assert (talk.failed.code, talk.failed.reason) == (code, reason)


@pytest.mark.parametrize(
    "answer",
    ['{"status":"Done"}', "{}", "null", "[]", '{"status":"Accepted","more":1}', '{"status":1}', '"Accepted"'],
)
def test_an_answer_that_breaks_the_words_fails_the_call(answer: str) -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.goes('< [2,"our-1","ClearCache",{}]', f'> [3,"our-1",{answer}]')
    assert talk.failed.code is None
    assert talk.failed.reason.startswith("the answer breaks the words of ClearCache: $")
    assert talk.session.counts.refused_payloads == 1


def test_an_answer_without_a_payload_fails_the_call() -> None:
    talk = Talk()

    talk.calls(CLEAR_CACHE)
    talk.calls(CLEAR_CACHE)
    talk.goes('< [2,"our-1","ClearCache",{}]', '> [3,"our-1"]', '< [2,"our-2","ClearCache",{}]')
    assert talk.failed.call.call_id == "our-1"


# The end


def test_closing_fails_every_call_in_order() -> None:
    talk = Talk()

    calls = [talk.calls(CLEAR_CACHE) for _ in range(3)]
    talk.goes('< [2,"our-1","ClearCache",{}]')
    failed = talk.session.close()

    assert [one.call for one in failed] == calls
    assert {(one.code, one.reason) for one in failed} == {(None, "the connection was closed")}
    assert talk.session.close() == []
    assert talk.session.deadline is None
    talk.goes(f'> [3,"our-1",{ACCEPTED}]')
    assert talk.events == [None]
