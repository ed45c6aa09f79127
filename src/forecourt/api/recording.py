"""What is written down of a request: who asked for what, in the unit of work that changed something."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from forecourt.api.access import Asker
from forecourt.asgi.paths import from_path
from forecourt.domain.audit.model import Deed, Via
from forecourt.domain.audit.recording import Record, RecordedWorkspace
from forecourt.domain.errors import DomainError
from forecourt.domain.services import Workspace

READING: Final = ("GET", "HEAD", "OPTIONS")

AnyRequest = Request[Any, Any, Any]  # Any: as the framework hands it to dependencies

Recorded = NamedDependency[SkipValidation[Record]]
"""How a handler asks for what will be written down, to tell more of it: ``record: Recorded``."""


async def record_of(request: AnyRequest) -> Record:
    asker = request.scope.get("auth")
    subject, *others = [_shown(value) for value in request.path_params.values()] or [""]
    return Record(
        Deed(
            who=asker.name if isinstance(asker, Asker) else "",
            via=Via.REST,
            action=_action(request),
            subject=subject,
            detail=", ".join(others),
        )
    )


def workspace_of(request: AnyRequest, record: Record, workspace: Workspace) -> Workspace:
    """In which the request is written down with the first thing that it changes. One that only reads is not, and one
    that nobody asked for who is known, such as those of certificate authorities, changes nothing of ours."""
    if request.method in READING or not record.deed.who:
        return workspace
    return RecordedWorkspace(workspace, record)


def _action(request: AnyRequest) -> str:
    operation = getattr(request.route_handler, "operation_id", None)
    return operation if isinstance(operation, str) else f"{request.method} {request.scope['path_template']}"


def _shown(value: object) -> str:
    try:
        return from_path(str(value))
    except DomainError:  # the handler says what is wrong with it
        return str(value)
