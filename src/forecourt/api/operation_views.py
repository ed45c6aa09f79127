"""Operations as the REST interface shows them: what can be asked of stations."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from forecourt.domain.access.permissions import Permission
from forecourt.operations.operation import AnyOperation


class OperationView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Something that can be asked of stations. ``parameters`` is the JSON Schema of its body, and ``response`` that of
    a station's answer, or null when it depends on the station. A dangerous one should be confirmed by a person. A
    composed one is more than one action of OCPP that is sent as it was written."""

    name: str
    summary: str
    group: str
    dangerous: bool
    composed: bool
    permission: Annotated[
        Permission, Meta(description="The scope that it needs; some parameters of some operations need `security`.")
    ]
    parameters: dict[str, Any]  # Any: JSON has no narrower type
    response: dict[str, Any] | None


@functools.cache
def show_operation(operation: AnyOperation) -> OperationView:
    return OperationView(
        name=operation.name,
        summary=operation.summary,
        group=operation.group,
        dangerous=operation.is_dangerous,
        composed=operation.is_composed,
        permission=operation.permission,
        parameters=msgspec.json.schema(operation.params),
        response=None if operation.response is None else msgspec.json.schema(operation.response),
    )
