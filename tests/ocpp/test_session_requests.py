"""Requests of the station: answered once, repeated, refused or given up (OCPP-J 1.6 §4)."""

from __future__ import annotations

import pytest

from forecourt.dialects.v16.messages.authorize import AuthorizeRequest
from forecourt.ocpp.errors import Fault
from forecourt.ocpp.session import ANSWERS_KEPT, Limits
from tests.ocpp.talk import Talk

TAG = '{"idTagInfo":{"status":"Accepted"}}'
BOOT = '{"chargePointVendor":"V","chargePointModel":"M"}'


def test_a_request_is_read_and_answered() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]')
    assert talk.request.action.name == "Authorize"
    assert talk.request.words == AuthorizeRequest(id_tag="1")

    talk.answers("a", TAG)
    talk.goes(f'< [3,"a",{TAG}]')
    assert talk.session.is_quiet


def test_requests_may_be_answered_in_any_order() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Heartbeat",{}]', '> [2,"b","Authorize",{"idTag":"1"}]')
    talk.answers("b", TAG)
    talk.answers("a")
    talk.goes(f'< [3,"b",{TAG}]', '< [3,"a",{}]')


def test_a_request_is_answered_once() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]')
    talk.answers("a", TAG)
    talk.answers("a", TAG)
    talk.refuses("a", Fault.INTERNAL, "too late")
    talk.goes(f'< [3,"a",{TAG}]')


def test_answering_what_was_never_asked_sends_nothing() -> None:
    talk = Talk()

    talk.answers("a")
    talk.refuses("b", Fault.INTERNAL, "no such request")
    talk.goes()


def test_a_refused_request_gets_a_callerror_in_the_spelling_of_1_6() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]')
    talk.refuses("a", Fault.OCCURRENCE, "why")
    talk.goes('< [4,"a","OccurenceConstraintViolation","why",{}]')


def test_the_answer_carries_the_very_bytes_of_the_id() -> None:
    talk = Talk()

    talk.goes('> [2,"\\u0061/ä","Heartbeat",{}]')
    talk.answers("\\u0061/ä")
    talk.goes('< [3,"\\u0061/ä",{}]')


# The same id again


def test_a_repeated_request_gets_the_stored_answer_and_is_not_handled_again() -> None:
    """A retry may reuse its id (OCPP-J 1.6 §4.1.4, errata 3.7)."""
    talk = Talk()

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]')
    talk.answers("a", TAG)
    talk.goes(f'< [3,"a",{TAG}]')
    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]', f'< [3,"a",{TAG}]')
    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]', f'< [3,"a",{TAG}]')

    assert talk.requests == ['"a"']
    assert talk.session.counts.repeated_requests == 2


@pytest.mark.parametrize("frame", ['[2,"a","Heartbeat",{}]', f'[2,"a","BootNotification",{BOOT}]'])
def test_an_answer_that_tells_the_time_is_not_kept(frame: str) -> None:
    talk = Talk()

    talk.goes(f"> {frame}")
    talk.answers("a", '{"first":1}')
    talk.goes('< [3,"a",{"first":1}]')
    talk.goes(f"> {frame}")
    talk.answers("a", '{"second":2}')
    talk.goes('< [3,"a",{"second":2}]')

    assert talk.requests == ['"a"', '"a"']
    assert talk.session.counts.repeated_requests == 0


def test_an_id_that_comes_again_with_another_content_is_a_new_request() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]')
    talk.answers("a", '{"answer":1}')
    talk.goes('< [3,"a",{"answer":1}]', '> [2,"a","Authorize",{"idTag":"2"}]')
    assert talk.request.words == AuthorizeRequest(id_tag="2")
    talk.answers("a", '{"answer":2}')
    talk.goes('< [3,"a",{"answer":2}]')
    talk.goes('> [2,"a","Authorize",{"idTag":"2"}]', '< [3,"a",{"answer":2}]')


def test_a_repeated_request_that_is_still_open_gets_one_answer() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]', '> [2,"a","Authorize",{"idTag":"1"}]')
    assert talk.requests == ['"a"']
    talk.answers("a", TAG)
    talk.goes(f'< [3,"a",{TAG}]')
    assert talk.session.counts.repeated_requests == 1


