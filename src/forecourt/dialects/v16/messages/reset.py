"""Reset (OCPP 1.6 §5.14): restart a station."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.ocpp.action import Action, Message, Sender

ResetType = Literal["Hard", "Soft"]
ResetStatus = Literal["Accepted", "Rejected"]


class ResetRequest(Message, frozen=True, kw_only=True):
    type: Annotated[ResetType, Meta(description="Soft ends transactions in good order first; Hard restarts at once.")]


class ResetResponse(Message, frozen=True, kw_only=True):
    status: Annotated[ResetStatus, Meta(description="Whether the station will restart.")]


RESET = Action(
    name="Reset",
    sender=Sender.CSMS,
    profile="Core",
    request=ResetRequest,
    response=ResetResponse,
    summary="Restarts a station.",
    is_dangerous=True,
)
