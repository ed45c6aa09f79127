"""Who did what: the record of everything that people and programs change here."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NewType

EntryNumber = NewType("EntryNumber", int)
"""Numbers all entries in the order in which they were written."""

MAX_WHO: Final = 300
MAX_ACTION: Final = 200
MAX_SUBJECT: Final = 300
MAX_DETAIL: Final = 1000
"""How many characters of an entry's texts are kept: strangers choose some of them."""


class Via(enum.Enum):
    """By which door it was done."""

    PAGE = "page"
    REST = "rest"
    COMMAND_LINE = "commandLine"
    START = "start"
    """By the settings that the system was started with."""


class SignIn:
    """What signing in and out is called among the actions; failures are told apart, because strangers cause them."""

    DONE: Final = "signIn"
    FAILED: Final = "signInFailed"
    FACTOR_FAILED: Final = "secondFactorFailed"
    OUT: Final = "signOut"


FAILURES: Final = frozenset({SignIn.FAILED, SignIn.FACTOR_FAILED})
"""What anybody who reaches a page can cause as often as he likes: of these only the newest are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that was done. Texts that are too long are cut when it is written; none of them may be a secret."""

    who: str
    """The account, ``token NAME``, or ``command line (USER)``."""
    via: Via
    action: str
    """What it is called in the door where it was done: an operation of the REST interface, the address of a page, the
    words of a command."""
    subject: str = ""
    """What it was done to: a station, a tag, an account; empty where that is nothing by itself."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A deed that was written down."""

    number: EntryNumber
    deed: Deed
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries to list; None means any."""

    who: str | None = None
    via: Via | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
