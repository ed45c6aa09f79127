"""The visitor's own second factor: set up, its recovery codes, and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import segno
from litestar import Controller, Response, get, post

from forecourt.domain.access.permissions import Permission
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.people.proofs import prove
from forecourt.web.visit import Typed, Visit, Visiting

PATH: Final = "/account/second-factor"


class OwnFactorPages(Controller):
    path = PATH

    @get(permission=Permission.VIEW)
    async def show(self, visit: Visiting) -> Response[str]:
        return await _show(visit, Fields())

    @post("/begin", permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def begin(self, visit: Visiting, form: Typed) -> Response[Any]:
        name = visit.asked_by
        await prove(visit, form)
        if not form.is_good:
            return await _show(visit, form)
        await visit.write(lambda services: services.accounts.begin_totp(name))
        return visit.go(f"{PATH}/new")

    @get("/new", permission=Permission.VIEW)
    async def show_new(self, visit: Visiting) -> Response[Any]:
        return await _show_new(visit, Fields())

    @post("/new", permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def confirm(self, visit: Visiting, form: Typed) -> Response[Any]:
        name, code = visit.asked_by, form.text("code", is_required=True)
        with form.refusals():
            if form.is_good:
                codes = await visit.write(lambda services: services.accounts.confirm_totp(name, code))
                return _show_codes(visit, codes)
        return await _show_new(visit, form)

    @post("/codes", permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def renew_codes(self, visit: Visiting, form: Typed) -> Response[Any]:
        name = visit.asked_by
        await prove(visit, form)
        with form.refusals():
            if form.is_good:
                codes = await visit.write(lambda services: services.accounts.renew_recovery_codes(name))
                return _show_codes(visit, codes)
        return await _show(visit, form)

    @post("/remove", permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def remove(self, visit: Visiting, form: Typed) -> Response[Any]:
        name = visit.asked_by
        await prove(visit, form)
        with form.refusals():
            if form.is_good:
                await visit.write(lambda services: services.accounts.remove_totp(name))
                return visit.go("/account", _("Your second factor is removed."))
        return await _show(visit, form)


async def _show(visit: Visit, form: Fields) -> Response[str]:
    account = await visit.read(lambda services: services.accounts.get(visit.asked_by))
    return visit.show_form("people/own_factor.html", form, account=account)


async def _show_new(visit: Visit, form: Fields) -> Response[Any]:
    offer = await visit.read(lambda services: services.accounts.offered_totp(visit.asked_by))
    if offer is None:
        return visit.go(PATH)
    groups = [offer.secret[start : start + 4] for start in range(0, len(offer.secret), 4)]
    return visit.show_form("people/new_factor.html", form, picture=picture_of(offer.uri), secret=" ".join(groups))


def _show_codes(visit: Visit, codes: Sequence[str]) -> Response[str]:
    """Shown in the answer itself: they are stored as digests, and no other page can show them."""
    return visit.show("people/recovery_codes.html", codes=codes)


def picture_of(uri: str) -> str:
    """A QR code as an address of its own picture, dark on white in both themes: cameras need the contrast."""
    return segno.make(uri, error="m", micro=False).svg_data_uri(scale=6, border=4, dark="#000", light="#fff")
