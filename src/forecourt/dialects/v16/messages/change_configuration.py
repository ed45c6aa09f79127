"""ChangeConfiguration (OCPP 1.6 §5.3): set one configuration key."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.dialects.v16.messages.datatypes import CiString50, CiString500
from forecourt.ocpp.action import Action, Message, Sender
from forecourt.ocpp.redaction import is_secret_key

ConfigurationStatus = Literal["Accepted", "Rejected", "RebootRequired", "NotSupported"]


class ChangeConfigurationRequest(Message, frozen=True, kw_only=True):
    key: Annotated[CiString50, Meta(description="Name of the configuration key.")]
    value: Annotated[CiString500, Meta(description="The new value as text.")]

    def secrets(self) -> tuple[str, ...]:
        return ("value",) if is_secret_key(self.key) else ()


class ChangeConfigurationResponse(Message, frozen=True, kw_only=True):
    status: Annotated[
        ConfigurationStatus, Meta(description="Whether the value was taken, and whether it needs a restart.")
    ]


CHANGE_CONFIGURATION = Action(
    name="ChangeConfiguration",
    sender=Sender.CSMS,
    profile="Core",
    request=ChangeConfigurationRequest,
    response=ChangeConfigurationResponse,
    summary="Sets one configuration key of a station.",
    done=frozenset({"Accepted", "RebootRequired"}),
)
