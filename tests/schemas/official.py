"""The official JSON schemas, read from the installed ``ocpp`` package, and their verdict on a payload."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import TypeAlias

import jsonschema_rs

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Schema: TypeAlias = "dict[str, Json]"

UNDERSTOOD = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "additionalItems",
    "minItems",
    "enum",
    "maxLength",
    "format",
    "multipleOf",
}
"""Rules that the payloads of these tests are made by; a schema with another rule stops the tests."""
WITHOUT_EFFECT = {"$schema", "$id", "id", "title", "description", "comment", "javaType", "definitions", "default"}


@functools.cache
def schema_of(payload_type: str) -> Schema:
    """The schema of, for example, ``AuthorizeRequest``, with its references put in their place."""
    file = payload_type.removesuffix("Request") + ".json"
    text = resources.files("ocpp.v16").joinpath("schemas", file).read_text(encoding="utf-8-sig")
    whole = an_object(json.loads(text))
    return _without_references(whole, an_object(whole.get("definitions", {})))


@functools.cache
def _validator(payload_type: str) -> jsonschema_rs.Draft4Validator:
    # Formats are checked, because a date-time that is no date-time is what a receiver stumbles over. Draft 4 and
    # draft 6 mean the same by every rule in UNDERSTOOD; only 1.0 for an integer differs, and is not used here.
    return jsonschema_rs.Draft4Validator(schema_of(payload_type), validate_formats=True)


def accepts(payload_type: str, payload: Json) -> bool:
    """Whether the official schema accepts the payload."""
    return _validator(payload_type).is_valid(payload)


def an_object(value: Json) -> dict[str, Json]:
    """The value, which has to be a JSON object."""
    assert isinstance(value, dict)
    return value


def properties_of(schema: Schema) -> dict[str, Schema]:
    """The schema of each field of an object."""
    return {name: an_object(field) for name, field in an_object(schema.get("properties", {})).items()}


def required_of(schema: Schema) -> set[str]:
    """The fields that an object must have."""
    names = schema.get("required", [])
    assert isinstance(names, list)
    return {str(name) for name in names}


def words_of(schema: Schema) -> set[str]:
    """Every value of every enum inside."""
    enum = schema.get("enum", [])
    assert isinstance(enum, list)
    inner = [*properties_of(schema).values(), *([an_object(schema["items"])] if "items" in schema else [])]
    return {str(word) for word in enum}.union(*(words_of(field) for field in inner))


def _without_references(schema: Schema, definitions: dict[str, Json]) -> Schema:
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/definitions/")
        return _without_references(an_object(definitions[name]), definitions)
    unknown = set(schema) - UNDERSTOOD - WITHOUT_EFFECT
    assert not unknown, f"the official schema uses {unknown}, which these tests do not know how to break"
    result = {rule: value for rule, value in schema.items() if rule in UNDERSTOOD}
    if "properties" in result:
        result["properties"] = {
            name: _without_references(field, definitions) for name, field in properties_of(schema).items()
        }
    if "items" in result:
        result["items"] = _without_references(an_object(result["items"]), definitions)
    return result
