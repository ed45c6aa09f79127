"""Our calls leave in order and one at a time, end exactly once, and never overtake an answer that is owed."""

from __future__ import annotations

import json
from collections.abc import Collection

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from forecourt.dialects.v16.messages.clear_cache import CLEAR_CACHE
from forecourt.ocpp.errors import Fault, QueueFull
from forecourt.ocpp.session import Answered, Event, Failed, Limits, Refused, Request
from tests.ocpp.talk import Talk

QUEUED = 4
CALL_SECONDS = 30.0
ANSWER_SECONDS = 25.0


class Conversation(RuleBasedStateMachine):
    """A station and we, each doing what it likes."""

    def __init__(self) -> None:
        super().__init__()
        limits = Limits(queued_calls=QUEUED, call_seconds=CALL_SECONDS, answer_seconds=ANSWER_SECONDS)
        self.talk = Talk(limits)
        self.session = self.talk.session
        self.made: list[str] = []
        self.sent: list[str] = []
        self.ended: list[str] = []
        self.given_up: str | None = None
        self.open: dict[str, float] = {}
        self.owed: dict[str, set[str]] = {}
        """For each call that was not sent: the requests that were open when it was made."""
        self.asked = 0

    # We

    @rule()
    def we_call(self) -> None:
        waiting = len(self.made) - len(self.ended) - len(self.in_flight)
        owed = set(self.open)
        try:
            call = self.talk.calls(CLEAR_CACHE)
        except QueueFull:
            assert waiting == QUEUED
            return
        assert waiting < QUEUED
        self.made.append(call.call_id)
        self.owed[call.call_id] = owed
        self.look()

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def we_answer(self, data: st.DataObject) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.open)))
        self.talk.answers(call_id)
        self.look(answered={call_id})

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def we_refuse(self, data: st.DataObject) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.open)))
        self.talk.refuses(call_id, Fault.INTERNAL, "")
        self.look(answered={call_id})

    @rule(seconds=st.sampled_from([1.0, 10.0, 25.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        deadline = self.session.deadline
        due = deadline is not None and deadline <= self.talk.now + seconds
        late = {call_id for call_id, since in self.open.items() if since + ANSWER_SECONDS <= self.talk.now + seconds}
        failed = self.talk.waits(seconds)
        assert due or not (failed or late)
        for one in failed:
            self.end(one)
            self.given_up = one.call.call_id
        self.look(answered=late)

    # The station

    @rule()
    def it_asks(self) -> None:
        self.asked += 1
        call_id = f"its-{self.asked:04}"
        event = self.receive(f'[2,"{call_id}","Heartbeat",{{}}]')
        assert isinstance(event, Request)
        self.open[call_id] = self.talk.now

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def it_asks_again(self, data: st.DataObject) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.open)))
        assert self.receive(f'[2,"{call_id}","Heartbeat",{{}}]') is None

    @precondition(lambda self: self.in_flight)
    @rule(payload=st.sampled_from(['3,"{}",{{"status":"Accepted"}}', '3,"{}",{{}}', '3,"{}"', '4,"{}","GenericError"']))
    def it_answers(self, payload: str) -> None:
        [call_id] = self.in_flight
        event = self.receive(f"[{payload.format(call_id)}]")
        assert isinstance(event, Answered | Failed)

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def it_answers_what_does_not_wait(self, data: st.DataObject) -> None:
        call_id = data.draw(st.sampled_from([*sorted(set(self.made) - self.in_flight), "nobody's"]))
        event = self.session.receive(f'[3,"{call_id}",{{"status":"Accepted"}}]'.encode(), self.talk.now)
        if call_id == self.given_up:  # late, and told once
            assert isinstance(event, Answered)
            assert event.call.call_id == call_id
            self.given_up = None
        else:
            assert event is None
        self.look()

    @rule(frame=st.sampled_from(["garbage", "[3]", '[5,"a"]', '[3,"our-1"', '[4,null,""]']))
    def it_sends_garbage(self, frame: str) -> None:
        assert isinstance(self.receive(frame), Refused | None)

    # What must hold

    @property
    def in_flight(self) -> set[str]:
        return set(self.sent) - set(self.ended)

    def receive(self, frame: str) -> Event:
        event = self.session.receive(frame.encode(), self.talk.now)
        if isinstance(event, Answered | Failed):
            self.end(event)
        self.look()
        return event

    def end(self, event: Answered | Failed) -> None:
        assert event.call.call_id not in self.ended
        assert event.call.call_id in self.made
        self.ended.append(event.call.call_id)

    def look(self, *, answered: Collection[str] = ()) -> None:
        """Read what leaves; ``answered`` are the requests whose answers must be among it, and no others."""
        missing = set(answered)
        for frame in self.session.frames_to_send():
            kind, call_id, *_rest = json.loads(frame)
            if kind == 2:
                assert not self.owed.pop(call_id) & set(self.open), "a call has overtaken an answer"
                assert not self.in_flight, "two calls are in flight"
                self.sent.append(call_id)
            else:
                missing.remove(call_id)
                del self.open[call_id]
        assert not missing, "a request got no answer"

    @invariant()
    def calls_leave_and_end_in_order(self) -> None:
        assert self.sent == self.made[: len(self.sent)]
        assert self.ended == self.made[: len(self.ended)]

    @invariant()
    def no_call_waits_without_a_reason(self) -> None:
        waiting = self.made[len(self.sent) :]
        if waiting and not self.in_flight:
            assert self.owed[waiting[0]] & set(self.open)

    @invariant()
    def a_deadline_is_set_while_something_is_awaited(self) -> None:
        assert (self.session.deadline is not None) == bool(self.open or self.in_flight)

    def teardown(self) -> None:
        for failed in self.session.close():
            self.end(failed)
        assert self.ended == self.made


Conversation.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestConversation = Conversation.TestCase
