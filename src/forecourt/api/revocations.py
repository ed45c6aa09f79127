"""The register of revoked certificates, and the lists of outside CAs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, delete, get, post
from litestar.params import JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.certificate_words import IssuerHash, Serial
from forecourt.api.paging import Listing, Paging, listing, part_of
from forecourt.api.problems import Fault, bad_request
from forecourt.api.words import Works
from forecourt.asgi.csv import Cell, csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import in_english
from forecourt.domain.services import Services
from forecourt.domain.trust.model import Entered, Revoked
from forecourt.domain.trust.revocations import MAX_REASON, read_list, read_revoked
from forecourt.pki.revocation import MAX_CRL, Crl

_MAX_CRL_BODY_BYTES: Final = 2 * MAX_CRL

Digest = Annotated[
    str | None, QueryParameter(max_length=200, pattern="^[^\\x00]*$", description="Only the list with this SHA-256.")
]
Text = Annotated[str, Meta(max_length=1000, pattern="^[^\\x00]*$")]
Reason = Annotated[str, Meta(max_length=MAX_REASON, pattern="^[^\\x00]*$")]


class NewRevocation(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A certificate to revoke: as PEM, or by its issuer and its serial number."""

    certificate: Annotated[str | None, Meta(description="The certificate as PEM.")] = None
    issuer_hash: Annotated[Text | None, Meta(description="SHA-256 of the issuer's name in DER.")] = None
    serial: Annotated[Text | None, Meta(description="The serial number, in hexadecimal.")] = None
    reason: Annotated[Reason, Meta(description="Why, for people; at most 255 characters.")] = ""

    def entry(self, asked_by: str) -> Callable[[Services], Entered]:
        """What is to be done in a unit of work, with what takes long done before. Raises Refusal when it is not said
        which certificate, or said twice, and DomainError for what is no certificate."""
        issuer_hash, serial, reason = self.issuer_hash, self.serial, self.reason
        if self.certificate is not None and issuer_hash is None and serial is None:
            known = read_revoked(self.certificate)
            return lambda services: services.trust.revoke_certificate(known, reason=reason, asked_by=asked_by)
        if self.certificate is None and issuer_hash is not None and serial is not None:
            return lambda services: services.trust.revoke(
                issuer_hash=issuer_hash, serial=serial, reason=reason, asked_by=asked_by
            )
        advice = "Give the certificate as PEM, or else both issuerHash and serial."
        raise bad_request("It is not clear which certificate is to be revoked.", Fault("certificate", advice))


class RevocationView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A revoked certificate."""

    issuer_hash: Annotated[str, Meta(description="SHA-256 of the issuer's name in DER, in hexadecimal.")]
    serial: Annotated[str, Meta(description="The serial number, in hexadecimal.")]
    subject: Annotated[str, Meta(description="Whose it is; empty when only the number is known.")]
    reason: Annotated[str, Meta(description="Why it was revoked.")]
    revoked_by: Annotated[str, Meta(description="Who revoked it.")]
    revoked_at: Annotated[datetime, Meta(description="When it was revoked.")]
    not_after: Annotated[
        datetime | None,
        Meta(description="When it expires, some days after which it is forgotten here; null when that is not known."),
    ]


class EnteredView(RevocationView, frozen=True, rename="camel", kw_only=True):
    """A certificate that was revoked now."""

    warnings: Annotated[Sequence[str], Meta(description="What follows from it; empty when nothing else does.")]


class NewCrl(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A list of revoked certificates (CRL) of an outside CA."""

    crl: Annotated[str, Meta(description="The list as PEM. Its issuer must be in the store.")]


