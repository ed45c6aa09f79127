"""A station made of other people's code: the PyPI package `ocpp` on the `websockets` client.

It proves that somebody else's reading of OCPP 1.6 and ours agree: every request and every answer passes the
package's own schemas. Nothing here knows the system that is tested.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar
from urllib.parse import quote

from ocpp.charge_point import camel_to_snake_case
from ocpp.v16 import ChargePoint, call, call_result
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Json: TypeAlias = Any  # frames are indexed and compared as they came
Answer = TypeVar("Answer")

_DEADLINE_SECONDS = 60.0
_CALL_SECONDS = 30.0


class CallRefused(Exception):
    """The central system answered a call with a CALLERROR."""

    def __init__(self, code: str, description: str, details: Json) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.details = details


class Peer:
    """One station on one link. Its event loop has a thread of its own, so that stories read from top to bottom."""

    def __init__(
        self,
        stations_url: str,
        identity: str,
        *,
        password: bytes | None = None,
        tls: ssl.SSLContext | None = None,
        name: str | None = None,
    ) -> None:
        """`password` goes into HTTP Basic as these bytes; `tls` is for a `wss://` address, and holds the station's
        certificate if it has one. `name` is what the central system's certificate must be for, where that is not the
        host of the address.
        """
        self._url = f"{stations_url}/ocpp/{quote(identity, safe='')}"
        self._password = password
        self._tls = tls
        self._name = name
        self.identity = identity
        self.received: list[Json] = []
        """Every frame that came from the central system, in order."""
        self._answers: dict[str, list[Json]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"peer {identity}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._socket: ClientConnection = self._run(self._connect())
        except BaseException:
            self._end_loop()
            raise
        self._point = ChargePoint(self.identity, _Recorded(self._socket, self.received))
        for action in self._answers:
            self._route(action)
        self._listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._run(self._socket.close())
        self._listening.result(_DEADLINE_SECONDS)
        self._end_loop()

    def lose_power(self) -> None:
        """The connection ends without a word, as it does when the mains fail."""
        self._loop.call_soon_threadsafe(self._socket.transport.abort)
        self.wait_until_closed()

    def wait_until_closed(self) -> int | None:
        """The close code that came from the other side, or None when the connection broke."""
        self._listening.result(_DEADLINE_SECONDS)
        return self._socket.protocol.close_rcvd.code if self._socket.protocol.close_rcvd else None

    @property
    def agreed(self) -> tuple[str | None, str]:
        """The version of TLS, and the suite."""
        channel = self._socket.transport.get_extra_info("ssl_object")
        return channel.version(), channel.cipher()[0]

    # What a station is asked (OCPP 1.6 §5). What it was not told to answer is answered with the CALLERROR
    # NotImplemented, and what breaks the package's schemas with another: neither can be taken for a success.

    def answers(self, action: str, *answers: Json) -> None:
        """Answer calls of an action with these payloads, one after the other; the last one holds for ever."""
        self._answers[action] = list(answers)
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._route, action)

    @property
    def calls(self) -> list[tuple[str, Json]]:
        """Action and whole payload of every call of the central system, as they were on the wire."""
        return [(frame[2], frame[3]) for frame in list(self.received) if frame[0] == 2]

    def wait_for_calls(self, count: int) -> list[tuple[str, Json]]:
        """All calls, once there are so many of them. Raises AssertionError when they do not come in time."""
        deadline = time.monotonic() + _CALL_SECONDS
        while len(self.calls) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{count} calls did not come within {_CALL_SECONDS:.0f} s, only {self.calls}")
            time.sleep(0.01)
        return self.calls

    # What a station may ask (OCPP 1.6 §4). Each returns the whole payload of the answer as it was on the wire,
    # and raises CallRefused for a CALLERROR. Moments are given as they go over the wire.

    def boot(self, vendor: str = "Independent", model: str = "Peer 1", **more: str) -> Json:
        return self.call(call.BootNotification(charge_point_vendor=vendor, charge_point_model=model, **more))

    def heartbeat(self) -> Json:
        return self.call(call.Heartbeat())

    def authorize(self, id_tag: str) -> Json:
        return self.call(call.Authorize(id_tag=id_tag))

    def status(self, connector: int, status: str, error: str = "NoError", at: str | None = None, **more: str) -> Json:
        return self.call(
            call.StatusNotification(connector_id=connector, status=status, error_code=error, timestamp=at, **more)
        )

    def start(self, connector: int, id_tag: str, meter: int, at: str, *, reservation: int | None = None) -> Json:
        return self.call(
            call.StartTransaction(
                connector_id=connector,
                id_tag=id_tag,
                meter_start=meter,
                timestamp=at,
                reservation_id=reservation,
            )
        )

    def stop(
        self,
        transaction: int,
        meter: int,
        at: str,
        *,
        reason: str | None = None,
        id_tag: str | None = None,
        data: Sequence[Json] | None = None,
    ) -> Json:
        return self.call(
            call.StopTransaction(
                transaction_id=transaction,
                meter_stop=meter,
                timestamp=at,
                reason=reason,
                id_tag=id_tag,
                transaction_data=None if data is None else list(data),
            )
        )

    def meter_values(self, connector: int, values: Sequence[Json], transaction: int | None = None) -> Json:
        return self.call(call.MeterValues(connector_id=connector, meter_value=list(values), transaction_id=transaction))

    def data_transfer(self, vendor: str, message: str | None = None, data: str | None = None) -> Json:
        return self.call(call.DataTransfer(vendor_id=vendor, message_id=message, data=data))

    def firmware_status(self, status: str) -> Json:
        return self.call(call.FirmwareStatusNotification(status=status))

    def diagnostics_status(self, status: str) -> Json:
        return self.call(call.DiagnosticsStatusNotification(status=status))

    def log_status(self, status: str, request_id: int) -> Json:
        return self.call(call.LogStatusNotification(status=status, request_id=request_id))

    def signed_firmware_status(self, status: str, request_id: int) -> Json:
        return self.call(call.SignedFirmwareStatusNotification(status=status, request_id=request_id))

    def security_event(self, kind: str, at: str, tech_info: str | None = None) -> Json:
        return self.call(call.SecurityEventNotification(type=kind, timestamp=at, tech_info=tech_info))

    def call(self, request: object) -> Json:
        """Send any request of `ocpp.v16.call`."""
        call_id = str(uuid.uuid4())
        self._run(self._point.call(request, unique_id=call_id))
        answer = next(frame for frame in reversed(self.received) if frame[0] in (3, 4) and frame[1] == call_id)
        if answer[0] == 4:
            raise CallRefused(*answer[2:])
        return answer[2]

    # Inside

    def _route(self, action: str) -> None:
        self._point.route_map[action] = {
            "_on_action": self._answerer(action),
            "_skip_schema_validation": False,
        }

    def _answerer(self, action: str) -> Callable[..., object]:
        def answer(**_words: Json) -> object:
            answers = self._answers[action]
            words = answers.pop(0) if len(answers) > 1 else answers[0]
            return getattr(call_result, action)(**camel_to_snake_case(words))

        return answer

    async def _connect(self) -> ClientConnection:
        headers = {}
        if self._password is not None:
            secret = base64.b64encode(self.identity.encode() + b":" + self._password)
            headers["Authorization"] = f"Basic {secret.decode()}"
        return await connect(
            self._url,
            subprotocols=[Subprotocol("ocpp1.6")],
            additional_headers=headers,
            ping_interval=None,
            proxy=None,
            ssl=self._tls,
            server_hostname=self._name,
        )

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):  # the end of every link; a call that is open then fails by itself
            await self._point.start()

    def _run(self, work: Coroutine[None, None, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_DEADLINE_SECONDS)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_DEADLINE_SECONDS)
        self._loop.close()


class _Recorded:
    """What the package needs of a connection, with a record of what came in."""

    def __init__(self, socket: ClientConnection, received: list[Json]) -> None:
        self._socket = socket
        self._received = received

    async def recv(self) -> str:
        text = await self._socket.recv(decode=True)
        self._received.append(json.loads(text))
        return text

    async def send(self, text: str) -> None:
        await self._socket.send(text)
