"""Accounts of people: who may come in, and as what."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path, to_path
from forecourt.domain.access.account import Account
from forecourt.domain.access.permissions import PERMISSIONS, Permission, Role
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.pages.people.proofs import new_password
from forecourt.web.visit import Typed, Visit, Visiting


class PeoplePages(Controller):
    path = "/people"

    @get(permission=Permission.ADMINISTER)
    async def list_all(self, visit: Visiting) -> Response[str]:
        page = await visit.read(lambda services: services.accounts.list(visit.page()))
        return visit.show("people/people.html", page=page, now=visit.house.clock.now())

    # Two segments, because somebody may be called "new".

    @get("/-/new", permission=Permission.ADMINISTER)
    async def show_new(self, visit: Visiting) -> Response[str]:
        return visit.show_form("people/new_person.html", Fields.of(role=Role.VIEWER), roles=Role, may=PERMISSIONS)

    @post("/-/new", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def add(self, visit: Visiting, form: Typed) -> Response[Any]:
        name, shown_name = form.text("name", is_required=True), form.text("shownName")
        role = form.choice("role", Role, is_required=True)
        is_elsewhere = form.flag("elsewhere")
        hashed = None if is_elsewhere else await new_password(visit, form, name)
        if form.is_good and role is not None:
            visit.record.tell(role.value)
            with form.refusals():
                account = await visit.write(
                    lambda services: services.accounts.add(name, shown_name=shown_name, role=role, password_hash=hashed)
                )
                return visit.go(path_of(account.name), _("The account is made."))
        return visit.show_form("people/new_person.html", form, roles=Role, may=PERMISSIONS)

    @get("/{name:str}", permission=Permission.ADMINISTER)
    async def show(self, name: FromPath[str], visit: Visiting) -> Response[str]:
        return await _show(visit, from_path(name))

    @post("/{name:str}", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def change(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        account = from_path(name)
        shown_name = form.text("shownName")
        role = form.choice("role", Role, is_required=True)
        if role is not None and form.is_good:
            visit.record.tell(role.value)
            with form.refusals():
                await visit.write(lambda services: services.accounts.change(account, shown_name=shown_name, role=role))
                return visit.go(path_of(account), _("The account is changed."))
        return await _show(visit, account, form)

    @post("/{name:str}/disable", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def disable(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        account = from_path(name)
        with form.refusals():
            if form.is_good:
                await visit.write(lambda services: services.accounts.change(account, is_enabled=False))
                return visit.go(path_of(account), _("The account is disabled, and its sessions are ended."))
        return await _show(visit, account, form)

    @post("/{name:str}/enable", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def enable(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        account = from_path(name)
        await visit.write(lambda services: services.accounts.change(account, is_enabled=True))
        return visit.go(path_of(account), _("The account is enabled."))

    @post("/{name:str}/password", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def set_password(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        account = from_path(name)
        hashed = await new_password(visit, form, account)
        if hashed is None:
            return await _show(visit, account, password_form=form)
        await visit.write(lambda services: services.accounts.set_password(account, hashed))
        return visit.go(path_of(account), _("The password is set, and the sessions of the account are ended."))

    @post("/{name:str}/end-sessions", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def end_sessions(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        account = from_path(name)

        def work(services: Services) -> None:
            services.sessions.close_all(services.accounts.get(account).name)

        await visit.write(work)
        return visit.go(path_of(account), _("The sessions of the account are ended."))

    @post("/{name:str}/remove-second-factor", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def remove_second_factor(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        account = from_path(name)
        with form.refusals():
            if form.is_good:
                await visit.write(lambda services: services.accounts.remove_totp(account))
                return visit.go(path_of(account), _("The second factor is removed."))
        return await _show(visit, account, form)

    @post("/{name:str}/link", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def link(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        account, subject = from_path(name), form.text("subject", is_required=True)
        openid = visit.house.openid
        if openid is None:
            form.refuse("subject", _("There is no provider in the settings."))
        elif form.is_good:
            issuer = openid.provider.issuer
            with form.refusals():
                await visit.write(lambda services: services.accounts.link(account, issuer, subject))
                return visit.go(path_of(account), _("The account is linked."))
        return await _show(visit, account, link_form=form)

    @post("/{name:str}/unlink", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def unlink(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        account = from_path(name)
        await visit.write(lambda services: services.accounts.unlink(account))
        return visit.go(path_of(account), _("The account is no longer linked."))

    @post("/{name:str}/remove", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def remove(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        account = from_path(name)
        with form.refusals():
            if form.is_good:
                await visit.write(lambda services: services.accounts.remove(account))
                return visit.go("/people", _("The account is removed."))
        return await _show(visit, account, form)


def path_of(name: str) -> str:
    return f"/people/{to_path(name)}"


async def _show(
    visit: Visit,
    name: str,
    form: Fields | None = None,
    *,
    password_form: Fields | None = None,
    link_form: Fields | None = None,
) -> Response[str]:
    """The page of one account, with whichever of its forms was refused."""
    try:
        account, sessions = await visit.read(
            lambda services: (services.accounts.get(name), services.sessions.list_of(name))
        )
    except DomainError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return visit.show("people/gone.html", status=HTTPStatus.NOT_FOUND, sentence=translated(error.said))
    refused = next((one for one in (form, password_form, link_form) if one is not None), Fields())
    return visit.show(
        "people/person.html",
        status=HTTPStatus.OK if refused.is_good else HTTPStatus.UNPROCESSABLE_ENTITY,
        account=account,
        sessions=sessions,
        form=_as_stored(account, form),
        password_form=password_form or Fields(),
        link_form=link_form or Fields(),
        roles=Role,
        may=PERMISSIONS,
        now=visit.house.clock.now(),
    )


def _as_stored(account: Account, form: Fields | None) -> Fields:
    """The form of the account's own facts; what another action of the page refused is shown above it."""
    if form is not None and form.shown("role"):
        return form
    stored = Fields.of(shownName=account.shown_name, role=account.role)
    for sentence in () if form is None else form.faults.values():
        stored.refuse("", sentence)
    return stored
