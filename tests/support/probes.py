"""Knocks at the stations' door by hand: one TLS connection, one request to upgrade, and whatever comes back.

It stands on `ssl` and on the program `openssl`, so that it can do what no library for WebSockets would: resume
sessions, show any certificate, name headers twice, and speak versions of TLS that nobody should.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
import subprocess
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

_DEADLINE_SECONDS: Final = 60.0
_KEY: Final = base64.b64encode(b"sixteen bytes...").decode()


@dataclass(frozen=True, slots=True)
class Identification:
    """What a station shows in the TLS handshake: files in PEM."""

    chain: Path
    """Its certificate, and those between it and the root, if it sends any."""
    key: Path


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt."""

    status: int | None
    """Of HTTP; None when the connection was ended without an answer, as it is in a refused TLS handshake."""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    version: str | None = None
    cipher: str | None = None
    is_resumed: bool = False
    end: str = ""
    """How the connection was ended, for people."""

    def header(self, name: str) -> list[str]:
        return [value for one, value in self.headers if one.lower() == name.lower()]


@dataclass(slots=True)
class TlsClient:
    """A station's side of TLS. It keeps its sessions, and offers the last one again when it is asked to."""

    trusted: Path
    """The roots that it knows for the central system."""
    identification: Identification | None = None
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    ciphers: str | None = None
    name: str = "localhost"
    """What the server's certificate must be for."""
    _context: ssl.SSLContext = field(init=False)
    _session: ssl.SSLSession | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # A station may have a key that this machine would not use of its own will.
        self._context.set_ciphers(f"{self.ciphers or 'DEFAULT'}:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what some probes are about
            self._context.minimum_version = self.oldest
            self._context.maximum_version = self.newest
        self._context.load_verify_locations(self.trusted)
        if self.identification is not None:
            self._context.load_cert_chain(self.identification.chain, self.identification.key)

    @property
    def context(self) -> ssl.SSLContext:
        return self._context

    @property
    def has_ticket(self) -> bool:
        """Whether the last session can be resumed by a ticket that the server gave (RFC 5077, RFC 8446 §4.6.1)."""
        return self._session is not None and self._session.has_ticket

    def wrap(self, plain: socket.socket, *, resume: bool) -> ssl.SSLSocket:
        """Raises OSError, also when the door was closed before the handshake began."""
        try:
            return self._context.wrap_socket(
                plain, server_hostname=self.name, session=self._session if resume else None, suppress_ragged_eofs=True
            )
        except OSError as error:
            with warnings.catch_warnings(action="ignore", category=ResourceWarning):
                # The library leaves its socket open, which ends with the frames that are held here.
                error.__traceback__ = error.__context__ = None
            raise

    def remember(self, wrapped: ssl.SSLSocket) -> None:
        self._session = wrapped.session or self._session


def basic(user: str, password: bytes) -> tuple[str, str]:
    """The header of HTTP Basic (RFC 7617)."""
    return "Authorization", "Basic " + base64.b64encode(user.encode() + b":" + password).decode()


def knock(
    url: str,
    identity: str,
    *headers: tuple[str, str],
    tls: TlsClient | None = None,
    resume: bool = False,
    source: str = "127.0.0.1",
    before: bytes = b"",
    before_tls: bytes = b"",
) -> Answer:
    """One attempt of a station to connect; a link that comes of it is closed again.

    `url` is that of the door (`ws://…` or `wss://…`), `source` the address from which the station calls, and
    `before_tls` is sent before anything else.
    """
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    lines = [f"GET /ocpp/{quote(identity, safe='')} HTTP/1.1", f"Host: localhost:{parts.port}"]
    lines += ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {_KEY}", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Protocol: ocpp1.6", *(f"{name}: {value}" for name, value in headers), "", ""]
    request = before + "\r\n".join(lines).encode()
    with socket.create_connection(address, _DEADLINE_SECONDS, source_address=(source, 0)) as plain:
        try:
            if before_tls:
                plain.sendall(before_tls)
            if parts.scheme == "ws":
                plain.sendall(request)
                return _read(plain)
            assert tls is not None, "a wss:// address needs the station's side of TLS"
            with tls.wrap(plain, resume=resume) as wrapped:
                wrapped.sendall(request)
                return _read(wrapped, tls)
        except OSError as ended:  # ssl.SSLError is one
            return Answer(None, end=str(ended) or type(ended).__name__)


def _read(connection: socket.socket, tls: TlsClient | None = None) -> Answer:
    """The answer to a request to upgrade: all of it, or its head when it is a 101."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65536)
        if not received:
            return Answer(None, end="the connection was closed")
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in rest))
    status = int(first.split()[1])
    if status == 101:
        with suppress(OSError):
            connection.sendall(b"\x88\x80\x00\x00\x00\x00")  # a close frame without a code (RFC 6455 §5.5.1)
    else:
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        while len(body) < length and (received := connection.recv(65536)):
            body += received
    version = cipher = None
    resumed = False
    if isinstance(connection, ssl.SSLSocket) and tls is not None:
        tls.remember(connection)
        used = connection.cipher()
        version, cipher = connection.version(), used[0] if used else None
        resumed = bool(connection.session_reused)
    return Answer(status, headers, body.decode(errors="replace"), version, cipher, resumed)


def client_hello(version: bytes, suite: bytes, *, compressions: bytes = b"\0") -> bytes:
    """The first message of a handshake (RFC 5246 §7.4.1.2), with one suite, which must be one of RSA key exchange."""
    hello = version + bytes(32) + b"\0" + len(suite).to_bytes(2) + suite
    hello += len(compressions).to_bytes(1) + compressions
    # signature_algorithms, without which SHA-1 would be meant (RFC 5246 §7.4.1.4.1).
    hello += bytes.fromhex("000c 000d 0008 0006 0401 0403 0804")
    message = b"\x01" + len(hello).to_bytes(3) + hello
    return b"\x16\x03\x00" + len(message).to_bytes(2) + message


@dataclass(frozen=True, slots=True)
class Handshake:
    """What `openssl s_client` says of one TLS handshake."""

    is_established: bool
    version: str
    suite: str
    key: str
    """The kind of key with which the server signed, or nothing when its suite signs nothing."""
    output: str

    def named(self, pattern: str) -> str:
        """The first group of a pattern in the output. Raises AssertionError when there is none."""
        found = re.search(pattern, self.output)
        assert found, f"{pattern!r} is not in:\n{self.output}"
        return found[1]


def s_client(address: str, *options: str | Path, keys: str = "") -> Handshake:
    """One handshake by OpenSSL's own client; `keys` are typed into it afterwards (`R` asks to renegotiate)."""
    command = ["openssl", "s_client", "-connect", address, *(str(one) for one in options)]
    done = subprocess.run(
        command,
        input=keys.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_DEADLINE_SECONDS,
        check=False,
    )
    output = done.stdout.decode(errors="replace")
    agreed = re.search(r"^New, (\S+), Cipher is (\S+)", output, re.MULTILINE)
    signed = re.search(r"^Peer signature type: (\S+)", output, re.MULTILINE)
    suite = agreed[2] if agreed else "(NONE)"
    version = re.search(r"^ +Protocol +: (\S+)", output, re.MULTILINE) or agreed
    return Handshake(suite != "(NONE)", version[1] if version else "", suite, signed[1] if signed else "", output)
