"""What a station of OCPP 1.6 understands and says, for its side of a session."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Final

from forecourt.dialects.v16 import messages
from forecourt.ocpp.action import Action, Sender
from forecourt.ocpp.errors import Fault
from forecourt.ocpp.session import AnyAction, Vocabulary

SUBPROTOCOL: Final = "ocpp1.6"

CODES: Final[Mapping[Fault, str]] = {
    **{fault: fault.value for fault in Fault},
    Fault.FORMAT: "FormationViolation",
    Fault.OCCURRENCE: "OccurenceConstraintViolation",
}
"""The CALLERROR codes in the spelling of OCPP-J 1.6 Table 7; one r in Occurence is official."""


def _all_actions() -> list[AnyAction]:
    found: dict[str, AnyAction] = {}
    for module in pkgutil.iter_modules(messages.__path__):
        words = importlib.import_module(f"{messages.__name__}.{module.name}")
        found.update({value.name: value for value in vars(words).values() if isinstance(value, Action)})
    return list(found.values())


ACTIONS: Final = _all_actions()

STATION: Final = Vocabulary(
    received=[action for action in ACTIONS if action.sender is not Sender.STATION],
    known=ACTIONS,
    codes=CODES,
)
