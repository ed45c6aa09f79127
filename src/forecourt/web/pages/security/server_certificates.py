"""Server certificates that an operator gives: what listeners present, with keys that are never shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path, to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.listener_certificates.model import Managed
from forecourt.domain.services import Services
from forecourt.domain.trust.model import ServerChain
from forecourt.domain.trust.serving import MAX_CHAIN_PEM, read_offer
from forecourt.pki.chain import host_names
from forecourt.pki.keys import MAX_KEY
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.certificate_words import extensions_of
from forecourt.web.pages.security.files import brought, pem_file
from forecourt.web.pages.security.lists import told
from forecourt.web.visit import Typed, Visiting

_key_reader: Final = ThreadPoolExecutor(1, "page-key-reader")
"""One after the other: how long a key takes to decrypt is chosen by whoever encrypted it."""


class ServerCertificatePages(Controller):
    path = "/server-certificates"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        def read(services: Services) -> tuple[Sequence[Managed], Sequence[ServerChain]]:
            return services.listener_certificates.all(), services.trust.server_certificates()

        managed, given = await visit.read(read)
        members = {member.name for one in managed for member in one.members}
        return visit.show(
            "security/server_certificates.html",
            managed=managed,
            given=given,
            members=members,
            host_names=host_names,
            now=visit.house.clock.now(),
        )

    @get("/give", permission=Permission.SECURITY)
    async def form(self, visit: Visiting) -> Response[str]:
        form = Fields.of(name=visit.query.shown("name"), enabled=True)
        return visit.show_form("security/server_certificate_give.html", form)

    @post("/give", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def give(self, visit: Visiting, form: Typed) -> Response[Any]:
        """The key is read and kept sealed; whatever is refused, it is not sent back."""
        name, is_enabled = form.text("name", is_required=True), form.flag("enabled")
        chain = _text(await brought(form, typed="chain", chosen="chainFile", most=MAX_CHAIN_PEM))
        key = _text(await brought(form, typed="privateKey", chosen="privateKeyFile", most=MAX_KEY))
        form.secret("privateKey")
        password = form.secret("password") or None
        if form.is_good:
            with form.refusals():
                loop = asyncio.get_running_loop()
                offer = await loop.run_in_executor(_key_reader, read_offer, chain, key, password)
                served = await visit.write(
                    lambda services: services.trust.serve(name, offer, is_enabled=is_enabled, asked_by=visit.asked_by)
                )
                done = told(_("Listeners present it from the next handshake on."), served.warnings)
                if not is_enabled:
                    done = told(_("It is kept, and not presented before it is enabled."), served.warnings)
                return visit.go(f"/server-certificates/given/{to_path(name)}", done)
        if not form.fault("privateKey"):
            form.refuse("privateKey", _("Give the key once more: it is not sent back."))
        return visit.show_form("security/server_certificate_give.html", form)

    @get("/given/{name:str}", permission=Permission.VIEW)
    async def show(self, name: FromPath[str], visit: Visiting) -> Response[str]:
        wanted = from_path(name)
        served = await visit.read(lambda services: services.trust.server_certificate(wanted))
        return visit.show(
            "security/server_certificate.html",
            served=served,
            hosts=host_names(served.chain[0]),
            fields=extensions_of(served.chain[0]),
            now=visit.house.clock.now(),
        )

    @get("/given/{name:str}/pem", permission=Permission.VIEW)
    async def pem(self, name: FromPath[str], visit: Visiting) -> Response[str]:
        """The chain, without its key."""
        wanted = from_path(name)
        return pem_file(*(await visit.read(lambda services: services.trust.server_certificate(wanted))).chain)

    @post("/given/{name:str}/enable", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def enable(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted, is_enabled = from_path(name), form.flag("enabled")
        served = await visit.write(
            lambda services: services.trust.enable_server_certificate(
                wanted, is_enabled=is_enabled, asked_by=visit.asked_by
            )
        )
        done = _("Listeners present it from the next handshake on.") if is_enabled else _("It is presented no longer.")
        return visit.go(f"/server-certificates/given/{to_path(wanted)}", told(done, served.warnings))

    @post("/given/{name:str}/remove", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def remove(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = from_path(name)
        warnings = await visit.write(
            lambda services: services.trust.remove_server_certificate(wanted, asked_by=visit.asked_by)
        )
        return visit.go("/server-certificates", told(_("It is removed, and its key is forgotten."), warnings))


def _text(data: bytes | str) -> str:
    """PEM is ASCII; whatever else comes is refused where it is read."""
    return data if isinstance(data, str) else data.decode("latin-1")
