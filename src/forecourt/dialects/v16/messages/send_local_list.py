"""SendLocalList (OCPP 1.6 §5.15): tags that a station may admit by itself."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import AuthorizationData, Integer
from forecourt.ocpp.action import Action, Message, Sender

UpdateType = Literal["Differential", "Full"]
UpdateStatus = Literal["Accepted", "Failed", "NotSupported", "VersionMismatch"]


class SendLocalListRequest(Message, frozen=True, kw_only=True):
    list_version: Annotated[Integer, Meta(description="The version the list has afterwards; from 1.")]
    local_authorization_list: Annotated[
        list[AuthorizationData] | UnsetType,
        Meta(description="The entries; absent or empty in a Full update to empty the list."),
    ] = UNSET
    update_type: Annotated[UpdateType, Meta(description="Full replaces the list, Differential changes it.")]


class SendLocalListResponse(Message, frozen=True, kw_only=True):
    status: Annotated[
        UpdateStatus, Meta(description="Whether the list was changed; after VersionMismatch send it in full.")
    ]


SEND_LOCAL_LIST = Action(
    name="SendLocalList",
    sender=Sender.CSMS,
    profile="LocalAuthListManagement",
    request=SendLocalListRequest,
    response=SendLocalListResponse,
    summary="Replaces or changes the tags that a station may admit by itself.",
)
