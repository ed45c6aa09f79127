"""Id tokens, and whether one may charge (OCPP 1.6 §3.9, §4.1)."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.errors import check_note, invalid

MAX_TOKEN_CHARACTERS: Final = 20
MAX_NOTE_CHARACTERS: Final = 1000


class AuthorizationStatus(enum.Enum):
    """The answers of OCPP 1.6 §7.2."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT_TX = "ConcurrentTx"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdToken:
    """A token that the operator knows."""

    id_token: str
    parent: str | None = None
    """The label of the group that it belongs to. It is no token itself (OCPP 1.6 §3.10)."""
    expires_at: datetime | None = None
    is_blocked: bool = False
    max_active_transactions: int | None = 1
    """How many transactions may run at once; None means any number."""
    note: str = ""
    driver: DriverNumber | None = None
    """Whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFilter:
    """Which tokens to list; None means any."""

    search: str | None = None
    """A part of the token, of its group or of its note."""
    group: str | None = None
    is_blocked: bool | None = None
    is_expired: bool | None = None
    is_charging: bool | None = None
    """A transaction runs on it now."""
    driver: DriverNumber | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a token may charge, and what the station is told beside it."""

    status: AuthorizationStatus
    expires_at: datetime | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownToken:
    """A token that a station reported and nobody registered."""

    id_token: str
    station: str
    first_seen_at: datetime
    last_seen_at: datetime
    attempts: int


def fold(id_token: str) -> str:
    """The form in which tokens are compared: they are case-insensitive (OCPP 1.6 §3.9)."""
    return id_token.lower()


def judge(token: IdToken | None, now: datetime, *, count_active: Callable[[], int] | None = None) -> Verdict:
    """The verdict on a token. ``count_active`` tells how many other transactions run on it, and is called only
    when that matters; None means that only StartTransaction may be answered with ConcurrentTx."""
    if token is None:
        return Verdict(AuthorizationStatus.INVALID)
    status = AuthorizationStatus.ACCEPTED
    if token.is_blocked:
        status = AuthorizationStatus.BLOCKED
    elif token.expires_at is not None and token.expires_at <= now:
        status = AuthorizationStatus.EXPIRED
    elif count_active is not None and _is_busy(token.max_active_transactions, count_active):
        status = AuthorizationStatus.CONCURRENT_TX
    return Verdict(status, token.expires_at, token.parent)


def _is_busy(limit: int | None, count_active: Callable[[], int]) -> bool:
    return limit is not None and count_active() >= limit


def is_same_group(one: Verdict | IdToken | None, other_parent: str | None) -> bool:
    """True when both belong to one group (OCPP 1.6 §3.10)."""
    return (
        one is not None
        and one.parent is not None
        and other_parent is not None
        and (fold(one.parent) == fold(other_parent))
    )


def check_token(token: IdToken) -> IdToken:
    """The token, if it can be used on a station; raises DomainError."""
    for name, value in (("idTag", token.id_token), ("parentIdTag", token.parent)):
        if value is None:
            continue
        if not 0 < len(value) <= MAX_TOKEN_CHARACTERS:
            raise invalid(
                "An id tag has 1 to {} characters; this one has {}.", MAX_TOKEN_CHARACTERS, len(value), field=name
            )
        if not value.isprintable() or value != value.strip():
            raise invalid("An id tag may not begin or end with a space or hold control characters.", field=name)
    check_note(token.note, field="note", limit=MAX_NOTE_CHARACTERS)
    if token.max_active_transactions is not None and token.max_active_transactions < 0:
        raise invalid("The number of transactions cannot be negative.", field="maxActiveTransactions")
    return token
