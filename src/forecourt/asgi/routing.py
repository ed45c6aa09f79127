"""An application that routes on the path as it was sent."""

from __future__ import annotations

from typing import cast

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPScope, LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send


class RawPathApplication(Litestar):
    """Decoding a path before it is routed would make an id's ``%2F`` a separator.

    Handlers decode their ids with `forecourt.asgi.paths.from_path`.
    """

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        if scope["type"] == ScopeType.HTTP:
            request = cast("HTTPScope", scope)  # its type says so, in a way that type checkers do not follow
            path = request["raw_path"].partition(b"?")[0].decode("latin-1")
            request["path"] = self.routable(path, request["method"])
        await super().__call__(scope, receive, send)

    def routable(self, path: str, _method: str) -> str:
        """What is routed instead of the path that was sent."""
        return path
