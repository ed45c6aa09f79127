"""Local authorization lists as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from forecourt.api.paging import encode_cursor
from forecourt.domain.errands.intents import ListEntry
from forecourt.domain.local_list.model import ListItem, ListSheet, ListState
from forecourt.domain.paging import Page


class ListEntryView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What a list says of an id tag."""

    status: str | None
    """Invalid for a tag that was chosen and is no longer registered; such a tag is not sent."""
    expiry_date: datetime | None
    parent_id_tag: str | None


class ListItemView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An id tag: as the list should have it by the register as of now, and as the station acknowledged it."""

    id_tag: str
    wanted: ListEntryView | None
    acknowledged: ListEntryView | None
    due: bool
    """The two differ."""


class LocalListView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The local authorization list of a station, with a page of its id tags."""

    state: ListState
    reason: str | None
    """Why the last update failed."""
    all: bool
    """It should hold every registered id tag."""
    wanted_entries: int
    acknowledged_entries: int
    additions: int
    """How many id tags have to be added, and so on."""
    changes: int
    deletions: int
    version: int | None
    """The version that the station acknowledged last."""
    content_known: bool
    """The acknowledged entries are all that the station has; otherwise the next update sends the whole list."""
    acknowledged_at: datetime | None
    sending_version: int | None
    sending_errand: int | None
    reported_version: int | None
    """What the station answered last to GetLocalListVersion: 0 for an empty list, -1 for none."""
    reported_at: datetime | None
    items: Sequence[ListItemView]
    next: str | None


def show_list(sheet: ListSheet, page: Page[ListItem]) -> LocalListView:
    record = sheet.record
    is_sending = sheet.state is ListState.SENDING
    return LocalListView(
        state=sheet.state,
        reason=record.failure,
        all=record.follows_all,
        wanted_entries=sheet.wanted,
        acknowledged_entries=sheet.acknowledged,
        additions=sheet.due.additions,
        changes=sheet.due.changes,
        deletions=sheet.due.deletions,
        version=record.version,
        content_known=record.is_content_known,
        acknowledged_at=record.acknowledged_at,
        sending_version=record.sending_version if is_sending else None,
        sending_errand=record.sending_errand if is_sending else None,
        reported_version=record.reported_version,
        reported_at=record.reported_at,
        items=[_show_item(item) for item in page.items],
        next=None if page.next_after is None else encode_cursor(page.next_after),
    )


def _show_item(item: ListItem) -> ListItemView:
    return ListItemView(
        id_tag=item.id_token,
        wanted=_show_entry(item.wanted),
        acknowledged=_show_entry(item.acknowledged),
        due=item.is_due,
    )


def _show_entry(entry: ListEntry | None) -> ListEntryView | None:
    if entry is None:
        return None
    return ListEntryView(status=entry.status, expiry_date=entry.expires_at, parent_id_tag=entry.parent)
