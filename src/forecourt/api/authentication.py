"""Who may come in: programs with a bearer token, and the administrator's password where tokens are made."""

from __future__ import annotations

import asyncio
import base64
import binascii
import math
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation

from forecourt.api.problems import RETRY_AFTER_SECONDS, Refusal
from forecourt.asgi.throttle import Throttle
from forecourt.clock import Clock
from forecourt.domain.access.model import PasswordHasher, digest
from forecourt.domain.access.service import ADMIN
from forecourt.domain.services import Workspace

Incoming: TypeAlias = ASGIConnection[Any, Any, Any, Any]  # Any: as the framework hands it to guards

AskedBy = NamedDependency[SkipValidation[str]]
"""Who asks, as it is written down with what they ask for."""

TAKES_PASSWORD: Final = "takes_password"
"""The option of a route that the administrator's password opens as well."""

TOKEN_TRUSTED_SECONDS: Final = 2.0
"""How long a token is believed after it was looked up; so long may one that was revoked elsewhere still work."""

MAX_TOKENS_REMEMBERED: Final = 1000
MAX_SECRET_CHARACTERS: Final = 1024
CHECKS_AT_ONCE: Final = 2
"""Each check of a password takes a core and tens of megabytes for a while, on purpose."""
MAX_CHECKS_WAITING: Final = 16


class _Trust(NamedTuple):
    """A token that was looked up, and until when that is believed."""

    name: str
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

    async def check(self, connection: Incoming, handler: BaseRouteHandler) -> None:
        """Let a request in, and note who asks; raises Refusal 401, or 429 when an address guesses passwords."""
        takes_password = bool(handler.opt.get(TAKES_PASSWORD))
        scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
        credentials = credentials.strip()
        if scheme.lower() == "bearer":
            name = await self._token_name(credentials)
            if name is None:
                sentence = "The token is not known: it was revoked, has expired, or is mistyped."
                raise _unauthorized(sentence, takes_password=takes_password, error="invalid_token")
            connection.scope["auth"] = f"token {name}"
        elif scheme.lower() == "basic" and takes_password:
            address = connection.client.host if connection.client else ""
            if not await self._is_password(credentials, address):
                sentence = "The name or the password is wrong."
                raise _unauthorized(sentence, takes_password=takes_password)
            connection.scope["auth"] = ADMIN
        else:
            sentence = "This address needs a token: send the header 'Authorization: Bearer TOKEN'."
            raise _unauthorized(sentence, takes_password=takes_password)

    def forget_tokens(self) -> None:
        """A token was revoked here: look all of them up again."""
        self._trusted.clear()

    async def _token_name(self, secret: str) -> str | None:
        if not 0 < len(secret) <= MAX_SECRET_CHARACTERS:
            return None
        key = digest(secret)
        now = self._clock.monotonic()
        trust = self._trusted.get(key)
        if trust is not None and trust.until > now:
            return trust.name
        token = await self._workspace.read(lambda services: services.access.find_token(secret))
        if token is None:
            return None
        if len(self._trusted) >= MAX_TOKENS_REMEMBERED:
            self._trusted.clear()
        self._trusted[key] = _Trust(token.name, now + TOKEN_TRUSTED_SECONDS)
        return token.name

    async def _is_password(self, credentials: str, address: str) -> bool:
        wait = self._throttle.seconds_to_wait(address, self._clock.monotonic())
        if wait > 0:
            sentence = "Too many attempts with a wrong password from this address; wait a little."
            headers = {"Retry-After": str(math.ceil(wait))}
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, sentence, headers=headers)
        name, password = _name_and_password(credentials)
        if name != ADMIN or not 0 < len(password) <= MAX_SECRET_CHARACTERS:
            return False
        hashed = await self._workspace.read(lambda services: services.access.password_hash(ADMIN))
        if hashed is None or not await self._is_match(hashed, password):
            return False
        self._throttle.give_back(address)
        return True

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


async def asked_by(request: Request[Any, Any, Any]) -> str:  # Any: as the framework hands it to dependencies
    """Who asks: "token NAME", or the administrator's account."""
    return str(request.auth)


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
