"""A station whose errands are carried by hand: what a courier does, one step at a time and without a socket."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from forecourt.dialect import Command, refusal
from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.errands.model import Claim, Delivery, Errand, Failure, Line, Order
from forecourt.domain.jobs.model import Job, JobFilter
from forecourt.domain.presence.model import LinkId
from forecourt.ocpp.payload import Reader
from forecourt.ocpp.redaction import shown
from forecourt.operations.catalogue import make_catalogue
from forecourt.operations.reading import read_parameters
from tests.domain.world import ALL, World
from tests.support.clock import FakeClock

DIALECT = v16.make()
CATALOGUE = make_catalogue([DIALECT])
LINE = Line("node", LinkId(1))
ANSWER_SECONDS = 30.0

Json = Any  # payloads are indexed and compared as they come


class Carried(World):
    """One station, which speaks OCPP 1.6 and is on line."""

    clock: FakeClock

    def __init__(self, *, is_online: bool = True) -> None:
        super().__init__()
        self.station = self.a_station()
        self.delivery = Delivery.WHEN_ONLINE
        """How it is asked."""
        self.claim: Claim
        self.command: Command
        if is_online:
            self.connects()

    def connects(self) -> None:
        self.services.presence.open(
            self.station, LINE.link_id, node=LINE.node, address="192.0.2.1", subprotocol="ocpp1.6"
        )

    def asks(self, operation: str, **parameters: Json) -> Errand:
        """Have an operation done, as a program asks for it."""
        wanted = CATALOGUE[operation]
        params = read_parameters(json.dumps(parameters).encode(), wanted.params)
        order = Order(asked_by="admin", delivery=self.delivery)
        return wanted.run(self.services, self.station, params, order)

    def sends(self) -> tuple[str, Json]:
        """Send the next errand; the action and the payload on the wire."""
        claim = self.services.errands.next_for(self.station, LINE)
        assert claim is not None, "nothing waits"
        self.claim = claim
        self.command = DIALECT.command(claim.intent, self.station)
        words = msgspec.json.encode(shown(self.command.words)).decode()
        is_sent = self.services.errands.send(
            claim, line=LINE, action=self.command.action.name, shown=words, answer_seconds=ANSWER_SECONDS
        )
        assert is_sent
        return self.command.action.name, json.loads(msgspec.json.encode(self.command.words))

    @property
    def has_something_to_send(self) -> bool:
        return self.services.errands.next_for(self.station, LINE) is not None

    def answers(self, **payload: Json) -> None:
        """The station answers what was sent last."""
        action = self.command.action
        raw = json.dumps(payload).encode()
        words = Reader(action.response).read(msgspec.Raw(raw))
        self.services.errands.answered(self.claim, response=raw.decode(), refusal=refusal(action, words))
        DIALECT.hear(self.command, words, self.station, self.services)

    def answers_with_error(self, code: str) -> None:
        self.services.errands.failed(self.claim, Failure(f"The station answered with the error {code}", code))

    def never_answers(self) -> None:
        self.services.errands.lost(self.claim, "No answer came.", is_repeatable=False)

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
        """The whole database as text."""
        tables = self.unit.all("SELECT name FROM sqlite_master WHERE type = 'table'")
        return "\n".join(repr(self.unit.all(f"SELECT * FROM {name}")) for (name,) in tables)
