"""The door for files by HTTP: stations fetch and upload here, each with the token in its location.

What comes is hostile until it is finished: no name becomes a path, no length is believed, nothing is waited for
without end, and nothing is kept that did not come whole. Proofs for ACME authorities are shown here as well (RFC 8555
§8.3), because they ask at a port that anybody reaches.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Protocol, TypeAlias
from urllib.parse import quote, unquote

import structlog
from aiohttp import ClientPayloadError, web
from aiohttp.helpers import parse_mimetype
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.web_protocol import RequestHandler

from forecourt.config import FilesConfig
from forecourt.domain.errors import DomainError, Kind, invalid
from forecourt.domain.files.model import Arrival, Carrier
from forecourt.domain.files.places import DOWNLOADS, UPLOADS
from forecourt.domain.files.shelf import BLOCK, NoRoom, TooLarge
from forecourt.files.desk import Desk, Download
from forecourt.files.forms import first_file
from forecourt.files.ranges import Part, Unsatisfiable, wanted_part

CHALLENGES: Final = "/.well-known/acme-challenge/"

HEADER_SECONDS: Final = 10.0
"""Time for a client to send its whole request head."""

FIELD_BYTES: Final = 8190
"""Longest header, and longest first line of a request."""

LINGER_SECONDS: Final = 5.0
"""How long what was refused is read on and thrown away, because a client that still sends does not hear why."""

RETRY_SECONDS: Final = 30

_STATUS: Final = {
    Kind.INVALID: 400,
    Kind.NOT_FOUND: 404,
    Kind.REFUSED: 410,
    Kind.CONFLICT: 409,
    Kind.UNAVAILABLE: 503,
}

_SERVER: Final = {"Server": "Forecourt"}
"""The library names itself and its version otherwise."""

_SILENT: Final = logging.getLogger("forecourt.files.http")
"""For what the library would say of every request that is none: strangers choose how many there are."""
_SILENT.setLevel(logging.CRITICAL + 1)

_BROKEN: Final = (ConnectionError, ClientPayloadError, BadHttpMessage)
"""What reading and writing raise when the other side is gone, or does not keep to HTTP."""

Challenge: TypeAlias = Callable[[str], Awaitable[str | None]]
"""What is to be answered to an ACME authority that asks for a token."""

_log = structlog.get_logger(__name__)


class Stay(Protocol):
    """The place of a socket among all that are open."""

    def settle(self) -> None:
        """It said what it wants."""
        ...

    def leave(self) -> None:
        """It is closed."""
        ...


class Door:
    """Speaks HTTP with stations."""

    def __init__(self, desk: Desk, config: FilesConfig, *, challenge: Challenge) -> None:
        self._desk = desk
        self._config = config
        self._challenge = challenge
        self._web = web.Server(self._handle, access_log=None)

    def new_client(self, *, peer: str, is_tls: bool, stay: Stay) -> asyncio.Protocol:
        """What a new connection is given to, once it may speak HTTP."""
        return _Client(self._web, peer=peer, is_tls=is_tls, stay=stay, loop=asyncio.get_running_loop())

    async def close(self) -> None:
        """End what is left of the open transfers."""
        await self._web.shutdown(timeout=1.0)

    # A request

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        client = request.protocol
        if not isinstance(client, _Client):
            raise TypeError("requests come from clients of this door only")
        client.got_head()
        try:
            async with asyncio.timeout(self._config.transfer_seconds):
                response = await self._answer(request, client)
        except _BROKEN as error:
            _log.info("transfer_broken_off", address=client.peer, reason=repr(error)[:200])
            raise ConnectionResetError from error
        except Exception as error:
            response = _told(error, client.peer)
            if client.has_answered:  # only the end of the connection still tells that not all of the file came
                raise ConnectionResetError from error
        response.force_close()
        return response

    async def _answer(self, request: web.BaseRequest, client: _Client) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        if path.startswith(UPLOADS):
            token, _, name = path.removeprefix(UPLOADS).partition("/")
            if request.method not in ("PUT", "POST"):
                return _not_allowed("PUT, POST")
            return await self._upload(request, client, token=token, name=unquote(name))
        if path.startswith(DOWNLOADS):
            token = path.removeprefix(DOWNLOADS).partition("/")[0]
            if request.method not in ("GET", "HEAD"):
                return _not_allowed("GET, HEAD")
            return await self._download(request, client, token=token)
        if path.startswith(CHALLENGES) and request.method == "GET":
            answer = await self._challenge(path.removeprefix(CHALLENGES))
            return _text(404, "There is no such challenge.") if answer is None else _text(200, answer, end="")
        return _text(404, "There is nothing here.")

    # Up

    async def _upload(self, request: web.BaseRequest, client: _Client, *, token: str, name: str) -> web.StreamResponse:
        if "Content-Range" in request.headers:  # RFC 9110 §14.4: else the rest of a file would be kept as a whole one
            error = invalid("A part of a file cannot be uploaded here; send all of it.")
            raise self._desk.refused(error, client.peer, None)
        arrival = Arrival(name=name, address=client.peer, carrier=client.carrier)
        is_form, boundary = _form(request)
        size = None if is_form else request.content_length
        upload = await self._desk.begin_upload(token, arrival, size=size)
        try:
            if request.headers.get("Expect", "").strip().lower() == "100-continue":
                await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                request.writer.output_size = 0
            pieces = self._body(request)
            if is_form:
                pieces = first_file(pieces, boundary, upload.rename)
            async for piece in pieces:
                await upload.write(piece)
            outcome = await upload.finish()
        finally:
            await upload.abort()
        return _text(201 if outcome.is_new else 200, f"The file {outcome.received.number} is kept.")

    async def _body(self, request: web.BaseRequest) -> AsyncIterator[bytes]:
        """Raises TimeoutError when nothing comes for too long."""
        while True:
            async with asyncio.timeout(self._config.idle_seconds):
                piece = await request.content.readany()
            if not piece:
                return
            yield piece

    # Down

    async def _download(self, request: web.BaseRequest, client: _Client, *, token: str) -> web.StreamResponse:
        is_counted = request.method == "GET"
        download = await self._desk.begin_download(token, client.peer, is_counted=is_counted)
        try:
            return await self._give(request, client, download)
        finally:
            await download.close()

    async def _give(self, request: web.BaseRequest, client: _Client, download: Download) -> web.StreamResponse:
        size, etag = download.size, f'"{(download.ticket.file or "").rpartition("/")[2]}"'
        headers = {
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-store",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(download.ticket.name, safe='')}",
            "Content-Type": "application/octet-stream",
            "ETag": etag,
            **_SERVER,
            "X-Content-Type-Options": "nosniff",
        }
        try:
            part = wanted_part(request.headers.get("Range"), request.headers.get("If-Range"), size=size, etag=etag)
        except Unsatisfiable:
            response = _text(416, "The file ends before this range begins.")
            response.headers["Content-Range"] = f"bytes */{size}"
            return response
        shown = part or Part(0, size - 1)
        if part is not None:
            headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
        headers["Content-Length"] = str(shown.size)
        answer = web.StreamResponse(status=200 if part is None else 206, headers=headers)
        answer.force_close()
        client.has_answered = True
        await answer.prepare(request)
        if request.method == "GET":
            await self._send(answer, download, shown)
        await answer.write_eof()
        return answer

    async def _send(self, answer: web.StreamResponse, download: Download, part: Part) -> None:
        at = part.first
        while at <= part.last:
            piece = await download.read(at, min(BLOCK, part.last + 1 - at))
            if not piece:
                raise ConnectionResetError("the file is shorter than it was")
            at += len(piece)
            async with asyncio.timeout(self._config.idle_seconds):
                await answer.write(piece)


class _Client(RequestHandler):
    """The library's protocol, with a time limit for the request head: it has none of its own."""

    __slots__ = ("_head", "_stay", "carrier", "has_answered", "peer")

    def __init__(
        self, manager: web.Server, *, peer: str, is_tls: bool, stay: Stay, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None is its way to say none
            logger=_SILENT,
            max_line_size=FIELD_BYTES,
            max_field_size=FIELD_BYTES,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,
            read_bufsize=BLOCK,
        )
        self.peer = peer
        self.carrier = Carrier.HTTPS if is_tls else Carrier.HTTP
        self.has_answered = False
        """Whether the head of an answer is on its way."""
        self._stay = stay
        self._head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._head = self._loop.call_later(HEADER_SECONDS, transport.abort)  # type: ignore[attr-defined]  # as sockets have

    def connection_lost(self, exc: BaseException | None) -> None:
        self.got_head()
        self._stay.leave()
        super().connection_lost(exc)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """What the library could not read. Its own words for that are longer, and name it."""
        if request.writer.output_size > 0:
            raise ConnectionError("half of an answer is out")
        response = _text(status, "This is no request.")
        response.force_close()
        return response

    def got_head(self) -> None:
        self._stay.settle()
        if self._head is not None:
            self._head.cancel()
            self._head = None