def test_an_open_id_with_another_content_is_refused() -> None:
    """OCPP-J 1.6 §4.2.3 names it as a reason for a CALLERROR; the open request keeps its answer."""
    talk = Talk()

    talk.goes(
        '> [2,"a","Authorize",{"idTag":"1"}]',
        '> [2,"a","Authorize",{"idTag":"2"}]',
        '< [4,"a","ProtocolError","a CALL with this id is still being handled",{}]',
    )
    talk.answers("a", TAG)
    talk.goes(f'< [3,"a",{TAG}]')


def test_a_refusal_is_not_kept() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]')
    talk.refuses("a", Fault.INTERNAL, "")
    talk.goes('< [4,"a","InternalError","",{}]', '> [2,"a","Authorize",{"idTag":"1"}]')
    assert talk.requests == ['"a"', '"a"']


def test_the_newest_answers_are_kept_and_no_more() -> None:
    talk = Talk()
    ids = [f"id-{n}" for n in range(ANSWERS_KEPT + 1)]
    for call_id in ids:
        talk.goes(f'> [2,"{call_id}","Authorize",{{"idTag":"1"}}]')
        talk.answers(call_id, TAG)
        talk.goes(f'< [3,"{call_id}",{TAG}]')

    for call_id in ids[1:]:
        talk.goes(f'> [2,"{call_id}","Authorize",{{"idTag":"1"}}]', f'< [3,"{call_id}",{TAG}]')
    talk.goes(f'> [2,"{ids[0]}","Authorize",{{"idTag":"1"}}]')
    assert talk.requests[-1] == f'"{ids[0]}"'
    assert len(talk.requests) == len(ids) + 1


def test_an_id_that_was_used_anew_is_among_the_newest() -> None:
    talk = Talk()
    for number in [*range(ANSWERS_KEPT), 0, ANSWERS_KEPT]:
        tag = len(talk.requests)
        talk.goes(f'> [2,"id-{number}","Authorize",{{"idTag":"{tag}"}}]')
        talk.answers(f"id-{number}", f'{{"answer":{tag}}}')
        talk.goes(f'< [3,"id-{number}",{{"answer":{tag}}}]')

    last = ANSWERS_KEPT  # the tag with which id-0 was used again
    talk.goes(f'> [2,"id-0","Authorize",{{"idTag":"{last}"}}]', f'< [3,"id-0",{{"answer":{last}}}]')


# Time and room


def test_a_request_that_is_not_answered_in_time_gets_internal_error() -> None:
    talk = Talk(Limits(answer_seconds=25))

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]')
    assert talk.session.deadline == talk.now + 25
    assert talk.waits(24.9) == []
    talk.goes()
    assert talk.waits(0.1) == []
    talk.goes('< [4,"a","InternalError",…')
    assert talk.session.deadline is None


def test_a_late_answer_to_a_request_that_was_given_up_is_dropped() -> None:
    talk = Talk(Limits(answer_seconds=25))

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]')
    assert talk.session.is_awaited(b'"a"')
    talk.waits(25)
    talk.goes('< [4,"a","InternalError",…')
    assert not talk.session.is_awaited(b'"a"')
    talk.answers("a", TAG)
    talk.goes()


def test_a_request_that_was_given_up_may_be_sent_again() -> None:
    talk = Talk(Limits(answer_seconds=25))

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]')
    talk.waits(25)
    talk.goes('< [4,"a","InternalError",…', '> [2,"a","Authorize",{"idTag":"1"}]')
    talk.answers("a", TAG)
    talk.goes(f'< [3,"a",{TAG}]')


def test_only_what_is_late_is_given_up() -> None:
    talk = Talk(Limits(answer_seconds=25))

    talk.goes('> [2,"a","Authorize",{"idTag":"1"}]')
    talk.waits(10)
    talk.goes('> [2,"b","Authorize",{"idTag":"1"}]')
    talk.waits(15)
    talk.goes('< [4,"a","InternalError",…')
    assert talk.session.deadline == talk.now + 10
    talk.answers("b", TAG)
    talk.goes(f'< [3,"b",{TAG}]')