class CrlView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A list of revoked certificates (CRL) that is kept."""

    issuer: Annotated[str, Meta(description="Whose list it is.")]
    issuer_hash: Annotated[str, Meta(description="SHA-256 of that name in DER, in hexadecimal.")]
    authority_key: Annotated[
        str, Meta(description="Which key of its issuer it names, in hexadecimal; empty when it names none.")
    ]
    digest: Annotated[str, Meta(description="SHA-256 of the list, in hexadecimal.")]
    this_update: Annotated[datetime, Meta(description="When it was made.")]
    next_update: Annotated[datetime | None, Meta(description="When the next one is due, if it says so.")]
    entries: Annotated[int, Meta(description="How many certificates it names.")]


def show_revocation(revoked: Revoked) -> RevocationView:
    return RevocationView(
        issuer_hash=revoked.issuer_hash,
        serial=revoked.serial,
        subject=revoked.subject,
        reason=revoked.reason,
        revoked_by=revoked.revoked_by,
        revoked_at=revoked.revoked_at,
        not_after=revoked.not_after,
    )


def show_entered(entered: Entered) -> EnteredView:
    return EnteredView(
        **msgspec.structs.asdict(show_revocation(entered.revoked)), warnings=in_english(entered.warnings)
    )


def show_crl(crl: Crl) -> CrlView:
    return CrlView(
        issuer=crl.issuer,
        issuer_hash=crl.issuer_hash,
        authority_key=crl.authority_key,
        digest=crl.digest,
        this_update=crl.this_update,
        next_update=crl.next_update,
        entries=len(crl.serials),
    )


_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(RevocationView))


def _rows(revoked: Revoked) -> Iterator[Sequence[Cell]]:
    view = show_revocation(revoked)
    yield [getattr(view, name) for name in view.__struct_fields__]


class Revocations(Controller):
    tags = ("Trust",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)

    @get("/trust/revocations", summary="List revoked certificates", operation_id="listRevocations")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[RevocationView]:
        """The system's own register, newest first."""
        return listing(await workspace.read(lambda services: services.trust.revocations(page)), show_revocation)

    @get(
        "/trust/revocations.csv",
        summary="Download revoked certificates as CSV",
        operation_id="downloadRevocations",
    )
    async def download(self, workspace: Works) -> Stream:
        """All, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.trust.revocations(page),
            columns=_COLUMNS,
            rows=_rows,
            filename="revocations.csv",
        )

    @post("/trust/revocations", summary="Revoke a certificate", operation_id="revokeCertificate")
    async def add(self, data: JSONBody[NewRevocation], workspace: Works, asked_by: AskedBy) -> EnteredView:
        """Counts at once, for connections that are open, too, and for every path that leads over the certificate."""
        return show_entered(await workspace.write(data.entry(asked_by)))

    @delete(
        "/trust/revocations/{issuer_hash:str}/{serial:str}",
        summary="Take back a revocation",
        operation_id="unrevokeCertificate",
    )
    async def remove(self, issuer_hash: IssuerHash, serial: Serial, workspace: Works, asked_by: AskedBy) -> None:
        """The certificate may be used again."""
        issuer, number = from_path(issuer_hash), from_path(serial)
        await workspace.write(lambda services: services.trust.unrevoke(issuer, number, asked_by=asked_by))

    @get("/trust/crls", summary="List the lists of outside CAs", operation_id="listCrls")
    async def crls(self, workspace: Works, page: Paging) -> Listing[CrlView]:
        """Lists of revoked certificates (CRLs) that are kept, one for each key and scope of an issuer."""
        found = await workspace.read(lambda services: services.trust.crls())
        return listing(part_of(found, page), show_crl)

    @post(
        "/trust/crls",
        summary="Import the list of an outside CA",
        operation_id="importCrl",
        request_max_body_size=_MAX_CRL_BODY_BYTES,
    )
    async def add_crl(self, data: JSONBody[NewCrl], workspace: Works, asked_by: AskedBy) -> CrlView:
        """Of a CA that is trusted for `stationIdentity`, `onboarding` or `firmwareSigning`. It takes the place of the
        older one of the same issuer, key and scope, and counts at once. At most 100 lists with 64 MiB together are
        kept."""
        crl = await asyncio.to_thread(read_list, data.crl)
        await workspace.write(lambda services: services.trust.put_crl(crl, asked_by=asked_by))
        return show_crl(crl)

    @delete("/trust/crls/{issuer_hash:str}", summary="Remove the lists of an outside CA", operation_id="removeCrl")
    async def remove_crl(
        self, issuer_hash: IssuerHash, workspace: Works, asked_by: AskedBy, digest: Digest = None
    ) -> None:
        """What they named is no longer taken as revoked, unless its CA is asked by itself."""
        issuer = from_path(issuer_hash)
        await workspace.write(lambda services: services.trust.remove_crl(issuer, digest=digest, asked_by=asked_by))
