"""Who may use an address: declared on every controller, with exceptions on single handlers, and asked before each."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation

from forecourt.api.problems import Refusal
from forecourt.domain.access.permissions import Permission

_VIEW: Final = "view"
_CHANGE: Final = "change"
_READING: Final = ("GET", "HEAD")


class Later(enum.Enum):
    """Who may is known only once the request is read."""

    BY_OPERATION = "by the operation"
    """The handler asks, by the declaration of the operation or by the key that is changed."""


BY_OPERATION: Final = Later.BY_OPERATION


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and what they may do."""

    name: str
    """As it is written down with what they ask for: "token NAME", or the account."""
    permissions: frozenset[Permission]

    def check(self, needed: Permission) -> None:
        """Raises Refusal 403."""
        if needed not in self.permissions:
            sentence = (
                f"This needs the scope `{needed.value}`, which {self.name} does not have;"
                " make a token with it, as somebody who has it."
            )
            raise Refusal(HTTPStatus.FORBIDDEN, sentence)


Asking = NamedDependency[SkipValidation[Asker]]
"""How a handler asks who asks: ``caller: Asking``."""


def access(*, view: Permission | None = None, change: Permission | Later | None = None) -> Mapping[str, Any]:
    """The option ``opt`` of a controller or a handler. What it leaves out stays as the controller has it, and where
    nobody says anything, nobody may."""
    given = {_VIEW: view, _CHANGE: change}
    return {name: value for name, value in given.items() if value is not None}


def needed_for(handler: BaseRouteHandler, method: str) -> Permission | Later | None:
    """What a request needs; None where it was not said."""
    said = handler.opt.get(_VIEW if method in _READING else _CHANGE)
    return said if isinstance(said, Permission | Later) else None


def check_access(asker: Asker, handler: BaseRouteHandler, method: str) -> None:
    """Raises Refusal 403, also where it was not said who may."""
    if method == "OPTIONS":  # which methods there are is in the description for all
        return
    needed = needed_for(handler, method)
    if needed is None:
        raise Refusal(HTTPStatus.FORBIDDEN, "This address is closed: nobody said who may use it.")
    if isinstance(needed, Permission):
        asker.check(needed)
    elif not asker.permissions & {Permission.OPERATE, Permission.SECURITY}:  # no operation needs less
        asker.check(Permission.OPERATE)
