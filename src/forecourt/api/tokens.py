"""API tokens for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, SkipValidation
from msgspec import Meta

from forecourt.api.access import Asking, access
from forecourt.api.authentication import TAKES_PASSWORD, Doorkeeper
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.problems import Fault, bad_request
from forecourt.api.recording import Recorded
from forecourt.api.words import Line, Moment, Works, utc
from forecourt.asgi.paths import from_path
from forecourt.domain.access.account import check_may_give
from forecourt.domain.access.model import ApiToken
from forecourt.domain.access.permissions import PERMISSIONS, Permission, Role
from forecourt.domain.access.service import USUAL_SCOPES

Door = NamedDependency[SkipValidation[Doorkeeper]]

ScopeNames = Annotated[Sequence[Permission], Meta(description="What it may do, by the names of permissions.")]

_ACCESS: Final = {**access(view=Permission.ADMINISTER, change=Permission.ADMINISTER), TAKES_PASSWORD: True}


class NewToken(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A token to make. Without ``expiresAt`` it is good until it is revoked; without scopes and role it may do what an
    operator may."""

    name: Line
    expires_at: Moment | None = None
    scopes: Annotated[
        list[Permission] | None, Meta(description="What it may do; nobody can give what they may not do themselves.")
    ] = None
    role: Annotated[Role | None, Meta(description="Instead of scopes: those of this role.")] = None

    def wanted(self) -> frozenset[Permission]:
        """Raises Refusal 400 when both are said."""
        if self.scopes is not None and self.role is not None:
            raise bad_request("Say either scopes or a role.", Fault("role", "There are scopes already."))
        if self.scopes is not None:
            return frozenset(self.scopes)
        return USUAL_SCOPES if self.role is None else PERMISSIONS[self.role]


class TokenView(msgspec.Struct, frozen=True, rename="camel"):
    """A token without its secret."""

    name: str
    created_at: datetime
    expires_at: datetime | None
    scopes: ScopeNames


class MadeToken(msgspec.Struct, frozen=True, rename="camel"):
    """A new token. ``token`` is the secret: it is not stored and cannot be shown again."""

    name: str
    created_at: datetime
    expires_at: datetime | None
    token: str
    scopes: ScopeNames


def show_token(token: ApiToken) -> TokenView:
    return TokenView(token.name, token.created_at, token.expires_at, in_order(token.scopes))


def in_order(scopes: frozenset[Permission]) -> list[Permission]:
    return [scope for scope in Permission if scope in scopes]


class Tokens(Controller):
    path = "/tokens"
    tags = ("Tokens",)
    opt = _ACCESS

    @post(summary="Make a token", operation_id="addToken")
    async def add(self, data: JSONBody[NewToken], workspace: Works, caller: Asking, record: Recorded) -> MadeToken:
        """The secret is in this answer and nowhere else. The password of an administrator without a second factor opens
        this address too."""
        expires_at, scopes = utc(data.expires_at, "expiresAt"), data.wanted()
        check_may_give(caller.permissions, scopes, field="scopes")
        record.tell(f"{data.name}: {', '.join(scope.value for scope in in_order(scopes))}")
        token, secret = await workspace.write(
            lambda services: services.access.create_token(data.name, expires_at, scopes=scopes)
        )
        return MadeToken(token.name, token.created_at, token.expires_at, secret, in_order(token.scopes))

    @get(summary="List tokens", operation_id="listTokens")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[TokenView]:
        """Ordered by name."""
        return listing(await workspace.read(lambda services: services.access.list_tokens(page)), show_token)

    @delete("/{name:str}", summary="Revoke a token", operation_id="revokeToken")
    async def revoke(
        self, name: Annotated[str, PathParameter(description="The token's name.")], workspace: Works, doorkeeper: Door
    ) -> None:
        """Takes effect at once; on other nodes within two seconds."""
        wanted = from_path(name)
        await workspace.write(lambda services: services.access.revoke_token(wanted))
        doorkeeper.forget_tokens()
