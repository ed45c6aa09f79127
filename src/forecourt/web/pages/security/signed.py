"""The register of signed certificates: inspect, download and revoke what authorities issued for this system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.model import OWN
from forecourt.domain.signing.model import IssuedCertificate, IssuedFilter, Use
from forecourt.domain.signing.revoking import revoke_issued
from forecourt.domain.trust.naming import bare_hash
from forecourt.pki.reasons import Reason
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.certificate_words import extensions_of
from forecourt.web.pages.security.files import der_file, pem_file
from forecourt.web.pages.security.lists import expires_before, expiries, told
from forecourt.web.visit import Typed, Visit, Visiting

COLUMNS: Final = (
    *("fingerprint", "subject", "issuer", "serial", "issuerHash", "notBefore", "notAfter", "keyKind", "signing"),
    *("use", "owner", "authority", "issuedAt", "revokedAt", "revokedBecause"),
)

_OFFERED: Final = (
    Reason.UNSPECIFIED,
    Reason.KEY_COMPROMISE,
    Reason.CA_COMPROMISE,
    Reason.AFFILIATION_CHANGED,
    Reason.SUPERSEDED,
    Reason.CESSATION_OF_OPERATION,
    Reason.CERTIFICATE_HOLD,
    Reason.PRIVILEGE_WITHDRAWN,
)
"""AACompromise is for attribute certificates, which nobody signs here (RFC 5280 §5.3.1)."""


class SignedCertificatePages(Controller):
    @get("/signed-certificates", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = chosen(visit)
        page = await visit.read(lambda services: services.signing.issued_list(wanted, visit.page()))
        return visit.show("security/signed.html", page=page, uses=Use, expiries=expiries(), now=visit.house.clock.now())

    @get("/signed-certificates.csv", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        wanted = chosen(visit)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.signing.issued_list(wanted, page),
            columns=COLUMNS,
            rows=_rows,
            filename="signed-certificates.csv",
        )

    @get("/signed-certificates/{fingerprint:str}", permission=Permission.VIEW)
    async def show(self, fingerprint: FromPath[str], visit: Visiting) -> Response[str]:
        return await _page(visit, fingerprint, Fields.of(reason=Reason.UNSPECIFIED))

    @get("/signed-certificates/{fingerprint:str}/pem", permission=Permission.VIEW)
    async def pem(self, fingerprint: FromPath[str], visit: Visiting) -> Response[str]:
        return pem_file((await _issued(visit, fingerprint)).certificate)

    @get("/signed-certificates/{fingerprint:str}/chain", permission=Permission.VIEW)
    async def chain(self, fingerprint: FromPath[str], visit: Visiting) -> Response[str]:
        return pem_file(*(await _issued(visit, fingerprint)).chain)

    @get("/signed-certificates/{fingerprint:str}/der", permission=Permission.VIEW)
    async def der(self, fingerprint: FromPath[str], visit: Visiting) -> Response[bytes]:
        return der_file((await _issued(visit, fingerprint)).certificate)

    @post("/signed-certificates/{fingerprint:str}/revoke", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def revoke(self, fingerprint: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted, reason = _wanted(fingerprint), form.choice("reason", Reason, is_required=True)
        if reason is not None:
            with form.refusals():
                revoked = await visit.write(
                    lambda services: revoke_issued(services, wanted, reason, asked_by=visit.asked_by)
                )
                done = told(_("The certificate is revoked."), revoked.warnings)
                return visit.go(f"/signed-certificates/{wanted}", done)
        return await _page(visit, fingerprint, form)


async def _page(visit: Visit, fingerprint: str, form: Fields) -> Response[str]:
    issued = await _issued(visit, fingerprint)
    return visit.show_form(
        "security/signed_one.html",
        form,
        issued=issued,
        fields=extensions_of(issued.certificate),
        reasons=_OFFERED,
        is_own=issued.authority == OWN,
        now=visit.house.clock.now(),
    )


def chosen(visit: Visit) -> IssuedFilter:
    """The search looks at subjects, serial numbers and fingerprints; colons in numbers do not count."""
    query = visit.query
    state = query.shown("state")
    return IssuedFilter(
        use=query.choice("use", Use),
        owner=query.maybe_text("owner"),
        authority=query.maybe_text("authority"),
        is_revoked={"revoked": True, "good": False}.get(state),
        expires_before=expires_before(visit),
        search=query.maybe_text("search"),
    )


async def _issued(visit: Visit, fingerprint: str) -> IssuedCertificate:
    wanted = _wanted(fingerprint)
    return await visit.read(lambda services: services.signing.issued(wanted))


def _wanted(fingerprint: str) -> str:
    return bare_hash(from_path(fingerprint))


def _rows(issued: IssuedCertificate) -> Iterator[Sequence[Cell]]:
    certificate = issued.certificate
    number: int = issued.number
    yield (
        *(certificate.fingerprint, certificate.subject, certificate.issuer, certificate.serial),
        *(certificate.issuer_hash, certificate.not_before, certificate.not_after, certificate.key_kind),
        *(number, issued.use.value, issued.owner, issued.authority, issued.issued_at),
        *(issued.revoked_at, issued.revoked_because),
    )
