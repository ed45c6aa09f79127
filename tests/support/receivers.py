"""Receivers of events for tests: a web server that answers as it is told, and a mail server with STARTTLS."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tests.support.authority import Authority
from tests.support.ports import free_port


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    """By names in lower case."""
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.body))

    def is_signed_with(self, secret: str) -> bool:
        """As Standard Webhooks has it, written anew from its text."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = b".".join([self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.body])
        wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return hmac.compare_digest(self.headers["webhook-signature"], f"v1,{wanted}")


@dataclass
class Receiver:
    """Answers with ``status`` and ``headers``; ``body`` is sent after ``hold`` was set, if there is one."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hold: threading.Event | None = None
    status_of: Callable[[Received], int] | None = None
    received: list[Received] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [one.event for one in self.received]

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]


@contextmanager
def a_receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A web server on this machine, with TLS if there is a context."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Received(self.path, headers, body)
            receiver.received.append(got)
            if receiver.hold is not None:
                receiver.hold.wait(20)
            self.send_response(receiver.status if receiver.status_of is None else receiver.status_of(got))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that went away is no error here."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if context is None else "https"
    receiver.url = f"{scheme}://localhost:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        if receiver.hold is not None:
            receiver.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


def server_context(folder: Path, root: Authority) -> ssl.SSLContext:
    """For a server on this machine, below a root."""
    files = root.leaf("localhost", dns=("localhost",)).write(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


@dataclass
class MailBox:
    """What a mail server was given."""

    port: int = 0
    refuses: bool = False
    raw: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(one, policy=policy.default) for one in self.raw]

    async def handle_DATA(  # noqa: N802  # as the library calls it
        self, _server: object, _session: Session, envelope: Envelope
    ) -> str:
        if self.refuses:
            return "451 Come back later"
        self.raw.append(cast("bytes", envelope.content))
        self.recipients.append([str(one) for one in envelope.rcpt_tos])
        return "250 Taken"


@contextmanager
def a_mail_server(
    context: ssl.SSLContext | None = None, *, user: tuple[str, str] | None = None, is_implicit: bool = False
) -> Iterator[MailBox]:
    """An SMTP server on this machine that wants STARTTLS, or TLS from the first byte; without a context, neither."""
    box = MailBox()

    def check(_server: object, _session: object, _envelope: object, _mechanism: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        is_right = (given.login.decode(), given.password.decode()) == user
        return AuthResult(success=is_right, handled=False)

    options: dict[str, Any] = {}
    if context is not None and is_implicit:
        options["ssl_context"] = context
    elif context is not None:
        options |= {"tls_context": context, "require_starttls": True}
    if user is not None:
        options |= {"authenticator": check, "auth_required": True, "auth_require_tls": context is not None}
    box.port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until it holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)
