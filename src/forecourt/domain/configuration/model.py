"""What is known of a station's configuration, what it should be, and how the two compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from forecourt.domain.configuration.catalogue import known_key
from forecourt.domain.configuration.keys import Key, KeyType
from forecourt.domain.errors import Sentence, invalid
from forecourt.redaction import is_secret_key

MAX_NAME_CHARACTERS: Final = 50
MAX_VALUE_CHARACTERS: Final = 500


def fold(name: str) -> str:
    """The form in which key names are compared: they are case-insensitive (OCPP 1.6 §7.15)."""
    return name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of a station, as the station last told it."""

    name: str
    value: str | None = None
    """None when it is not set, may not be read, or is a secret."""
    is_read_only: bool = False
    is_unknown: bool = False
    """The station said that it does not have this key."""
    awaits_restart: bool = False
    """The station took a value that holds from its next restart on, and has not said that it booted since."""
    coming: str | None = None
    """That value; None for a secret. It is kept until the station is next read: a station that says that it boots
    should hold it then, but some say so without a restart (OCPP 1.6 §4.2, §5.17)."""
    learned_at: datetime
    """When the station last told the value, or took one."""

    @property
    def effective(self) -> str | None:
        """The value, as it will be after a restart, or should be since one."""
        return self.coming if self.awaits_restart or self.coming is not None else self.value


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of a station's configuration."""

    settings: Mapping[str, Setting] = field(default_factory=dict)
    """By folded name."""
    completed_at: datetime | None = None
    """When the station last told all of its keys."""

    def find(self, name: str) -> Setting | None:
        return self.settings.get(fold(name))

    def value(self, name: str) -> str | None:
        found = self.find(name)
        return None if found is None else found.value

    def number(self, name: str) -> int | None:
        """The value as a whole number that is not negative; None when there is none."""
        return as_number(self.value(name))

    def spelling(self, name: str) -> str:
        """The name as it has to be sent: as the station itself spells it, else as the standard does."""
        found = self.find(name)
        if found is not None and not found.is_unknown:
            return found.name
        key = known_key(name)
        return name if key is None else key.name


@dataclass(frozen=True, slots=True)
class Desired:
    """The value that an operator wants a key to have."""

    name: str
    value: str
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSheet:
    """Everything known of one key of a station, for people."""

    name: str
    setting: Setting | None
    desired: Desired | None
    key: Key | None
    warnings: tuple[Sentence, ...] = ()
    """What looks wrong about the desired value."""

    @property
    def is_hidden(self) -> bool:
        return is_secret_key(self.name)

    @property
    def is_drifting(self) -> bool:
        """True when the key should have another value, or nobody knows whether it has the desired one."""
        return self.desired is not None and not fulfils(self.desired, self.setting)

    @property
    def is_impossible(self) -> bool:
        """True when sending the desired value is of no use: the station said that the key is read-only, or that it
        does not have it."""
        return self.is_drifting and self.setting is not None and (self.setting.is_read_only or self.setting.is_unknown)


@dataclass(frozen=True, slots=True)
class Drift:
    """A station that has not all the values that it should have."""

    station: str
    completed_at: datetime | None
    differing: tuple[str, ...]
    """Names of the keys that differ and can be sent."""
    impossible: tuple[str, ...]
    """Names of those that differ and are read-only or unknown to the station."""


@dataclass(frozen=True, slots=True)
class BootNote:
    """What matters of a station's configuration when it boots."""

    completed_at: datetime | None
    is_unsettled: bool
    """A value awaits a restart, or being read after one."""
    is_being_read: bool
    """An errand to read it is under way already."""


def fulfils(desired: Desired, setting: Setting | None) -> bool:
    """True when the station has the desired value, will have it after a restart, or should have it since one."""
    if setting is None or setting.is_unknown:
        return False
    return is_same(desired.name, desired.value, setting.effective or "")


def is_same(name: str, one: str, other: str) -> bool:
    """Whether two values mean the same. The order of a list means nothing (OCPP 1.6 §9)."""
    if one == other:
        return True
    key = known_key(name)
    match None if key is None else key.type:
        case KeyType.BOOLEAN:
            return one.strip().lower() == other.strip().lower()
        case KeyType.INTEGER:
            numbers = as_number(one), as_number(other)
            return None not in numbers and numbers[0] == numbers[1]
        case KeyType.LIST:
            return sorted(items_of(one)) == sorted(items_of(other))
        case _:
            return False


def as_number(value: str | None) -> int | None:
    """A whole number that is not negative, as stations write it; None for anything else."""
    digits = (value or "").strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else None


def items_of(value: str) -> list[str]:
    """The items of a comma-separated list; an empty text has none."""
    return [item.strip() for item in value.split(",")] if value.strip() else []


def check_name(name: str) -> str:
    """The name, if a key can have it; raises DomainError."""
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise invalid(
            "The name of a key has 1 to {} characters; this one has {}.", MAX_NAME_CHARACTERS, len(name), field="key"
        )
    if "\0" in name:
        raise invalid("The name of a key may not hold the character U+0000.", field="key")
    return name


def check_desired(name: str, value: str) -> None:
    """Raises DomainError for what can never be a desired value; anything else is only warned of."""
    check_name(name)
    if is_secret_key(name):
        raise invalid(
            "The value of {} is a secret and is not kept here; send it with ChangeConfiguration.", name, field="key"
        )
    if len(value) > MAX_VALUE_CHARACTERS:
        raise invalid(
            "A value has at most {} characters; this one has {}.", MAX_VALUE_CHARACTERS, len(value), field="value"
        )
    if "\0" in value:
        raise invalid("A value may not hold the character U+0000.", field="value")


def unique_names(names: Sequence[str]) -> list[str]:
    """The names without repetitions, compared without case."""
    unique: dict[str, str] = {}
    for name in names:
        unique.setdefault(fold(name), name)
    return list(unique.values())
