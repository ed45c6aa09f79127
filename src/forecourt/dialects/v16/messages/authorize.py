"""Authorize (OCPP 1.6 §4.1): may this tag charge?"""

from typing import Annotated

from msgspec import Meta

from forecourt.dialects.v16.messages.datatypes import IdTagInfo, IdToken
from forecourt.ocpp.action import Action, Message, Sender


class AuthorizeRequest(Message, frozen=True, kw_only=True):
    id_tag: Annotated[IdToken, Meta(description="The tag that asks.")]


class AuthorizeResponse(Message, frozen=True, kw_only=True):
    id_tag_info: Annotated[IdTagInfo, Meta(description="What is known of the tag; Invalid when it is unknown.")]


AUTHORIZE = Action(
    name="Authorize",
    sender=Sender.STATION,
    profile="Core",
    request=AuthorizeRequest,
    response=AuthorizeResponse,
    summary="Asks whether a tag may start or stop charging.",
)
