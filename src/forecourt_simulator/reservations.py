"""The reservations that a simulated station keeps (OCPP 1.6 §3.10, §5.13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

ANY_CONNECTOR = 0
"""The connector number of a reservation that leaves the choice to the driver."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A connector that is kept for a tag, or for the group of a tag."""

    id: int
    connector_id: int
    id_tag: str
    parent_id_tag: str | None
    expires_at: datetime

    def is_for(self, id_tag: str, parent_id_tag: str | None) -> bool:
        if self.id_tag.casefold() == id_tag.casefold():
            return True
        group = self.parent_id_tag
        return group is not None and parent_id_tag is not None and group.casefold() == parent_id_tag.casefold()


@dataclass(slots=True)
class Reservations:
    """By their ids; a new one takes the place of an old one with its id."""

    _held: dict[int, Reservation] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Reservation]:
        return iter(list(self._held.values()))

    def put(self, reservation: Reservation) -> None:
        self._held[reservation.id] = reservation

    def find(self, reservation_id: int) -> Reservation | None:
        return self._held.get(reservation_id)

    def drop(self, reservation_id: int) -> Reservation | None:
        return self._held.pop(reservation_id, None)

    def holder(self, connector_id: int) -> Reservation | None:
        """The reservation of exactly this connector."""
        return next((one for one in self if one.connector_id == connector_id), None)

    def find_for(self, connector_id: int, id_tag: str, parent_id_tag: str | None = None) -> Reservation | None:
        """The reservation that this tag would use up here."""
        fitting = (one for one in self if one.connector_id in (connector_id, ANY_CONNECTOR))
        return next((one for one in fitting if one.is_for(id_tag, parent_id_tag)), None)

    def take_expired(self, at: datetime) -> list[Reservation]:
        expired = [one for one in self if one.expires_at <= at]
        for one in expired:
            del self._held[one.id]
        return expired
