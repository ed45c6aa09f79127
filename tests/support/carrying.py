"""Errands carried by hand: what a courier and a station do, one step at a time and without a socket."""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias

import msgspec

from forecourt.dialect import Command, Dialect, refusal
from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.errands.model import Claim, Delivery, Errand, Failure, Line, Order
from forecourt.domain.jobs.model import Job, JobFilter
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.action import Message
from forecourt.ocpp.payload import Reader
from forecourt.ocpp.redaction import shown
from forecourt.operations.catalogue import make_catalogue
from forecourt.operations.reading import read_parameters
from tests.domain.world import ALL, World
from tests.support.clock import FakeClock
from tests.support.vault import unsealed

DIALECT: Final = v16.make()
CATALOGUE: Final = make_catalogue([DIALECT])
NODE: Final = "node-1"
ANSWER_SECONDS: Final = 30.0

Json: TypeAlias = Any  # payloads are indexed and compared as they come

_encode: Final = msgspec.json.Encoder().encode


class Carrying:
    """A station and its errands on their way. It is on line from the beginning unless it is said not to be."""

    def __init__(
        self, services: Services, station: Station, *, dialect: Dialect = DIALECT, is_online: bool = True
    ) -> None:
        self._services = services
        self._station = station
        self._dialect = dialect
        self._line = Line(NODE, LinkId(station.key))
        self._sent: tuple[Claim, Command] | None = None
        if is_online:
            self.comes()

    def comes(self) -> None:
        """The station goes on line."""
        self._services.presence.open(
            self._station,
            self._line.link_id,
            node=self._line.node,
            address="192.0.2.5",
            subprotocol=self._dialect.subprotocol,
        )

    def leaves(self) -> None:
        """The station goes off line."""
        self._services.presence.close(self._station, self._line.link_id)

    # To the station

    def is_idle(self) -> bool:
        """True when nothing can be sent now."""
        return self._services.errands.next_for(self._station, self._line) is None

    def sends(self) -> Command:
        """The next errand is sent; there must be one. Returns what is said to the station."""
        claim = self._services.errands.next_for(self._station, self._line)
        assert claim is not None, "nothing waits for the station"
        command = self._dialect.command(claim.intent, self._station)
        assert self._services.errands.send(
            claim,
            line=self._line,
            action=command.action.name,
            shown=_encode(shown(command.words)).decode(),
            answer_seconds=ANSWER_SECONDS,
        )
        self._sent = claim, command
        return command

    @property
    def sent(self) -> tuple[Claim, Command]:
        """What was sent last."""
        return self._last()

    @property
    def claim(self) -> Claim:
        """The errand that was sent last."""
        return self._last()[0]

    @property
    def has_sent(self) -> bool:
        return self._sent is not None

    def goes_on_with(self, sent: tuple[Claim, Command]) -> None:
        """What was sent before is what was sent last, as after a restart."""
        self._sent = sent

    # From the station

    def hears(self, **answer: Json) -> None:
        """The station answers what was sent last."""
        words, response = self._read(answer)
        self.records(response, self._refusal(words))
        self._tell(words)

    def hears_late(self, sent: tuple[Claim, Command] | None = None, /, **answer: Json) -> None:
        """The station answers what was sent last, or this that was sent before, after that was given up and its
        outcome was not known."""
        self._sent = sent or self._sent
        words, response = self._read(answer)
        assert self._services.errands.answered_late(self.claim, response=response, refusal=self._refusal(words))
        self._tell(words)

    def records(self, response: str, refused: str | None) -> None:
        """It is recorded that what was sent last was answered, and nobody is told what the answer means."""
        assert self._services.errands.answered(self.claim, response=response, refusal=refused), "it has ended before"

    def does(self, **answer: Json) -> Command:
        """The next errand is sent and answered."""
        command = self.sends()
        self.hears(**answer)
        return command

    def fails(self, code: str, details: str = "{}") -> None:
        """The station answers with a CALLERROR."""
        self.comes_to_nothing(Failure(f"The station answered with the error {code}", code), details)

    def comes_to_nothing(self, failure: Failure, details: str | None = None) -> None:
        """What was sent last ends without a usable answer."""
        self._services.errands.failed(self.claim, failure, response=details)

    def loses(self, reason: str = "No answer came.") -> None:
        """No answer comes to what was sent last."""
        claim, command = self._last()
        self._services.errands.lost(claim, reason, is_repeatable=command.action.is_repeatable)

    def breaks_off(self) -> None:
        """The link ends before the station answers."""
        self.loses("The connection was closed.")
        self.leaves()

    def _last(self) -> tuple[Claim, Command]:
        assert self._sent is not None, "nothing was sent to the station"
        return self._sent

    def _read(self, answer: dict[str, Json]) -> tuple[Message, str]:
        """The answer, and the text that is kept of it."""
        text = _encode(answer)
        words = Reader(self._last()[1].action.response).read(msgspec.Raw(text))
        safe = shown(words)
        return words, text.decode() if safe is words else _encode(safe).decode()

    def _refusal(self, words: Message) -> str | None:
        return refusal(self._last()[1].action, words)

    def _tell(self, words: Message) -> None:
        self._dialect.hear(self._last()[1], words, self._station, self._services, self._last()[0].number)


def payload_of(command: Command) -> Json:
    """What is said to the station, as it is on the wire."""
    return json.loads(_encode(command.words))


class Carried(World):
    """A world with one station, which speaks OCPP 1.6 and is on line."""

    clock: FakeClock

    def __init__(self, *, is_online: bool = True) -> None:
        super().__init__()
        self.station = self.a_station()
        self.delivery = Delivery.WHEN_ONLINE
        """How it is asked."""
        self.carrying = Carrying(self.services, self.station, is_online=is_online)

    def asks(self, operation: str, **parameters: Json) -> Errand:
        """Have an operation done, as a program asks for it."""
        wanted = CATALOGUE[operation]
        params = read_parameters(json.dumps(parameters).encode(), wanted.params)
        order = Order(asked_by="admin", delivery=self.delivery)
        return wanted.run(self.services, self.station, params, order)

    def sends(self) -> tuple[str, Json]:
        """Send the next errand; the action and the payload on the wire."""
        command = self.carrying.sends()
        return command.action.name, payload_of(command)

    @property
    def has_something_to_send(self) -> bool:
        return not self.carrying.is_idle()

    def answers(self, **payload: Json) -> None:
        """The station answers what was sent last."""
        self.carrying.hears(**payload)

    def answers_late(self, **payload: Json) -> None:
        """The station answers what was sent last, after that was given up."""
        self.carrying.hears_late(**payload)

    def answers_with_error(self, code: str) -> None:
        self.carrying.fails(code)

    def never_answers(self) -> None:
        self.carrying.loses()

    def says(self, action: str, **payload: Json) -> Json:
        """What the station is answered."""
        known = DIALECT.actions[action]
        words = Reader(known.request).read(msgspec.Raw(json.dumps(payload).encode()))
        return json.loads(DIALECT.answer(known, words, self.station, self.services))

    def job(self) -> Job:
        """The newest job."""
        return self.jobs[0]

    @property
    def jobs(self) -> list[Job]:
        """All jobs, newest first."""
        return list(self.services.jobs.list(JobFilter(), ALL).items)

    def everything_stored(self) -> str:
        """The whole database as text, to whoever has the key."""
        tables = self.unit.all("SELECT name FROM sqlite_master WHERE type = 'table'")
        return unsealed("\n".join(repr(self.unit.all(f"SELECT * FROM {name}")) for (name,) in tables))
