"""The store of trusted certificates."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, QueryParameter, SkipValidation
from litestar.response import Stream
from msgspec import UNSET, Meta, UnsetType

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.certificate_words import PEM, Fingerprint, pem_file
from forecourt.api.paging import Listing, Paging, listing, part_of
from forecourt.api.trust_views import (
    COLUMNS,
    ChangedTrustView,
    ImportResultView,
    RemovedView,
    TrustedCertificateView,
    UnusableView,
    show_import,
    show_trusted,
    show_unusable,
    trusted_rows,
)
from forecourt.api.words import Search, Works, utc
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import in_english
from forecourt.domain.trust.importing import read_all
from forecourt.domain.trust.model import Changed, Origin, Purpose, Role, TrustFilter
from forecourt.pki.certificate import MAX_BUNDLE_SIZE

Chosen = NamedDependency[SkipValidation[TrustFilter]]


_MAX_BODY_BYTES: Final = 2 * MAX_BUNDLE_SIZE
"""JSON writes every line end of PEM with two characters, and percent-encoding with three."""


class NewTrust(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Certificates to trust."""

    bundle: Annotated[str, Meta(description="One or many certificates as PEM; at most 500, in at most 2 MiB.")]
    purposes: Annotated[list[Purpose], Meta(description="What all of them are trusted for.")]
    role: Annotated[
        Role | None,
        Meta(description="Absent, what issued itself is an anchor, and what another issued an intermediate."),
    ] = None


class TrustChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to change; an absent field keeps its value."""

    purposes: Annotated[list[Purpose] | UnsetType, Meta(description="What it is trusted for.")] = UNSET
    role: Annotated[Role | UnsetType, Meta(description="What it is in a path.")] = UNSET
    enabled: Annotated[bool | UnsetType, Meta(description="Whether it counts.")] = UNSET


def show_changed(changed: Changed) -> ChangedTrustView:
    return ChangedTrustView(trusted=show_trusted(changed.trusted), warnings=in_english(changed.warnings))


async def chosen_certificates(
    *,
    purpose: Annotated[Purpose | None, QueryParameter(description="Only those trusted for this.")] = None,
    role: Annotated[Role | None, QueryParameter(description="Only anchors, or only intermediates.")] = None,
    origin: Annotated[
        Origin | None, QueryParameter(description="Only those that came into the store in this way.")
    ] = None,
    enabled: Annotated[bool | None, QueryParameter(description="Only those that count, or do not.")] = None,
    expires_before: Annotated[
        datetime | None, QueryParameter(name="expiresBefore", description="Only those that expire before this time.")
    ] = None,
    search: Search = None,
) -> TrustFilter:
    """Which certificates a request asks for."""
    return TrustFilter(
        purpose=purpose,
        role=role,
        origin=origin,
        is_enabled=enabled,
        expires_before=utc(expires_before, "expiresBefore"),
        search=search or None,
    )


class TrustedCertificates(Controller):
    tags = ("Trust",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)
    dependencies = {"chosen": Provide(chosen_certificates)}  # noqa: RUF012  # declared so by the framework

    @post(
        "/trust/certificates",
        status_code=200,
        summary="Import certificates to trust",
        operation_id="importTrustedCertificates",
        request_max_body_size=_MAX_BODY_BYTES,
    )
    async def add(self, data: JSONBody[NewTrust], workspace: Works, asked_by: AskedBy) -> ImportResultView:
        """Every certificate is taken or refused by itself, and told of. What is taken counts at once. One that is in
        the store already is trusted for the given purposes as well; if it is disabled it stays so."""
        found = await asyncio.to_thread(read_all, data.bundle)
        purposes = frozenset(data.purposes)
        outcomes = await workspace.write(
            lambda services: services.trust.import_all(found, purposes, data.role, asked_by)
        )
        return show_import(outcomes)

    @get("/trust/certificates", summary="List trusted certificates", operation_id="listTrustedCertificates")
    async def list_all(self, workspace: Works, page: Paging, chosen: Chosen) -> Listing[TrustedCertificateView]:
        """Newest first. The search looks at subjects, issuers and fingerprints. What cannot be read any more is listed
        apart."""
        return listing(await workspace.read(lambda services: services.trust.list(chosen, page)), show_trusted)

    @get(
        "/trust/certificates.csv",
        summary="Download trusted certificates as CSV",
        operation_id="downloadTrustedCertificates",
    )
    async def download(self, workspace: Works, chosen: Chosen) -> Stream:
        """All that match, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.trust.list(chosen, page),
            columns=COLUMNS,
            rows=trusted_rows,
            filename="trusted-certificates.csv",
        )

    @get("/trust/unusable", summary="List what cannot be read any more", operation_id="listUnusableTrust")
    async def unusable(self, workspace: Works, page: Paging) -> Listing[UnusableView]:
        """Trusted certificates, server certificates and lists of outside CAs that are in the store and count for
        nothing, because they were damaged or another version wrote them. They can be removed, or given again."""
        found = await workspace.read(lambda services: services.trust.unusable())
        return listing(part_of(found, page), show_unusable)

    @get(
        "/trust/certificates/{fingerprint:str}",
        summary="Show a trusted certificate",
        operation_id="getTrustedCertificate",
    )
    async def show(self, fingerprint: Fingerprint, workspace: Works) -> TrustedCertificateView:
        wanted = from_path(fingerprint)
        return show_trusted(await workspace.read(lambda services: services.trust.get(wanted)))

    @get(
        "/trust/certificates/{fingerprint:str}/pem",
        summary="Download a trusted certificate",
        operation_id="downloadTrustedCertificate",
        media_type=PEM,
    )
    async def pem(self, fingerprint: Fingerprint, workspace: Works) -> Response[str]:
        """As PEM."""
        wanted = from_path(fingerprint)
        found = await workspace.read(lambda services: services.trust.get(wanted).certificate)
        return pem_file(found)

    @patch(
        "/trust/certificates/{fingerprint:str}",
        summary="Change a trusted certificate",
        operation_id="changeTrustedCertificate",
    )
    async def change(
        self, fingerprint: Fingerprint, data: JSONBody[TrustChange], workspace: Works, asked_by: AskedBy
    ) -> ChangedTrustView:
        """Counts at once, for connections that are open, too. To take away the last anchor of a purpose is possible,
        and warned of."""
        wanted = from_path(fingerprint)
        changed = await workspace.write(
            lambda services: services.trust.change(
                wanted,
                purposes=None if data.purposes is UNSET else frozenset(data.purposes),
                is_enabled=None if data.enabled is UNSET else data.enabled,
                role=None if data.role is UNSET else data.role,
                asked_by=asked_by,
            )
        )
        return show_changed(changed)

    @delete(
        "/trust/certificates/{fingerprint:str}",
        status_code=200,
        summary="Remove a trusted certificate",
        operation_id="removeTrustedCertificate",
    )
    async def remove(self, fingerprint: Fingerprint, workspace: Works, asked_by: AskedBy) -> RemovedView:
        """Counts at once, for connections that are open, too. To remove the last anchor of a purpose is possible, and
        warned of. What was removed comes back only when it is imported again, and not because a station has it."""
        wanted = from_path(fingerprint)
        warnings = await workspace.write(lambda services: services.trust.remove(wanted, asked_by=asked_by))
        return RemovedView(warnings=in_english(warnings))
