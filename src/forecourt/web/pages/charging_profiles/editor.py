"""The editor of charging profiles, with a plot of what is typed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from markupsafe import Markup

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import DomainError
from forecourt.domain.services import Services
from forecourt.domain.smart_charging.model import (
    LibraryProfile,
    ProfileDraft,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
)
from forecourt.domain.smart_charging.rules import ProfileRefused, check
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.charging_profiles.forms import MORE_ROWS, form_of, new_form, read_draft, rows_of, take
from forecourt.web.pages.charging_profiles.library import drawn, find, gone
from forecourt.web.visit import Typed, Visit, Visiting

_CHOICES: Final = {"purposes": Purpose, "kinds": ProfileKind, "recurrencies": Recurrency, "units": RateUnit}


class EditorPages(Controller):
    path = "/charging-profiles"

    @get("/new", permission=Permission.MANAGE)
    async def new(self, visit: Visiting) -> Response[Any]:
        """An empty one, or one like another (`copy=NUMBER`)."""
        like = visit.query.number("copy", low=1)
        form = new_form()
        if like is not None:
            try:
                form = form_of(await visit.read(lambda services: find(services, like)))
            except DomainError as error:
                return gone(visit, error)
        return _editor(visit, form, None)

    @post("/new", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def add(self, visit: Visiting, form: Typed) -> Response[Any]:
        return await _saved(visit, form, None)

    @get("/{number:int}/edit", permission=Permission.MANAGE)
    async def edit(self, number: FromPath[int], visit: Visiting) -> Response[Any]:
        try:
            kept = await visit.read(lambda services: find(services, number))
        except DomainError as error:
            return gone(visit, error)
        return _editor(visit, form_of(kept), number)

    @post("/{number:int}/edit", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def change(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        return await _saved(visit, form, number)

    @post("/plot", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def plot(self, visit: Visiting, form: Typed) -> Response[str]:
        """Only the plot of what is typed: scripts ask for it while somebody types."""
        return visit.show("charging_profiles/plot.html", plot=_preview(visit, form))


async def _saved(visit: Visit, form: Fields, number: int | None) -> Response[Any]:
    if form.shown("more"):
        return _editor(visit, _with_more_rows(form), number)
    draft = read_draft(form)
    if form.is_good:
        _check(form, draft)
    if form.shown("preview") or not form.is_good:
        return _editor(visit, form, number)

    def save(services: Services) -> LibraryProfile:
        if number is None:
            return services.smart_charging.add_profile(draft)
        return services.smart_charging.change_profile(find(services, number).number, draft)

    try:
        with form.refusals():
            kept = await visit.write(save)
            return visit.go(f"/charging-profiles/{kept.number}", _done(number))
    except DomainError as error:
        return gone(visit, error)
    return _editor(visit, form, number)


def _done(number: int | None) -> str:
    if number is None:
        return _("The charging profile is kept.")
    return _("The charging profile is changed. Stations keep what they have until it is assigned again.")


def _check(form: Fields, draft: ProfileDraft) -> None:
    """All that breaks the rules at once, and not only what the business would name first."""
    try:
        check(draft.profile)
    except ProfileRefused as refused:
        take(form, refused)


def _editor(visit: Visit, form: Fields, number: int | None) -> Response[Any]:
    plot = _preview(visit, form)
    return visit.show_form(
        "charging_profiles/edit.html", form, number=number, rows=rows_of(form), plot=plot, **_CHOICES
    )


def _with_more_rows(form: Fields) -> Fields:
    form.put("rows", str(rows_of(form) + MORE_ROWS))
    return form


def _preview(visit: Visit, form: Fields) -> Markup | None:
    """The plot of what is typed, or None as long as that is no profile. What is wrong is told when it is saved."""
    typed = form.copy()
    draft = read_draft(typed)
    if not typed.faults.keys() <= {"name", "description"}:
        return None
    try:
        check(draft.profile)
    except ProfileRefused:
        return None
    return drawn(_as_kept(draft, visit))


def _as_kept(draft: ProfileDraft, visit: Visit) -> LibraryProfile:
    now = visit.house.clock.now()
    return LibraryProfile(
        number=0,
        name=draft.name or _("preview"),
        description=draft.description,
        profile=draft.profile,
        created_at=now,
        changed_at=now,
    )
