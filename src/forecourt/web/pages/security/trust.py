"""The store of trusted certificates: what is trusted for what; import, change and remove."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from litestar import Controller, Response, get
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.paging import Page
from forecourt.domain.services import Services
from forecourt.domain.trust.model import Origin, Purpose, Role, Trusted, TrustFilter, Unusable
from forecourt.web.pages.security.files import der_file, pem_file
from forecourt.web.pages.security.lists import expires_before, expiries
from forecourt.web.visit import Visit, Visiting

COLUMNS: Final = (
    *("fingerprint", "subject", "issuer", "serial", "issuerHash", "notBefore", "notAfter", "keyKind", "authority"),
    *("purposes", "role", "enabled", "origin", "addedBy", "addedAt"),
)


class TrustPages(Controller):
    @get("/trust", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = chosen(visit)

        def read(services: Services) -> tuple[Page[Trusted], Sequence[Unusable]]:
            return services.trust.list(wanted, visit.page()), services.trust.unusable()

        page, unusable = await visit.read(read)
        return visit.show(
            "security/trust.html",
            page=page,
            unusable=unusable,
            purposes=Purpose,
            roles=Role,
            origins=Origin,
            expiries=expiries(),
            now=visit.house.clock.now(),
        )

    @get("/trust.csv", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        wanted = chosen(visit)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.trust.list(wanted, page),
            columns=COLUMNS,
            rows=_rows,
            filename="trusted-certificates.csv",
        )

    @get("/trust/certificates/{fingerprint:str}/pem", permission=Permission.VIEW)
    async def pem(self, fingerprint: FromPath[str], visit: Visiting) -> Response[str]:
        return pem_file((await _trusted(visit, fingerprint)).certificate)

    @get("/trust/certificates/{fingerprint:str}/der", permission=Permission.VIEW)
    async def der(self, fingerprint: FromPath[str], visit: Visiting) -> Response[bytes]:
        return der_file((await _trusted(visit, fingerprint)).certificate)


def chosen(visit: Visit) -> TrustFilter:
    query = visit.query
    return TrustFilter(
        purpose=query.choice("purpose", Purpose),
        role=query.choice("role", Role),
        origin=query.choice("origin", Origin),
        is_enabled=query.yes_or_no("enabled"),
        expires_before=expires_before(visit),
        search=query.maybe_text("search"),
    )


async def _trusted(visit: Visit, fingerprint: str) -> Trusted:
    wanted = from_path(fingerprint)
    return await visit.read(lambda services: services.trust.get(wanted))


def _rows(trusted: Trusted) -> Iterator[Sequence[Cell]]:
    certificate = trusted.certificate
    yield (
        *(certificate.fingerprint, certificate.subject, certificate.issuer, certificate.serial),
        *(certificate.issuer_hash, certificate.not_before, certificate.not_after, certificate.key_kind),
        *(certificate.is_authority, " ".join(sorted(one.value for one in trusted.purposes)), trusted.role.value),
        *(trusted.is_enabled, trusted.origin.value, trusted.added_by, trusted.added_at),
    )
