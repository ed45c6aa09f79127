"""RemoteStopTransaction (OCPP 1.6 §5.12): ask a station to end a transaction."""

from typing import Annotated

from msgspec import Meta

from forecourt.dialects.v16.messages.datatypes import Integer, RemoteStartStopStatus
from forecourt.ocpp.action import Action, Message, Sender


class RemoteStopTransactionRequest(Message, frozen=True, kw_only=True):
    transaction_id: Annotated[Integer, Meta(description="The transaction to stop.")]


class RemoteStopTransactionResponse(Message, frozen=True, kw_only=True):
    status: Annotated[RemoteStartStopStatus, Meta(description="Whether the station will stop it.")]


REMOTE_STOP_TRANSACTION = Action(
    name="RemoteStopTransaction",
    sender=Sender.CSMS,
    profile="Core",
    request=RemoteStopTransactionRequest,
    response=RemoteStopTransactionResponse,
    summary="Asks a station to stop a transaction.",
    is_dangerous=True,
)
