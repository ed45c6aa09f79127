"""Changes of id tags: one that is new, one that is there, and many at once."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path, to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.authorization.sheets import MOST_BYTES, MOST_LINES, Sheet
from forecourt.domain.errors import DomainError
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import ngettext
from forecourt.web.pages.id_tags.forms import (
    form_of,
    read_lines,
    read_token,
    reader,
    with_owner,
)
from forecourt.web.pages.id_tags.lists import show_gone
from forecourt.web.visit import Typed, Visit, Visiting

_FORM: Final = "id_tags/form.html"
_MOST_TEXT: Final = 300_000


class NewIdTagPages(Controller):
    """Below a segment that is no tag's page: tags may have any name, also "new"."""

    path = "/id-tags/-"

    @get("/new", permission=Permission.MANAGE)
    async def ask_new(self, visit: Visiting) -> Response[str]:
        query = visit.query
        form = Fields.of(idTag=query.shown("idTag"), driver=query.shown("driver"), maxActiveTransactions=1)
        return visit.show_form(_FORM, form, tag=None)

    @post("/new", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def add(self, visit: Visiting, form: Typed) -> Response[Any]:
        token, owner = read_token(form, form.text("idTag", is_required=True))

        def work(services: Services) -> IdToken | None:
            owned = with_owner(services, form, token, owner)
            return services.authorization.add(owned) if form.is_good else None

        if form.is_good:
            with form.refusals():
                added = await visit.write(work)
                if added is not None:
                    return visit.go(f"/id-tags/{to_path(added.id_token)}", _("The id tag is registered."))
        return visit.show_form(_FORM, form, tag=None)

    @get("/batch", permission=Permission.MANAGE)
    async def ask_many(self, visit: Visiting) -> Response[str]:
        return visit.show_form("id_tags/batch.html", Fields.of(maxActiveTransactions=1), sheet=Sheet())

    @post("/batch", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def add_many(self, visit: Visiting, form: Typed) -> Response[Any]:
        token, owner = read_token(form, "")
        text = form.text("idTags", most=_MOST_TEXT, is_required=True)
        sheet = Sheet()
        if form.is_good:
            sheet = read_lines(form.shown("idTags"), token, owner)
            done = await _take(visit, form, sheet)
            if done is not None:
                return done
        if sheet.faults and text:
            form.refuse("idTags", _("No id tag was taken, because some cannot be: see above."))
        return visit.show_form("id_tags/batch.html", form, sheet=sheet)

    @get("/import", permission=Permission.MANAGE)
    async def ask_file(self, visit: Visiting) -> Response[str]:
        return visit.show_form("id_tags/import.html", Fields(), sheet=Sheet(), most=MOST_LINES)

    @post("/import", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def take_file(self, visit: Visiting, form: Typed) -> Response[Any]:
        file = form.file("file")
        sheet = Sheet()
        if file is None:
            form.refuse("file", _("Choose a file."))
        else:
            content = await file.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                form.refuse("file", _("The file is larger than 3 MiB; import it in parts."))
            else:
                sheet = reader().read(content)
                done = await _take(visit, form, sheet)
                if done is not None:
                    return done
        if sheet.faults:
            form.refuse("file", _("Nothing was taken, because some lines cannot be: see above."))
        return visit.show_form("id_tags/import.html", form, sheet=sheet, most=MOST_LINES)


class IdTagChangePages(Controller):
    path = "/id-tags/{id_tag:str}"

    @get("/edit", permission=Permission.MANAGE)
    async def ask_change(self, id_tag: FromPath[str], visit: Visiting) -> Response[str]:
        name = from_path(id_tag)
        try:
            tag = await visit.read(lambda services: services.authorization.get(name))
        except DomainError as error:
            return show_gone(visit, error, name)
        return visit.show_form(_FORM, form_of(tag), tag=tag)

    @post("/edit", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def change(self, id_tag: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        name = from_path(id_tag)

        def work(services: Services) -> IdToken | None:
            known = services.authorization.get(name)
            token, owner = read_token(form, known.id_token)
            owned = with_owner(services, form, token, owner)
            return services.authorization.replace(owned) if form.is_good else None

        try:
            tag = await visit.read(lambda services: services.authorization.get(name))
            with form.refusals():
                if await visit.write(work) is not None:
                    return visit.go(f"/id-tags/{to_path(tag.id_token)}", _("The id tag is changed."))
        except DomainError as error:
            return show_gone(visit, error, name)
        return visit.show_form(_FORM, form, tag=tag)

    @post("/block", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def block(self, id_tag: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        return await _set_blocked(visit, from_path(id_tag), is_blocked=True, done=_("The id tag is blocked."))

    @post("/unblock", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def unblock(self, id_tag: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        return await _set_blocked(visit, from_path(id_tag), is_blocked=False, done=_("The id tag may charge again."))

    @post("/remove", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def remove(self, id_tag: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        name = from_path(id_tag)
        try:
            await visit.write(lambda services: services.authorization.remove(name))
        except DomainError as error:
            return show_gone(visit, error, name)
        done = _("The id tag %(name)s is removed. Add it again to undo this.") % {"name": name}
        return visit.go("/id-tags", done)


async def _set_blocked(visit: Visit, name: str, *, is_blocked: bool, done: str) -> Response[Any]:
    def work(services: Services) -> None:
        known = services.authorization.get(name)
        services.authorization.replace(replace(known, is_blocked=is_blocked))

    try:
        await visit.write(work)
    except DomainError as error:
        return show_gone(visit, error, name)
    return visit.go(f"/id-tags/{to_path(name)}", done)


async def _take(visit: Visit, form: Fields, sheet: Sheet) -> Response[Any] | None:
    """Register all of a sheet, or nothing: then the sheet says why. It is checked where nobody waits for it first."""
    if sheet.faults and not sheet.tokens:
        return None
    tokens = await visit.read(lambda services: reader().check(services, sheet))
    if sheet.faults:
        return None
    with form.refusals():
        await visit.write(lambda services: services.authorization.add_all(tokens))
    if not form.is_good:
        return None
    done = ngettext("%(count)s id tag is registered.", "%(count)s id tags are registered.", len(tokens))
    return visit.go("/id-tags", done % {"count": len(tokens)})
