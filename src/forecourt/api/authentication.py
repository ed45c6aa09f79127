"""Who may come in: programs with a bearer token, and people with their password where tokens are made."""

from __future__ import annotations

import asyncio
import base64
import binascii
import math
import secrets
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation

from forecourt.api.access import Asker, Asking, check_access
from forecourt.api.problems import RETRY_AFTER_SECONDS, Refusal
from forecourt.asgi.throttle import Throttle
from forecourt.clock import Clock
from forecourt.domain.access.account import Credentials
from forecourt.domain.access.model import PasswordHasher, digest
from forecourt.domain.access.permissions import PERMISSIONS
from forecourt.domain.audit.model import Deed, SignIn, Via
from forecourt.domain.errors import DomainError
from forecourt.domain.services import Workspace

Incoming: TypeAlias = ASGIConnection[Any, Any, Any, Any]  # Any: as the framework hands it to guards

AskedBy = NamedDependency[SkipValidation[str]]
"""Who asks, as it is written down with what they ask for."""

TAKES_PASSWORD: Final = "takes_password"
"""The option of a route that passwords open as well."""

TOKEN_TRUSTED_SECONDS: Final = 2.0
"""How long a token is believed after it was looked up; so long may one that was revoked elsewhere still work."""

MAX_TOKENS_REMEMBERED: Final = 1000
MAX_SECRET_CHARACTERS: Final = 1024
CHECKS_AT_ONCE: Final = 2
"""Each check of a password takes a core and tens of megabytes for a while, on purpose."""
MAX_CHECKS_WAITING: Final = 16


class _Trust(NamedTuple):
    """A token that was looked up, and until when that is believed."""

    asker: Asker
    until: float


class Doorkeeper:
    """Decides on every request below /api/v1. Belongs to one event loop."""

    def __init__(self, workspace: Workspace, hasher: PasswordHasher, clock: Clock) -> None:
        self._workspace = workspace
        self._hasher = hasher
        self._clock = clock
        self._trusted: dict[str, _Trust] = {}
        self._throttle = Throttle()
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._checks_waiting = 0
        self._decoy_hash: str | None = None

    async def check(self, connection: Incoming, handler: BaseRouteHandler) -> None:
        """Let a request in, and note who asks; raises Refusal 401, 403 for what they may not do, or 429 when an
        address guesses passwords."""
        takes_password = bool(handler.opt.get(TAKES_PASSWORD))
        scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
        credentials = credentials.strip()
        if scheme.lower() == "bearer":
            asker = await self._token(credentials)
            if asker is None:
                sentence = "The token is not known: it was revoked, has expired, or is mistyped."
                raise _unauthorized(sentence, takes_password=takes_password, error="invalid_token")
        elif scheme.lower() == "basic" and takes_password:
            address = connection.client.host if connection.client else ""
            asker = await self._account(credentials, address)
            if asker is None:
                sentence = "The name or the password is wrong."
                raise _unauthorized(sentence, takes_password=takes_password)
        else:
            sentence = "This address needs a token: send the header 'Authorization: Bearer TOKEN'."
            raise _unauthorized(sentence, takes_password=takes_password)
        check_access(asker, handler, str(connection.scope.get("method")))
        connection.scope["auth"] = asker

    def forget_tokens(self) -> None:
        """A token was revoked here: look all of them up again."""
        self._trusted.clear()

    async def _token(self, secret: str) -> Asker | None:
        if not 0 < len(secret) <= MAX_SECRET_CHARACTERS:
            return None
        key = digest(secret)
        now = self._clock.monotonic()
        trust = self._trusted.get(key)
        if trust is not None and trust.until > now:
            return trust.asker
        token = await self._workspace.read(lambda services: services.access.find_token(secret))
        if token is None:
            return None
        if len(self._trusted) >= MAX_TOKENS_REMEMBERED:
            self._trusted.clear()
        asker = Asker(f"token {token.name}", token.scopes)
        self._trusted[key] = _Trust(asker, now + TOKEN_TRUSTED_SECONDS)
        return asker

    async def _account(self, credentials: str, address: str) -> Asker | None:
        """Whose password it is; raises Refusal 403 for an account whose password alone is not enough."""
        wait = self._throttle.seconds_to_wait(address, self._clock.monotonic())
        if wait > 0:
            sentence = "Too many attempts with a wrong password from this address; wait a little."
            headers = {"Retry-After": str(math.ceil(wait))}
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, sentence, headers=headers)
        name, password = _name_and_password(credentials)
        known = await self._known(name, password)
        if known is None and not name:
            return None
        if known is None:
            deed = Deed(who=name, via=Via.REST, action=SignIn.FAILED, detail=f"from {address}")
            with suppress(DomainError):  # whoever guesses learns nothing from a database that is out of reach
                await self._workspace.write(lambda services: services.audit.note(deed))
            return None
        self._throttle.give_back(address)
        if known.has_second_factor:
            sentence = "This account has a second factor, so its password alone opens nothing here; use a token."
            raise Refusal(HTTPStatus.FORBIDDEN, sentence)
        return Asker(known.account, PERMISSIONS[known.role])

    async def _known(self, name: str, password: str) -> Credentials | None:
        if not 0 < len(password) <= MAX_SECRET_CHARACTERS:
            return None
        known = await self._workspace.read(lambda services: services.accounts.credentials(name))
        # Whoever does not exist takes as long as whoever does, or names could be found out.
        hashed = await self._decoy() if known is None else known.password_hash
        is_match = await self._is_match(hashed, password)
        return known if is_match else None

    async def _decoy(self) -> str:
        if self._decoy_hash is None:
            self._decoy_hash = await asyncio.to_thread(self._hasher.hash, secrets.token_urlsafe(16))
        return self._decoy_hash

    async def _is_match(self, hashed: str, password: str) -> bool:
        if self._checks_waiting >= MAX_CHECKS_WAITING:
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            sentence = "Too many passwords are being checked at the moment; try again in a moment."
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, sentence, headers=headers)
        self._checks_waiting += 1
        try:
            async with self._checks:
                return await asyncio.to_thread(self._hasher.is_match, hashed, password)
        finally:
            self._checks_waiting -= 1


async def who_asks(request: Request[Any, Any, Any]) -> Asker:  # Any: as the framework hands it to dependencies
    """Who was let in. Raises Refusal 401 where nobody was asked."""
    if not isinstance(request.scope.get("auth"), Asker):
        raise _unauthorized("This address needs a token.", takes_password=False)
    asker: Asker = request.scope["auth"]
    return asker


async def asked_by(caller: Asking) -> str:
    """Who asks: "token NAME", or the account."""
    return caller.name


def _name_and_password(credentials: str) -> tuple[str, str]:
    """Empty for what is not RFC 7617."""
    try:
        name, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return (name, password) if colon else ("", "")


def _unauthorized(sentence: str, *, takes_password: bool, error: str | None = None) -> Refusal:
    challenge = 'Bearer realm="Forecourt"' + (f', error="{error}"' if error else "")
    if takes_password:
        challenge += ', Basic realm="Forecourt", charset="UTF-8"'
    return Refusal(HTTPStatus.UNAUTHORIZED, sentence, headers={"WWW-Authenticate": challenge})
