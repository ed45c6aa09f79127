"""The local authorization list of a simulated station (OCPP 1.6 §3.5.2, §5.15)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import UNSET

from forecourt.dialects.v16.messages.datatypes import AuthorizationData, IdTagInfo
from forecourt.dialects.v16.messages.send_local_list import SendLocalListRequest, UpdateStatus


@dataclass(slots=True)
class LocalList:
    """Tags and what holds for them; version 0 is the empty list."""

    version: int = 0
    _entries: dict[str, IdTagInfo] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._entries)

    def permits(self, id_tag: str, at: datetime) -> bool:
        """True when the station may let the tag charge without asking."""
        info = self._entries.get(id_tag.casefold())
        if info is None or info.status != "Accepted":
            return False
        return info.expiry_date is UNSET or info.expiry_date > at

    def update(self, request: SendLocalListRequest, *, max_sent: int, max_kept: int) -> UpdateStatus:
        """Take an update whole or not at all."""
        sent = [] if request.local_authorization_list is UNSET else request.local_authorization_list
        if request.list_version < 1 or len(sent) > max_sent or _has_twins(sent):
            return "Failed"
        if request.update_type == "Full":
            entries = _full(sent)
        elif request.list_version <= self.version:
            return "VersionMismatch"
        else:
            entries = _changed(self._entries, sent)
        if entries is None or len(entries) > max_kept:
            return "Failed"
        self._entries = entries
        self.version = request.list_version
        return "Accepted"


def _full(sent: list[AuthorizationData]) -> dict[str, IdTagInfo] | None:
    """None when an entry says nothing of its tag, which only a differential update may do."""
    entries = {one.id_tag.casefold(): one.id_tag_info for one in sent if one.id_tag_info is not UNSET}
    return entries if len(entries) == len(sent) else None


def _changed(entries: dict[str, IdTagInfo], sent: list[AuthorizationData]) -> dict[str, IdTagInfo]:
    changed = dict(entries)
    for one in sent:
        if one.id_tag_info is UNSET:
            changed.pop(one.id_tag.casefold(), None)
        else:
            changed[one.id_tag.casefold()] = one.id_tag_info
    return changed


def _has_twins(sent: list[AuthorizationData]) -> bool:
    return len({one.id_tag.casefold() for one in sent}) < len(sent)
