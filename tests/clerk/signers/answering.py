"""Web servers that answer as a test says, over TLS if it wants; also such answers as no honest server gives."""

from __future__ import annotations

import base64
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

from forecourt.pki.certificate import read_certificate
from tests.support.authority import Authority


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer_names: tuple[str, ...] = ()
    """CN of the client's certificate."""

    @property
    def signed_in_as(self) -> tuple[str, str] | None:
        """HTTP Basic (RFC 7617)."""
        scheme, _, rest = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return None
        user, _, password = base64.b64decode(rest).decode().partition(":")
        return user, password


@dataclass(frozen=True)
class Said:
    status: int = 200
    body: bytes = b""
    kind: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    announced: int | None = None
    """The length that is said, when it is not the true one."""
    endless: bytes = b""
    """Sent again and again after the body, as long as somebody listens."""
    pause: float = 0.0
    """Seconds between these."""


NESTED = b'{"data": ' + b"[" * 200_000
"""JSON that is nested deeper than anybody reads."""

Answer: TypeAlias = Callable[[Asked], Said]


@dataclass
class Place:
    """Where a server is, and all that it was asked."""

    url: str
    root: str
    """As PEM; empty without TLS."""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(
    answer: Answer, *, tls: bool = False, port: int = 0, clients_from: Authority | None = None
) -> Iterator[Place]:
    """A server on this machine. ``clients_from`` signs the certificates that clients may come with."""
    stopped = threading.Event()
    place = Place("", "")

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            asked = Asked(self.command, self.path, dict(self.headers), body, self._peer_names())
            place.asked.append(asked)
            with suppress(OSError):
                self._say(answer(asked))

        do_GET = do_POST = do_HEAD = _answer  # noqa: N815  # named by the library

        def _say(self, said: Said) -> None:
            self.send_response(said.status)
            self.send_header("Content-Type", said.kind)
            if not said.endless:
                self.send_header("Content-Length", str(len(said.body) if said.announced is None else said.announced))
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)
            while said.endless and not stopped.wait(said.pause):
                self.wfile.write(said.endless)

        def _peer_names(self) -> tuple[str, ...]:
            if not isinstance(self.connection, ssl.SSLSocket):
                return ()
            shown = self.connection.getpeercert(binary_form=True)
            return () if shown is None else read_certificate(shown).common_names

        def log_message(self, *_args: object) -> None:
            """Nothing is told."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    scheme = "http"
    if tls:
        authority = Authority.root("Authority of the host")
        server.socket = _context(authority, clients_from).wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        scheme, place.root = "https", authority.pem
    place.url = f"{scheme}://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield place
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _context(authority: Authority, clients_from: Authority | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        chain, key = authority.leaf("localhost", dns=["localhost"]).write(Path(folder))
        context.load_cert_chain(chain, key)
    if clients_from is not None:
        context.load_verify_locations(cadata=clients_from.pem)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context
