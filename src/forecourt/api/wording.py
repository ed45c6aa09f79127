"""The words of the OpenAPI document: what the framework leaves out, and what it says in words of its own."""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec

from forecourt.api.operation_paths import Document

_ANSWERS: Final = {
    HTTPStatus.OK.description: "Done.",
    HTTPStatus.CREATED.description: "Created.",
    HTTPStatus.ACCEPTED.description: "Accepted; it goes on.",
    HTTPStatus.NO_CONTENT.description: "Done; there is nothing to tell.",
    "Stream Response": "Sent while it is read.",
}
"""What the framework says of answers, and what is said instead."""

_NAMES: Final = {
    "transactions_model_Doubt": "Doubt",
    "jobs_model_Doubt": "JobDoubt",
    "smart_charging_model_Purpose": "Purpose",
    "trust_model_Purpose": "TrustPurpose",
    "smart_charging_model_Origin": "Origin",
    "trust_model_Origin": "TrustOrigin",
    "signing_model_Use": "CertificateUse",
    "trust_held_Use": "Use",
    "notifications_model_Channel": "NotificationChannel",
    "jobs_model_Channel": "Channel",
    "security_log_model_Kind": "Kind",
    "events_kinds_Kind": "EventName",
    "trust_model_Role": "Role",
    "access_permissions_Role": "PersonRole",
}
"""Types of one name, which the framework tells apart by their modules."""


def with_plain_names(text: str) -> str:
    """The document, as text, with names that do not tell where a type is written down."""
    for found, plain in _NAMES.items():
        text = text.replace(found, plain)
    return text


def complete_schemas(schemas: Document) -> None:
    """Say what structures and their fields are for, and that bodies may hold nothing else."""
    for struct in msgspec.Struct.__subclasses__():
        schema = schemas.get(struct.__name__.removesuffix("View"))
        if schema is not None and struct.__module__.startswith("forecourt.api."):
            schema["description"] = struct.__doc__
            for name, told in _told_of_fields(struct):
                schema["properties"][name].update(told)
            if struct.__struct_config__.forbid_unknown_fields:
                schema["additionalProperties"] = False
    for values in (*enum.Enum.__subclasses__(), *enum.IntEnum.__subclasses__()):
        schema = schemas.get(_name_of(values)) if _is_of_the_domain(values) else None
        if schema is not None:
            schema["description"] = values.__doc__  # the framework says what the first field of this type is for


def put_plainly(document: Document) -> None:
    """Descriptions without the layout of the code that they were written in."""
    for schema in document["components"]["schemas"].values():
        if "description" in schema:
            schema["description"] = summary_of(schema["description"])
    for item in document["paths"].values():
        for operation in item.values():
            operation["description"] = _on_one_line(operation.get("description") or "")
            for response in operation["responses"].values():
                response["description"] = _ANSWERS.get(response["description"], response["description"])


def summary_of(docstring: str) -> str:
    """What stands before the first blank line, on one line: drawings and the reasons for the code follow after it."""
    first = _on_one_line(inspect.cleandoc(docstring).partition("\n\n")[0])
    return f"{first.rstrip(':')}." if first.endswith(":") else first


def _name_of(values: type) -> str:
    """What a type of the domain is called in the document."""
    module = values.__module__.removeprefix("forecourt.domain.").replace(".", "_")
    return _NAMES.get(f"{module}_{values.__name__}", values.__name__)


def _is_of_the_domain(values: type) -> bool:
    return values.__module__.startswith("forecourt.domain.")


def _on_one_line(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")


def _told_of_fields(struct: type[msgspec.Struct]) -> Iterator[tuple[str, Document]]:
    """The description of each field, and what else is said of it, such as that it is never answered."""
    hints = typing.get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        for mark in _marks(hints[field.name]):
            if isinstance(mark, msgspec.Meta):
                said = {"description": mark.description} if mark.description else {}
                yield field.encode_name, said | (mark.extra_json_schema or {})


def _marks(hint: Any) -> tuple[object, ...]:  # Any: a type hint
    return hint.__metadata__ if typing.get_origin(hint) is Annotated else ()
