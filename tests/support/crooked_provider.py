"""An OpenID provider that may be told to answer wrongly: `answers` changes what it says."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID: Final = "forecourt"

Json = dict[str, Any]  # Any: what is JSON


@dataclass
class CrookedProvider:
    """What it says is right unless it is changed."""

    issuer: str
    now: int
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    published: RSAKey | None = None
    """Another key than that with which it signs."""
    claims: Json = field(default_factory=dict)
    """Other claims; None takes one away."""
    document: Json = field(default_factory=dict)
    userinfo: Json = field(default_factory=dict)
    algorithm: str = "RS256"
    status: int = 200
    """Of the answer of its token endpoint."""
    body: bytes | None = None
    """That answer, as it is."""
    asked: list[Json] = field(default_factory=list)
    """What its token endpoint was sent."""
    is_down: bool = False

    def answer(self, path: str, body: bytes, nonce: str) -> tuple[int, bytes]:
        if self.is_down:
            return 503, b"down"
        match path:
            case "/.well-known/openid-configuration":
                return 200, _json(self._document())
            case "/jwks":
                return 200, _json({"keys": [(self.published or self.key).as_dict(private=False)]})
            case "/userinfo":
                return 200, _json({"sub": "0815", **self.userinfo})
            case "/token":
                self.asked.append(dict(parse_qsl(body.decode())))
                if self.body is not None:
                    return self.status, self.body
                return self.status, _json({"access_token": "a", "token_type": "Bearer", "id_token": self._token(nonce)})
        return 404, b""

    def _document(self) -> Json:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            **self.document,
        }

    def _token(self, nonce: str) -> str:
        claims = {
            "iss": self.issuer,
            "sub": "0815",
            "aud": CLIENT_ID,
            "exp": self.now + 300,
            "iat": self.now,
            "nonce": nonce,
            "preferred_username": "ada",
            "groups": ["staff"],
        }
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        if self.algorithm == "none":
            return unsigned(claims)
        key: RSAKey | OctKey = self.key
        if self.algorithm.startswith("HS"):
            key = OctKey.import_key("a secret of both sides, of 32 bytes and more")
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jwt.encode(header, claims, key, algorithms=[self.algorithm])


def unsigned(claims: Json) -> str:
    """A token with the algorithm "none" (RFC 7519 §6.1)."""
    return ".".join([_part({"alg": "none"}), _part(claims), ""])


def _part(value: Json) -> str:
    return base64.urlsafe_b64encode(_json(value)).rstrip(b"=").decode()


def _json(value: Json) -> bytes:
    return json.dumps(value).encode()


@contextmanager
def running_crooked_provider(now: int, nonce_of: Callable[[], str]) -> Iterator[CrookedProvider]:
    """``nonce_of`` is what the browser would have brought there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's own name
            pass

        def _answer(self, body: bytes) -> None:
            status, answer = provider.answer(self.path, body, nonce_of())
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = CrookedProvider(f"http://127.0.0.1:{server.server_port}", now)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
