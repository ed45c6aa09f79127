"""CancelReservation (OCPP 1.6 §5.1): free a reserved connector."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.ocpp.action import Action, Message, Sender

CancelReservationStatus = Literal["Accepted", "Rejected"]


class CancelReservationRequest(Message, frozen=True, kw_only=True):
    reservation_id: Annotated[Integer, Meta(description="The reservation to cancel.")]


class CancelReservationResponse(Message, frozen=True, kw_only=True):
    status: Annotated[
        CancelReservationStatus, Meta(description="Whether a reservation with this number was cancelled.")
    ]


CANCEL_RESERVATION = Action(
    name="CancelReservation",
    sender=Sender.CSMS,
    profile="Reservation",
    request=CancelReservationRequest,
    response=CancelReservationResponse,
    summary="Cancels a reservation.",
)
