"""Every intent comes back from the database as it was, whoever wrote it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.domain.errands.intents import INTENTS, Intent, Reserve, Say, Unreadable
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.pki.sealing import Vault
from forecourt.storage.intents import Intents
from tests.support.clock import NOON
from tests.support.vault import VAULT

moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  # bounds
places: st.SearchStrategy[Place] = st.just(WHOLE_STATION) | st.integers(1, 2**31).map(EvseId)
texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(-(2**63), 2**63 - 1)

KEPT = Intents(VAULT)

st.register_type_strategy(datetime, moments)
st.register_type_strategy(str, texts)
st.register_type_strategy(int, numbers)


def intents_of(kind: type[Intent]) -> st.SearchStrategy[Intent]:
    hints = get_type_hints(kind)
    fields = {field.name: _values(hints[field.name]) for field in dataclasses.fields(kind)}
    return st.builds(kind, **fields)


def _values(hint: Any) -> st.SearchStrategy[Any]:  # a type hint has no narrower type
    if hint == Place:
        return places
    if hint == Place | None:
        return st.none() | places
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        inner = get_type_hints(hint)
        return st.builds(hint, **{field.name: _values(inner[field.name]) for field in dataclasses.fields(hint)})
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return st.lists(_values(arguments[0]), max_size=3).map(tuple)
    if arguments:
        return st.one_of(*[_values(argument) for argument in arguments])
    return st.none() if hint is type(None) else st.from_type(hint)


@pytest.mark.parametrize("kind", INTENTS.values(), ids=list(INTENTS))
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_an_intent_comes_back_as_it_was(kind: type[Intent], data: st.DataObject) -> None:
    intent = data.draw(intents_of(kind))
    written = KEPT.written(intent)
    assert KEPT.read(written) == intent
    assert KEPT.read(KEPT.written(KEPT.read(written))) == intent


@pytest.mark.parametrize("kind", INTENTS.values(), ids=list(INTENTS))
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_what_is_kept_without_secrets_can_be_read_too(kind: type[Intent], data: st.DataObject) -> None:
    kept = data.draw(intents_of(kind)).without_secrets()
    assert KEPT.read(KEPT.written(kept)) == kept


@pytest.mark.parametrize("place", [WHOLE_STATION, EvseId(1)])
def test_a_place_is_the_very_same(place: Place) -> None:
    """Whoever compares with `is` must not be wrong after a restart."""
    read = KEPT.read(KEPT.written(Reserve(1, place, "TAG", None, NOON + timedelta(microseconds=1))))
    assert isinstance(read, Reserve)
    assert (read.place is WHOLE_STATION) is (place is WHOLE_STATION)
    assert read.expires_at == NOON + timedelta(microseconds=1)


@pytest.mark.parametrize("written", ['{"kind":"FlyAway","intent":{}}', '{"kind":"Say","intent":{"action":7}}'])
def test_what_this_version_does_not_know_is_read_as_something_that_nobody_can_say(written: str) -> None:
    """It must end as all errands do, and not keep others from it."""
    intent = KEPT.read(written)
    assert intent == Unreadable()
    assert KEPT.read(KEPT.written(intent)) == intent


def test_a_field_may_be_added_with_a_default() -> None:
    """An errand that was written before the field existed is read; so is one with a field of a newer version."""
    assert KEPT.read('{"kind":"Say","intent":{"action":"Reset","payload":"{}","mood":"good"}}') == Say("Reset", "{}")
    assert KEPT.read('{"kind":"ReadSettings","intent":{}}') == INTENTS["ReadSettings"]()


def test_what_is_written_is_sealed_json_with_the_name_of_the_intent() -> None:
    written = KEPT.written(Say("Reset", '{"type":"Hard"}'))
    assert "Reset" not in written
    assert msgspec.json.decode(VAULT.open(written)) == {
        "kind": "Say",
        "intent": {"action": "Reset", "payload": '{"type":"Hard"}'},
    }


def test_an_intent_of_an_older_version_is_read_as_it_was_written() -> None:
    assert KEPT.read('{"kind":"Say","intent":{"action":"Reset","payload":"{}"}}') == Say("Reset", "{}")


@pytest.mark.parametrize("written", ["", "gAAAAA", "\x00", '{"kind":', "ä" * 200])
def test_what_no_key_opens_is_read_as_something_that_nobody_can_say(written: str) -> None:
    assert KEPT.read(written) == Unreadable()


def test_what_another_key_sealed_is_not_read() -> None:
    other = Intents(Vault([Vault.new_key()]))
    assert other.read(KEPT.written(Say("Reset", "{}"))) == Unreadable()
