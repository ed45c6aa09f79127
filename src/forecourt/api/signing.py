"""Requests to certificate authorities, and the register of what was issued."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, MediaType, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream
from msgspec import Meta

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.certificate_words import PEM, Fingerprint, pem_file
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.signing_views import (
    ISSUED_COLUMNS,
    SIGNING_COLUMNS,
    IssuedCertificateView,
    RevokedIssuedView,
    SigningView,
    issued_rows,
    show_issued,
    show_revoked_issued,
    show_signing,
    signing_rows,
)
from forecourt.api.words import MAX_LONG, Search, Works, utc
from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import not_found
from forecourt.domain.signing.model import IssuedFilter, SigningFilter, SigningNumber, SigningState, Use
from forecourt.domain.signing.revoking import revoke_issued
from forecourt.domain.trust.naming import bare_hash
from forecourt.pki.reasons import Reason

SigningId = Annotated[int, PathParameter(description="The number of the request.")]
Token = Annotated[str, PathParameter(description="What an authority was told to look for.")]
Requested = NamedDependency[SkipValidation[SigningFilter]]
Registered = NamedDependency[SkipValidation[IssuedFilter]]

_Owner = Annotated[
    str | None,
    QueryParameter(max_length=255, pattern="^[^\\x00]*$", description="Only for this station or server certificate."),
]
_Authority = Annotated[
    str | None, QueryParameter(max_length=255, pattern="^[^\\x00]*$", description="Only of this authority.")
]
_OfUse = Annotated[Use | None, QueryParameter(description="Only for this use.")]


class IssuedRevocation(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Why a certificate is revoked."""

    reason: Annotated[Reason, Meta(description="As RFC 5280 §5.3.1 names it.")] = Reason.UNSPECIFIED


async def requested(
    *,
    states: Annotated[
        list[SigningState] | None,
        QueryParameter(name="state", description="Only in this state; may be given repeatedly."),
    ] = None,
    use: _OfUse = None,
    owner: _Owner = None,
    authority: _Authority = None,
    since: Annotated[datetime | None, QueryParameter(name="from", description="Asked at this time or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Asked before this time.")] = None,
) -> SigningFilter:
    """Which requests are asked for."""
    return SigningFilter(
        states=frozenset(states) if states else None,
        use=use,
        owner=owner,
        authority=authority,
        since=utc(since, "from"),
        until=utc(until, "to"),
    )


async def registered(
    *,
    use: _OfUse = None,
    owner: _Owner = None,
    authority: _Authority = None,
    revoked: Annotated[
        bool | None, QueryParameter(description="Only those that were revoked, or only those that were not.")
    ] = None,
    expires_before: Annotated[
        datetime | None, QueryParameter(name="expiresBefore", description="Only those that expire before this time.")
    ] = None,
    search: Search = None,
) -> IssuedFilter:
    """Which issued certificates are asked for."""
    return IssuedFilter(
        use=use,
        owner=owner,
        authority=authority,
        is_revoked=revoked,
        expires_before=utc(expires_before, "expiresBefore"),
        search=search or None,
    )


