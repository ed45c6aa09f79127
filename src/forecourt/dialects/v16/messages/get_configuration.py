"""GetConfiguration (OCPP 1.6 §5.8): read configuration keys."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import CiString50, KeyValue
from forecourt.ocpp.action import Action, Message, Sender


class GetConfigurationRequest(Message, frozen=True, kw_only=True):
    key: Annotated[list[CiString50] | UnsetType, Meta(description="Names of the keys; absent or empty for all.")] = (
        UNSET
    )


class GetConfigurationResponse(Message, frozen=True, kw_only=True):
    configuration_key: Annotated[list[KeyValue] | UnsetType, Meta(description="The keys that the station knows.")] = (
        UNSET
    )
    unknown_key: Annotated[
        list[CiString50] | UnsetType, Meta(description="Asked names that the station does not know.")
    ] = UNSET


GET_CONFIGURATION = Action(
    name="GetConfiguration",
    sender=Sender.CSMS,
    profile="Core",
    request=GetConfigurationRequest,
    response=GetConfigurationResponse,
    summary="Reads configuration keys of a station.",
    is_repeatable=True,
)
