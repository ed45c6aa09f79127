"""The audit trail: who did what."""

from __future__ import annotations

from litestar import Controller, Response, get
from litestar.response import Stream

from forecourt.asgi.csv import csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.audit.model import AuditFilter, Via
from forecourt.web.fields import Fields
from forecourt.web.visit import Visiting


class AuditPages(Controller):
    path = "/audit"

    @get(permission=Permission.AUDIT)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = _chosen(visit.query)
        page = await visit.read(lambda services: services.audit.list(wanted, visit.page()))
        download = "/audit/download.csv" + visit.address(after=None, limit=None).removeprefix("/audit")
        return visit.show("people/audit.html", page=page, vias=Via, download=download)

    @get("/download.csv", permission=Permission.AUDIT)
    async def download(self, visit: Visiting) -> Stream:
        wanted = _chosen(visit.query)
        return await csv_download(
            visit.workspace,
            lambda services, page: services.audit.list(wanted, page),
            columns=("number", "at", "who", "via", "action", "subject", "detail"),
            rows=lambda entry: [
                (
                    entry.number,
                    entry.at,
                    entry.deed.who,
                    entry.deed.via.value,
                    entry.deed.action,
                    entry.deed.subject,
                    entry.deed.detail,
                )
            ],
            filename="audit.csv",
        )


def _chosen(query: Fields) -> AuditFilter:
    return AuditFilter(
        who=query.maybe_text("who"),
        via=query.choice("via", Via),
        action=query.maybe_text("action"),
        subject=query.maybe_text("subject"),
        since=query.moment("from"),
        until=query.moment("to"),
    )
