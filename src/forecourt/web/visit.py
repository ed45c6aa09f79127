"""One request for a page: who looks, what they may, and how they are answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote, urlencode

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from forecourt.asgi.news import News
from forecourt.clock import Clock
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.access.permissions import PERMISSIONS, Permission
from forecourt.domain.access.sessions import Visitor
from forecourt.domain.audit.model import Deed, Via
from forecourt.domain.audit.recording import Record, RecordedWorkspace
from forecourt.domain.files.shelf import Shelf
from forecourt.domain.paging import PageRequest
from forecourt.domain.services import Services, Workspace
from forecourt.operations.catalogue import Catalogue
from forecourt.web.fields import Fields
from forecourt.web.language import Manner, spoken
from forecourt.web.live import Live
from forecourt.web.oidc import OpenId
from forecourt.web.rendering import Renderer
from forecourt.web.shown import NOWHERE, ShownSection, Surroundings
from forecourt.web.sign_in_desk import SignInDesk

NOTICE: Final = "forecourt_notice"
"""The cookie that carries what was done to the page that follows."""
NOTICE_SECONDS: Final = 60
MAX_NOTICE_CHARACTERS: Final = 500

ITEMS_ON_A_PAGE: Final = 50
AT_MOST_ON_A_PAGE: Final = 200
MAX_CURSOR_CHARACTERS: Final = 1000

AnyRequest = Request[Any, Any, Any]  # Any: as the framework hands it out

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class House:
    """What pages have to do with, apart from who looks."""

    workspace: Workspace
    catalogue: Catalogue
    news: News
    shelf: Shelf
    hasher: PasswordHasher
    clock: Clock
    renderer: Renderer
    version: str
    is_ready: Callable[[], Awaitable[list[str]]]
    max_firmware_bytes: int
    is_secure: bool
    """The console is reached by HTTPS, so that cookies travel by it only."""
    console_url: str = ""
    """Where browsers reach it; empty when the settings do not say."""
    openid: OpenId | None = None
    """The provider that people may sign in with."""
    desk: SignInDesk = field(default_factory=SignInDesk)
    live: Live = field(default_factory=Live)
    settings: Sequence[ShownSection] = ()
    """The settings of this process, as they may be shown."""
    surroundings: Surroundings = NOWHERE

    def cookie(self, name: str) -> str:
        """A cookie's name in the browser. Behind TLS it says that nobody but this host can have set it
        (RFC 6265bis §4.1.3.2): a page of a neighbouring host could plant one otherwise."""
        return f"__Host-{name}" if self.is_secure else name


class Visit:
    """What a page needs, in one hand."""

    def __init__(self, request: AnyRequest, house: House, visitor: Visitor | None, manner: Manner) -> None:
        self.request = request
        self.house = house
        self.manner = manner
        self._visitor = visitor

    # Who looks

    @property
    def visitor(self) -> Visitor:
        """Who signed in. A page that is open to all asks `is_signed_in` first."""
        if self._visitor is None:
            raise LookupError("nobody has signed in")
        return self._visitor

    @property
    def is_signed_in(self) -> bool:
        return self._visitor is not None

    def may(self, permission: Permission) -> bool:
        return self._visitor is not None and self._visitor.may(permission)

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset() if self._visitor is None else PERMISSIONS[self._visitor.role]

    def is_at(self, path: str) -> bool:
        """This page is that of a path, or below it."""
        here = str(self.request.scope["path"])
        return here == path or (path != "/" and here.startswith(f"{path}/"))

    @property
    def asked_by(self) -> str:
        """As it is written down with what they ask for."""
        return self.visitor.account

    # What they ask

    @cached_property
    def query(self) -> Fields:
        """The filters in the address."""
        given: dict[str, list[str]] = {}
        for name, value in self.request.query_params.multi_items():
            given.setdefault(name, []).append(str(value))
        return Fields(given)

    def page(self, limit: int = ITEMS_ON_A_PAGE) -> PageRequest:
        """Which part of a list: ``limit`` items unless the address says another number, after those seen."""
        wanted = self.query.number("limit", low=1, high=AT_MOST_ON_A_PAGE)
        after = self.query.text("after", most=MAX_CURSOR_CHARACTERS)
        return PageRequest(wanted or limit, after or None)

    @property
    def here(self) -> str:
        """The path and the query of this page."""
        return self.address()

    def address(self, **changes: str | None) -> str:
        """This page with other parameters; None takes one away."""
        kept = [(name, str(value)) for name, value in self.request.query_params.multi_items() if name not in changes]
        pairs = [*kept, *((name, value) for name, value in changes.items() if value is not None)]
        path = self.request.scope["raw_path"].partition(b"?")[0].decode("latin-1")
        return f"{path}?{urlencode(pairs)}" if pairs else path

    # What is done

    async def read(self, work: Callable[[Services], Result]) -> Result:
        return await self.house.workspace.read(spoken(work))

    async def write(self, work: Callable[[Services], Result]) -> Result:
        """Change something, and write down who did it. What hands the workspace on hands on `workspace`, for that."""
        return await self.workspace.write(spoken(work))

    @cached_property
    def workspace(self) -> Workspace:
        """In which what is done is written down, once for each form that was sent."""
        if self.request.method in ("GET", "HEAD") or not self.is_signed_in:
            return self.house.workspace
        return RecordedWorkspace(self.house.workspace, self.record)

    @cached_property
    def record(self) -> Record:
        """What will be written down of this form. A handler may `tell` more of it, before it writes, and no secret."""
        names = [unquote(str(value)) for value in self.request.path_params.values()]
        subject, *others = names or [""]
        action = str(self.request.scope["path_template"])
        deed = Deed(who=self.asked_by, via=Via.PAGE, action=action, subject=subject, detail=", ".join(others))
        return Record(deed)

    # How they are answered

    def show(self, template: str, *, status: int = HTTPStatus.OK, **context: object) -> Response[str]:
        """A page. The notice of what was done before is shown once."""
        notice = self.request.cookies.get(self.house.cookie(NOTICE), "")
        html = self.house.renderer.render(template, visit=self, notice=_decoded(notice), **context)
        response = Response(html, status_code=status, media_type="text/html; charset=utf-8")
        if notice:
            response.set_cookie(self._notice("", seconds=0))
        return response

    def show_form(self, template: str, form: Fields, **context: object) -> Response[str]:
        """A page with a form: 422 when something in it was refused."""
        status = HTTPStatus.OK if form.is_good else HTTPStatus.UNPROCESSABLE_ENTITY
        return self.show(template, status=status, form=form, **context)

    def go(self, path: str, done: str = "") -> Response[None]:
        """On to another page of this system, which tells what was done."""
        response: Response[None] = Response(
            None, status_code=HTTPStatus.SEE_OTHER, headers={"Location": path}, media_type="text/plain"
        )
        if done:
            response.set_cookie(self._notice(done))
        return response

    def _notice(self, done: str, *, seconds: int = NOTICE_SECONDS) -> Cookie:
        return Cookie(
            self.house.cookie(NOTICE),
            value=quote(done[:MAX_NOTICE_CHARACTERS], safe=""),
            max_age=seconds,
            httponly=True,
            samesite="strict",
            secure=self.house.is_secure,
        )


Visiting = NamedDependency[SkipValidation[Visit]]
"""How a handler asks for the visit: ``visit: Visiting``."""

Typed = NamedDependency[SkipValidation[Fields]]
"""How a handler asks for what was typed: ``form: Typed``. Every handler that changes something takes it, because the
form's token is checked where it is read."""


def _decoded(notice: str) -> str:
    return unquote(notice)[:MAX_NOTICE_CHARACTERS]
