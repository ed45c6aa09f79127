"""Who is connected."""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.clock import Clock
from forecourt.domain.changes import Changes
from forecourt.domain.errors import not_found
from forecourt.domain.events.kinds import Kind as Told
from forecourt.domain.events.service import Events
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.presence.model import PLAIN, Epoch, LinkCount, LinkId, LinkRecord, LinkSecurity
from forecourt.domain.presence.store import LinkStore
from forecourt.domain.provisioning.model import Station


class Presence:
    """Everything that can happen to the record of a link."""

    def __init__(self, store: LinkStore, clock: Clock, changes: Changes, *, events: Events) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._events = events

    def open(
        self,
        station: Station,
        link_id: LinkId,
        *,
        node: str,
        address: str,
        subprotocol: str,
        security: LinkSecurity = PLAIN,
    ) -> Epoch:
        """A station connected. Its new link replaces any other: half-open sockets are common."""
        data = {"address": address, "securityProfile": security.profile.value}
        self._events.tell_of_station(Told.STATION_CONNECTED, station.identity, data)
        return self._store.open(
            station.key,
            link_id,
            node=node,
            address=address,
            subprotocol=subprotocol,
            at=self._clock.now(),
            security=security,
        )

    def close(self, station: Station, link_id: LinkId) -> None:
        """A link has ended; if another one took its place meanwhile, that one stays."""
        if self._store.close(station.key, link_id):
            self._tell_end(station.identity, "The connection ended.")

    def close_all(self, node: str) -> None:
        """Forget the links of a node that starts again."""
        for identity in self._store.close_all(node):
            self._tell_end(identity, f"The node {node} of this system started again.")

    def _tell_end(self, identity: str, reason: str) -> None:
        self._events.tell_of_station(Told.STATION_DISCONNECTED, identity, {"reason": reason})

    def ask_to_close(self, identity: str) -> None:
        """Have the gateway end a link. Raises DomainError NOT_FOUND when the station is not connected."""
        if not self._store.ask_to_close(identity):
            raise not_found("The station {!r} is not connected.", identity)
        self._changes.station_changed(identity)

    def to_close(self, node: str) -> list[tuple[str, LinkId]]:
        return self._store.to_close(node)

    def counts(self) -> Sequence[LinkCount]:
        """How many stations are connected now, and how they came in."""
        return self._store.counts()

    def find(self, identity: str) -> LinkRecord | None:
        """The link of a station; None while it is not connected."""
        return self._store.find(identity)

    def list(self, page: PageRequest) -> Page[LinkRecord]:
        return self._store.list(page)
