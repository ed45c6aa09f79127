"""Which operations somebody may ask for."""

from __future__ import annotations

from forecourt.ocpp.action import Message
from forecourt.operations.operation import AnyOperation
from forecourt.web.visit import Visit


def may_ask(visit: Visit, operation: AnyOperation) -> bool:
    """Whether there is anything that the visitor may have it told."""
    return operation.may_be_asked(visit.permissions)


def may_send(visit: Visit, operation: AnyOperation, message: Message) -> bool:
    """What is said in the message may need more than the operation as such."""
    return visit.may(operation.needed(message))
