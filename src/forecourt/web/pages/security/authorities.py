"""Outside authorities: which there are, how they are spoken to, and who signs for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path, to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.kinds import KINDS, MAX_VALUE, OUTSIDE, Setting
from forecourt.domain.authorities.model import Authority, AuthorityKind, Choice
from forecourt.domain.paging import PageRequest
from forecourt.domain.services import Services
from forecourt.domain.signing.model import SigningFilter, SigningState, Use
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.lists import told
from forecourt.web.visit import Typed, Visit, Visiting


class AuthorityPages(Controller):
    path = "/authorities"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        return await _list_page(visit, None)

    @post("/choice", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def choose(self, visit: Visiting, form: Typed) -> Response[Any]:
        """Who signs for which use, and before that for the stations of which group."""
        choice = choice_in(form)
        if form.is_good:
            with form.refusals():
                chosen = await visit.write(
                    lambda services: services.authorities.choose(choice, asked_by=visit.asked_by)
                )
                return visit.go("/authorities", told(_("It counts for what is asked from now on."), chosen.warnings))
        return await _list_page(visit, form)

    @get("/new", permission=Permission.SECURITY)
    async def form(self, visit: Visiting) -> Response[str]:
        kind = visit.query.choice("kind", AuthorityKind)
        if kind not in OUTSIDE:
            return visit.show("security/authority_kinds.html", kinds=OUTSIDE)
        return _form_page(visit, Fields.of(kind=kind), kind, None)

    @post("/new", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def add(self, visit: Visiting, form: Typed) -> Response[Any]:
        kind, name = form.choice("kind", AuthorityKind, is_required=True), form.text("name", is_required=True)
        if kind is None or kind not in OUTSIDE:
            return visit.show("security/authority_kinds.html", kinds=OUTSIDE)
        given = settings_in(form, kind)
        if form.is_good:
            with form.refusals():
                await visit.write(lambda services: services.authorities.add(name, kind, given, asked_by=visit.asked_by))
                return visit.go("/authorities", _("The authority is added; it signs nothing before it is chosen."))
        return _form_page(visit, form, kind, None)

    @get("/outside/{name:str}", permission=Permission.VIEW)
    async def show(self, name: FromPath[str], visit: Visiting) -> Response[str]:
        authority = await _authority(visit, name)
        values: dict[str, object] = {f"settings.{key}": value for key, value in authority.settings.items()}
        form = Fields.of(enabled=authority.is_enabled, **values)
        return _form_page(visit, form, authority.kind, authority)

    @post("/outside/{name:str}", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def change(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        authority = await _authority(visit, name)
        given, is_enabled = settings_in(form, authority.kind, authority), form.flag("enabled")
        if form.is_good:
            with form.refusals():
                await visit.write(
                    lambda services: services.authorities.change(
                        authority.name, given, is_enabled=is_enabled, asked_by=visit.asked_by
                    )
                )
                done = _("The authority is changed; requests that wait for it are tried again.")
                return visit.go(f"/authorities/outside/{to_path(authority.name)}", done)
        return _form_page(visit, form, authority.kind, authority)

    @post("/outside/{name:str}/remove", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def remove(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = from_path(name)
        await visit.write(lambda services: services.authorities.remove(wanted, asked_by=visit.asked_by))
        return visit.go("/authorities", _("The authority is removed, and its secrets are forgotten."))


def settings_in(form: Fields, kind: AuthorityKind, known: Authority | None = None) -> dict[str, str]:
    """What was typed. A secret that was left empty stays as it is; no secret is sent back."""
    given: dict[str, str] = {}
    for setting in KINDS[kind]:
        name = f"settings.{setting.name}"
        if not setting.is_secret:
            given[setting.name] = form.text(name, most=MAX_VALUE)
        elif value := form.secret(name):
            given[setting.name] = value.strip() if is_long(setting) else value
        elif known is not None and form.flag(f"forget.{setting.name}"):
            given[setting.name] = ""
    return {name: value for name, value in given.items() if value or known is not None}


def is_long(setting: Setting) -> bool:
    """It has several lines: certificates and keys."""
    return "PEM" in setting.description or "JSON Web Key" in setting.description


def choice_in(form: Fields) -> Choice:
    """Groups are written one a line: the group, a colon, the authority."""
    by_group: dict[str, str] = {}
    for number, line in enumerate(form.text("byGroup", most=100_000).splitlines(), 1):
        if not line.strip():
            continue
        group, colon, name = (part.strip() for part in line.rpartition(":"))
        group, name = (group, name) if colon else (line, "")
        if not group or not name:
            form.refuse("byGroup", _("Line %(line)s: write the group, a colon and the authority.") % {"line": number})
        elif group in by_group:
            form.refuse("byGroup", _("Line %(line)s: this group is there already.") % {"line": number})
        by_group[group] = name
    defaults = {use: name for use in Use if (name := form.text(f"defaults.{use.value}"))}
    return Choice(defaults=defaults, by_group=by_group)


async def _authority(visit: Visit, name: str) -> Authority:
    wanted = from_path(name)
    return await visit.read(lambda services: services.authorities.get(wanted))


async def _list_page(visit: Visit, form: Fields | None) -> Response[str]:
    def read(services: Services) -> tuple[Sequence[Authority], Choice, Mapping[str, int], int]:
        found = services.authorities.list()
        waiting = SigningFilter(states=frozenset({SigningState.WAITING}))
        counts = {one.name: services.signing.counts(one.name).get(SigningState.WAITING, 0) for one in found[:20]}
        some = len(services.signing.list(waiting, PageRequest(1)).items)
        return found, services.authorities.choice(), counts, some

    authorities, choice, waiting, some = await visit.read(read)
    defaults: dict[str, object] = {f"defaults.{use.value}": choice.defaults.get(use) for use in Use}
    groups = "\n".join(f"{group}: {name}" for group, name in sorted(choice.by_group.items()))
    return visit.show_form(
        "security/authorities.html",
        form or Fields.of(byGroup=groups, **defaults),
        authorities=authorities,
        choice=choice,
        waiting=waiting,
        is_waiting=bool(some),
        uses=Use,
    )


def _form_page(visit: Visit, form: Fields, kind: AuthorityKind, authority: Authority | None) -> Response[str]:
    return visit.show_form(
        "security/authority.html", form, kind=kind, authority=authority, settings=KINDS[kind], is_long=is_long
    )
