"""Server certificates that this system asks for and renews by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path, to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.model import Authority, KeyFamily
from forecourt.domain.listener_certificates.model import Managed, Wish
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.lists import told
from forecourt.web.visit import Typed, Visit, Visiting

_HOUR: Final = timedelta(hours=1)
_MOST_HOURS: Final = 87_600


class ManagedCertificatePages(Controller):
    path = "/server-certificates"

    @get("/manage", permission=Permission.SECURITY)
    async def form(self, visit: Visiting) -> Response[str]:
        name = visit.query.maybe_text("name")
        form = Fields.of(families=list(KeyFamily))
        if name is not None:
            wish = (await visit.read(lambda services: services.listener_certificates.get(name))).wish
            form = Fields.of(
                name=name,
                hostNames="\n".join(wish.host_names),
                authority=wish.authority,
                families=sorted(wish.families, key=lambda one: one.value),
                fastExpiry=wish.is_fast,
                renewBeforeHours=None if wish.renew_before is None else f"{wish.renew_before / _HOUR:g}",
            )
        return await _form_page(visit, form)

    @post("/manage", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def put(self, visit: Visiting, form: Typed) -> Response[Any]:
        name, wish = form.text("name", is_required=True), wish_in(form)
        if form.is_good:
            with form.refusals():
                kept = await visit.write(
                    lambda services: services.listener_certificates.put(name, wish, asked_by=visit.asked_by)
                )
                done = told(_("Keys are made and certificates asked for; this takes some seconds."), kept.warnings)
                return visit.go(f"/server-certificates/managed/{to_path(name)}", done)
        return await _form_page(visit, form)

    @get("/managed/{name:str}", permission=Permission.VIEW)
    async def show(self, name: FromPath[str], visit: Visiting) -> Response[str]:
        wanted = from_path(name)
        managed = await visit.read(lambda services: services.listener_certificates.get(wanted))
        return visit.show("security/managed_certificate.html", managed=managed, now=visit.house.clock.now())

    @post("/managed/{name:str}/renew", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def renew(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = from_path(name)
        await visit.write(lambda services: services.listener_certificates.renew(wanted, asked_by=visit.asked_by))
        done = _("It is renewed with new keys; the present certificate is presented until then.")
        return visit.go(f"/server-certificates/managed/{to_path(wanted)}", done)

    @post("/managed/{name:str}/remove", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def remove(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = from_path(name)
        warnings = await visit.write(
            lambda services: services.listener_certificates.remove(wanted, asked_by=visit.asked_by)
        )
        done = _("It is not renewed any more. Listeners go on presenting it until it is removed below.")
        return visit.go("/server-certificates", told(done, warnings))


def wish_in(form: Fields) -> Wish:
    families = {family.value: family for family in KeyFamily}
    chosen = frozenset(families[value] for value in form.all("families") if value in families)
    if not chosen:
        form.refuse("families", _("Choose at least one kind of key."))
    hours = form.decimal("renewBeforeHours", low=1 / 60, high=_MOST_HOURS)
    return Wish(
        host_names=tuple(form.text("hostNames", most=20_000, is_required=True).replace(",", " ").split()),
        authority=form.maybe_text("authority"),
        families=chosen or frozenset(KeyFamily),
        is_fast=form.flag("fastExpiry"),
        renew_before=None if hours is None else hours * _HOUR,
    )


async def _form_page(visit: Visit, form: Fields) -> Response[str]:
    def read(services: Services) -> tuple[Sequence[Authority], Sequence[Managed]]:
        return services.authorities.list(), services.listener_certificates.all()

    authorities, managed = await visit.read(read)
    return visit.show_form(
        "security/managed_certificate_form.html",
        form,
        authorities=authorities,
        families=KeyFamily,
        is_known=form.shown("name") in {one.name for one in managed},
    )
