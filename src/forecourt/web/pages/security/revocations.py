"""The own register of revoked certificates, and the lists (CRLs) of outside authorities."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.services import Services
from forecourt.domain.trust.model import Entered, Revoked
from forecourt.domain.trust.revocations import MAX_REASON, read_list, read_revoked
from forecourt.pki.certificate import MAX_CERTIFICATE
from forecourt.pki.revocation import MAX_CRL
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.files import brought
from forecourt.web.pages.security.lists import told
from forecourt.web.visit import Typed, Visit, Visiting

COLUMNS: Final = ("issuerHash", "serial", "subject", "reason", "revokedBy", "revokedAt", "notAfter")


class RevocationPages(Controller):
    @get("/trust/revocations", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        return await _register(visit, Fields())

    @get("/trust/revocations.csv", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.trust.revocations(page),
            columns=COLUMNS,
            rows=_rows,
            filename="revocations.csv",
        )

    @post("/trust/revocations", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def add(self, visit: Visiting, form: Typed) -> Response[Any]:
        """A certificate as PEM, or one that is named by its issuer and serial number."""
        with form.refusals():
            work = await _entry(visit, form)
            if work is not None:
                entered = await visit.write(work)
                return visit.go("/trust/revocations", told(_("The certificate is revoked."), entered.warnings))
        return await _register(visit, form)

    @post("/trust/revocations/take-back", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def remove(self, visit: Visiting, form: Typed) -> Response[Any]:
        issuer, serial = form.text("issuerHash"), form.text("serial")
        await visit.write(lambda services: services.trust.unrevoke(issuer, serial, asked_by=visit.asked_by))
        return visit.go("/trust/revocations", _("The certificate may be used again."))


class ListPages(Controller):
    @get("/trust/lists", permission=Permission.VIEW)
    async def lists(self, visit: Visiting) -> Response[str]:
        return await _lists(visit, Fields())

    @post(
        "/trust/lists",
        permission=Permission.SECURITY,
        status_code=HTTPStatus.OK,
        request_max_body_size=2 * MAX_CRL,
    )
    async def add_list(self, visit: Visiting, form: Typed) -> Response[Any]:
        data = await brought(form, typed="crl", chosen="file", most=MAX_CRL)
        if form.is_good:
            with form.refusals():
                crl = await asyncio.to_thread(read_list, data)
                await visit.write(lambda services: services.trust.put_crl(crl, asked_by=visit.asked_by))
                return visit.go("/trust/lists", _("The list is in force."))
        return await _lists(visit, form)

    @post("/trust/lists/remove", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def remove_list(self, visit: Visiting, form: Typed) -> Response[Any]:
        issuer, digest = form.text("issuerHash"), form.text("digest")
        await visit.write(lambda services: services.trust.remove_crl(issuer, digest=digest, asked_by=visit.asked_by))
        return visit.go("/trust/lists", _("The list is removed; what it named counts as revoked no longer."))


async def _entry(visit: Visit, form: Fields) -> Callable[[Services], Entered] | None:
    """None when it is not said which certificate. Raises DomainError INVALID."""
    reason, asked_by = form.text("reason", most=MAX_REASON), visit.asked_by
    pem = form.text("certificate", most=2 * MAX_CERTIFICATE)
    issuer, serial = form.text("issuerHash"), form.text("serial")
    if bool(pem) == bool(issuer or serial):
        form.refuse(
            "certificate", _("Give the certificate as PEM, or else both the hash of its issuer and its number.")
        )
    if not form.is_good:
        return None
    if pem:
        known = await asyncio.to_thread(read_revoked, pem)
        return lambda services: services.trust.revoke_certificate(known, reason=reason, asked_by=asked_by)
    return lambda services: services.trust.revoke(issuer_hash=issuer, serial=serial, reason=reason, asked_by=asked_by)


async def _register(visit: Visit, form: Fields) -> Response[str]:
    page = await visit.read(lambda services: services.trust.revocations(visit.page()))
    return visit.show_form("security/revocations.html", form, page=page)


async def _lists(visit: Visit, form: Fields) -> Response[str]:
    crls = await visit.read(lambda services: services.trust.crls())
    return visit.show_form("security/lists.html", form, crls=crls, now=visit.house.clock.now())


def _rows(revoked: Revoked) -> Iterator[Sequence[Cell]]:
    yield (
        *(revoked.issuer_hash, revoked.serial, revoked.subject, revoked.reason),
        *(revoked.revoked_by, revoked.revoked_at, revoked.not_after),
    )
