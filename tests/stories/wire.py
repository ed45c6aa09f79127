"""A link that sends whatever a test wants, well formed or not, and hands back the frames as they came."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from socket import SHUT_RDWR
from types import TracebackType
from typing import Self
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.rest import Json

ANSWER_SECONDS = 40.0
"""Longer than the time after which the system itself gives up on a request."""


class Wire:
    """One WebSocket to the stations' door."""

    def __init__(self, stations_url: str, identity: str, subprotocols: Sequence[str] | None = ("ocpp1.6",)) -> None:
        """Raises websockets' InvalidStatus when the door refuses the upgrade."""
        self.identity = identity
        url = f"{stations_url}/ocpp/{quote(identity, safe='')}"
        self._socket = open_socket(url, subprotocols)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def send(self, frame: Json) -> None:
        self.send_text(json.dumps(frame))

    def send_text(self, text: str | bytes) -> None:
        """A text frame; bytes need not be UTF-8."""
        self._socket.send(text, text=True)

    def send_binary(self, data: bytes) -> None:
        self._socket.send(data)

    def receive(self, seconds: float = ANSWER_SECONDS) -> Json:
        """The next frame. Raises TimeoutError, or websockets' ConnectionClosed."""
        return json.loads(self._socket.recv(timeout=seconds))

    def call(self, action: str, payload: Json, call_id: str | None = None) -> Json:
        """The frame that answers; frames that come before it are dropped."""
        call_id = call_id or str(uuid.uuid4())
        self.send([2, call_id, action, payload])
        return self.answer_to(call_id)

    def answer_to(self, call_id: Json, seconds: float = ANSWER_SECONDS) -> Json:
        deadline = time.monotonic() + seconds
        while True:
            frame = self.receive(max(0.0, deadline - time.monotonic()))
            if frame[1] == call_id:
                return frame

    def ask(self, action: str, payload: Json) -> Json:
        """The payload of the answer, which must be a CALLRESULT."""
        frame = self.call(action, payload)
        assert frame[0] == 3, f"{action} was refused: {frame}"
        return frame[2]

    def flush(self) -> None:
        """Returns when the other side has read all that was sent: it answers a ping that follows it."""
        assert self._socket.ping().wait(ANSWER_SECONDS), "the ping was not answered"

    def assert_alive(self) -> None:
        """A Heartbeat is the next thing that is answered: what came before had all its answers."""
        call_id = str(uuid.uuid4())
        self.send([2, call_id, "Heartbeat", {}])
        answer = self.receive()
        assert answer[:2] == [3, call_id], answer
        assert list(answer[2]) == ["currentTime"], answer

    def is_open(self) -> bool:
        """Whether a ping is answered."""
        try:
            return self._socket.ping().wait(ANSWER_SECONDS)
        except ConnectionClosed:
            return False

    def wait_until_closed(self, seconds: float = ANSWER_SECONDS) -> tuple[list[Json], int | None]:
        """What still came, and the close code of the other side (None when the connection broke)."""
        frames = []
        try:
            while True:
                frames.append(self.receive(seconds))
        except ConnectionClosed as closed:
            return frames, closed.rcvd.code if closed.rcvd else None

    def close(self) -> None:
        self._socket.close()

    def abort(self) -> None:
        """Ends the connection without a word, also while another thread is stuck in sending."""
        with suppress(OSError):  # the other side was quicker
            self._socket.socket.shutdown(SHUT_RDWR)


def open_socket(url: str, subprotocols: Sequence[str] | None) -> ClientConnection:
    """An open socket at any address; the caller closes it."""
    return connect(
        url,
        subprotocols=None if subprotocols is None else [Subprotocol(name) for name in subprotocols],
        open_timeout=20,
        ping_interval=None,
        max_size=None,
        proxy=None,
        legacy=True,  # hands over the connection itself instead of tying it to one `with` block
    )
