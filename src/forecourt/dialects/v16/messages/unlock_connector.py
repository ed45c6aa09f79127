"""UnlockConnector (OCPP 1.6 §5.18): help a driver whose cable is stuck."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.ocpp.action import Action, Message, Sender

UnlockStatus = Literal["Unlocked", "UnlockFailed", "NotSupported"]


class UnlockConnectorRequest(Message, frozen=True, kw_only=True):
    connector_id: Annotated[Integer, Meta(description="The connector to unlock; from 1.")]


class UnlockConnectorResponse(Message, frozen=True, kw_only=True):
    status: Annotated[
        UnlockStatus, Meta(description="Whether it is unlocked; NotSupported also for an unknown connector.")
    ]


UNLOCK_CONNECTOR = Action(
    name="UnlockConnector",
    sender=Sender.CSMS,
    profile="Core",
    request=UnlockConnectorRequest,
    response=UnlockConnectorResponse,
    summary="Unlocks a connector so that a stuck cable can be taken out.",
    done=frozenset({"Unlocked"}),
    is_dangerous=True,
)
