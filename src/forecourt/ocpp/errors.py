"""What can be wrong with a message, in neutral names; each version of OCPP spells them its own way.

::

    OcppError
    ├── BadFrame        the text is not a message (not JSON, not an array, wrong shape, too big, too deep)
    ├── PayloadRefused  the message is one, but its payload breaks the words of its action
    └── QueueFull       too many of our own calls wait for this station
"""

from __future__ import annotations

import enum


class Fault(enum.Enum):
    """The kinds of CALLERROR, in the spelling of OCPP 2.0.1; a dialect maps them to its wire values."""

    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    INTERNAL = "InternalError"
    PROTOCOL = "ProtocolError"
    SECURITY = "SecurityError"
    FORMAT = "FormatViolation"
    PROPERTY = "PropertyConstraintViolation"
    OCCURRENCE = "OccurrenceConstraintViolation"
    TYPE = "TypeConstraintViolation"
    GENERIC = "GenericError"


class OcppError(Exception):
    """Base of everything that this library raises."""


class BadFrame(OcppError):
    """A frame that is not a message. ``call_id`` is its id as raw JSON where that could still be read."""

    def __init__(self, reason: str, *, fault: Fault = Fault.FORMAT, call_id: bytes | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fault = fault
        self.call_id = call_id


class PayloadRefused(OcppError):
    """A payload that breaks the words of its action; ``path`` names the field, ``$`` is the payload itself."""

    def __init__(self, fault: Fault, *, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.fault = fault
        self.path = path
        self.reason = reason


class QueueFull(OcppError):
    """A call that was not taken because ``waiting`` others already wait for this station."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} calls already wait for this station; try again when some were answered")
        self.waiting = waiting
