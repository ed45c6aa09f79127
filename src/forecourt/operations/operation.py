"""An operation: what an operator may have done to a station, declared once and offered by every door."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.action import Message

Params = TypeVar("Params", bound=Message)


class Parameters(Message, frozen=True, kw_only=True):
    """What a composed operation is told. Each field has a description for people (``msgspec.Meta``), and says when it
    may hold a secret, as words do (`forecourt.ocpp.redaction`).

    A field that may be left out is ``… | UnsetType = UNSET`` or has a default.
    """


@dataclass(frozen=True, slots=True)
class Operation(Generic[Params]):
    """One thing that can be done to a station."""

    name: str
    """As in addresses and commands: the action's own name, or that of a task."""
    summary: str
    """One sentence for an operator."""
    group: str
    """Where it belongs among others: the feature profile of OCPP."""
    params: type[Params]
    run: Callable[[Services, Station, Params, Order], Errand]
    """Writes one errand and returns it. Raises DomainError when the parameters make no sense to the business; then
    nothing is stored."""
    is_dangerous: bool = False
    """A person should confirm it."""
    is_composed: bool = True
    """False for an action that is sent exactly as it was written."""
    permission: Permission = Permission.OPERATE
    """What whoever asks for it needs, unless `needs` says otherwise."""
    needs: Callable[[Params], Permission] | None = None
    """Where it depends on the parameters."""
    response: type[msgspec.Struct] | None = None
    """What the errand's ``response`` looks like; None when that depends on the station's version of OCPP."""

    def needed(self, params: Params) -> Permission:
        """What whoever asks for it with these parameters needs."""
        return self.permission if self.needs is None else self.needs(params)

    def may_be_asked(self, permissions: Collection[Permission]) -> bool:
        """True for somebody who may ask for it at all, with whichever parameters."""
        return self.permission in permissions or (self.needs is not None and Permission.SECURITY in permissions)


AnyOperation: TypeAlias = Operation[Any]  # operations with all kinds of parameters stand side by side
