"""Plays the courier and a station for any services: errands go their way without a socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from forecourt.dialect import Command, Dialect, refusal
from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.errands.model import Claim, Failure, Line
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.redaction import shown

_V16: Final = v16.make()

_encode: Final = msgspec.json.Encoder().encode


class Carrying:
    """A station that is on line, and its errands on their way."""

    def __init__(
        self, services: Services, station: Station, *, link: int = 1, node: str = "node-1", dialect: Dialect = _V16
    ) -> None:
        self._services = services
        self._station = station
        self._dialect = dialect
        self._line = Line(node, LinkId(link))
        self._claim: Claim | None = None
        self._command: Command | None = None
        services.presence.open(
            station, self._line.link_id, node=node, address="192.0.2.5", subprotocol=dialect.subprotocol
        )

    def sends(self) -> Command:
        """The next errand is sent; there must be one. Returns what is said to the station."""
        claim = self._services.errands.next_for(self._station, self._line)
        assert claim is not None, "nothing waits for the station"
        command = self._dialect.command(claim.intent, self._station)
        said = _encode(shown(command.words)).decode()
        errands = self._services.errands
        assert errands.send(claim, line=self._line, action=command.action.name, shown=said, answer_seconds=30)
        self._claim, self._command = claim, command
        return command

    def hears(self, answer: Mapping[str, object]) -> None:
        """The station answers what was sent."""
        claim, command = self._out()
        words = msgspec.convert(answer, command.action.response)
        response = _encode(shown(words)).decode()
        assert self._services.errands.answered(claim, response=response, refusal=refusal(command.action, words))
        self._dialect.hear(command, words, self._station, self._services)

    def fails(self, code: str, details: str = "{}") -> None:
        """The station answers with a CALLERROR."""
        claim, _ = self._out()
        failure = Failure(f"The station answered with the error {code}", code)
        self._services.errands.failed(claim, failure, response=details)

    def loses(self, reason: str = "The connection was closed.") -> None:
        """The link breaks before the station answers."""
        claim, command = self._out()
        self._services.errands.lost(claim, reason, is_repeatable=command.action.is_repeatable)
        self.leaves()

    def leaves(self) -> None:
        """The station goes off line."""
        self._services.presence.close(self._station, self._line.link_id)

    def does(self, answer: Mapping[str, object]) -> Command:
        """The next errand is sent and answered."""
        command = self.sends()
        self.hears(answer)
        return command

    def _out(self) -> tuple[Claim, Command]:
        assert self._claim is not None, "nothing was sent to the station"
        assert self._command is not None
        return self._claim, self._command
