"""MeterValues (OCPP 1.6 §4.7): readings of a meter."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.dialects.v16.messages.metering import MeterValue
from forecourt.ocpp.action import Action, Message, Sender


class MeterValuesRequest(Message, frozen=True, kw_only=True):
    connector_id: Annotated[Integer, Meta(description="The connector that was measured; 0 for the main meter.")]
    transaction_id: Annotated[Integer | UnsetType, Meta(description="The transaction the readings belong to.")] = UNSET
    meter_value: Annotated[list[MeterValue], Meta(min_length=1, description="The readings, one entry for each moment.")]


class MeterValuesResponse(Message, frozen=True):
    pass


METER_VALUES = Action(
    name="MeterValues",
    sender=Sender.STATION,
    profile="Core",
    request=MeterValuesRequest,
    response=MeterValuesResponse,
    summary="Reports meter readings of a connector or of the whole station.",
)
