"""The local authorization list of a station: what it should hold, and what the station is believed to hold
(OCPP 1.6 §3.5.2, §5.15)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.authorization.model import AuthorizationStatus, fold
from forecourt.domain.errands.intents import ListEntry
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.errors import invalid

MOST_PER_MESSAGE: Final = 500
"""Entries in one message at most, whatever a station allows: an errand keeps what it sends."""

UNKNOWN_PER_MESSAGE: Final = 100
"""Entries in one message as long as the station's SendLocalListMaxLength is not known."""

MOST_TAGS: Final = 20_000
"""Tags that may be chosen by name for one station."""

LAST_VERSION: Final = 2**31 - 1
"""The highest version that every station can keep; after it a full list begins again at 1."""


class UpdateStatus(enum.Enum):
    """The answers of OCPP 1.6 §7.47."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    NOT_SUPPORTED = "NotSupported"
    VERSION_MISMATCH = "VersionMismatch"


class ListState(enum.Enum):
    """How far a station's list is."""

    UNMANAGED = "unmanaged"
    """Nobody has said what it should hold."""
    IN_SYNC = "inSync"
    DUE = "due"
    """It should be updated."""
    SENDING = "sending"
    FAILED = "failed"
    """The last update did not succeed; the reason says why."""
    NOT_SUPPORTED = "notSupported"
    """The station said that it has no such list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecord:
    """What is kept of a station's list, apart from its entries."""

    is_managed: bool = False
    follows_all: bool = False
    """It should hold every known tag."""
    version: int | None = None
    """The version that the station acknowledged last; None when it never did, or nobody knows."""
    is_content_known: bool = False
    """The entries on record are those that the station has."""
    acknowledged_at: datetime | None = None
    last_version: int = 0
    """The highest version that was ever used or reported."""
    reported_version: int | None = None
    reported_at: datetime | None = None
    """What the station last answered to GetLocalListVersion."""
    is_unsupported: bool = False
    failure: str | None = None
    """Why the last update did not succeed."""
    sending_version: int | None = None
    """The version of the message that is on its way."""
    sending_errand: ErrandNumber | None = None
    heard_errand: ErrandNumber | None = None
    """The errand whose answer was taken in last, whoever asked for it: its answer may be heard once more."""
    asked_by: str = ""
    """Who asked for the update that is under way."""
    resume_after: str | None = None
    """The update under way has seen to all tags up to this one, in their folded form; the next message is looked for
    behind it. A last look goes over all again."""
    has_started_over: bool = False
    """The update under way has begun anew in full already, because the station refused a change."""


@dataclass(frozen=True, slots=True)
class Due:
    """How much differs between what a list should hold and what the station has."""

    additions: int
    changes: int
    deletions: int

    @property
    def is_nothing(self) -> bool:
        return self.additions + self.changes + self.deletions == 0


@dataclass(frozen=True, slots=True)
class ListItem:
    """One tag of a list: as it should be, and as the station acknowledged it. None where it is not in there."""

    id_token: str
    wanted: ListEntry | None
    """With the status Invalid for a tag that was chosen and is no longer registered; it is not sent."""
    acknowledged: ListEntry | None

    @property
    def is_due(self) -> bool:
        wanted = self.wanted if self.wanted is not None and is_sendable(self.wanted) else None
        if wanted is None or self.acknowledged is None:
            return wanted is not self.acknowledged
        return facts(wanted) != facts(self.acknowledged)


@dataclass(frozen=True, slots=True)
class ListSheet:
    """Everything known of a station's list but its entries, for people."""

    record: ListRecord
    state: ListState
    wanted: int
    """Entries that it should have."""
    acknowledged: int
    """Entries that the station acknowledged."""
    due: Due


class ListKind(enum.Enum):
    """Which stations to list, by what is recorded of their lists."""

    MANAGED = "managed"
    UNMANAGED = "unmanaged"
    FAILED = "failed"
    NOT_SUPPORTED = "notSupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """Which stations to list; None means any."""

    search: str | None = None
    """In the identity of the station."""
    kind: ListKind | None = None


@dataclass(frozen=True, slots=True)
class ListLine:
    """A station's list in short. What differs is not looked up: that costs more, the longer the list is."""

    station: str
    record: ListRecord
    acknowledged: int
    """Entries that the station acknowledged."""


def is_sendable(entry: ListEntry) -> bool:
    return entry.status != AuthorizationStatus.INVALID.value


def facts(entry: ListEntry) -> tuple[str | None, datetime | None, str | None]:
    """What a station knows of a tag."""
    return entry.status, entry.expires_at, entry.parent


def per_message(limit: int | None) -> int:
    """How many entries one message may have; ``limit`` is the station's SendLocalListMaxLength."""
    return UNKNOWN_PER_MESSAGE if limit is None else max(1, min(limit, MOST_PER_MESSAGE))


def state_of(record: ListRecord, due: Due, *, is_sending: bool) -> ListState:
    if is_sending:
        return ListState.SENDING
    if record.is_unsupported:
        return ListState.NOT_SUPPORTED
    if record.failure is not None:
        return ListState.FAILED
    if not record.is_managed:
        return ListState.UNMANAGED
    return ListState.IN_SYNC if record.is_content_known and due.is_nothing else ListState.DUE


def check_tags(id_tokens: Sequence[str]) -> dict[str, str]:
    """Tags by their folded form, each once; raises DomainError INVALID for too many."""
    chosen = {fold(one): one for one in id_tokens}
    if len(chosen) > MOST_TAGS:
        raise invalid(
            "A list may name {} id tags; these are {}. Follow all id tags instead.",
            MOST_TAGS,
            len(chosen),
            field="idTags",
        )
    return chosen
