"""ChangeAvailability (OCPP 1.6 §5.2): take a connector or station into or out of service."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.ocpp.action import Action, Message, Sender

AvailabilityType = Literal["Inoperative", "Operative"]
AvailabilityStatus = Literal["Accepted", "Rejected", "Scheduled"]


class ChangeAvailabilityRequest(Message, frozen=True, kw_only=True):
    connector_id: Annotated[Integer, Meta(description="The connector; 0 for the station with all its connectors.")]
    type: Annotated[AvailabilityType, Meta(description="Operative for in service, Inoperative for out of service.")]


class ChangeAvailabilityResponse(Message, frozen=True, kw_only=True):
    status: Annotated[
        AvailabilityStatus, Meta(description="Whether it was done; Scheduled when a transaction has to end first.")
    ]


CHANGE_AVAILABILITY = Action(
    name="ChangeAvailability",
    sender=Sender.CSMS,
    profile="Core",
    request=ChangeAvailabilityRequest,
    response=ChangeAvailabilityResponse,
    summary="Takes a connector or the whole station into or out of service.",
    done=frozenset({"Accepted", "Scheduled"}),
)
