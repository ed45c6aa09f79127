"""From a checked name to a session: what all ways to sign in have in common."""

from __future__ import annotations

import ipaddress
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from litestar import Response
from litestar.datastructures import Cookie

from forecourt.domain.audit.model import Deed, SignIn, Via
from forecourt.domain.services import Services
from forecourt.web.admission import MAX_SECRET_CHARACTERS, SESSION
from forecourt.web.visit import Visit

HALF: Final = "forecourt_half"
"""The cookie of somebody who gave a password, and is asked for the second factor."""
HALF_SECONDS: Final = 300
OPENID: Final = "forecourt_openid"
"""The cookie that binds a sign-in at the provider to the browser that began it."""
OPENID_SECONDS: Final = 600
START: Final = "/"
MAX_NEXT_CHARACTERS: Final = 2000


def address_of(visit: Visit) -> str:
    """Where the visitor is."""
    client = visit.request.client
    return client.host if client else ""


def agent_of(visit: Visit) -> str:
    return str(visit.request.headers.get("user-agent", ""))


def next_of(visit: Visit) -> str:
    """Where somebody wanted to go; only within this system."""
    return checked_next(visit.query.shown("next"))


def checked_next(wanted: str) -> str:
    """The address, if it is a path of this system: browsers take ``//HOST`` and ``/\\HOST`` for other hosts, and leave
    out tabs and line ends before they look."""
    is_path = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    is_plain = wanted.isprintable() and wanted.isascii() and len(wanted) <= MAX_NEXT_CHARACTERS
    return wanted if is_path and is_plain else START


def with_next(path: str, wanted: str) -> str:
    """A step of signing in that goes on to where somebody wanted to go."""
    return path if wanted == START else f"{path}?{urlencode({'next': wanted})}"


def set_cookie(response: Response[Any], visit: Visit, name: str, value: str, *, seconds: int | None = None) -> None:
    """A cookie that scripts do not see; without ``seconds`` until the browser ends. It comes along when a link
    elsewhere leads here, as when a provider sends somebody back."""
    cookie = Cookie(visit.house.cookie(name), value=value, httponly=True, samesite="lax", secure=visit.house.is_secure)
    cookie.max_age = seconds
    response.set_cookie(cookie)


def drop_cookie(response: Response[Any], visit: Visit, name: str) -> None:
    if visit.house.cookie(name) in visit.request.cookies:
        set_cookie(response, visit, name, "", seconds=0)


def cookie_of(visit: Visit, name: str) -> str:
    """A cookie's value; empty for one that is not there, or that we cannot have set."""
    found = visit.request.cookies.get(visit.house.cookie(name), "")
    return found if len(found) <= MAX_SECRET_CHARACTERS + MAX_NEXT_CHARACTERS else ""


async def let_in(visit: Visit, account: str, *, by: str, next_path: str) -> Response[None]:
    """A new session, whatever cookies the browser brought along: none of them is adopted, and the session that it had
    ends. ``by`` is how it was checked who it is."""
    before, half = cookie_of(visit, SESSION), cookie_of(visit, HALF)
    address, agent = address_of(visit), agent_of(visit)

    def work(services: Services) -> str:
        for secret in filter(None, (before, half)):
            services.sessions.close(secret)
        services.accounts.signed_in(account)
        services.audit.note(
            Deed(who=account, via=Via.PAGE, action=SignIn.DONE, subject=account, detail=f"{by}; {address}")
        )
        return services.sessions.open(account, address=address, agent=agent)

    secret = await visit.house.workspace.write(work)
    response = visit.go(next_path)
    set_cookie(response, visit, SESSION, secret)
    for name in (HALF, OPENID):
        drop_cookie(response, visit, name)
    return response


async def note_failure(visit: Visit, account: str | None, action: str, why: str) -> None:
    """Write down that somebody could not sign in. A name that nobody has is not written down: it may be a password
    that was typed into the wrong field."""
    deed = Deed(
        who=account or "nobody",
        via=Via.PAGE,
        action=action,
        subject=account or "",
        detail=f"{why}; {address_of(visit)}",
    )
    await visit.house.workspace.write(lambda services: services.audit.note(deed))


def is_exposed(visit: Visit) -> bool:
    """What is typed here may be read on its way: no TLS, and another machine."""
    if visit.house.is_secure:
        return False
    try:
        return not ipaddress.ip_address(address_of(visit)).is_loopback
    except ValueError:
        return False


def is_elsewhere(visit: Visit) -> bool:
    """This is not the address at which the console is to be used, so that cookies which travel by TLS only may get
    lost."""
    if not visit.house.is_secure:
        return False
    return visit.request.headers.get("host", "") != urlsplit(visit.house.console_url).netloc
