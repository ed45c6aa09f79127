"""ReserveNow (OCPP 1.6 §5.13): keep a connector free for a tag."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import IdToken, Integer
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender

ReservationStatus = Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]


class ReserveNowRequest(Message, frozen=True, kw_only=True):
    connector_id: Annotated[Integer, Meta(description="The connector; 0 for any connector of the station.")]
    expiry_date: Annotated[datetime, Meta(description="When the reservation ends by itself.")]
    id_tag: Annotated[IdToken, Meta(description="The tag to keep it for.")]
    parent_id_tag: Annotated[IdToken | UnsetType, Meta(description="The group to keep it for.")] = UNSET
    reservation_id: Annotated[Integer, Meta(description="Number of the reservation; the same number replaces it.")]

    def __post_init__(self) -> None:
        read_in_utc(self, "expiry_date")


class ReserveNowResponse(Message, frozen=True, kw_only=True):
    status: Annotated[ReservationStatus, Meta(description="Whether the connector is reserved, or why not.")]


RESERVE_NOW = Action(
    name="ReserveNow",
    sender=Sender.CSMS,
    profile="Reservation",
    request=ReserveNowRequest,
    response=ReserveNowResponse,
    summary="Keeps a connector free for a tag until a given time.",
)
