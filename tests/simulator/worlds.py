"""Stations without a network, and the time of their world."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from forecourt.dialects.v16.messages.boot_notification import BootNotificationResponse
from forecourt.dialects.v16.messages.datatypes import AuthorizationStatus, IdTagInfo
from forecourt.dialects.v16.messages.start_transaction import StartTransactionResponse
from forecourt.dialects.v16.messages.status_notification import StatusNotificationRequest
from forecourt.ocpp.action import Message
from forecourt_simulator.commands.answering import answer
from forecourt_simulator.curve import Battery
from forecourt_simulator.mailbox import Letter
from forecourt_simulator.moment import Moment
from forecourt_simulator.note import Note
from forecourt_simulator.security_setup import SecuritySetup
from forecourt_simulator.station import Station

START = datetime(2026, 1, 1, 10, tzinfo=UTC)


@dataclass
class World:
    """One station, with a clock that a test moves."""

    notes: list[Note] = field(default_factory=list)
    seconds: float = 0.0
    security: SecuritySetup = field(default_factory=SecuritySetup)
    station: Station = field(init=False)

    def __post_init__(self) -> None:
        self.station = Station("SIM-1", connectors=2, tell=self.notes.append, security=self.security)

    @property
    def now(self) -> Moment:
        return Moment(START + timedelta(seconds=self.seconds), self.seconds)

    def wait(self, seconds: float, *, step: float = 10.0) -> None:
        end = self.seconds + seconds
        while self.seconds < end:
            self.seconds = min(end, self.seconds + step)
            self.station.advance(self.now)

    def letters(self) -> list[Letter]:
        """What the station sends until it has nothing left, each answered with the usual words."""
        sent = []
        while (letter := self.station.find_letter(self.now)) is not None:
            sent.append(letter)
            self.station.take_answer(letter, usual_answer(letter), self.now)
        return sent

    def statuses(self, connector_id: int) -> list[str]:
        """What the station now says of a connector."""
        words = [letter.words for letter in self.letters()]
        found = [one for one in words if isinstance(one, StatusNotificationRequest)]
        return [one.status for one in found if one.connector_id == connector_id]

    def sent(self) -> list[str]:
        return [letter.action.name for letter in self.letters()]


def ask(world: World, request: Message) -> Message | None:
    """What the station answers to a request of its central system."""
    return answer(request, world.station, world.now)


def usual_answer(letter: Letter, *, status: AuthorizationStatus = "Accepted", transaction_id: int = 7) -> Message:
    info = IdTagInfo(status=status)
    match letter.action.name:
        case "BootNotification":
            return BootNotificationResponse(status="Accepted", current_time=START, interval=300)
        case "StartTransaction":
            return StartTransactionResponse(id_tag_info=info, transaction_id=transaction_id)
        case "Authorize":
            response: Message = letter.action.response(id_tag_info=info)
            return response
        case "Heartbeat":
            moment: Message = letter.action.response(current_time=START)
            return moment
        case "SignCertificate":
            taken: Message = letter.action.response(status="Accepted")
            return taken
        case _:
            empty: Message = letter.action.response()
            return empty


def a_world(*, online: bool = True, security: SecuritySetup | None = None) -> World:
    """A station that has booted and said its first words."""
    world = World(security=security or SecuritySetup())
    if online:
        world.station.connect(world.now)
        world.letters()
    return world


def a_charging_world() -> World:
    world = a_world()
    world.station.plug_in(1, a_car(), world.now)
    world.station.present_tag(1, "TAG", world.now)
    world.letters()
    return world


def a_car(*, soc: float = 0.2) -> Battery:
    return Battery(soc=soc)
