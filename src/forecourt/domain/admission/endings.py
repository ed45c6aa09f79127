"""How the errand ended that brought a station a password or a profile, as far as it decides what the station has."""

from __future__ import annotations

import enum
from typing import Final

from forecourt.domain.errands.model import Errand, ErrandState, Failure


class Ending(enum.Enum):
    """What is known of the station at the end of an errand."""

    UNSENT = "unsent"
    """It was cancelled, has expired or could not be sent: the station never heard of it."""
    REFUSED = "refused"
    """The station answered that it does not want it."""
    UNDONE = "undone"
    """The station answered with an error that proves that nothing was done."""
    UNKNOWN = "unknown"


_PROVE_NOTHING_DONE: Final = frozenset(
    {
        *("NotImplemented", "NotSupported", "FormationViolation", "PropertyConstraintViolation"),
        *("OccurenceConstraintViolation", "TypeConstraintViolation", "SecurityError", "ProtocolError"),
    }
)
"""Codes of errors that are found before anything is done (OCPP-J 1.6 Table 7). After GenericError and InternalError,
and after what no standard names, a station may have done it all the same."""


def ending_of(end: Errand | Failure) -> Ending:
    """How an errand ended, from its record or from what is told at its end."""
    if end.is_outcome_unknown:
        return Ending.UNKNOWN
    if isinstance(end, Errand) and end.state is ErrandState.ANSWERED:
        return Ending.UNKNOWN  # what the answer meant was not taken in
    if isinstance(end, Errand) and end.state is ErrandState.REFUSED:
        return Ending.REFUSED
    if end.code is None:
        return Ending.UNSENT
    return Ending.UNDONE if end.code in _PROVE_NOTHING_DONE else Ending.UNKNOWN
