"""Every action that may be sent to stations is an operation that sends it exactly as it was written."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from forecourt.dialects.v16 import dialect
from forecourt.domain.errands.intents import Restart, Say
from forecourt.domain.errands.model import Delivery, Draft, Errand, ErrandState, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import AnyOperation
from forecourt.operations.raw import raw_operation
from forecourt.operations.reading import read_parameters
from tests.domain.world import World

V16 = replace(dialect.make(), warners={}, meanings={})
ORDER = Order(asked_by="ada", delivery=Delivery.WHEN_ONLINE)


def operation(action: str) -> AnyOperation:
    return raw_operation(V16, V16.actions[action])


def test_it_is_declared_as_its_action_is() -> None:
    reset = operation("Reset")
    action = V16.actions["Reset"]
    assert (reset.name, reset.summary, reset.group) == ("Reset", action.summary, "Core")
    assert (reset.params, reset.response) == (action.request, action.response)
    assert (reset.is_dangerous, reset.is_composed) == (True, False)


def test_one_errand_says_exactly_what_was_written() -> None:
    world = World()
    written = b'{"connectorId":-5,"type":"Operative"}'
    change = operation("ChangeAvailability")

    station = world.a_station()
    line = world.is_connected(station)
    errand = change.run(world.services, station, read_parameters(written, change.params), ORDER)

    assert (errand.operation, errand.state, errand.asked_by) == ("ChangeAvailability", ErrandState.QUEUED, "ada")
    assert json.loads(errand.request or "") == json.loads(written)
    assert errand.warnings == ()
    claim = world.services.errands.next_for(station, line)
    assert claim is not None
    assert claim.intent == Say("ChangeAvailability", written.decode())


def test_what_is_shown_has_no_secret_and_what_is_sent_has() -> None:
    world = World()
    change = operation("ChangeConfiguration")
    words = read_parameters(b'{"key":"AuthorizationKey","value":"c0ffee"}', change.params)
    station = world.a_station()
    line = world.is_connected(station)

    errand = change.run(world.services, station, words, ORDER)

    assert json.loads(errand.request or "") == {"key": "AuthorizationKey", "value": "***"}
    claim = world.services.errands.next_for(station, line)
    assert claim is not None
    assert isinstance(claim.intent, Say)
    assert V16.command(claim.intent, station).words == words


def test_what_looks_wrong_is_said_and_sent_all_the_same() -> None:
    warned = replace(
        V16, warners={"Reset": lambda words, station, _services: [f"{words.type} for {station.identity}?"]}
    )
    world = World()
    reset = raw_operation(warned, warned.actions["Reset"])
    errand = reset.run(world.services, world.a_station(), read_parameters(b'{"type":"Hard"}', reset.params), ORDER)
    assert (errand.state, errand.warnings) == (ErrandState.QUEUED, ("Hard for CP-1?",))


@pytest.mark.parametrize("action", sorted(action.name for action in V16.commands()))
def test_every_command_has_an_operation(action: str) -> None:
    made = operation(action)
    assert made.name == action
    assert made.summary
    assert made.group


def test_words_that_mean_something_are_carried_as_that_and_others_as_they_are() -> None:
    meant = Restart(is_hard=True)

    def meaning(  # Any: each meaning takes the words of its own action
        words: Any, station: Station, services: Services, order: Order, said: Draft
    ) -> Errand | None:
        if words.type == "Soft":
            return None
        return services.errands.ask(station, replace(said, intent=meant), order)

    knowing = replace(V16, meanings={"Reset": meaning})
    world = World()
    station = world.a_station()
    line = world.is_connected(station)
    reset = raw_operation(knowing, knowing.actions["Reset"])
    for kind, intent in (("Hard", meant), ("Soft", Say("Reset", '{"type":"Soft"}'))):
        errand = reset.run(
            world.services, station, read_parameters(f'{{"type":"{kind}"}}'.encode(), reset.params), ORDER
        )
        assert (errand.operation, json.loads(errand.request or "")) == ("Reset", {"type": kind})
        claim = world.services.errands.next_for(station, line)
        assert claim is not None
        assert claim.intent == intent
        world.services.errands.cancel(errand.number)
