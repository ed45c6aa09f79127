"""Who may open a page, and from where a form may come: asked before every page."""

from __future__ import annotations

import hmac
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import UploadFile
from litestar.handlers import BaseRouteHandler

from forecourt.domain.access.permissions import Permission
from forecourt.domain.access.sessions import Visitor
from forecourt.web.fields import Fields
from forecourt.web.language import LANGUAGES, Manner, find_zone, preferred, speak
from forecourt.web.visit import AnyRequest, House, Visit

SESSION: Final = "forecourt_session"
ZONE: Final = "forecourt_zone"
"""The cookie in which a browser says its time zone, by its IANA name."""
LANGUAGE: Final = "forecourt_language"
THEME: Final = "forecourt_theme"
BY_ITSELF: Final = "forecourt-live"
"""The header of requests that a page makes without anybody."""
PERMISSION: Final = "permission"
"""The option of a route that says who may use it; one without it is closed to all."""
OPEN: Final = "open"
"""The option of a route that nobody need sign in for."""
TOKENLESS: Final = "tokenless"
"""The option of a route whose form is shown to whoever has no session yet, and so no token. Where it comes from is
checked all the same."""
CSRF: Final = "csrf"
"""The field of every form that proves that it is ours."""
MAX_SECRET_CHARACTERS: Final = 200
SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")

Incoming = ASGIConnection[Any, Any, Any, Any]  # Any: as the framework hands it to guards


class SignInFirst(Exception):
    """Nobody has signed in, or the session has ended."""


class Forbidden(Exception):
    """The visitor may not do this. ``str()`` says what and why."""


class Foreign(Exception):
    """A form that does not come from a page of this system."""


async def admit(connection: Incoming, handler: BaseRouteHandler, house: House) -> None:
    """Let a request in, and note who it is. Raises SignInFirst, Forbidden or Foreign."""
    visitor = await _visitor(connection, house)
    connection.scope["user"] = visitor
    speak(_manner(connection, visitor))
    if connection.scope.get("method") not in SAFE_METHODS:
        check_origin(connection, house.console_url)
    if handler.opt.get(OPEN):
        return
    permission = handler.opt.get(PERMISSION)
    if visitor is None:
        raise SignInFirst
    if not isinstance(permission, Permission) or not visitor.may(permission):
        raise Forbidden


def check_origin(connection: Incoming, console_url: str = "") -> None:
    """A form may come from this origin only. Raises Foreign.

    Browsers say where it comes from (Fetch Metadata), or name its origin (RFC 6454). What names neither is no browser,
    and has no cookie that somebody else could use.
    """
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise Foreign
        return
    origin = connection.headers.get("origin")
    ours = {connection.headers.get("host"), urlsplit(console_url).netloc or None} - {None}
    if origin is not None and _netloc(origin) not in ours:
        raise Foreign


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def visit_of(request: AnyRequest, house: House) -> Visit:
    """The visit of a request that was let in."""
    visitor = request.scope.get("user")
    known = visitor if isinstance(visitor, Visitor) else None
    manner = _manner(request, known)
    speak(manner)  # also here: the framework may answer in another task than it asks its guards in
    return Visit(request, house, known, manner)


async def form_of(request: AnyRequest) -> Fields:
    """What was typed, after its token was checked. Raises Foreign."""
    given: dict[str, list[str]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            files[name] = value
        else:
            given.setdefault(name, []).append(str(value))
    visitor = request.scope.get("user")
    token = given.pop(CSRF, [""])[0]
    if isinstance(visitor, Visitor) and not request.route_handler.opt.get(TOKENLESS):
        given_token = token.encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given_token, visitor.csrf.encode()):
            raise Foreign
    return Fields(given, files)


async def _visitor(connection: Incoming, house: House) -> Visitor | None:
    secret = connection.cookies.get(house.cookie(SESSION), "")
    if not 0 < len(secret) <= MAX_SECRET_CHARACTERS:
        return None
    found, is_stale = await house.workspace.read(
        lambda services: (
            (visitor := services.sessions.find(secret)),
            visitor is not None and services.sessions.needs_record(visitor),
        )
    )
    if is_stale and not _is_by_itself(connection):
        await house.workspace.write(lambda services: services.sessions.seen(secret))
    return found


def _is_by_itself(connection: Incoming) -> bool:
    """A page that follows what happens asks without anybody; a session does not last longer for that."""
    return connection.headers.get(BY_ITSELF) is not None or connection.scope["path"] == "/live"


def _manner(connection: Incoming, visitor: Visitor | None) -> Manner:
    """What the account says, else what the browser says."""
    language = (visitor and visitor.language) or connection.cookies.get(LANGUAGE, "")
    if language not in LANGUAGES:
        language = preferred(connection.headers.get("accept-language", ""))
    name = (visitor and visitor.zone) or connection.cookies.get(ZONE, "") or "UTC"
    zone = find_zone(name.replace("%2F", "/"))
    if zone is None:
        name, zone = "UTC", find_zone("UTC")
    theme = (visitor and visitor.theme) or connection.cookies.get(THEME, "")
    assert zone is not None  # noqa: S101  # UTC is always there
    return Manner(language, zone, name, theme if theme in ("light", "dark") else "auto")
