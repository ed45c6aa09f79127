"""GetCompositeSchedule (OCPP 1.6 §5.7): the limits that result from all profiles."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.charging_profiles import ChargingRateUnit, ToldSchedule
from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender

GetCompositeScheduleStatus = Literal["Accepted", "Rejected"]


class GetCompositeScheduleRequest(Message, frozen=True, kw_only=True):
    connector_id: Annotated[Integer, Meta(description="The connector; 0 for the station's grid connection.")]
    duration: Annotated[Integer, Meta(description="Length of the schedule to compute, in seconds.")]
    charging_rate_unit: Annotated[
        ChargingRateUnit | UnsetType, Meta(description="Unit to answer in; absent to let the station choose.")
    ] = UNSET


class GetCompositeScheduleResponse(Message, frozen=True, kw_only=True):
    status: Annotated[GetCompositeScheduleStatus, Meta(description="Whether the station could compute the schedule.")]
    connector_id: Annotated[Integer | UnsetType, Meta(description="The connector that the schedule is for.")] = UNSET
    schedule_start: Annotated[datetime | UnsetType, Meta(description="When the schedule starts.")] = UNSET
    charging_schedule: Annotated[ToldSchedule | UnsetType, Meta(description="The resulting limits over time.")] = UNSET

    def __post_init__(self) -> None:
        read_in_utc(self, "schedule_start")


GET_COMPOSITE_SCHEDULE = Action(
    name="GetCompositeSchedule",
    sender=Sender.CSMS,
    profile="SmartCharging",
    request=GetCompositeScheduleRequest,
    response=GetCompositeScheduleResponse,
    summary="Asks which limits result from all charging profiles together.",
    is_repeatable=True,
)
