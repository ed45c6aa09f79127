"""The actions found by walking the package of messages, and the 78 payload types they name."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from types import ModuleType

import msgspec

from forecourt.dialects.v16 import messages
from forecourt.ocpp.action import Action, Message
from tests.schemas.official import Json, an_object

AnyAction = Action[Message, Message]


@functools.cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of the package."""
    return tuple(
        importlib.import_module(f"{messages.__name__}.{found.name}")
        for found in pkgutil.iter_modules(messages.__path__)
    )


def actions_in(module: ModuleType) -> list[tuple[str, AnyAction]]:
    """The actions a module declares, each with the name of its constant."""
    return [(name, value) for name, value in vars(module).items() if isinstance(value, Action)]


ACTIONS: dict[str, AnyAction] = {action.name: action for module in modules() for _, action in actions_in(module)}
PAYLOAD_TYPES: dict[str, type[Message]] = {
    payload.__name__: payload for action in ACTIONS.values() for payload in (action.request, action.response)
}


@functools.cache
def our_schemas() -> tuple[dict[str, Json], dict[str, Json]]:
    """Our own words as JSON schemas: one reference for each payload type, and the objects they refer to."""
    references, objects = msgspec.json.schema_components(PAYLOAD_TYPES.values(), ref_template="{name}")
    return dict(zip(PAYLOAD_TYPES, references, strict=True)), dict(objects)


def our_words() -> set[str]:
    """Every value of every closed set in our words."""
    fields = (
        an_object(field)
        for schema in our_schemas()[1].values()
        for field in an_object(an_object(schema)["properties"]).values()
    )
    enums = (field.get("enum", []) for field in fields)
    return {str(word) for enum in enums if isinstance(enum, list) for word in enum}
