"""What presence needs from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.presence.model import PLAIN, Epoch, LinkCount, LinkId, LinkRecord, LinkSecurity


class LinkStore(Protocol):
    """The links of all nodes: at most one row per station."""

    def open(
        self,
        station_key: int,
        link_id: LinkId,
        *,
        node: str,
        address: str,
        subprotocol: str,
        at: datetime,
        security: LinkSecurity = PLAIN,
    ) -> Epoch:
        """Record a new link in the place of any other one of this station; its epoch is higher than all before."""
        ...

    def close(self, station_key: int, link_id: LinkId) -> bool:
        """The link has ended; a newer one stays. False when this was not the newest one."""
        ...

    def close_all(self, node: str) -> Sequence[str]:
        """All links of a node have ended, because the node did. Returns the identities of their stations."""
        ...

    def ask_to_close(self, station: str) -> bool:
        """False when the station has no link."""
        ...

    def to_close(self, node: str) -> list[tuple[str, LinkId]]:
        """Links of a node whose end was asked for, or which belong to a station that was removed."""
        ...

    def counts(self) -> Sequence[LinkCount]: ...

    def find(self, station: str) -> LinkRecord | None: ...

    def list(self, page: PageRequest) -> Page[LinkRecord]: ...
