"""Describes every operation for OpenAPI, each at two addresses of its own: one station, and many."""

from __future__ import annotations

import copy
from typing import Any, Final, TypeAlias

import msgspec

from forecourt.api.selections import Selection
from forecourt.operations.catalogue import Catalogue
from forecourt.operations.operation import AnyOperation

Document: TypeAlias = dict[str, Any]  # Any: JSON has no narrower type

ONE: Final = "/api/v1/stations/{stationId}/operations/{name}"
MANY: Final = "/api/v1/operations/{name}"

_SCHEMAS: Final = "#/components/schemas/"
_JSON: Final = "application/json"

_GROUPS: Final = {
    "Core": "What every station can do (feature profile Core of OCPP 1.6).",
    "FirmwareManagement": "Firmware and diagnostics (feature profile FirmwareManagement).",
    "LocalAuthListManagement": "Who may charge while a station is off line (feature profile LocalAuthListManagement).",
    "Reservation": "Keeping a connector for somebody (feature profile Reservation).",
    "SmartCharging": "Limiting what stations give (feature profile SmartCharging).",
    "RemoteTrigger": "Having stations send something now (feature profile RemoteTrigger).",
    "Security": "Certificates, logs and signed firmware (security whitepaper for OCPP 1.6).",
}

_ANSWERS: Final = {
    "errand": {
        "200": "It has ended within the time to wait; `state` tells how.",
        "202": "It was written down; `Location` is where to look for what becomes of it.",
    },
    "batch": {
        "200": "All have ended within the time to wait; `counts` tells how.",
        "202": "It was written down; `Location` is where to look for what becomes of it.",
    },
}


def tag_of(group: str) -> str:
    return f"Operations: {group}"


def describe_operations(document: Document, catalogue: Catalogue) -> None:
    """Put the operations in the place of the two general addresses."""
    one = document["paths"].pop(ONE)["post"]
    many = document["paths"][MANY].pop("post")
    names = _add_schemas(document["components"]["schemas"], catalogue)
    for operation in sorted(catalogue.values(), key=lambda each: (each.group, each.name)):
        parameters = {"$ref": _SCHEMAS + names[operation.params]}
        answer = _answer(operation, names)
        at_one = {"post": _described(one, operation, parameters, answer, "errand")}
        at_many = {"post": _described(many, operation, _for_many(operation, parameters), {}, "batch")}
        at_many["post"]["operationId"] += "OfMany"
        at_many["post"]["summary"] = f"{operation.name} of many stations"
        document["paths"][ONE.format(stationId="{stationId}", name=operation.name)] = at_one
        document["paths"][MANY.format(name=operation.name)] = at_many
    groups = sorted({operation.group for operation in catalogue.values()})
    tags = document["tags"]
    place = 1 + next(n for n, tag in enumerate(tags) if tag["name"] == "Operations")
    tags[place:place] = [
        {"name": tag_of(group), "description": _GROUPS.get(group, f"Operations of {group}.")} for group in groups
    ]


def _described(template: Document, operation: AnyOperation, body: Document, answer: Document, told: str) -> Document:
    described = copy.deepcopy(template)
    described["tags"] = [tag_of(operation.group)]
    described["operationId"] = f"ask{operation.name}"
    described["summary"] = f"{operation.name}: {operation.summary}"
    described["description"] = _description(operation)
    described["x-dangerous"] = operation.is_dangerous
    described["x-scope"] = operation.permission.value
    described["parameters"] = [one for one in template["parameters"] if one["name"] != "name"]
    described["requestBody"] = {"required": _is_required(operation), "content": {_JSON: {"schema": body}}}
    if told == "batch":
        described["requestBody"]["required"] = True
    schema = answer or template["responses"]["202"]["content"][_JSON]["schema"]
    for status, meaning in _ANSWERS[told].items():
        described["responses"][status] = {
            "description": meaning,
            "headers": {"Location": {"description": "Where to look again.", "schema": {"type": "string"}}},
            "content": {_JSON: {"schema": schema}},
        }
    return described


def _description(operation: AnyOperation) -> str:
    sentences = [] if operation.is_composed else ["Sent exactly as it is written."]
    if operation.needs is not None:
        sentences.append("Some parameters need the scope `security` instead.")
    if operation.is_dangerous:
        sentences.append("Dangerous: have a person confirm it.")
    return " ".join(sentences)


def _is_required(operation: AnyOperation) -> bool:
    return any(field.required for field in msgspec.structs.fields(operation.params))


def _for_many(operation: AnyOperation, parameters: Document) -> Document:
    return {
        "type": "object",
        "required": ["selection", "parameters"] if _is_required(operation) else ["selection"],
        "additionalProperties": False,
        "properties": {"selection": {"$ref": f"{_SCHEMAS}{Selection.__name__}"}, "parameters": parameters},
    }


def _answer(operation: AnyOperation, names: dict[type, str]) -> Document:
    """An errand whose ``response`` is that of the action, once the station has answered."""
    if operation.response is None:
        return {}
    choices = [{"$ref": _SCHEMAS + names[operation.response]}, {"type": ["object", "string", "null"]}]
    response = {"description": "The first once the station has answered or refused.", "anyOf": choices}
    return {"allOf": [{"$ref": f"{_SCHEMAS}Errand"}, {"type": "object", "properties": {"response": response}}]}


def _add_schemas(schemas: Document, catalogue: Catalogue) -> dict[type, str]:
    """Add what operations take and answer; returns under which name each type is found. A name that another schema
    has already gets an ending."""
    kinds: list[type[msgspec.Struct]] = [Selection]
    for operation in catalogue.values():
        kinds += [operation.params] if operation.response is None else [operation.params, operation.response]
    kinds = list(dict.fromkeys(kinds))
    references, components = msgspec.json.schema_components(kinds, ref_template=_SCHEMAS + "{name}")
    renamed = {_SCHEMAS + name: f"{_SCHEMAS}{name}Words" for name in components if name in schemas}
    for name, schema in components.items():
        found = _with_references(schema, renamed)
        schemas[f"{name}Words" if _SCHEMAS + name in renamed else name] = found
    return {
        kind: renamed.get(reference["$ref"], reference["$ref"]).removeprefix(_SCHEMAS)
        for kind, reference in zip(kinds, references, strict=True)
    }


def _with_references(schema: Any, renamed: dict[str, str]) -> Any:  # Any: JSON has no narrower type
    if isinstance(schema, dict):
        return {
            key: renamed.get(value, value) if key == "$ref" else _with_references(value, renamed)
            for key, value in schema.items()
        }
    return [_with_references(item, renamed) for item in schema] if isinstance(schema, list) else schema
