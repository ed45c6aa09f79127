"""The record of who did what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation
from litestar.response import Stream
from msgspec import Meta

from forecourt.api.access import access
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import Works, utc
from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.audit.model import AuditEntry, AuditFilter, Via

Told = NamedDependency[SkipValidation[AuditFilter]]


class AuditEntryView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Something that somebody changed here, or a sign-in."""

    entry: Annotated[int, Meta(description="Its number; later entries have higher ones.")]
    at: Annotated[datetime, Meta(description="When it was done.")]
    who: Annotated[str, Meta(description="The account, `token NAME`, or `command line (USER)`.")]
    via: Annotated[Via, Meta(description="By which door.")]
    action: Annotated[
        str, Meta(description="An operation of this interface, the address of a page, or the words of a command.")
    ]
    subject: Annotated[str, Meta(description="What it was done to; empty where that is nothing by itself.")]
    detail: Annotated[str, Meta(description="What else is known of it.")]


async def wanted_deeds(
    *,
    who: Annotated[
        str | None, QueryParameter(max_length=300, pattern="^[^\\x00]*$", description="Only what they did.")
    ] = None,
    via: Annotated[Via | None, QueryParameter(description="Only what was done by this door.")] = None,
    action: Annotated[
        str | None, QueryParameter(max_length=200, pattern="^[^\\x00]*$", description="Only this action.")
    ] = None,
    subject: Annotated[
        str | None, QueryParameter(max_length=300, pattern="^[^\\x00]*$", description="Only what was done to it.")
    ] = None,
    since: Annotated[datetime | None, QueryParameter(name="from", description="Done at this time or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Done before this time.")] = None,
) -> AuditFilter:
    """Which entries a request asks for."""
    return AuditFilter(
        who=who, via=via, action=action, subject=subject, since=utc(since, "from"), until=utc(until, "to")
    )


def show_deed(entry: AuditEntry) -> AuditEntryView:
    deed = entry.deed
    return AuditEntryView(
        entry=entry.number,
        at=entry.at,
        who=deed.who,
        via=deed.via,
        action=deed.action,
        subject=deed.subject,
        detail=deed.detail,
    )


AUDIT_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(AuditEntryView))


def deed_rows(entry: AuditEntry) -> Iterator[Sequence[Cell]]:
    deed = entry.deed
    yield [int(entry.number), entry.at, deed.who, deed.via.value, deed.action, deed.subject, deed.detail]


class AuditTrail(Controller):
    tags = ("Audit",)
    opt = access(view=Permission.AUDIT)
    dependencies = {"told": Provide(wanted_deeds)}  # noqa: RUF012  # declared so by the framework

    @get("/audit", summary="List who did what", operation_id="listAudit")
    async def list_all(self, workspace: Works, page: Paging, told: Told) -> Listing[AuditEntryView]:
        """Newest first. What was refused is not there; what decides on security is also in `/api/v1/security-log`."""
        return listing(await workspace.read(lambda services: services.audit.list(told, page)), show_deed)

    @get("/audit.csv", media_type=CSV, summary="Download who did what as CSV", operation_id="downloadAudit")
    async def download(self, workspace: Works, told: Told) -> Stream:
        """All that match, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.audit.list(told, page),
            columns=AUDIT_COLUMNS,
            rows=deed_rows,
            filename="audit.csv",
        )