class Signings(Controller):
    tags = ("Signing",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)
    dependencies = {"requested": Provide(requested)}  # noqa: RUF012  # declared so by the framework

    @get("/signings", summary="List requests to authorities", operation_id="listSignings")
    async def list_all(self, workspace: Works, page: Paging, requested: Requested) -> Listing[SigningView]:
        """Newest first. `state=waiting` shows what is under way, with what it waits for."""
        return listing(await workspace.read(lambda services: services.signing.list(requested, page)), show_signing)

    @get("/signings.csv", media_type=CSV, summary="Download requests as CSV", operation_id="downloadSignings")
    async def download(self, workspace: Works, requested: Requested) -> Stream:
        """All that match, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.signing.list(requested, page),
            columns=SIGNING_COLUMNS,
            rows=signing_rows,
            filename="signings.csv",
        )

    @get("/signings/{signing:int}", summary="Show a request to an authority", operation_id="getSigning")
    async def show(self, signing: SigningId, workspace: Works) -> SigningView:
        number = _number(signing)
        return show_signing(await workspace.read(lambda services: services.signing.get(number)))

    @post(
        "/signings/{signing:int}/retry", status_code=200, summary="Ask the authority now", operation_id="retrySigning"
    )
    async def retry(self, signing: SigningId, workspace: Works) -> SigningView:
        """Whatever wait is left. Of one that has ended nothing is asked again: whoever wants the certificate asks
        anew."""
        number = _number(signing)
        return show_signing(await workspace.write(lambda services: services.signing.retry(number)))

    @post("/signings/{signing:int}/cancel", status_code=200, summary="Cancel a request", operation_id="cancelSigning")
    async def cancel(self, signing: SigningId, workspace: Works, asked_by: AskedBy) -> SigningView:
        """Whoever waits for the certificate is told that there will be none. What the authority signs all the same is
        not kept."""
        number, reason = _number(signing), f"It was cancelled by {asked_by}."
        return show_signing(await workspace.write(lambda services: services.signing.cancel(number, reason)))


class IssuedCertificates(Controller):
    tags = ("Signing",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)
    dependencies = {"registered": Provide(registered)}  # noqa: RUF012  # declared so by the framework

    @get("/issued-certificates", summary="List issued certificates", operation_id="listIssuedCertificates")
    async def list_all(self, workspace: Works, page: Paging, registered: Registered) -> Listing[IssuedCertificateView]:
        """Newest first. The search looks at subjects, serial numbers and fingerprints."""
        return listing(
            await workspace.read(lambda services: services.signing.issued_list(registered, page)), show_issued
        )

    @get(
        "/issued-certificates.csv",
        media_type=CSV,
        summary="Download issued certificates as CSV",
        operation_id="downloadIssuedCertificates",
    )
    async def download(self, workspace: Works, registered: Registered) -> Stream:
        """All that match, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.signing.issued_list(registered, page),
            columns=ISSUED_COLUMNS,
            rows=issued_rows,
            filename="issued-certificates.csv",
        )

    @get(
        "/issued-certificates/{fingerprint:str}",
        summary="Show an issued certificate",
        operation_id="getIssuedCertificate",
    )
    async def show(self, fingerprint: Fingerprint, workspace: Works) -> IssuedCertificateView:
        wanted = bare_hash(from_path(fingerprint))
        return show_issued(await workspace.read(lambda services: services.signing.issued(wanted)))

    @get(
        "/issued-certificates/{fingerprint:str}/pem",
        summary="Download an issued certificate",
        operation_id="downloadIssuedCertificate",
        media_type=PEM,
    )
    async def pem(self, fingerprint: Fingerprint, workspace: Works) -> Response[str]:
        """As PEM, followed by its issuers."""
        wanted = bare_hash(from_path(fingerprint))
        found = await workspace.read(lambda services: services.signing.issued(wanted))
        return pem_file(*found.chain)

    @post(
        "/issued-certificates/{fingerprint:str}/revoke",
        status_code=200,
        summary="Revoke an issued certificate",
        operation_id="revokeIssuedCertificate",
    )
    async def revoke(
        self, fingerprint: Fingerprint, data: JSONBody[IssuedRevocation], workspace: Works, asked_by: AskedBy
    ) -> RevokedIssuedView:
        """It is refused from the next handshake on. What the own authority has signed appears on its list within
        seconds; an authority outside is not told."""
        wanted = bare_hash(from_path(fingerprint))
        revoked = await workspace.write(
            lambda services: revoke_issued(services, wanted, data.reason, asked_by=asked_by)
        )
        return show_revoked_issued(revoked)


@get(
    "/.well-known/acme-challenge/{token:str}",
    media_type=MediaType.TEXT,
    include_in_schema=False,
)
async def acme_challenge(token: Token, workspace: Works) -> Response[str]:
    """Open to all: shows an ACME authority that a host name is this system's (RFC 8555 §8.3)."""
    known = from_path(token)
    answer = await workspace.read(lambda services: services.signing.challenge(known))
    if answer is None:
        raise not_found("No authority was told of this token.")
    return Response(answer, media_type="application/octet-stream")


def _number(number: int) -> SigningNumber:
    """The number as the database can compare it; raises DomainError NOT_FOUND for others."""
    if not 0 < number <= MAX_LONG:
        raise not_found(f"There is no signing request {number}.")
    return SigningNumber(number)
