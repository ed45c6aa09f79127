"""A WebSocket of the library as a link sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiohttp import WSMsgType, web


class AiohttpWire:
    """A socket of the library, driven without waiting."""

    __slots__ = ("_loop", "_transport", "_websocket", "closing")

    def __init__(
        self,
        websocket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._websocket = websocket
        self._transport = transport
        self._loop = loop
        self.closing: asyncio.Task[Any] | None = None  # the result of closing is of no use

    def send(self, text: bytes) -> None:
        if not self._websocket.closed:
            _drive(self._websocket.send_frame(text, WSMsgType.TEXT))

    def ping(self) -> None:
        if not self._websocket.closed:
            _drive(self._websocket.ping())

    def close(self, code: int, reason: str) -> None:
        if self.closing is None:
            closing = self._websocket.close(code=code, message=reason.encode()[:120])
            self.closing = self._loop.create_task(closing)
            self.closing.add_done_callback(_consume)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def buffered_bytes(self) -> int:
        if self._transport is None or self._transport.is_closing():
            return 0
        return self._transport.get_write_buffer_size()


def _drive(sending: Coroutine[Any, Any, None]) -> None:
    """Run a send of the library up to the point where it would wait for the peer to read.

    The frame is with the transport by then. That the peer does read is watched by the bytes that are buffered.
    """
    try:
        sending.send(None)
    except (StopIteration, ConnectionError):
        return
    sending.close()


def _consume(closing: asyncio.Task[Any]) -> None:
    if not closing.cancelled():
        closing.exception()
