"""Everything that goes wrong, as a problem document (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException
from litestar.routes import HTTPRoute
from litestar.types import ExceptionHandlersMap

from forecourt.asgi.statuses import STATUS_BY_KIND
from forecourt.domain.errors import DomainError, Kind

PROBLEM_JSON: Final = "application/problem+json"

RETRY_AFTER_SECONDS: Final = 2

_KEYWORDS: Final = {"since": "from", "until": "to", "states": "state", "asker": "askedBy"}
"""Parameters that have another name in Python, because theirs means something else there."""

_log = structlog.get_logger(__name__)


class Fault(msgspec.Struct, frozen=True):
    """One input at fault."""

    field: str
    reason: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was refused and why. ``errors`` lists the inputs at fault, when it is known which they are."""

    type: str
    title: str
    status: int
    detail: str
    errors: Sequence[Fault] = ()


class Refusal(Exception):
    """Something that the door itself refuses, before the business is asked."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers


def bad_request(detail: str, *errors: Fault) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, detail, errors=errors)


def problem_response(
    status: HTTPStatus, detail: str, *, errors: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
) -> Response[Problem]:
    problem = Problem(title=status.phrase, status=status, detail=detail, type="about:blank", errors=tuple(errors))
    return Response(problem, status_code=status, media_type=PROBLEM_JSON, headers=dict(headers or {}))


def _answer_refusal(_request: Request[object, object, State], refusal: Refusal) -> Response[Problem]:
    return problem_response(refusal.status, refusal.detail, errors=refusal.errors, headers=refusal.headers)


def _answer_domain_error(_request: Request[object, object, State], error: DomainError) -> Response[Problem]:
    status = STATUS_BY_KIND[error.kind]
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if error.kind is Kind.UNAVAILABLE else None
    errors = () if error.field is None else (Fault(error.field, error.sentence),)
    if error.kind is Kind.INVALID and error.field == "cursor":
        status = HTTPStatus.BAD_REQUEST
    return problem_response(status, error.sentence, errors=errors, headers=headers)


def _answer_http_exception(request: Request[object, object, State], error: HTTPException) -> Response[Problem]:
    """The framework's own refusals: routing, query parameters, the size of the body."""
    status = HTTPStatus(error.status_code)
    if isinstance(error, ValidationException):
        return problem_response(status, "Some parameters cannot be used.", errors=_faults(error))
    if isinstance(error, NotFoundException):
        return problem_response(status, "Nothing is at this address; /api/v1/docs lists what there is.")
    if isinstance(error, MethodNotAllowedException):
        allowed = ", ".join(_methods_at(request))
        return problem_response(status, f"This address knows: {allowed}.", headers={"Allow": allowed})
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer_unexpected(request, error)
    return problem_response(status, error.detail or status.description, headers=error.headers)


def _answer_unexpected(request: Request[object, object, State], error: Exception) -> Response[Problem]:
    """Internals go to the log and nowhere else."""
    _log.error("request_failed", method=request.method, path=request.scope["path"], exc_info=error)
    detail = "The request failed for a reason that is not its own fault; the log of the system says more."
    return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


EXCEPTION_HANDLERS: Final[ExceptionHandlersMap] = {
    Refusal: _answer_refusal,
    DomainError: _answer_domain_error,
    HTTPException: _answer_http_exception,
    Exception: _answer_unexpected,
}


def _faults(error: ValidationException) -> list[Fault]:
    entries = error.extra if isinstance(error.extra, list) else []
    return [
        Fault(_as_sent(str(entry.get("key", ""))), reason_of(str(entry.get("message", ""))))
        for entry in entries
        if isinstance(entry, dict)
    ]


def reason_of(message: str) -> str:
    """What a message of the decoder says, without the path that it ends with."""
    reason = message.partition(" - at `")[0]
    if "matching regex" in reason:
        return "The character NUL cannot be stored."
    return f"{reason}."


def _as_sent(name: str) -> str:
    """The name of a query parameter, of which the framework tells what the code calls it."""
    if name in _KEYWORDS:
        return _KEYWORDS[name]
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _methods_at(request: Request[object, object, State]) -> list[str]:
    asked = request.scope["path"].rstrip("/").split("/")
    return sorted(
        {
            method
            for route in request.app.routes
            if isinstance(route, HTTPRoute) and _is_match(route.path_format.rstrip("/").split("/"), asked)
            for method in route.methods
        }
    )


def _is_match(template: Sequence[str], asked: Sequence[str]) -> bool:
    return len(template) == len(asked) and all(
        part.startswith("{") or part == found for part, found in zip(template, asked, strict=True)
    )
