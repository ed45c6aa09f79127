"""Signing in with an OpenID provider: there, and back."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote, unquote

import structlog
from litestar import Controller, Response, get

from forecourt.domain.access.account import Account
from forecourt.domain.access.arrivals import Vouched, account_of
from forecourt.domain.audit.model import SignIn
from forecourt.domain.errors import DomainError
from forecourt.domain.services import Services
from forecourt.web.admission import OPEN
from forecourt.web.fields import WHOLE_FORM, Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.oidc import OpenId, ProviderTrouble
from forecourt.web.pages.people.sign_in import show_sign_in
from forecourt.web.signing_in import (
    OPENID,
    OPENID_SECONDS,
    checked_next,
    cookie_of,
    drop_cookie,
    let_in,
    next_of,
    note_failure,
    set_cookie,
)
from forecourt.web.visit import Visit, Visiting

_log = structlog.get_logger(__name__)


class OpenIdPages(Controller):
    path = "/sign-in/openid"
    opt = {OPEN: True}  # noqa: RUF012  # as the framework wants it

    @get()
    async def there(self, visit: Visiting) -> Response[Any]:
        if visit.is_signed_in:
            return visit.go(next_of(visit))
        openid = visit.house.openid
        if openid is None:
            return _refuse(visit, _("There is no provider to sign in with; sign in with a password."))
        secret = secrets.token_urlsafe(32)
        try:
            response = visit.go(await openid.address(secret))
        except ProviderTrouble as trouble:
            return _refuse(visit, str(trouble))
        set_cookie(response, visit, OPENID, f"{secret}.{quote(next_of(visit), safe='')}", seconds=OPENID_SECONDS)
        return response

    @get("/back")
    async def back(self, visit: Visiting) -> Response[Any]:
        openid = visit.house.openid
        if openid is None:
            return _refuse(visit, _("There is no provider to sign in with; sign in with a password."))
        secret, _dot, wanted = cookie_of(visit, OPENID).partition(".")
        try:
            if not secret:
                sentence = _("This sign-in was begun in another browser, or is too old. Begin it again.")
                raise ProviderTrouble(sentence)
            answer = {name: str(value) for name, value in visit.request.query_params.multi_items()}
            account = await _account(visit, openid, await openid.identity(secret, answer))
        except (ProviderTrouble, DomainError) as trouble:
            await note_failure(visit, None, SignIn.FAILED, f"provider: {trouble}")
            return _refuse(visit, translated(trouble.said) if isinstance(trouble, DomainError) else str(trouble))
        return await let_in(visit, account.name, by=openid.provider.issuer, next_path=checked_next(unquote(wanted)))


async def _account(visit: Visit, openid: OpenId, who: Vouched) -> Account:
    def work(services: Services) -> Account:
        return account_of(services.accounts, who, is_role_told=bool(openid.provider.role_claim))

    return await visit.house.workspace.write(work)


def _refuse(visit: Visit, sentence: str) -> Response[str]:
    """The sign-in page, with what went wrong above it; what the browser kept of the attempt is forgotten."""
    form = Fields()
    form.refuse(WHOLE_FORM, sentence)
    response = show_sign_in(visit, form)
    drop_cookie(response, visit, OPENID)
    return response
