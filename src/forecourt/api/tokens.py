"""API tokens for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, SkipValidation

from forecourt.api.authentication import TAKES_PASSWORD, Doorkeeper
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import Line, Moment, Works, utc
from forecourt.asgi.paths import from_path
from forecourt.domain.access.model import ApiToken

Door = NamedDependency[SkipValidation[Doorkeeper]]


_OPEN_TO_PASSWORD: Final = {TAKES_PASSWORD: True}


class NewToken(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A token to make. Without ``expiresAt`` it is good until it is revoked."""

    name: Line
    expires_at: Moment | None = None


class TokenView(msgspec.Struct, frozen=True, rename="camel"):
    """A token without its secret."""

    name: str
    created_at: datetime
    expires_at: datetime | None


class MadeToken(msgspec.Struct, frozen=True, rename="camel"):
    """A new token. ``token`` is the secret: it is not stored and cannot be shown again."""

    name: str
    created_at: datetime
    expires_at: datetime | None
    token: str


def show_token(token: ApiToken) -> TokenView:
    return TokenView(token.name, token.created_at, token.expires_at)


class Tokens(Controller):
    path = "/tokens"
    tags = ("Tokens",)

    @post(summary="Make a token", operation_id="addToken", opt=_OPEN_TO_PASSWORD)
    async def add(self, data: JSONBody[NewToken], workspace: Works) -> MadeToken:
        """The secret is in this answer and nowhere else. The administrator's password opens this address too."""
        expires_at = utc(data.expires_at, "expiresAt")
        token, secret = await workspace.write(lambda services: services.access.create_token(data.name, expires_at))
        return MadeToken(token.name, token.created_at, token.expires_at, secret)

    @get(summary="List tokens", operation_id="listTokens", opt=_OPEN_TO_PASSWORD)
    async def list_all(self, workspace: Works, page: Paging) -> Listing[TokenView]:
        """Ordered by name."""
        return listing(await workspace.read(lambda services: services.access.list_tokens(page)), show_token)

    @delete("/{name:str}", summary="Revoke a token", operation_id="revokeToken", opt=_OPEN_TO_PASSWORD)
    async def revoke(
        self, name: Annotated[str, PathParameter(description="The token's name.")], workspace: Works, doorkeeper: Door
    ) -> None:
        """Takes effect at once; on other nodes within two seconds."""
        wanted = from_path(name)
        await workspace.write(lambda services: services.access.revoke_token(wanted))
        doorkeeper.forget_tokens()
