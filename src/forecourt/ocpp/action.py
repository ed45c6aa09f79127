"""An action of OCPP: its name, who may send it, and the words of its request and response."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec


class Message(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
    gc=False,
):
    """The payload of a request or a response, or an object inside one.

    Unknown fields are refused at every level (OCPP-J 1.6 errata 3.2). A field that may be left out has
    the default ``UNSET``, so that ``null`` is refused and an absent field is never sent.
    """

    def secrets(self) -> tuple[str, ...]:
        """Names of the fields that must not be shown, where that depends on what the message says."""
        return ()


class Sender(enum.Enum):
    """Who may send the request of an action."""

    STATION = "station"
    CSMS = "csms"
    EITHER = "either"


Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


@dataclass(frozen=True, slots=True)
class Action(Generic[Request, Response]):
    """One action of one version of OCPP, declared once."""

    name: str
    """The name on the wire, exactly as in the standard; it is case-sensitive (OCPP-J 1.6 §4.2.1)."""
    sender: Sender
    profile: str
    """The feature profile as in ``SupportedFeatureProfiles``, or ``Security`` for the security extension."""
    request: type[Request]
    response: type[Response]
    summary: str
    """One sentence for an operator: what this action does."""
    is_timely: bool = False
    """True when the answer tells the present time, so that an old answer must not be given again."""
    done: frozenset[str] = frozenset({"Accepted"})
    """The values of ``status`` in a response that mean it was done; any other is a refusal. Of no meaning for a
    response without a status."""
    is_repeatable: bool = False
    """True when it may be sent again after nobody learned what became of it: it only asks, and changes nothing."""
    is_dangerous: bool = False
    """True when a person should confirm it: it ends charging, or what it changes is not easily undone."""
