"""Id tags that stations asked about and nobody registered."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path, to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.services import Services
from forecourt.web.language import gettext as _
from forecourt.web.visit import Typed, Visiting


class UnknownTagPages(Controller):
    path = "/unknown-tags"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        page = await visit.read(lambda services: services.authorization.list_strangers(visit.page()))
        return visit.show("id_tags/unknown.html", page=page, now=visit.house.clock.now())

    @post("/{id_tag:str}/admit", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def admit(self, id_tag: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        name = from_path(id_tag)

        def work(services: Services) -> IdToken:
            seen = services.authorization.find_stranger(name)
            return services.authorization.add(IdToken(id_token=name if seen is None else seen.id_token))

        try:
            token = await visit.write(work)
        except DomainError as error:
            if error.kind is Kind.CONFLICT:
                return visit.go(f"/id-tags/{to_path(name)}", _("The id tag was registered before."))
            raise
        return visit.go(f"/id-tags/{to_path(token.id_token)}", _("The id tag may charge from now on."))

    @post("/{id_tag:str}/forget", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def forget(self, id_tag: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        name = from_path(id_tag)
        try:
            await visit.write(lambda services: services.authorization.forget_stranger(name))
        except DomainError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return visit.go("/unknown-tags", _("The id tag was not on this list any more."))
        return visit.go("/unknown-tags", _("The id tag is forgotten until it is presented again."))
