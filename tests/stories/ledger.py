"""A station under load that remembers what it was promised: everything that was answered must be found later."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from websockets.exceptions import WebSocketException

from tests.stories.builders import a_station, a_tag
from tests.stories.moments import parse, wire_time
from tests.stories.waiting import eventually
from tests.stories.wire import Wire
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_READINGS = 3
_SILENCE_SECONDS = 0.3


@dataclass
class Promised:
    """What was answered with success, as it must be found."""

    starts: dict[int, str] = field(default_factory=dict)
    """Transaction id → its start's timestamp."""
    stops: dict[int, str] = field(default_factory=dict)
    readings: set[tuple[int, str]] = field(default_factory=set)
    statuses: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.starts) + len(self.stops) + len(self.readings) + len(self.statuses)


class Ledger:
    """One station and one tag: a state, a start, some readings and a stop, over and over."""

    def __init__(self, rest: Rest) -> None:
        self.identity = a_station(rest)
        self.tag = a_tag(rest, maxActiveTransactions=None)
        self.promised = Promised()
        self.refusals: list[Json] = []
        """CALLERRORs that came; what they answered is sent again, as a station does."""
        self._script = self._messages()
        self._pending: tuple[str, Json] | None = None
        self._transaction_id = -1
        self._ticks = 0

    def work(self, stations_url: str, stop: threading.Event) -> None:
        """Until `stop` is set or the link ends. What was not answered is sent first the next time."""
        try:
            with Wire(stations_url, self.identity) as wire:
                while not stop.is_set():
                    self.step(wire)
        except (WebSocketException, OSError):
            pass  # killed: what was in flight stays pending

    def step(self, wire: Wire) -> bool:
        """One message and its answer; False when it was refused and will be sent again."""
        if self._pending is None:
            self._pending = next(self._script)
        action, payload = self._pending
        answer = wire.call(action, payload)
        if answer[0] == 4:
            self.refusals.append(answer)
            return False
        self._pending = None
        self._note(action, payload, answer[2])
        return True

    def _messages(self) -> Iterator[tuple[str, Json]]:
        while True:
            status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": self._tick()}
            yield "StatusNotification", status
            start = {"connectorId": 1, "idTag": self.tag, "meterStart": 0, "timestamp": self._tick()}
            yield "StartTransaction", start
            transaction_id = self._transaction_id
            for number in range(_READINGS):
                value = {"timestamp": self._tick(), "sampledValue": [{"value": str(number)}]}
                yield "MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": [value]}
            yield "StopTransaction", {"transactionId": transaction_id, "meterStop": 9, "timestamp": self._tick()}

    def _note(self, action: str, payload: Json, answer: Json) -> None:
        match action:
            case "StatusNotification":
                self.promised.statuses.add(payload["timestamp"])
            case "StartTransaction":
                self._transaction_id = answer["transactionId"]
                assert self._transaction_id not in self.promised.starts, "one id for two starts"
                self.promised.starts[self._transaction_id] = payload["timestamp"]
            case "MeterValues":
                self.promised.readings.add((payload["transactionId"], payload["meterValue"][0]["timestamp"]))
            case "StopTransaction":
                self.promised.stops[payload["transactionId"]] = payload["timestamp"]

    def _tick(self) -> str:
        self._ticks += 1
        return wire_time(_EPOCH + timedelta(seconds=self._ticks))

    def assert_kept(self, rest: Rest) -> None:
        """Nothing that was answered is missing, and nothing is there twice."""
        stored = rest.transactions(stationId=self.identity)
        starts = {entry["transactionId"]: entry["startTimestamp"] for entry in stored}
        moments = [entry["startTimestamp"] for entry in stored]
        assert len(moments) == len(set(moments)), f"{self.identity}: one start is stored as two transactions"
        assert self.promised.starts.items() <= starts.items(), f"{self.identity}: an answered start is missing"
        stops = {entry["transactionId"]: entry["stopTimestamp"] for entry in stored}
        assert self.promised.stops.items() <= stops.items(), f"{self.identity}: an answered stop is missing"
        readings = [
            (entry["transactionId"], value["timestamp"])
            for entry in stored
            for value in rest.meter_values(entry["transactionId"])
        ]
        assert self.promised.readings <= set(readings), f"{self.identity}: an answered reading is missing"
        statuses = {entry["timestamp"] for entry in rest.status_history(self.identity)}
        assert self.promised.statuses <= statuses, f"{self.identity}: an answered state is missing"
        assert [entry for entry in rest.doubtful_stops() if entry["stationId"] == self.identity] == []
        assert all(parse(moment) >= _EPOCH for moment in moments)


class Load:
    """Ledgers at work, each on its own thread."""

    def __init__(self, system: RunningSystem, stations: int) -> None:
        self._system = system
        self.ledgers = [Ledger(system.rest) for _ in range(stations)]
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        self._stop.clear()
        url = self._system.stations_url
        self._threads = [threading.Thread(target=ledger.work, args=(url, self._stop)) for ledger in self.ledgers]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Returns when every link has ended."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int, what: str) -> None:
        """Returns when so many more messages were answered."""
        goal = self.answered() + more
        eventually(lambda: self.answered() >= goal, what, 60)

    def wait_until_silent(self) -> None:
        """Returns when no answer has come for a while: the system waits for something, and every link with it."""
        silent_since, count = time.monotonic(), self.answered()
        while time.monotonic() - silent_since < _SILENCE_SECONDS:
            time.sleep(0.02)
            if self.answered() != count:
                silent_since, count = time.monotonic(), self.answered()

    def answered(self) -> int:
        return sum(len(ledger.promised) for ledger in self.ledgers)

    def assert_kept(self) -> None:
        for ledger in self.ledgers:
            ledger.assert_kept(self._system.rest)
