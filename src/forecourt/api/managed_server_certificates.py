"""Server certificates that this system asks for and renews by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.paging import Listing, Paging, listing, part_of
from forecourt.api.trust_views import RemovedView
from forecourt.api.words import Line, Works
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.errors import in_english
from forecourt.domain.listener_certificates.model import MAX_HOST_NAMES, Kept, Managed, Member, MemberState, Wish

Name = Annotated[str, PathParameter(description="The name that an operator gave.")]

_HOUR: Final = timedelta(hours=1)
_MOST_HOURS: Final = 87_600


class ManagedServerCertificateWish(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is wanted."""

    host_names: Annotated[
        Sequence[Line],
        Meta(
            max_length=MAX_HOST_NAMES,
            description="The host names and IP addresses by which stations find the listeners; the first one is the "
            "common name (CN).",
        ),
    ]
    authority: Annotated[
        Line | None, Meta(description="The name of the authority; null for the one that is chosen for servers.")
    ] = None
    families: Annotated[
        Sequence[KeyFamily], Meta(min_length=1, max_length=2, description="The kinds of keys, each with a certificate.")
    ] = tuple(KeyFamily)
    fast_expiry: Annotated[
        bool,
        Meta(
            description="It expires within a day and is renewed every few hours, so that stations need not ask whether "
            "it was revoked (A00.FR.701)."
        ),
    ] = False
    renew_before_hours: Annotated[
        Annotated[float, Meta(gt=0, le=_MOST_HOURS)] | None,
        Meta(
            description="So many hours before its end it is renewed; null: after two thirds of its life, with fast "
            "expiry after a quarter."
        ),
    ] = None


class MemberView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The certificate of one kind of key. What is in place stays so while the next one is on its way."""

    family: Annotated[KeyFamily, Meta(description="The kind of its key.")]
    state: Annotated[MemberState, Meta(description="How far it is; `inPlace`: listeners present it.")]
    server_certificate: Annotated[str, Meta(description="Its name among the server certificates.")]
    fingerprint: Annotated[str | None, Meta(description="SHA-256 of what is in place; null as long as nothing is.")]
    placed_at: Annotated[datetime | None, Meta(description="When that was put in place.")]
    not_after: Annotated[datetime | None, Meta(description="Until when that is valid.")]
    renew_at: Annotated[datetime | None, Meta(description="When the next one is asked for.")]
    signing: Annotated[int | None, Meta(description="The number of the newest request to an authority.")]
    reason: Annotated[str | None, Meta(description="Why there is no new one, in a sentence.")]
    again_at: Annotated[datetime | None, Meta(description="When it is tried again, after it failed.")]


class ManagedServerCertificateView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A server certificate that renews itself."""

    name: Annotated[str, Meta(description="The name that an operator gave.")]
    host_names: Annotated[Sequence[str], Meta(description="Its host names, the common name (CN) first.")]
    authority: Annotated[str | None, Meta(description="Who signs; null: the authority that is chosen for servers.")]
    fast_expiry: Annotated[bool, Meta(description="Whether it expires within a day.")]
    renew_before_hours: Annotated[float | None, Meta(description="So many hours before its end it is renewed.")]
    members: Annotated[Sequence[MemberView], Meta(description="One certificate for each kind of key.")]
    changed_by: Annotated[str, Meta(description="Who asked for it, or changed it last.")]
    changed_at: Annotated[datetime, Meta(description="When that was.")]


class KeptView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A managed server certificate after a change."""

    managed_server_certificate: Annotated[ManagedServerCertificateView, Meta(description="As it is now.")]
    warnings: Annotated[Sequence[str], Meta(description="What an operator should know about it.")]


def show_member(member: Member) -> MemberView:
    return MemberView(
        family=member.family,
        state=member.state,
        server_certificate=member.name,
        fingerprint=member.fingerprint,
        placed_at=member.placed_at,
        not_after=member.not_after,
        renew_at=member.renew_at,
        signing=member.signing,
        reason=member.reason,
        again_at=member.again_at,
    )


def show_managed(managed: Managed) -> ManagedServerCertificateView:
    wish = managed.wish
    return ManagedServerCertificateView(
        name=managed.name,
        host_names=wish.host_names,
        authority=wish.authority,
        fast_expiry=wish.is_fast,
        renew_before_hours=None if wish.renew_before is None else wish.renew_before / _HOUR,
        members=[show_member(member) for member in managed.members],
        changed_by=managed.changed_by,
        changed_at=managed.changed_at,
    )


def show_kept(kept: Kept) -> KeptView:
    return KeptView(managed_server_certificate=show_managed(kept.managed), warnings=in_english(kept.warnings))


class ManagedServerCertificates(Controller):
    path = "/managed-server-certificates"
    tags = ("Server certificates",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)

    @get(summary="List managed server certificates", operation_id="listManagedServerCertificates")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[ManagedServerCertificateView]:
        """Ordered by name."""
        found = await workspace.read(lambda services: services.listener_certificates.all())
        return listing(part_of(found, page), show_managed)

    @get("/{name:str}", summary="Show a managed server certificate", operation_id="getManagedServerCertificate")
    async def show(self, name: Name, workspace: Works) -> ManagedServerCertificateView:
        wanted = from_path(name)
        return show_managed(await workspace.read(lambda services: services.listener_certificates.get(wanted)))

    @put("/{name:str}", summary="Have a server certificate managed", operation_id="putManagedServerCertificate")
    async def replace(
        self, name: Name, data: JSONBody[ManagedServerCertificateWish], workspace: Works, asked_by: AskedBy
    ) -> KeptView:
        """Keys are made here and certificates asked for at once; a moment later listeners present them, and they are
        renewed before they end. They are presented as server certificates called like this one, with `-rsa` and
        `-ecdsa` at the end. Nothing happens when it is wanted in the same way already."""
        wanted = from_path(name)
        wish = _wish(data)
        kept = await workspace.write(
            lambda services: services.listener_certificates.put(wanted, wish, asked_by=asked_by)
        )
        return show_kept(kept)

    @post(
        "/{name:str}/renew",
        status_code=202,
        summary="Renew a managed server certificate",
        operation_id="renewManagedServerCertificate",
    )
    async def renew(self, name: Name, workspace: Works, asked_by: AskedBy) -> ManagedServerCertificateView:
        """With new keys. What is presented now stays until the new certificate is there; connections stay open."""
        wanted = from_path(name)
        return show_managed(
            await workspace.write(lambda services: services.listener_certificates.renew(wanted, asked_by=asked_by))
        )

    @delete(
        "/{name:str}",
        status_code=200,
        summary="Manage a server certificate no longer",
        operation_id="removeManagedServerCertificate",
    )
    async def remove(self, name: Name, workspace: Works, asked_by: AskedBy) -> RemovedView:
        """Listeners go on presenting what is in place, until it is removed from the server certificates."""
        wanted = from_path(name)
        warnings = await workspace.write(
            lambda services: services.listener_certificates.remove(wanted, asked_by=asked_by)
        )
        return RemovedView(warnings=in_english(warnings))


def _wish(data: ManagedServerCertificateWish) -> Wish:
    before = data.renew_before_hours
    return Wish(
        host_names=tuple(data.host_names),
        authority=data.authority,
        families=frozenset(data.families),
        is_fast=data.fast_expiry,
        renew_before=None if before is None else before * _HOUR,
    )
