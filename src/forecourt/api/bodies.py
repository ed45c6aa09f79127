"""Bodies of requests: strict JSON, with everything that is wrong told at once."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from http import HTTPStatus
from typing import Any, ClassVar, Final, TypeVar

import msgspec
from litestar import Request
from litestar._openapi.schema_generation import SchemaCreator
from litestar.dto import AbstractDTO, DTOConfig, DTOFieldDefinition
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from forecourt.api.problems import Fault, Refusal, bad_request, reason_of

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_BATCH_BYTES: Final = 4 * 1024 * 1024

_JSON: Final = frozenset({"application/json", "application/merge-patch+json"})

Body = TypeVar("Body", bound=msgspec.Struct)


def check_is_json(content_type: str) -> None:
    """Raises Refusal 415 when a body is not declared as JSON: a form of another site could send it otherwise."""
    if content_type.partition(";")[0].strip().lower() not in _JSON:
        sentence = "The body must be JSON: send it with the header 'Content-Type: application/json'."
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence)


def read_body(raw: bytes | msgspec.Raw, kind: type[Body]) -> Body:
    """The body as a value of ``kind``; raises Refusal 400 that lists every field at fault."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # the second look is for the message only
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_request(f"The body is not JSON: {error}.") from error
    except RecursionError as error:
        raise bad_request("The body is nested too deeply.") from error
    raise bad_request("The body cannot be used as it is.", *_faults(value, kind))


def no_body(kind: type[msgspec.Struct]) -> bytes:
    """What is read where no body was sent: nothing is said in it. Raises Refusal 400 when a field is required."""
    missing = [field.encode_name for field in msgspec.structs.fields(kind) if field.required]
    if missing:
        example = ", ".join(f'"{name}": …' for name in missing)
        faults = [Fault(name, "This field is missing.") for name in missing]
        raise bad_request(f"A JSON body is needed; send {{{example}}}.", *faults)
    return b"{}"


def _faults(value: object, kind: type[msgspec.Struct]) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault("", "Expected an object.")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in value:
        if name not in fields:
            yield Fault(str(name), f"There is no such field; there are {', '.join(fields)}.")
    for name, field in fields.items():
        if name not in value:
            if field.required:
                yield Fault(name, "This field is missing.")
            continue
        try:
            msgspec.convert({name: value[name]}, msgspec.defstruct("Field", [(name, field.type)]))
        except msgspec.ValidationError as error:
            path = str(error).partition(" - at `$.")[2].rstrip("`")
            yield Fault(path or name, reason_of(str(error)))


class JsonBody(AbstractDTO[Any]):  # Any: serves every kind of body
    """Has Litestar read every body with `read_body`, whose types are strict: "5" is no number here.

    The application must use `BodyRequest`.
    """

    config: ClassVar[DTOConfig] = DTOConfig()
    _kinds: ClassVar[dict[str, type[msgspec.Struct]]] = {}

    def decode_bytes(self, value: bytes) -> msgspec.Struct:
        return read_body(value, self._kinds[self.asgi_connection.route_handler.handler_id])

    @classmethod
    def kind_for(cls, handler_id: str) -> type[msgspec.Struct] | None:
        """What an address reads with this class, if anything."""
        return cls._kinds.get(handler_id)

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        return field_definition.is_subclass_of(msgspec.Struct)

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: object = None
    ) -> None:
        cls._kinds[handler_id] = field_definition.annotation

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        return schema_creator.for_field_definition(field_definition)

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Generator[DTOFieldDefinition, None, None]:
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        return False


class BodyRequest(Request[Any, Any, Any]):  # Any: as the framework hands requests out
    """A request whose body is JSON, and may be left out where nothing has to be said."""

    async def body(self) -> bytes:
        """Raises Refusal 415 for a body that is not JSON, and 400 for one that is missing."""
        raw = await super().body()
        kind = JsonBody.kind_for(self.route_handler.handler_id)
        if kind is None:
            return raw
        if not raw:
            return no_body(kind)
        check_is_json(self.headers.get("content-type", ""))
        return raw
