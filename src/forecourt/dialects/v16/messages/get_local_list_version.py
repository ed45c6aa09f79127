"""GetLocalListVersion (OCPP 1.6 §5.10): which local list has a station?"""

from typing import Annotated

from msgspec import Meta

from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.ocpp.action import Action, Message, Sender


class GetLocalListVersionRequest(Message, frozen=True):
    pass


class GetLocalListVersionResponse(Message, frozen=True, kw_only=True):
    list_version: Annotated[
        Integer, Meta(description="The version; 0 when the list is empty, -1 when lists are not supported.")
    ]


GET_LOCAL_LIST_VERSION = Action(
    name="GetLocalListVersion",
    sender=Sender.CSMS,
    profile="LocalAuthListManagement",
    request=GetLocalListVersionRequest,
    response=GetLocalListVersionResponse,
    summary="Asks for the version of the station's local authorization list.",
    is_repeatable=True,
)
