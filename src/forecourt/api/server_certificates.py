"""What TLS listeners present: certificates and their keys."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, delete, get, patch, put
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.paging import Listing, Paging, listing, part_of
from forecourt.api.trust_views import CertificateView, RemovedView, show_certificate
from forecourt.api.words import Works
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import in_english
from forecourt.domain.trust.model import ServerChain
from forecourt.domain.trust.server_certificates import Served
from forecourt.domain.trust.serving import MAX_CHAIN_PEM, read_offer
from forecourt.pki.chain import host_names
from forecourt.pki.keys import MAX_KEY, MAX_PASSWORD

Name = Annotated[str, PathParameter(description="The name that an operator gave.")]

_key_reader: Final = ThreadPoolExecutor(1, "key-reader")
"""One after the other: how long a key takes to decrypt is chosen by whoever encrypted it."""

_SECRET: Final = {"writeOnly": True, "format": "password"}


class NewServerCertificate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A certificate for listeners, with its key. The key is kept sealed, and never shown."""

    chain: Annotated[
        str,
        Meta(max_length=MAX_CHAIN_PEM, description="The server's certificate as PEM, then its issuer's, and so on."),
    ]
    private_key: Annotated[
        str, Meta(max_length=MAX_KEY, description="The private key as PEM.", extra_json_schema=_SECRET)
    ]
    password: Annotated[
        Annotated[str, Meta(max_length=MAX_PASSWORD)] | None,
        Meta(description="What the private key is encrypted with, if it is.", extra_json_schema=_SECRET),
    ] = None
    enabled: Annotated[bool, Meta(description="Whether listeners present it.")] = True

    def __repr__(self) -> str:
        return "NewServerCertificate(…)"


class ServerCertificateChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to change."""

    enabled: Annotated[bool, Meta(description="Whether listeners present it.")]


class ServerCertificateView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What listeners present, without its key."""

    name: Annotated[str, Meta(description="The name that an operator gave.")]
    enabled: Annotated[bool, Meta(description="Whether listeners present it.")]
    common_names: Annotated[Sequence[str], Meta(description="The server's names in the subject (CN).")]
    host_names: Annotated[Sequence[str], Meta(description="The server's names in the subjectAltName.")]
    not_after: Annotated[datetime, Meta(description="Until when it is valid.")]
    key_kind: Annotated[str, Meta(description="The kind of its key, such as RSA 2048 or EC secp256r1.")]
    chain: Annotated[Sequence[CertificateView], Meta(description="The server's certificate and its issuers.")]
    added_by: Annotated[str, Meta(description="Who gave it.")]
    added_at: Annotated[datetime, Meta(description="When it was given.")]


class ServedView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A server certificate after a change."""

    server_certificate: Annotated[ServerCertificateView, Meta(description="The certificate as it is now.")]
    warnings: Annotated[Sequence[str], Meta(description="What an operator should know about it.")]


def show_chain(served: ServerChain) -> ServerCertificateView:
    leaf = served.chain[0]
    return ServerCertificateView(
        name=served.name,
        enabled=served.is_enabled,
        common_names=leaf.common_names,
        host_names=host_names(leaf),
        not_after=min(one.not_after for one in served.chain),
        key_kind=leaf.key_kind,
        chain=[show_certificate(one) for one in served.chain],
        added_by=served.added_by,
        added_at=served.added_at,
    )


def show_served(served: Served) -> ServedView:
    return ServedView(server_certificate=show_chain(served.chain), warnings=in_english(served.warnings))


class ServerCertificates(Controller):
    path = "/server-certificates"
    tags = ("Server certificates",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)

    @get(summary="List server certificates", operation_id="listServerCertificates")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[ServerCertificateView]:
        """Ordered by name."""
        found = await workspace.read(lambda services: services.trust.server_certificates())
        return listing(part_of(found, page), show_chain)

    @get("/{name:str}", summary="Show a server certificate", operation_id="getServerCertificate")
    async def show(self, name: Name, workspace: Works) -> ServerCertificateView:
        """Without its key, which is never shown."""
        wanted = from_path(name)
        return show_chain(await workspace.read(lambda services: services.trust.server_certificate(wanted)))

    @put("/{name:str}", summary="Give a server certificate", operation_id="putServerCertificate")
    async def replace(
        self, name: Name, data: JSONBody[NewServerCertificate], workspace: Works, asked_by: AskedBy
    ) -> ServedView:
        """Takes the place of the one with this name. Listeners present it from the next handshake on; connections that
        are open stay. It is best to have one with an RSA key and one with an EC key."""
        wanted = from_path(name)
        offer = await asyncio.get_running_loop().run_in_executor(
            _key_reader, read_offer, data.chain, data.private_key, data.password
        )
        served = await workspace.write(
            lambda services: services.trust.serve(wanted, offer, is_enabled=data.enabled, asked_by=asked_by)
        )
        return show_served(served)

    @patch("/{name:str}", summary="Enable or disable a server certificate", operation_id="changeServerCertificate")
    async def change(
        self, name: Name, data: JSONBody[ServerCertificateChange], workspace: Works, asked_by: AskedBy
    ) -> ServedView:
        """Counts from the next handshake on."""
        wanted = from_path(name)
        served = await workspace.write(
            lambda services: services.trust.enable_server_certificate(
                wanted, is_enabled=data.enabled, asked_by=asked_by
            )
        )
        return show_served(served)

    @delete(
        "/{name:str}", status_code=200, summary="Remove a server certificate", operation_id="removeServerCertificate"
    )
    async def remove(self, name: Name, workspace: Works, asked_by: AskedBy) -> RemovedView:
        """Its key is forgotten, too."""
        wanted = from_path(name)
        warnings = await workspace.write(
            lambda services: services.trust.remove_server_certificate(wanted, asked_by=asked_by)
        )
        return RemovedView(warnings=in_english(warnings))
