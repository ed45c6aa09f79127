"""What can be known of a configuration key before any station is asked: its type, its limits, and who may change it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

SECURITY: Final = "Security"
"""What keys of the security whitepaper belong to."""


class KeyType(enum.Enum):
    """How the text of a value is to be read."""

    BOOLEAN = "boolean"
    """``true`` or ``false``."""
    INTEGER = "integer"
    LIST = "list"
    """Items between commas."""
    TEXT = "text"


class Access(enum.Enum):
    """What the standard allows over OCPP."""

    READ = "R"
    WRITE = "W"
    """It can be set and is never told."""
    READ_WRITE = "RW"
    EITHER = "R or RW"
    """The station decides whether it can be changed."""


@dataclass(frozen=True, slots=True)
class Items:
    """What a list may hold."""

    allowed: tuple[str, ...]
    endings: tuple[str, ...] = ()
    """What may follow an item after a dot, such as the phase in ``Voltage.L1``."""
    is_numbered: bool = False
    """Each item begins with the number of a connector, as in ``0.RST``."""

    def is_item(self, item: str) -> bool:
        if self.is_numbered:
            number, dot, rest = item.partition(".")
            return bool(dot) and number.isascii() and number.isdecimal() and rest in self.allowed
        if item in self.allowed:
            return True
        base, _, ending = item.rpartition(".")
        return ending in self.endings and base in self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A configuration key that the standard, or a note to it, defines."""

    name: str
    """In the exact spelling in which it is sent."""
    type: KeyType
    access: Access
    profile: str
    """The feature profile that it belongs to, or the document that defines it."""
    is_required: bool
    """Every station has it that has its feature profile."""
    meaning: str
    unit: str | None = None
    low: int | None = None
    high: int | None = None
    items: Items | None = None
    takes_effect: str | None = None
    """When a change takes effect, where the standard says so."""

    @property
    def is_security(self) -> bool:
        """Who changes it changes how the station is let in, or what it trusts."""
        return self.profile == SECURITY

    @property
    def limit_name(self) -> str:
        """The key that tells how many items a list may have (OCPP 1.6 §9)."""
        return f"{self.name}MaxLength"


def boolean(
    name: str, meaning: str, *, profile: str, access: Access = Access.READ_WRITE, is_required: bool = True
) -> Key:
    return Key(
        name=name, type=KeyType.BOOLEAN, access=access, profile=profile, is_required=is_required, meaning=meaning
    )


def integer(
    name: str,
    meaning: str,
    *,
    profile: str,
    access: Access = Access.READ_WRITE,
    is_required: bool = True,
    unit: str | None = None,
    low: int = 0,
    high: int | None = None,
    takes_effect: str | None = None,
) -> Key:
    return Key(
        name=name,
        type=KeyType.INTEGER,
        access=access,
        profile=profile,
        is_required=is_required,
        meaning=meaning,
        unit=unit,
        low=low,
        high=high,
        takes_effect=takes_effect,
    )


def items(
    name: str,
    meaning: str,
    of: Items,
    *,
    profile: str,
    access: Access = Access.READ_WRITE,
    is_required: bool = True,
) -> Key:
    return Key(
        name=name,
        type=KeyType.LIST,
        access=access,
        profile=profile,
        is_required=is_required,
        meaning=meaning,
        items=of,
    )


def text(
    name: str,
    meaning: str,
    *,
    profile: str,
    access: Access = Access.READ_WRITE,
    is_required: bool = False,
    takes_effect: str | None = None,
) -> Key:
    return Key(
        name=name,
        type=KeyType.TEXT,
        access=access,
        profile=profile,
        is_required=is_required,
        meaning=meaning,
        takes_effect=takes_effect,
    )
