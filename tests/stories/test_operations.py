"""Operations that go wrong: bad input, and stations that are off line, refuse, or answer nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.stories.builders import a_station, a_tag, fresh_identity
from tests.stories.messages import start_payload, started
from tests.stories.moments import ago, wire_time
from tests.stories.octt.asking import asked, assert_ended, ended, on_line, state_of
from tests.stories.wire import Wire
from tests.support.peer import Peer
from tests.support.rest import Json, Rest, RestRefused
from tests.support.running import RunningSystem

ACCEPTS = {"status": "Accepted"}
RESET = {"type": "Soft"}


# What nobody can send


@pytest.mark.parametrize(
    ("operation", "parameters", "fields"),
    [
        ("Reset", {"type": "Lukewarm"}, {"type"}),
        ("Reset", {}, {"type"}),
        ("Reset", {"type": "Soft", "force": True}, {"force"}),
        ("ChangeConfiguration", {"key": "k" * 51, "value": 60}, {"key", "value"}),
        ("RemoteStartTransaction", {"connectorId": "1", "idTag": "x" * 21}, {"connectorId", "idTag"}),
        (
            "SetChargingProfile",
            {
                "connectorId": None,
                "csChargingProfiles": {
                    "chargingProfileId": 1,
                    "stackLevel": 0,
                    "chargingProfilePurpose": "Anything",
                    "chargingProfileKind": "Relative",
                    "chargingSchedule": {
                        "chargingRateUnit": "hp",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}, {"startPeriod": 1, "limit": "six"}],
                    },
                },
            },
            {
                "connectorId",
                "csChargingProfiles.chargingProfilePurpose",
                "csChargingProfiles.chargingSchedule.chargingRateUnit",
                "csChargingProfiles.chargingSchedule.chargingSchedulePeriod[1].limit",
            },
        ),
        ("ReserveNow", {"connectorId": 1, "expiryDate": "soon", "idTag": "T", "reservationId": 1}, {"expiryDate"}),
        ("GetDiagnostics", {"location": "not a place"}, {""}),
    ],
)
def test_a_body_with_faults_is_refused_with_all_of_them(
    system: RunningSystem, rest: Rest, operation: str, parameters: Json, fields: set[str]
) -> None:
    with Peer(system.stations_url, a_station(rest)) as peer:
        with pytest.raises(RestRefused) as refused:
            rest.ask(peer.identity, operation, parameters)
        assert refused.value.status == 422
        errors = refused.value.problem["errors"]
        assert {one["field"] for one in errors} == fields
        assert all(one["reason"] for one in errors)
        assert rest.errands(stationId=peer.identity) == []
        peer.heartbeat()
        assert peer.calls == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'"Soft"', b'{"type":"Soft\\u0000"}', b"\xff"])
def test_a_body_that_is_no_object_is_refused(system: RunningSystem, rest: Rest, body: bytes) -> None:
    identity = a_station(rest)
    response = rest.raw("POST", f"/stations/{identity}/operations/Reset", body)
    assert response.status_code == 422, response.text
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert len(response.json()["errors"]) == 1
    assert rest.errands(stationId=identity) == []


@pytest.mark.parametrize("operation", ["Explode", "reset", "BootNotification", "Heartbeat"])
def test_an_operation_that_there_is_not(system: RunningSystem, rest: Rest, operation: str) -> None:
    """Those that only stations may send are none either."""
    identity = a_station(rest)
    with pytest.raises(RestRefused) as refused:
        rest.ask(identity, operation, {})
    assert refused.value.status == 404
    assert operation in refused.value.problem["detail"]
    assert rest.errands(stationId=identity) == []


def test_a_station_that_there_is_not(rest: Rest) -> None:
    with pytest.raises(RestRefused) as refused:
        rest.ask(fresh_identity(), "Reset", RESET)
    assert refused.value.status == 404


@pytest.mark.parametrize(
    "query",
    [
        {"wait": 61},
        {"wait": -1},
        {"wait": "long"},
        {"delivery": "maybe"},
        {"priority": "urgent"},
        {"expiresAt": "tomorrow"},
        {"expiresAt": "2001-01-01T00:00:00Z"},
        {"expiresAt": "2999-01-01T00:00:00Z"},
        {"expires": "2026-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_an_order_that_makes_no_sense(rest: Rest, query: dict[str, str | int]) -> None:
    identity = a_station(rest)
    with pytest.raises(RestRefused) as refused:
        rest.ask(identity, "Reset", RESET, **query)
    assert refused.value.status in (400, 422)
    assert [one["field"] for one in refused.value.problem["errors"]] == list(query)
    assert rest.errands(stationId=identity) == []


# Stations that are not there


def test_what_is_wanted_now_of_a_station_off_line_fails_at_once(rest: Rest) -> None:
    identity = a_station(rest)
    errand = rest.ask(identity, "Reset", RESET)
    assert "not connected" in errand["reason"]
    assert_ended(
        errand,
        stationId=identity,
        operation="Reset",
        action=None,
        request=RESET,
        response=None,
        state="failed",
        attempts=0,
        reason=errand["reason"],
    )


def test_what_may_wait_is_delivered_when_the_station_comes(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest)
    errand = rest.ask(identity, "Reset", RESET, delivery="whenOnline")
    assert (errand["state"], errand["sentAt"], errand["attempts"]) == ("queued", None, 0)
    peer = Peer(system.stations_url, identity)
    peer.answers("Reset", ACCEPTS)
    with peer:
        assert_ended(
            ended(rest, errand),
            stationId=identity,
            operation="Reset",
            action="Reset",
            request=RESET,
            response=ACCEPTS,
            state="answered",
            delivery="whenOnline",
        )
        assert peer.calls == [("Reset", RESET)]


def test_what_waits_in_vain_expires(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest)
    soon = wire_time(datetime.now(UTC) + timedelta(seconds=1))
    errand = rest.ask(identity, "Reset", RESET, delivery="whenOnline", expiresAt=soon)
    assert errand["state"] == "queued"
    errand = ended(rest, errand)
    assert (errand["state"], errand["attempts"], errand["outcomeUnknown"]) == ("expired", 0, False)
    assert errand["reason"]
    with Peer(system.stations_url, identity) as peer:
        peer.heartbeat()
        assert peer.calls == []


def test_what_was_cancelled_is_never_sent(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest)
    errand = rest.ask(identity, "Reset", RESET, delivery="whenOnline")
    cancelled = rest.cancel_errand(errand["errand"])
    assert (cancelled["state"], cancelled["attempts"], cancelled["endedAt"] is None) == ("cancelled", 0, False)
    with Peer(system.stations_url, identity) as peer:
        peer.answers("ClearCache", ACCEPTS)
        on_line(rest, peer)
        rest.operate(identity, "ClearCache")
        assert peer.calls == [("ClearCache", {})]
    with pytest.raises(RestRefused) as refused:
        rest.cancel_errand(errand["errand"])
    assert refused.value.status == 409
    assert rest.errand(errand["errand"]) == cancelled


def test_what_was_sent_cannot_be_cancelled(system: RunningSystem, rest: Rest) -> None:
    with on_line(rest, Wire(system.stations_url, a_station(rest))) as wire:
        errand = rest.ask(wire.identity, "Reset", RESET)
        call_id = asked(wire, "Reset", RESET)
        with pytest.raises(RestRefused) as refused:
            rest.cancel_errand(errand["errand"])
        assert refused.value.status == 409
        wire.send([3, call_id, ACCEPTS])
        assert ended(rest, errand)["state"] == "answered"


@pytest.mark.parametrize("number", ["0", "999999999", "-1", "x"])
def test_an_errand_that_there_is_not(rest: Rest, number: str) -> None:
    for method in ("GET", "DELETE"):
        assert rest.raw(method, f"/errands/{number}").status_code in (400, 404)


def test_a_rejected_station_is_sent_nothing(system: RunningSystem, rest: Rest) -> None:
    """OCPP 1.6 §4.2; one that is Pending may be sent things."""
    with Peer(system.stations_url, a_station(rest, registration="Rejected")) as peer:
        peer.boot()
        errand = rest.operate(peer.identity, "Reset", RESET)
        assert (errand["state"], errand["attempts"]) == ("failed", 0)
        assert "Rejected" in errand["reason"]
        assert peer.calls == []
    with Peer(system.stations_url, a_station(rest, registration="Pending")) as peer:
        peer.boot()
        peer.answers("Reset", ACCEPTS)
        assert rest.operate(peer.identity, "Reset", RESET)["state"] == "answered"


# Answers that are none


@pytest.mark.parametrize(
    ("code", "description", "details"),
    [
        ("NotSupported", "no such thing here", {}),
        ("InternalError", "", {"vendor": {"text": "ü", "number": 1}}),
        ("NoSuchCode", "x" * 300, {}),
    ],
)
def test_a_callerror_is_kept_whole(
    system: RunningSystem, rest: Rest, code: str, description: str, details: Json
) -> None:
    with on_line(rest, Wire(system.stations_url, a_station(rest))) as wire:
        errand = rest.ask(wire.identity, "Reset", RESET)
        wire.send([4, asked(wire, "Reset", RESET), code, description, details])
        errand = ended(rest, errand)
        assert code in errand["reason"]
        assert description in errand["reason"]
        assert_ended(
            errand,
            stationId=wire.identity,
            operation="Reset",
            action="Reset",
            request=RESET,
            response=details,
            state="failed",
            reason=errand["reason"],
            errorCode=code,
        )
        wire.assert_alive()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"status": "Perhaps"},
        {"status": 1},
        {"status": None},
        {"status": "Accepted", "data": {"nested": [1, 2, {"ü": None}]}},
        [],
        "Accepted",
        None,
        17,
    ],
    ids=str,
)
def test_an_answer_that_breaks_its_words_fails_and_is_kept(system: RunningSystem, rest: Rest, answer: Json) -> None:
    """Whatever the station did, it said nothing that anybody can rely on; the text of it is there to be read."""
    with on_line(rest, Wire(system.stations_url, a_station(rest))) as wire:
        errand = rest.ask(wire.identity, "Reset", RESET)
        wire.send([3, asked(wire, "Reset", RESET), answer])
        errand = ended(rest, errand)
        assert errand["state"] == "failed"
        assert "Reset" in errand["reason"]
        kept = errand["response"]
        assert kept == answer if isinstance(answer, dict) else isinstance(kept, str)
        wire.assert_alive()


def test_frames_that_answer_nothing_change_nothing(system: RunningSystem, rest: Rest) -> None:
    with on_line(rest, Wire(system.stations_url, a_station(rest))) as wire:
        errand = rest.ask(wire.identity, "Reset", RESET)
        call_id = asked(wire, "Reset", RESET)
        wire.send([3, "another id", {"status": "Rejected"}])
        wire.send([4, "another id", "GenericError", "", {}])
        wire.send([3, call_id, ACCEPTS])
        wire.send([3, call_id, {"status": "Rejected"}])
        wire.assert_alive()
        assert ended(rest, errand)["response"] == ACCEPTS


# Order


def test_errands_go_one_at_a_time_by_priority_and_age(system: RunningSystem, rest: Rest) -> None:
    """OCPP-J 1.6 §4.1.1: one call is out at a time."""
    with on_line(rest, Wire(system.stations_url, a_station(rest))) as wire:
        rest.ask(wire.identity, "Reset", RESET)
        call_id = asked(wire, "Reset", RESET)
        orders = ["low", "normal", "high", "normal", "high", "low"]
        errands = [
            rest.ask(wire.identity, "TriggerMessage", trigger(number), priority=priority)
            for number, priority in enumerate(orders)
        ]
        assert {state_of(rest, errand) for errand in errands} == {"queued"}
        for number in (2, 4, 1, 3, 0, 5):
            wire.send([3, call_id, ACCEPTS])
            call_id = asked(wire, "TriggerMessage", trigger(number))
            assert [state_of(rest, errand) for errand in errands].count("sent") == 1
        wire.send([3, call_id, ACCEPTS])
        assert [ended(rest, errand)["state"] for errand in errands] == ["answered"] * 6


def trigger(connector: int) -> Json:
    return {"requestedMessage": "StatusNotification", "connectorId": connector}


def test_a_station_is_asked_nothing_while_it_waits_for_its_answer(system: RunningSystem, rest: Rest) -> None:
    """Its transaction is answered however many things are asked of it, and none of them is lost."""
    with Peer(system.stations_url, a_station(rest)) as peer:
        peer.answers("ClearCache", ACCEPTS)
        on_line(rest, peer)
        tag = a_tag(rest, maxActiveTransactions=None)
        errands = []
        for connector in range(1, 6):
            errands.append(rest.ask(peer.identity, "ClearCache"))
            peer.start(connector, tag, 0, ago(minutes=1))
        assert [ended(rest, errand)["state"] for errand in errands] == ["answered"] * 5
        assert len(rest.transactions(stationId=peer.identity)) == 5


def test_a_call_in_the_middle_of_a_call(system: RunningSystem, rest: Rest) -> None:
    """The station asks before it answers: both are answered."""
    with on_line(rest, Wire(system.stations_url, a_station(rest))) as wire:
        errand = rest.ask(wire.identity, "Reset", RESET)
        call_id = asked(wire, "Reset", RESET)
        started(wire.ask("StartTransaction", start_payload(a_tag(rest), ago(minutes=1))))
        wire.send([3, call_id, ACCEPTS])
        assert ended(rest, errand)["state"] == "answered"