def _form(request: web.BaseRequest) -> tuple[bool, str]:
    """Whether a body is a form, and its boundary. Some call a packed file ``multipart/x-zip``."""
    boundary = parse_mimetype(request.headers.get("Content-Type", "")).parameters.get("boundary", "")
    kind = request.content_type.lower()
    return kind == "multipart/form-data" or (kind.startswith("multipart/") and boundary != ""), boundary


def _told(error: Exception, address: str) -> web.Response:
    """What is said of something that went wrong. What nobody foresaw is logged here, and nowhere else."""
    if isinstance(error, TooLarge):
        return _text(413, error.sentence)
    if isinstance(error, NoRoom):
        return _text(507, error.sentence)
    if isinstance(error, DomainError):
        response = _text(_STATUS[error.kind], error.sentence)
        if error.kind is Kind.UNAVAILABLE:
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    if isinstance(error, TimeoutError):
        _log.info("transfer_broken_off", address=address, reason="it took too long")
        return _text(408, "This took too long; begin again.")
    if isinstance(error, OSError):
        _log.error("shelf_out_of_order", address=address, reason=str(error)[:300])
        response = _text(503, "Files cannot be kept or read at the moment; come back later.")
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    _log.error("request_failed", address=address, exc_info=error)
    return _text(500, "It failed here; the log of the system tells more.")


def _text(status: int, sentence: str, *, end: str = "\n") -> web.Response:
    return web.Response(
        status=status,
        text=sentence + end,
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **_SERVER},
    )


def _not_allowed(methods: str) -> web.Response:
    response = _text(405, f"Here is {methods} only.")
    response.headers["Allow"] = methods
    return response
