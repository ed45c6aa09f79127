"""What was said on a link can be read afterwards: requests with their answers, and no secrets."""

from __future__ import annotations

import json

from tests.stories.builders import a_station
from tests.stories.octt.asking import asked, on_line
from tests.stories.waiting import eventually
from tests.stories.wire import Wire
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem

PASSWORD = "6b6579206f6620746865206669727374"


def test_requests_and_answers_of_both_sides_are_kept_without_secrets(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest)

    def messages(**query: str | int) -> list[Json]:
        return rest.items("/messages", {"stationId": identity, **query})

    with Wire(system.stations_url, identity) as wire:
        on_line(rest, wire)
        wire.ask("Heartbeat", {})
        words = {"key": "AuthorizationKey", "value": PASSWORD}
        rest.post(f"/stations/{identity}/operations/ChangeConfiguration", words)
        wire.send([3, asked(wire, "ChangeConfiguration", words), {"status": "Accepted"}])
        assert wire.call("Nonsense", {"a": 1}, "x1")[0] == 4
        eventually(lambda: len(messages()) == 3, "all three are written down")
    [beat] = messages(action="Heartbeat")
    assert (beat["direction"], beat["request"], beat["error"]) == ("in", "{}", None)
    assert "currentTime" in beat["response"]
    assert beat["timestamp"] <= beat["answeredAt"]
    [change] = messages(action="ChangeConfiguration")
    assert (change["direction"], json.loads(change["response"])) == ("out", {"status": "Accepted"})
    assert change["request"] == '{"key":"AuthorizationKey","value":"***"}'
    [refused] = messages(failed="true")
    assert (refused["action"], refused["messageId"], json.loads(refused["request"])) == ("Nonsense", "x1", {"a": 1})
    assert "not known" in refused["error"]
    assert PASSWORD not in str(messages())
