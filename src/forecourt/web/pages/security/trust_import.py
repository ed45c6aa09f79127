"""Certificates that are to be trusted, from a text or a file: looked at as a whole, and taken whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.services import Services
from forecourt.domain.trust.importing import Fate, ImportOutcome, read_all
from forecourt.domain.trust.model import Purpose, Role
from forecourt.pki.certificate import MAX_BUNDLE_SIZE
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.files import brought
from forecourt.web.pages.security.trust_change import purposes_in
from forecourt.web.visit import Typed, Visit, Visiting


class NotWhole(DomainError):
    """A part of what was to be imported was refused, so that nothing of it is taken."""

    def __init__(self, outcomes: Sequence[ImportOutcome]) -> None:
        super().__init__(
            Kind.INVALID,
            _("Nothing was imported, because a part of it cannot be taken. Below is told what is wrong with each."),
        )
        self.outcomes = outcomes


class TrustImportPages(Controller):
    @get("/trust/import", permission=Permission.SECURITY)
    async def form(self, visit: Visiting) -> Response[str]:
        return _page(visit, Fields())

    @post("/trust/import", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def add(self, visit: Visiting, form: Typed) -> Response[Any]:
        bundle = await brought(form, typed="bundle", chosen="file", most=MAX_BUNDLE_SIZE)
        purposes, role, is_partly = purposes_in(form), form.choice("role", Role), form.flag("partly")
        outcomes: Sequence[ImportOutcome] = ()
        if form.is_good:
            try:
                found = await asyncio.to_thread(read_all, bundle)

                def work(services: Services) -> Sequence[ImportOutcome]:
                    outcomes = services.trust.import_all(found, purposes, role, visit.asked_by)
                    if not is_partly and any(one.fate is Fate.REFUSED for one in outcomes):
                        raise NotWhole(outcomes)
                    return outcomes

                outcomes = await visit.write(work)
            except NotWhole as error:
                form.take(error)
                outcomes = error.outcomes
            except DomainError as error:
                form.take(error)
            else:
                if all(one.fate is not Fate.REFUSED for one in outcomes):
                    done = _("Imported: %(new)s new, %(known)s known before.")
                    new = sum(one.fate is Fate.ADDED for one in outcomes)
                    return visit.go("/trust", done % {"new": new, "known": len(outcomes) - new})
        return _page(visit, form, outcomes)


def _page(visit: Visit, form: Fields, outcomes: Sequence[ImportOutcome] = ()) -> Response[str]:
    is_taken = form.is_good and bool(outcomes)
    return visit.show_form(
        "security/trust_import.html",
        form,
        outcomes=outcomes,
        is_taken=is_taken,
        purposes=Purpose,
        roles=Role,
        now=visit.house.clock.now(),
    )
