"""A bare WebSocket client for load: whole text frames, no tasks, no queues.

The mask of every frame is zero, so that masking costs the generator nothing. RFC 6455 §5.3 asks for an unpredictable
mask to protect proxies from chosen bytes; for load between two known ends that does not matter, and a server does the
same work whatever the mask is. Nothing else may use this client.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import ssl
import struct
from typing import Final, Protocol, cast

from yarl import URL

from forecourt_simulator.backoff import read_retry_after
from forecourt_simulator.vocabulary import SUBPROTOCOL

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A
_ZERO_MASK: Final = b"\0\0\0\0"
_MASKED = 0x80


class Owner(Protocol):
    """Who uses the socket."""

    def take_text(self, text: bytes) -> None: ...

    def lose_connection(self, reason: str) -> None: ...


class ConnectionRefused(Exception):
    """The server did not open a WebSocket; ``status`` is its HTTP status where it sent one."""

    def __init__(self, reason: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after
        """Seconds that the server asks to wait before the next try."""


class RawSocket(asyncio.Protocol):
    """One connection. Make it with :func:`open_socket`."""

    def __init__(self, owner: Owner, url: URL, authorization: str | None = None) -> None:
        self._owner = owner
        self._url = url
        self._authorization = authorization
        self._key = base64.b64encode(os.urandom(16))
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._is_open = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send_text(self, text: bytes) -> None:
        """Send one text frame. Does nothing when the connection is gone: its owner was told."""
        if self._transport is not None:
            self._transport.write(_header(_TEXT, len(text)) + text)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.write(_header(_CLOSE, 2) + b"\x03\xe8")
            self._transport.close()

    def abort(self) -> None:
        """End the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from asyncio's
        self._transport = stream
        lines = (
            f"GET {self._url.raw_path_qs} HTTP/1.1",
            f"Host: {self._url.host}:{self._url.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {self._key.decode()}",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
            *(() if self._authorization is None else (f"Authorization: {self._authorization}",)),
            "",
            "",
        )
        stream.write("\r\n".join(lines).encode())

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        reason = str(error) if error else "the server closed the connection"
        if self._is_open:
            self._owner.lose_connection(reason)
        elif not self.opened.done():
            self.opened.set_exception(ConnectionRefused(reason))

    def data_received(self, data: bytes) -> None:
        if not self._buffer and self._is_open and len(data) > 2 and data[0] == _TEXT and len(data) == data[1] + 2:
            self._owner.take_text(data[2:])  # one short frame, as nearly every answer is
            return
        self._buffer += data
        if not self._is_open:
            self._read_head()
        while self._is_open and (length := self._whole_frame()):
            frame, self._buffer = self._buffer[:length], self._buffer[length:]
            self._take_frame(frame)

    # Inside

    def _read_head(self) -> None:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        self._buffer = rest
        status, *lines = head.split(b"\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        expected = base64.b64encode(hashlib.sha1(self._key + _GUID, usedforsecurity=False).digest())
        if b" 101 " not in status + b" ":
            reason = f"the server answered {status.decode('latin-1')!r}; is the station registered?"
            code = status.split(b" ")[1:2]
            self._refuse(
                reason,
                status=int(code[0]) if code and code[0].isdigit() else None,
                retry_after=read_retry_after(fields.get(b"retry-after", b"").decode("latin-1")),
            )
        elif fields.get(b"sec-websocket-accept") != expected:
            self._refuse("the server did not answer the WebSocket handshake")
        elif fields.get(b"sec-websocket-protocol") != SUBPROTOCOL.encode():
            self._refuse(f"the server did not choose the subprotocol {SUBPROTOCOL}")
        elif not self.opened.done():
            self._is_open = True
            self.opened.set_result(None)

    def _refuse(self, reason: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionRefused(reason, status=status, retry_after=retry_after))
        if self._transport is not None:
            self._transport.abort()

    def _whole_frame(self) -> int:
        """Length of the first frame in the buffer with its header, or 0 while it is not complete."""
        buffer = self._buffer
        if len(buffer) < 2:
            return 0
        start, length = _measure(buffer)
        return start + length if start and len(buffer) >= start + length else 0

    def _take_frame(self, frame: bytes) -> None:
        start, _ = _measure(frame)
        payload = frame[start:]
        match frame[0]:
            case 0x81:
                self._owner.take_text(payload)
            case 0x89:
                if self._transport is not None:
                    self._transport.write(_header(_PONG, len(payload)) + payload)
            case 0x8A:
                pass
            case _:  # a close, or a fragment, which no answer is long enough for
                self.close()


async def open_socket(
    owner: Owner,
    url: URL,
    *,
    tls: ssl.SSLContext | None = None,
    authorization: str | None = None,
    address: str | None = None,
) -> RawSocket:
    """Connect and shake hands, from this address of the machine if one is given; ``tls`` is for ``wss``, one for all
    stations. Raises ConnectionRefused or OSError."""
    loop = asyncio.get_running_loop()
    if url.host is None or url.port is None:
        raise ConnectionRefused(f"{url} names no host and port")
    secure = (tls or True) if url.scheme == "wss" else None
    _, socket = await loop.create_connection(
        lambda: RawSocket(owner, url, authorization),
        url.host,
        url.port,
        ssl=secure,
        local_addr=None if address is None else (address, 0),
    )
    try:
        await socket.opened
    except asyncio.CancelledError:
        socket.abort()
        raise
    return socket


def _header(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, _MASKED | length)) + _ZERO_MASK
    if length < 65_536:
        return struct.pack("!BBH4s", first, _MASKED | 126, length, _ZERO_MASK)
    return struct.pack("!BBQ4s", first, _MASKED | 127, length, _ZERO_MASK)


def _measure(buffer: bytes) -> tuple[int, int]:
    """Where the payload begins and how long it is; zeros while the header is not complete."""
    short = buffer[1] & 0x7F
    if short < 126:
        return 2, short
    size = 2 if short == 126 else 8
    if len(buffer) < 2 + size:
        return 0, 0
    return 2 + size, int.from_bytes(buffer[2 : 2 + size])
