"""One certificate of the store of trust: what is written in it, what depends on it, and changes to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.paging import PageRequest
from forecourt.domain.roots.model import RootCount
from forecourt.domain.roots.paths import leads
from forecourt.domain.services import Services
from forecourt.domain.trust.model import Purpose, Role, ServerChain, Trusted, TrustFilter
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.certificate_words import extensions_of
from forecourt.web.pages.security.lists import told
from forecourt.web.visit import Typed, Visit, Visiting


@dataclass(frozen=True, slots=True)
class Dependents:
    """What an operator should think of before a certificate goes."""

    last_of: Sequence[Purpose]
    """No other anchor is trusted for these."""
    served: Sequence[ServerChain]
    """Server certificates that lead to it."""
    at_stations: Sequence[RootCount]
    """How many stations have it as a root."""


class TrustedCertificatePages(Controller):
    @get("/trust/certificates/{fingerprint:str}", permission=Permission.VIEW)
    async def show(self, fingerprint: FromPath[str], visit: Visiting) -> Response[str]:
        return await _page(visit, fingerprint, None)

    @post("/trust/certificates/{fingerprint:str}", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def change(self, fingerprint: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted, purposes = from_path(fingerprint), purposes_in(form)
        role, is_enabled = form.choice("role", Role, is_required=True), form.flag("enabled")
        if form.is_good and role is not None:
            with form.refusals():
                changed = await visit.write(
                    lambda services: services.trust.change(
                        wanted, purposes=purposes, is_enabled=is_enabled, role=role, asked_by=visit.asked_by
                    )
                )
                done = told(_("The change counts at once."), changed.warnings)
                return visit.go(f"/trust/certificates/{changed.trusted.certificate.fingerprint}", done)
        return await _page(visit, fingerprint, form)

    @post("/trust/certificates/{fingerprint:str}/remove", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def remove(self, fingerprint: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = from_path(fingerprint)
        warnings = await visit.write(lambda services: services.trust.remove(wanted, asked_by=visit.asked_by))
        return visit.go("/trust", told(_("It is not trusted any more."), warnings))


def purposes_in(form: Fields) -> frozenset[Purpose]:
    """Those that were ticked; notes a mistake when none was."""
    known = {purpose.value: purpose for purpose in Purpose}
    found = frozenset(known[value] for value in form.all("purposes") if value in known)
    if not found:
        form.refuse("purposes", _("Choose at least one purpose."))
    return found


async def _page(visit: Visit, fingerprint: str, form: Fields | None) -> Response[str]:
    wanted, now = from_path(fingerprint), visit.house.clock.now()

    def read(services: Services) -> tuple[Trusted, Dependents]:
        trusted = services.trust.get(wanted)
        return trusted, dependents(services, trusted, now)

    trusted, needs = await visit.read(read)
    purposes = sorted(trusted.purposes, key=lambda one: one.value)
    return visit.show_form(
        "security/trusted.html",
        form or Fields.of(purposes=purposes, role=trusted.role, enabled=trusted.is_enabled),
        trusted=trusted,
        needs=needs,
        fields=extensions_of(trusted.certificate),
        purposes=Purpose,
        roles=Role,
        now=now,
    )


def dependents(services: Services, trusted: Trusted, now: datetime) -> Dependents:
    certificate = trusted.certificate
    last_of = [
        purpose
        for purpose in sorted(trusted.purposes, key=lambda one: one.value)
        if trusted.role is Role.ANCHOR and trusted.is_enabled and _is_last(services, purpose)
    ]
    served = [
        one
        for one in services.trust.server_certificates()
        if certificate in one.chain or leads(one.chain, [certificate], now)
    ]
    counts = [one for one in services.roots.counts() if one.fingerprint == certificate.fingerprint]
    return Dependents(last_of, served, counts)


def _is_last(services: Services, purpose: Purpose) -> bool:
    anchors = TrustFilter(purpose=purpose, role=Role.ANCHOR, is_enabled=True)
    return len(services.trust.list(anchors, PageRequest(2)).items) == 1
