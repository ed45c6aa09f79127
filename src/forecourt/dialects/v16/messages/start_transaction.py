"""StartTransaction (OCPP 1.6 §4.8): charging has begun."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import IdTagInfo, IdToken, Integer
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender


class StartTransactionRequest(Message, frozen=True, kw_only=True):
    connector_id: Annotated[Integer, Meta(description="The connector in use; from 1.")]
    id_tag: Annotated[IdToken, Meta(description="The tag that started the transaction.")]
    meter_start: Annotated[Integer, Meta(description="Energy register at the start, in Wh.")]
    reservation_id: Annotated[
        Integer | UnsetType, Meta(description="The reservation that this transaction uses up.")
    ] = UNSET
    timestamp: Annotated[datetime, Meta(description="When the transaction began.")]

    def __post_init__(self) -> None:
        read_in_utc(self, "timestamp")


class StartTransactionResponse(Message, frozen=True, kw_only=True):
    id_tag_info: Annotated[IdTagInfo, Meta(description="What is known of the tag.")]
    transaction_id: Annotated[
        Integer, Meta(description="The number given to the transaction, also when the tag is refused.")
    ]


START_TRANSACTION = Action(
    name="StartTransaction",
    sender=Sender.STATION,
    profile="Core",
    request=StartTransactionRequest,
    response=StartTransactionResponse,
    summary="Reports that a transaction has begun, maybe long ago, and asks for its number.",
)
