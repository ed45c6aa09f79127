"""The own authority: its hierarchy, what is being made, and what an operator has to see to."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.model import KeyFamily, OwnDetail, OwnStatus, Phase, Rank
from forecourt.domain.services import Services
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.certificate_words import extensions_of
from forecourt.web.pages.security.files import der_file, pem_file
from forecourt.web.pages.security.lists import told
from forecourt.web.visit import Typed, Visiting


class OwnAuthorityPages(Controller):
    path = "/ca"

    @get(permission=Permission.VIEW)
    async def show(self, visit: Visiting) -> Response[str]:
        def read(services: Services) -> tuple[OwnStatus, Sequence[OwnDetail]]:
            return services.own_ca.status(), services.own_ca.details()

        status, details = await visit.read(read)
        return visit.show(
            "security/ca.html",
            condition=status,
            trees={family: [one for one in details if one.own.family is family] for family in KeyFamily},
            is_made=any(one.own.phase is Phase.ACTIVE for one in details),
            now=visit.house.clock.now(),
        )

    @post("/create", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def create(self, visit: Visiting, form: Typed) -> Response[Any]:
        await visit.write(lambda services: services.own_ca.create(asked_by=visit.asked_by))
        return visit.go("/ca", _("Roots and issuing CAs are being made; this takes some seconds."))

    @post("/roll", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def roll(self, visit: Visiting, form: Typed) -> Response[Any]:
        family, is_root = KeyFamily(form.text("family")), form.text("rank") == Rank.ROOT.value

        def work(services: Services) -> None:
            if is_root:
                services.own_ca.roll_root(family, asked_by=visit.asked_by)
            else:
                services.own_ca.roll_issuing(family, asked_by=visit.asked_by)

        await visit.write(work)
        return visit.go("/ca", _("The next one is being made; this takes some seconds."))

    @post("/roll/cancel", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def cancel_roll(self, visit: Visiting, form: Typed) -> Response[Any]:
        family, rank = KeyFamily(form.text("family")), Rank(form.text("rank"))
        await visit.write(lambda services: services.own_ca.cancel_roll(family, rank, asked_by=visit.asked_by))
        return visit.go("/ca", _("It is not made."))

    @get("/certificates/{fingerprint:str}", permission=Permission.VIEW)
    async def certificate(self, fingerprint: FromPath[str], visit: Visiting) -> Response[str]:
        wanted = from_path(fingerprint)
        detail = await visit.read(lambda services: services.own_ca.detail(wanted))
        return visit.show(
            "security/ca_certificate.html",
            detail=detail,
            fields=extensions_of(detail.own.certificate),
            now=visit.house.clock.now(),
        )

    @get("/certificates/{fingerprint:str}/pem", permission=Permission.VIEW)
    async def pem(self, fingerprint: FromPath[str], visit: Visiting) -> Response[str]:
        wanted = from_path(fingerprint)
        return pem_file((await visit.read(lambda services: services.own_ca.certificate(wanted))).certificate)

    @get("/certificates/{fingerprint:str}/der", permission=Permission.VIEW)
    async def der(self, fingerprint: FromPath[str], visit: Visiting) -> Response[bytes]:
        wanted = from_path(fingerprint)
        return der_file((await visit.read(lambda services: services.own_ca.certificate(wanted))).certificate)

    @get("/certificates/{fingerprint:str}/cross", permission=Permission.VIEW)
    async def cross(self, fingerprint: FromPath[str], visit: Visiting) -> Response[str]:
        """Signed by the root before it (AdditionalRootCertificateCheck, M05.FR.09)."""
        wanted = from_path(fingerprint)
        return pem_file(await visit.read(lambda services: services.own_ca.cross(wanted)))

    @post("/certificates/{fingerprint:str}/activate", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def activate(self, fingerprint: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = from_path(fingerprint)
        warnings = await visit.write(lambda services: services.own_ca.activate(wanted, asked_by=visit.asked_by))
        return visit.go("/ca", told(_("The root is in force; an issuing CA is made below it."), warnings))

    @post("/certificates/{fingerprint:str}/retire", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def retire(self, fingerprint: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted, despite = from_path(fingerprint), form.flag("despite")
        warnings = await visit.write(
            lambda services: services.own_ca.retire(wanted, asked_by=visit.asked_by, despite=despite)
        )
        return visit.go("/ca", told(_("It is retired; nothing that it has signed is accepted any more."), warnings))