def test_a_session_is_full_while_its_limit_of_requests_is_open() -> None:
    talk = Talk(Limits(open_requests=2))

    was_full = [talk.session.is_full]
    talk.goes('> [2,"a","Heartbeat",{}]')
    was_full.append(talk.session.is_full)
    talk.goes('> [2,"b","Heartbeat",{}]')
    was_full.append(talk.session.is_full)
    talk.answers("a")
    talk.goes('< [3,"a",{}]')
    was_full.append(talk.session.is_full)

    assert was_full == [False, False, True, False]
    assert not talk.session.is_quiet


def test_a_request_above_the_limit_is_still_handled() -> None:
    """The owner stops to read; what it has read already must not be lost."""
    talk = Talk(Limits(open_requests=1))

    talk.goes('> [2,"a","Heartbeat",{}]', '> [2,"b","Heartbeat",{}]')
    assert talk.requests == ['"a"', '"b"']


# Payloads and actions


PAYLOADS = [
    ('"Authorize",{}', "OccurenceConstraintViolation"),
    ('"Authorize",null', "OccurenceConstraintViolation"),
    ('"Authorize",{"idTag":"1","more":1}', "FormationViolation"),
    ('"Authorize",[]', "FormationViolation"),
    ('"Authorize","1"', "FormationViolation"),
    ('"Authorize",{"idTag":1}', "TypeConstraintViolation"),
    ('"Authorize",{"idTag":null}', "TypeConstraintViolation"),
    ('"Authorize",{"idTag":"123456789012345678901"}', "PropertyConstraintViolation"),
    ('"Authorize",{"idTag":"\\u0000"}', "PropertyConstraintViolation"),
    ('"FirmwareStatusNotification",{"status":"installed"}', "PropertyConstraintViolation"),
    ('"MeterValues",{"connectorId":1,"meterValue":[]}', "OccurenceConstraintViolation"),
    ('"MeterValues",{"connectorId":1.5,"meterValue":[]}', "TypeConstraintViolation"),
    ('"Heartbeat",{"more":1}', "FormationViolation"),
]


@pytest.mark.parametrize(("call", "code"), PAYLOADS)
def test_a_payload_that_breaks_the_words_gets_the_code_that_fits(call: str, code: str) -> None:
    talk = Talk()

    talk.goes(f'> [2,"a",{call}]', f'< [4,"a","{code}",…')
    assert talk.requests == []
    assert talk.session.counts.refused_payloads == 1
    assert talk.session.is_quiet


def test_the_description_names_the_action_and_the_field() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Authorize",{"idTag":1}]', '< [4,"a","TypeConstraintViolation","Authorize $.idTag: …')


@pytest.mark.parametrize("payload", ["{}", "null"])
def test_an_empty_payload_may_be_null(payload: str) -> None:
    """OCPP-J 1.6 Table 4."""
    talk = Talk()

    talk.goes(f'> [2,"a","Heartbeat",{payload}]')
    assert talk.requests == ['"a"']


def test_a_backslash_before_u0000_is_text() -> None:
    talk = Talk()

    talk.goes('> [2,"a","Authorize",{"idTag":"\\\\u0000"}]')
    assert talk.request.words == AuthorizeRequest(id_tag="\\u0000")


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ('"heartbeat"', "NotImplemented"),
        ('"Heartbeat "', "NotImplemented"),
        ('"NotifyReport"', "NotImplemented"),
        ('""', "NotImplemented"),
        ('"Reset"', "NotSupported"),
        ("7", "FormationViolation"),
        ("null", "FormationViolation"),
        ("{}", "FormationViolation"),
    ],
)
def test_an_action_that_is_not_taken_is_refused(action: str, code: str) -> None:
    """Names are case-sensitive (OCPP-J 1.6 §4.2.1); a known action that stations may not send is not supported."""
    talk = Talk()

    talk.goes(f'> [2,"a",{action},{{}}]', f'< [4,"a","{code}",…')
    assert talk.session.counts.unknown_actions == 1
