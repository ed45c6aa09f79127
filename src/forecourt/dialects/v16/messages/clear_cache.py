"""ClearCache (OCPP 1.6 §5.4): forget remembered tags."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.ocpp.action import Action, Message, Sender

ClearCacheStatus = Literal["Accepted", "Rejected"]


class ClearCacheRequest(Message, frozen=True):
    pass


class ClearCacheResponse(Message, frozen=True, kw_only=True):
    status: Annotated[ClearCacheStatus, Meta(description="Whether the cache is now empty.")]


CLEAR_CACHE = Action(
    name="ClearCache",
    sender=Sender.CSMS,
    profile="Core",
    request=ClearCacheRequest,
    response=ClearCacheResponse,
    summary="Empties the station's memory of tags that were authorized before.",
)
