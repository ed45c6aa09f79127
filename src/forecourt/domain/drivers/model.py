"""Drivers: the people who charge, as far as the operator wants to know them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NewType

from forecourt.domain.errors import check_note, invalid

DriverNumber = NewType("DriverNumber", int)

MAX_LINE_CHARACTERS: Final = 255
MAX_TEXT_CHARACTERS: Final = 1000
"""Of a note, and of an address with all its lines."""
MAX_EMAIL_CHARACTERS: Final = 254
"""What fits into the path of an SMTP command (RFC 5321 §4.5.3.1.3)."""

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverDraft:
    """A driver as somebody writes one down. Empty texts are what is not known."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    """Its lines, as on an envelope."""
    language: str = ""
    """The one to write in (RFC 5646), for example ``de`` or ``pt-BR``."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver(DriverDraft):
    """A driver who is on record. All of it is personal data, and is gone when the driver is forgotten."""

    number: DriverNumber
    added_at: datetime

    @property
    def shown_name(self) -> str:
        return name_of(self.number, self)


@dataclass(frozen=True, slots=True)
class DriverName:
    """A driver in a list of something else."""

    number: DriverNumber
    shown_name: str


def name_of(number: DriverNumber, driver: DriverDraft) -> str:
    """What a driver is called: the name, or else what is known instead."""
    return f"{driver.first_name} {driver.last_name}".strip() or driver.email or f"Driver {number}"


def sort_name(driver: DriverDraft) -> str:
    """By what drivers are put into order: the last name, in either case."""
    return f"{driver.last_name} {driver.first_name} {driver.email}".casefold().strip()


def check_driver(draft: DriverDraft) -> DriverDraft:
    """The same, if it can be kept; raises DomainError INVALID."""
    lines = {"firstName": draft.first_name, "lastName": draft.last_name, "phone": draft.phone, "email": draft.email}
    for field, text in lines.items():
        check_note(text, field=field, limit=MAX_LINE_CHARACTERS)
        if not text.isprintable() or text != text.strip():
            raise invalid("The text may not begin or end with a space or hold control characters.", field=field)
    if not (draft.first_name or draft.last_name or draft.email):
        raise invalid("A driver needs a name or an e-mail address.", field="lastName")
    is_long = len(draft.email) > MAX_EMAIL_CHARACTERS
    if draft.email and (is_long or _EMAIL.fullmatch(draft.email) is None):
        raise invalid("This is no e-mail address; one looks like name@example.com.", field="email")
    if draft.language and _LANGUAGE.fullmatch(draft.language) is None:
        raise invalid("A language is written as a tag such as 'de' or 'pt-BR' (RFC 5646).", field="language")
    check_note(draft.address, field="address", limit=MAX_TEXT_CHARACTERS)
    check_note(draft.note, field="note", limit=MAX_TEXT_CHARACTERS)
    return draft
