"""One station of a load run: it sends what is due, one message at a time, and measures the answers."""

from __future__ import annotations

import asyncio
import random
import re
from array import array
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from forecourt.clock import Clock
from forecourt.ocpp import frames
from forecourt_simulator import load_words
from forecourt_simulator.load_words import MIX, Kind, Template

_TRANSACTION_ID: Final = re.compile(rb'"transactionId"\s*:\s*(-?\d+)')
_ERROR_CODE: Final = re.compile(rb'^\[\s*4\s*,\s*"[^"]*"\s*,\s*"([^"]*)"')
_ENERGY_STEP_WH: Final = 25


@dataclass(eq=False, slots=True)
class Tally:
    """What all stations of a run measure together. Times in seconds."""

    clock: Clock
    counts_from: float = float("inf")
    """Messages that were due before this moment are the warm-up and are not measured."""
    ends_at: float = float("inf")
    latencies: defaultdict[str, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    lags: array[float] = field(default_factory=lambda: array("d"))
    errors: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    """CALLRESULTs that came between ``counts_from`` and ``ends_at``."""
    all_answered: int = 0
    """CALLRESULTs, warm-up included."""
    stamp: bytes = b""
    """The time of day for messages; renewed every few milliseconds."""

    def renew_stamp(self) -> None:
        self.stamp = self.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()

    def take(self, action: str, *, intended: float, now: float) -> None:
        self.all_answered += 1
        if self.counts_from <= now < self.ends_at:
            self.answered += 1
        if intended >= self.counts_from:
            self.latencies[action].append(now - intended)


@dataclass(frozen=True, slots=True)
class Templates:
    """The messages that all stations of a run share."""

    start: Template
    stop: Template
    heartbeat: Template = field(default_factory=load_words.heartbeat)
    idle_meter: Template = field(default_factory=lambda: load_words.meter_values(is_charging=False))
    charging_meter: Template = field(default_factory=lambda: load_words.meter_values(is_charging=True))
    idle_status: Template = field(default_factory=lambda: load_words.status("Available"))
    charging_status: Template = field(default_factory=lambda: load_words.status("Charging"))

    @classmethod
    def for_tag(cls, id_tag: str) -> Templates:
        return cls(start=load_words.start(id_tag), stop=load_words.stop(id_tag))


class Wire(Protocol):
    """What a station sends through."""

    def send_text(self, text: bytes) -> None: ...

    def close(self) -> None: ...


class LoadStation:
    """Has at most one request in flight; what falls due meanwhile waits and keeps its intended moment."""

    __slots__ = (
        "_booting", "_call_id", "_cursor", "_energy_wh", "_in_flight", "_intended", "_next_id", "_tally", "_templates",
        "_transaction_id", "is_closed_loop", "is_lost", "name", "refusal", "sent_at", "socket", "waiting",
    )  # fmt: skip

    def __init__(
        self, name: str, *, tally: Tally, templates: Templates, next_id: Callable[[], bytes], chance: random.Random
    ) -> None:
        self.name = name
        self.socket: Wire | None = None
        self.waiting: deque[float] = deque()
        """Intended moments of the messages that could not leave yet."""
        self.is_lost = False
        """True from the loss of the connection until somebody opens it again."""
        self.is_closed_loop = False
        self.refusal: str | None = None
        """What the central system said instead of admitting this station."""
        self.sent_at = 0.0
        self._tally = tally
        self._templates = templates
        self._next_id = next_id
        self._cursor = chance.randrange(len(MIX))
        self._energy_wh = chance.randrange(1_000_000)
        self._booting: asyncio.Future[bytes] | None = None
        self._transaction_id: int | None = None
        self._in_flight: Template | None = None
        self._intended = 0.0
        self._call_id = b""

    @property
    def is_busy(self) -> bool:
        return self._in_flight is not None

    async def boot(self, now: float) -> None:
        """Send BootNotification and wait for its answer; ``refusal`` then tells whether the station may go on."""
        self._booting = asyncio.get_running_loop().create_future()
        self._send(load_words.boot(self.name), now, now)
        answer = await self._booting
        self._booting = self._in_flight = None
        self.refusal = None if b'"Accepted"' in answer else answer[:200].decode("utf-8", "replace")

    def fall_due(self, intended: float, now: float) -> None:
        """A message was due at ``intended``: send it, or let it wait its turn."""
        if self._in_flight is not None or self.socket is None:
            self.waiting.append(intended)
            return
        if intended >= self._tally.counts_from:
            self._tally.lags.append(now - intended)
        self._send(self._choose(), intended, now)

    def give_up(self, reason: str, now: float) -> None:
        """Count the request in flight as an error and go on."""
        if self._in_flight is not None:
            self._in_flight = None
            self._tally.errors[reason] += 1
        self.go_on(now)

    def go_on(self, now: float) -> None:
        """Send the next message that waits, or in a closed loop simply the next."""
        if self.waiting:
            if self.socket is not None:
                self._send(self._choose(), self.waiting.popleft(), now)
        elif self.is_closed_loop and now < self._tally.ends_at:
            self.fall_due(now, now)

    # raw_socket.Owner

    def take_text(self, text: bytes) -> None:
        now = self._tally.clock.monotonic()
        template = self._in_flight
        if template is None or text[1:2] == b"2" or self._call_id not in text[:80]:
            self._take_other(text)
            return
        if self._booting is not None and not self._booting.done():
            self._booting.set_result(text)
            return
        self._in_flight = None
        if text[1:2] == b"3":
            self._tally.take(template.action, intended=self._intended, now=now)
            if template is self._templates.start:
                found = _TRANSACTION_ID.search(text)
                self._transaction_id = None if found is None else int(found[1])
            elif template is self._templates.stop:
                self._transaction_id = None
        else:
            code = _ERROR_CODE.match(text)
            self._tally.errors[
                f"{template.action}: {'an unreadable answer' if code is None else code[1].decode()}"
            ] += 1
        self.go_on(now)

    def lose_connection(self, reason: str) -> None:
        self.socket = None
        self.is_lost = True
        if self._booting is not None and not self._booting.done():
            self._booting.set_result(reason.encode())
        self._tally.errors[f"connection lost: {reason}"] += 1
        if self._in_flight is not None:
            self._in_flight = None
            self._tally.errors["request lost with its connection"] += 1

    # Inside

    def _send(self, template: Template, intended: float, now: float) -> None:
        if self.socket is None:
            return
        call_id = self._next_id()
        self._in_flight, self._intended, self._call_id, self.sent_at = template, intended, call_id, now
        transaction_id = -1 if self._transaction_id is None else self._transaction_id
        self.socket.send_text(
            template.fill(call_id, now=self._tally.stamp, energy_wh=self._energy_wh, transaction_id=transaction_id)
        )

    def _choose(self) -> Template:
        """The next message of the mix, in the state this station is in."""
        kind: Kind = MIX[self._cursor]
        self._cursor = (self._cursor + 1) % len(MIX)
        is_charging = self._transaction_id is not None
        templates = self._templates
        if kind == "MeterValues":
            self._energy_wh += _ENERGY_STEP_WH
            return templates.charging_meter if is_charging else templates.idle_meter
        if kind == "StatusNotification":
            return templates.charging_status if is_charging else templates.idle_status
        if kind == "Heartbeat":
            return templates.heartbeat
        return templates.stop if is_charging else templates.start

    def _take_other(self, text: bytes) -> None:
        """A request of the central system is refused; an answer to nothing is counted."""
        call_id = frames.salvage_call_id(text)
        if call_id is None:
            self._tally.errors["an answer that nobody waited for"] += 1
        elif self.socket is not None:
            self.socket.send_text(frames.encode_error(call_id, "NotSupported", "this station only makes load"))
