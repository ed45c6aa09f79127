"""The states of reservations, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from forecourt.domain.reservation.model import Reservation, ReservationState
from forecourt.web.language import gettext as _
from forecourt.web.language import mark

_WORDS: Final[Mapping[ReservationState, str]] = {
    ReservationState.REQUESTED: mark("Asked for, not answered yet"),
    ReservationState.ACCEPTED: mark("Reserved"),
    ReservationState.REFUSED: mark("Refused by the station"),
    ReservationState.USED: mark("Used"),
    ReservationState.EXPIRED: mark("Ran out"),
    ReservationState.CANCELLED: mark("Given up"),
    ReservationState.FAILED: mark("Failed"),
    ReservationState.UNKNOWN: mark("Not known whether the station keeps it"),
}
_TONES: Final[Mapping[ReservationState, str]] = {
    ReservationState.REQUESTED: "busy",
    ReservationState.ACCEPTED: "good",
    ReservationState.REFUSED: "bad",
    ReservationState.USED: "quiet",
    ReservationState.EXPIRED: "quiet",
    ReservationState.CANCELLED: "quiet",
    ReservationState.FAILED: "bad",
    ReservationState.UNKNOWN: "warn",
}


def state_words(state: ReservationState) -> str:
    return _(_WORDS[state])


def tone(state: ReservationState) -> str:
    return _TONES[state]


def ends_at_words(reservation: Reservation) -> str:
    return _("ended") if reservation.ended_at is not None else _("until")
