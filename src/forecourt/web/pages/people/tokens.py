"""API tokens: which programs may come in, and what they may do."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.access.service import USUAL_SCOPES
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.visit import Typed, Visit, Visiting

SOON: Final = timedelta(days=14)
"""A token that expires within this time is shown with a warning."""


class TokenPages(Controller):
    path = "/tokens"

    @get(permission=Permission.ADMINISTER)
    async def list_all(self, visit: Visiting) -> Response[str]:
        page = await visit.read(lambda services: services.access.list_tokens(visit.page()))
        now = visit.house.clock.now()
        return visit.show("people/tokens.html", page=page, permissions=Permission, now=now, soon=now + SOON)

    @get("/new", permission=Permission.ADMINISTER)
    async def show_new(self, visit: Visiting) -> Response[str]:
        usual = [scope for scope in Permission if scope in USUAL_SCOPES]
        return _show_new(visit, Fields.of(scopes=usual))

    @post("/new", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def create(self, visit: Visiting, form: Typed) -> Response[Any]:
        name, expires_at = form.text("name", is_required=True), form.moment("expiresAt")
        scopes = frozenset(scope for scope in Permission if scope.value in form.all("scopes"))
        if not scopes:
            form.refuse("scopes", _("A token needs at least one scope; without any it could do nothing."))
        if form.is_good:
            visit.record.tell(", ".join([name, *sorted(scope.value for scope in scopes)]))
            with form.refusals():
                token, secret = await visit.write(
                    lambda services: services.access.create_token(name, expires_at, scopes=scopes)
                )
                return visit.show("people/new_token_shown.html", token=token, secret=secret, permissions=Permission)
        return _show_new(visit, form)

    @post("/{name:str}/revoke", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def revoke(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        token = from_path(name)
        await visit.write(lambda services: services.access.revoke_token(token))
        return visit.go("/tokens", _("The token is revoked; what uses it is refused from now on."))


def _show_new(visit: Visit, form: Fields) -> Response[str]:
    return visit.show_form("people/new_token.html", form, permissions=Permission)
