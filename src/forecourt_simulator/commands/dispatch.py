"""Where the answers to the central system's requests are registered: one function for each request.

Answers come before what follows from them: the session keeps our own calls back while a request is open.
"""

from __future__ import annotations

from functools import singledispatch

from forecourt.ocpp.action import Message
from forecourt.ocpp.errors import Fault
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station


class CannotAnswer(Exception):
    """The request is answered with a CALLERROR."""

    def __init__(self, fault: Fault, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason


@singledispatch
def answer(request: Message, station: Station, now: Moment) -> Message | None:
    """The response to a request, or None for what this station does not support. Raises CannotAnswer."""
    return None
