"""RemoteStartTransaction (OCPP 1.6 §5.11): ask a station to begin charging."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.charging_profiles import ChargingProfile
from forecourt.dialects.v16.messages.datatypes import IdToken, Integer, RemoteStartStopStatus
from forecourt.ocpp.action import Action, Message, Sender


class RemoteStartTransactionRequest(Message, frozen=True, kw_only=True):
    connector_id: Annotated[
        Integer | UnsetType, Meta(description="The connector to use, from 1; absent to let the station choose.")
    ] = UNSET
    id_tag: Annotated[IdToken, Meta(description="The tag to charge for.")]
    charging_profile: Annotated[
        ChargingProfile | UnsetType, Meta(description="A TxProfile without transactionId, for the new transaction.")
    ] = UNSET


class RemoteStartTransactionResponse(Message, frozen=True, kw_only=True):
    status: Annotated[RemoteStartStopStatus, Meta(description="Whether the station will try to start.")]


REMOTE_START_TRANSACTION = Action(
    name="RemoteStartTransaction",
    sender=Sender.CSMS,
    profile="Core",
    request=RemoteStartTransactionRequest,
    response=RemoteStartTransactionResponse,
    summary="Asks a station to start charging for a tag.",
)
