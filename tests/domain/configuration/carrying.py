"""The way of errands to a station and back, without a courier, a link or a socket."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from forecourt.dialect import Command, refusal
from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.errands.model import Claim, Failure, Line
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.redaction import shown

_V16: Final = v16.make()
_NODE: Final = "node-1"


class Carrying:
    """A station that speaks OCPP 1.6 and is on line, and its errands on their way."""

    def __init__(self, services: Services, station: Station) -> None:
        self._services = services
        self._station = station
        self._line = Line(_NODE, LinkId(station.key))
        self._sent: tuple[Claim, Command]
        services.presence.open(
            station, self._line.link_id, node=_NODE, address="192.0.2.5", subprotocol=_V16.subprotocol
        )

    def sends(self) -> Command:
        """The next errand is sent; there must be one. Returns what is said to the station."""
        claim = self._services.errands.next_for(self._station, self._line)
        assert claim is not None, "nothing waits for the station"
        command = _V16.command(claim.intent, self._station)
        said = msgspec.json.encode(shown(command.words)).decode()
        assert self._services.errands.send(
            claim, line=self._line, action=command.action.name, shown=said, answer_seconds=30
        )
        self._sent = claim, command
        return command

    def is_idle(self) -> bool:
        """True when nothing waits for the station."""
        return self._services.errands.next_for(self._station, self._line) is None

    def hears(self, **answer: Any) -> None:  # JSON
        """The station answers what was sent, also when that was given up meanwhile."""
        claim, command = self._sent
        words = msgspec.convert(answer, command.action.response)
        response = msgspec.json.encode(shown(words)).decode()
        self._services.errands.answered(claim, response=response, refusal=refusal(command.action, words))
        _V16.hear(command, words, self._station, self._services)

    def does(self, **answer: Any) -> Command:  # JSON
        """The next errand is sent and answered."""
        command = self.sends()
        self.hears(**answer)
        return command

    def fails(self, code: str) -> None:
        """The station answers with a CALLERROR."""
        failure = Failure(f"The station answered with the error {code}.", code)
        self._services.errands.failed(self._sent[0], failure, response="{}")

    def loses(self) -> None:
        """The time for the answer passes."""
        claim, command = self._sent
        self._services.errands.lost(claim, "No answer came.", is_repeatable=command.action.is_repeatable)

    def leaves(self) -> None:
        """The station goes off line."""
        self._services.presence.close(self._station, self._line.link_id)
