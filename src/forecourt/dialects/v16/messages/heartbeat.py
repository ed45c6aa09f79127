"""Heartbeat (OCPP 1.6 §4.6): a sign of life that also sets the station's clock."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender


class HeartbeatRequest(Message, frozen=True):
    pass


class HeartbeatResponse(Message, frozen=True, kw_only=True):
    current_time: Annotated[datetime, Meta(description="The central system's time, for the station's clock.")]

    def __post_init__(self) -> None:
        read_in_utc(self, "current_time")


HEARTBEAT = Action(
    name="Heartbeat",
    sender=Sender.STATION,
    profile="Core",
    request=HeartbeatRequest,
    response=HeartbeatResponse,
    summary="Shows that a station is alive, and gives it the time.",
    is_timely=True,
)
