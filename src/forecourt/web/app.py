"""The pages for people as one ASGI application."""

from __future__ import annotations

import importlib
import pkgutil
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import structlog
from litestar import Controller, Litestar, Response, get
from litestar.datastructures import MutableScopeHeaders
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath
from litestar.response import File
from litestar.types import ControllerRouterHandler, Message, Scope

from forecourt.asgi.headers import add_security_headers
from forecourt.asgi.routing import RawPathApplication
from forecourt.asgi.statuses import STATUS_BY_KIND
from forecourt.domain.errors import DomainError
from forecourt.web import pages
from forecourt.web.admission import OPEN, Forbidden, Foreign, Incoming, SignInFirst, admit, form_of, visit_of
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.rendering import STATIC
from forecourt.web.visit import AnyRequest, House, Visit

MAX_FORM_BYTES: Final = 4 * 1024 * 1024

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing comes from another host, and no script or style stands in a page. The design system has small pictures in its
style sheet, as ``data:``."""

STAY_WITH_TLS: Final = "max-age=31536000"
FOR_EVER: Final = "public, max-age=31536000, immutable"

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_log = structlog.get_logger(__name__)


def all_pages() -> list[ControllerRouterHandler]:
    """Every controller in a module below `forecourt.web.pages`, found by being there."""
    return [
        value
        for module in pkgutil.walk_packages(pages.__path__, f"{pages.__name__}.")
        for value in vars(importlib.import_module(module.name)).values()
        if isinstance(value, type) and issubclass(value, Controller) and value.__module__ == module.name
    ]


def create_pages(house: House) -> Litestar:
    """The application. It must be served with the true address of clients behind a proxy."""

    async def guard(connection: Incoming, handler: BaseRouteHandler) -> None:
        """A function, because the framework copies guards deeply."""
        await admit(connection, handler, house)

    async def stay_with_tls(message: Message, _scope: Scope) -> None:
        """Browsers that were here by TLS once stay with it (RFC 6797)."""
        if house.is_secure and message["type"] == "http.response.start":
            MutableScopeHeaders.from_message(message).setdefault("Strict-Transport-Security", STAY_WITH_TLS)

    async def visit(request: AnyRequest) -> Visit:
        return visit_of(request, house)

    async def form(request: AnyRequest) -> Fields:
        return await form_of(request)

    def answer(request: AnyRequest, error: Exception) -> Response[Any]:
        return _answer_error(visit_of(request, house), error)

    handlers: dict[int | type[Exception], Any] = dict.fromkeys(  # Any: the framework's own type for them is not exact
        (SignInFirst, Forbidden, Foreign, DomainError, HTTPException, Exception), answer
    )
    return RawPathApplication(
        [*all_pages(), static_file],
        guards=[guard],
        dependencies={"visit": Provide(visit), "form": Provide(form)},
        exception_handlers=handlers,
        before_send=[_add_policy, stay_with_tls, add_security_headers],
        request_max_body_size=MAX_FORM_BYTES,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


@get("/static/{digest:str}/{name:path}", opt={OPEN: True})
async def static_file(digest: FromPath[str], name: FromPath[str]) -> File:
    """A file of the package. The digest in the address is for browsers, which keep the file for ever."""
    path = (STATIC / name.lstrip("/")).resolve()
    if not path.is_relative_to(STATIC.resolve()) or not path.is_file():
        raise HTTPException(status_code=HTTPStatus.NOT_FOUND)
    media = MEDIA_TYPES.get(path.suffix)
    if media is None:
        raise HTTPException(status_code=HTTPStatus.NOT_FOUND)
    return File(path, media_type=media, content_disposition_type="inline", headers={"Cache-Control": FOR_EVER})


async def _add_policy(message: Message, _scope: Scope) -> None:
    if message["type"] == "http.response.start":
        MutableScopeHeaders.from_message(message).setdefault("Content-Security-Policy", POLICY)


def _answer_error(visit: Visit, error: Exception) -> Response[Any]:
    match error:
        case SignInFirst():
            here = quote(visit.here, safe="") if visit.request.method == "GET" else ""
            return visit.go(f"/sign-in?next={here}" if here else "/sign-in")
        case Forbidden():
            sentence = _("Your role does not allow this. Ask an administrator if you need it.")
            return _page(visit, HTTPStatus.FORBIDDEN, sentence)
        case Foreign():
            sentence = _("This form is too old or does not come from this page. Open the page again and repeat it.")
            return _page(visit, HTTPStatus.FORBIDDEN, sentence)
        case DomainError():
            return _page(visit, STATUS_BY_KIND[error.kind], translated(error.said))
        case HTTPException() if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return _page(visit, HTTPStatus(error.status_code), _sentence(error))
    _log.error("page_failed", method=visit.request.method, path=visit.request.scope["path"], exc_info=error)
    sentence = _("The page failed for a reason that is not your fault; the log of the system says more.")
    return _page(visit, HTTPStatus.INTERNAL_SERVER_ERROR, sentence)


def _sentence(error: HTTPException) -> str:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return _("There is no such page.")
    return error.detail


def _page(visit: Visit, status: HTTPStatus, sentence: str) -> Response[str]:
    return visit.show("error.html", status=status, sentence=sentence, code=int(status))
