"""Reservations as lines of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from forecourt.asgi.csv import Cell
from forecourt.asgi.paths import connector_id
from forecourt.domain.reservation.model import Reservation

RESERVATION_COLUMNS: Final = (
    *("reservationId", "stationId", "connectorId", "idTag", "parentIdTag", "expiryDate", "state", "status"),
    *("reason", "transactionId", "errand", "askedBy", "requestedAt", "answeredAt", "endedAt"),
)


def reservation_rows(reservation: Reservation) -> Iterator[Sequence[Cell]]:
    """One row, in the order of `RESERVATION_COLUMNS`."""
    yield (
        *(reservation.reservation_id, reservation.station, connector_id(reservation.place), reservation.id_token),
        *(reservation.parent, reservation.expires_at, reservation.state.value, reservation.status),
        *(reservation.reason, reservation.transaction_id, reservation.errand, reservation.asked_by),
        *(reservation.requested_at, reservation.answered_at, reservation.ended_at),
    )
