"""What the own authority has revoked, and its lists say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.model import OwnRevocation
from forecourt.pki.reasons import Reason
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.visit import Typed, Visit, Visiting

COLUMNS: Final = ("issuerHash", "serial", "subject", "reason", "revokedBy", "revokedAt", "notAfter")


class OwnRevocationPages(Controller):
    @get("/ca/revocations", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        return await _page(visit, Fields.of(reason=Reason.UNSPECIFIED))

    @get("/ca/revocations.csv", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.own_ca.revocations(page),
            columns=COLUMNS,
            rows=_rows,
            filename="own-authority-revocations.csv",
        )

    @post("/ca/revocations", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def add(self, visit: Visiting, form: Typed) -> Response[Any]:
        """Also of a certificate that is in no register, by its numbers."""
        issuer, serial = form.text("issuerHash", is_required=True), form.text("serial", is_required=True)
        reason = form.choice("reason", Reason, is_required=True)
        if form.is_good and reason is not None:
            with form.refusals():
                await visit.write(
                    lambda services: services.own_ca.revoke(issuer, serial, reason, asked_by=visit.asked_by)
                )
                return visit.go("/ca/revocations", _("The certificate is revoked."))
        return await _page(visit, form)

    @post("/ca/revocations/release", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def release(self, visit: Visiting, form: Typed) -> Response[Any]:
        issuer, serial = form.text("issuerHash"), form.text("serial")
        await visit.write(lambda services: services.own_ca.unrevoke(issuer, serial, asked_by=visit.asked_by))
        return visit.go("/ca/revocations", _("The certificate may be used again."))


async def _page(visit: Visit, form: Fields) -> Response[str]:
    page = await visit.read(lambda services: services.own_ca.revocations(visit.page()))
    return visit.show_form(
        "security/ca_revocations.html", form, page=page, reasons=Reason, hold=Reason.CERTIFICATE_HOLD
    )


def _rows(revocation: OwnRevocation) -> Iterator[Sequence[Cell]]:
    yield (
        *(revocation.issuer_hash, revocation.serial, revocation.subject, revocation.reason.value),
        *(revocation.revoked_by, revocation.revoked_at, revocation.not_after),
    )
