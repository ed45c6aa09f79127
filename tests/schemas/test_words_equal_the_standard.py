"""Each of the 78 payload types accepts what the official schema accepts, and nothing else, but for a known list."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.schemas import official
from tests.schemas.differences import DIFFERENCES, Difference
from tests.schemas.mutations import mutations
from tests.schemas.official import Json, Schema, schema_of, words_of
from tests.schemas.payloads import A_MOMENT, fullest, smallest, valid
from tests.schemas.vocabulary import PAYLOAD_TYPES, our_schemas, our_words

every_payload_type = pytest.mark.parametrize("payload_type", sorted(PAYLOAD_TYPES))


@dataclass(frozen=True)
class Verdict:
    """What Forecourt and the official schema say of one changed payload."""

    payload_type: str
    field: str
    what: str
    ours: bool
    official: bool

    def __str__(self) -> str:
        verb = "accept" if self.ours else "refuse"
        return f"we {verb} {self.field or 'the payload'} of {self.payload_type}: {self.what}"


def we_accept(payload_type: str, payload: Json) -> bool:
    try:
        msgspec.json.decode(json.dumps(payload), type=PAYLOAD_TYPES[payload_type])
    except msgspec.ValidationError:
        return False
    return True


@functools.cache
def all_words() -> frozenset[str]:
    return frozenset(our_words().union(*(words_of(schema_of(payload_type)) for payload_type in PAYLOAD_TYPES)))


@functools.cache
def verdicts(payload_type: str) -> tuple[Verdict, ...]:
    schema = schema_of(payload_type)
    return tuple(
        Verdict(
            payload_type,
            mutation.field,
            mutation.what,
            we_accept(payload_type, mutation.payload),
            official.accepts(payload_type, mutation.payload),
        )
        for payload in (smallest(schema), fullest(schema))
        for mutation in mutations(schema, payload, all_words())
    )


def explains(difference: Difference, verdict: Verdict) -> bool:
    return verdict.ours == (difference.we == "accept") and difference.speaks_of(
        verdict.payload_type, verdict.field, verdict.what
    )


@every_payload_type
def test_changed_payloads_are_judged_as_by_the_official_schema(payload_type: str) -> None:
    found = verdicts(payload_type)
    disagreements = [verdict for verdict in found if verdict.ours != verdict.official]
    assert [str(each) for each in disagreements if not any(explains(known, each) for known in DIFFERENCES)] == []
    assert sum(verdict.ours for verdict in found) >= 2
    assert sum(not verdict.ours for verdict in found) >= 10


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda known: f"{known.payload_type}-{known.what}")
def test_a_deliberate_difference_holds_wherever_it_is_said_to(difference: Difference) -> None:
    places = [
        verdict
        for payload_type in PAYLOAD_TYPES
        for verdict in verdicts(payload_type)
        if difference.speaks_of(verdict.payload_type, verdict.field, verdict.what)
    ]
    assert places, "nothing was tried that this difference speaks of"
    assert [str(each) for each in places if each.ours == each.official or not explains(difference, each)] == []


@every_payload_type
@settings(max_examples=40, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_valid_payload_is_read_and_written_back_unchanged(payload_type: str, data: st.DataObject) -> None:
    payload = data.draw(valid(schema_of(payload_type)))
    assert official.accepts(payload_type, payload), "the test made an invalid payload"
    words = PAYLOAD_TYPES[payload_type]
    read = msgspec.json.decode(json.dumps(payload), type=words)
    written = msgspec.json.encode(read)
    assert msgspec.json.decode(written, type=words) == read
    assert official.accepts(payload_type, json.loads(written))
    assert fields_in(json.loads(written)) == fields_in(payload)


@every_payload_type
def test_absent_fields_are_not_written(payload_type: str) -> None:
    payload = smallest(schema_of(payload_type))
    written = json.loads(
        msgspec.json.encode(msgspec.json.decode(json.dumps(payload), type=PAYLOAD_TYPES[payload_type]))
    )
    assert fields_in(written) == fields_in(payload)


@every_payload_type
@pytest.mark.parametrize("same_moment", ["2026-03-29T07:29:59.250+05:30", "2026-03-29T01:59:59.250"])
def test_every_moment_is_read_and_written_in_utc(payload_type: str, same_moment: str) -> None:
    in_utc = json.dumps(fullest(schema_of(payload_type)))
    written, rewritten = (
        msgspec.json.encode(msgspec.json.decode(text, type=PAYLOAD_TYPES[payload_type]))
        for text in (in_utc, in_utc.replace(A_MOMENT, same_moment))
    )
    assert rewritten == written


@every_payload_type
def test_fields_and_required_fields_are_those_of_the_official_schema(payload_type: str) -> None:
    references, objects = our_schemas()
    ours = in_place(official.an_object(references[payload_type]), objects)
    assert shape(ours) == shape(schema_of(payload_type))


def fields_in(value: Json) -> Json:
    """The names of fields and the lengths of arrays, without the values."""
    if isinstance(value, dict):
        return {name: fields_in(inner) for name, inner in value.items()}
    return [fields_in(inner) for inner in value] if isinstance(value, list) else None


def in_place(schema: Schema, objects: dict[str, Json]) -> Schema:
    """Our schema with its references put in their place."""
    if "$ref" in schema:
        schema = official.an_object(objects[str(schema["$ref"])])
    result = dict(schema)
    if "properties" in schema:
        result["properties"] = {
            name: in_place(field, objects) for name, field in official.properties_of(schema).items()
        }
    if "items" in schema:
        result["items"] = in_place(official.an_object(schema["items"]), objects)
    return result


def shape(schema: Schema) -> Json:
    """Names of fields at every level, each with a star when it is required."""
    if "items" in schema:
        return [shape(official.an_object(schema["items"]))]
    required = official.required_of(schema)
    fields = official.properties_of(schema)
    if schema.get("type") != "object":
        return None
    return {name + ("*" if name in required else ""): shape(field) for name, field in fields.items()}
