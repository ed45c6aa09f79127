"""Keys that firmware is signed with here."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.errors import not_found
from forecourt.domain.firmware.making import MAX_DAYS, SIGNER_DAYS, KeyWish
from forecourt.domain.firmware.model import MAX_NAME, FirmwareKey
from forecourt.operations.firmware import create_key, import_key
from forecourt.pki.keys import MAX_KEY, MAX_PASSWORD
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.visit import Typed, Visit, Visiting

PEM: Final = "application/x-pem-file"
MAX_CHAIN: Final = 20_000


class FirmwareKeyPages(Controller):
    path = "/firmware/keys"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        keys = await visit.read(lambda services: services.firmware_keys.all())
        return visit.show("firmware/keys.html", keys=keys, now=visit.house.clock.now())

    @get("/make", permission=Permission.SECURITY)
    async def make_form(self, visit: Visiting) -> Response[str]:
        return await _show_make(visit, Fields.of(family=KeyFamily.RSA, days=SIGNER_DAYS))

    @post("/make", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def make(self, visit: Visiting, form: Typed) -> Response[Any]:
        name = form.text("name", most=MAX_NAME, is_required=True)
        wish = KeyWish(
            common_name=form.text("commonName", most=59, is_required=True),
            organisation=form.maybe_text("organisation", most=64),
            family=form.choice("family", KeyFamily) or KeyFamily.RSA,
            days=form.number("days", low=1, high=MAX_DAYS) or SIGNER_DAYS,
        )
        with form.refusals():
            if form.is_good:
                root = form.maybe_text("root")
                await create_key(visit.workspace, name, wish, root=root, asked_by=visit.asked_by)
                done = _("The key is made. Stations need its root before they accept what it signs.")
                return visit.go("/firmware/keys", done)
        return await _show_make(visit, form)

    @get("/import", permission=Permission.SECURITY)
    async def import_form(self, visit: Visiting) -> Response[str]:
        return visit.show_form("firmware/import_key.html", Fields())

    @post("/import", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def take(self, visit: Visiting, form: Typed) -> Response[Any]:
        name = form.text("name", most=MAX_NAME, is_required=True)
        certificate = form.text("certificate", most=MAX_CHAIN, is_required=True)
        private_key, password = form.secret("privateKey"), form.secret("password")
        if not private_key.strip():
            form.refuse("privateKey", _("This is needed."))
        if len(private_key) > MAX_KEY or len(password) > MAX_PASSWORD:
            form.refuse("privateKey", _("This is too long for a key."))
        if form.is_good:
            refused = Fields.of(name=name, certificate=certificate, privateKey="", password="")
            with refused.refusals():
                await import_key(
                    visit.workspace,
                    name,
                    certificate=certificate,
                    private_key=private_key,
                    password=password or None,
                    asked_by=visit.asked_by,
                )
                return visit.go("/firmware/keys", _("The key is kept, sealed."))
            form = refused
        return visit.show_form("firmware/import_key.html", form)

    @get("/{name:str}/certificate.pem", permission=Permission.VIEW)
    async def certificate(self, name: FromPath[str], visit: Visiting) -> Response[str]:
        key = await _find(visit, name)
        return _pem(key.certificate.pem, "firmware-certificate.pem")

    @get("/{name:str}/root.pem", permission=Permission.VIEW)
    async def root(self, name: FromPath[str], visit: Visiting) -> Response[str]:
        """For InstallCertificate with ManufacturerRootCertificate."""
        key = await _find(visit, name)
        if key.root is None:
            raise not_found(_("The root of this key was not given with it; ask its maker for it."))
        return _pem(key.root.pem, "firmware-root.pem")

    @post("/{name:str}/remove", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def remove(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = from_path(name)
        await visit.write(lambda services: services.firmware_keys.remove(wanted, asked_by=visit.asked_by))
        return visit.go("/firmware/keys", _("The key is removed. What it signed stays signed."))


async def _show_make(visit: Visit, form: Fields) -> Response[str]:
    keys = await visit.read(lambda services: services.firmware_keys.all())
    return visit.show_form(
        "firmware/make_key.html",
        form,
        families=KeyFamily,
        roots=[(key.name, key.name) for key in keys if key.has_root_key],
        max_days=MAX_DAYS,
    )


async def _find(visit: Visit, name: str) -> FirmwareKey:
    wanted = from_path(name)
    return await visit.read(lambda services: services.firmware_keys.get(wanted))


def _pem(pem: str, name: str) -> Response[str]:
    return Response(pem, media_type=PEM, headers={"Content-Disposition": f'attachment; filename="{name}"'})
