"""What looks wrong about a value for a configuration key. It is said, and never in anybody's way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from forecourt.domain.configuration.catalogue import known_key
from forecourt.domain.configuration.keys import Access, Key, KeyType
from forecourt.domain.configuration.model import Snapshot, as_number, items_of
from forecourt.domain.errors import Sentence

AUTHORIZATION_KEY_DIGITS: Final = range(32, 41, 2)
"""16 to 20 bytes in hexadecimal (security whitepaper A00.FR.205)."""

DEFAULT_LIST_LENGTH: Final = 1
"""Items in a list of a station that has no ``…MaxLength`` for it (OCPP 1.6 §5.3)."""


def problems_with(name: str, value: str, snapshot: Snapshot) -> list[Sentence]:
    """What looks wrong about setting a key of this station to a value."""
    key = known_key(name)
    found = list(_problems_with_name(name, key, snapshot))
    if key is not None:
        found += _problems_with_value(key, value, snapshot)
    return found


def problems_with_names(names: Sequence[str], snapshot: Snapshot) -> list[str]:
    """What looks wrong about asking for keys by these names."""
    limit = snapshot.number("GetConfigurationMaxKeys")
    if limit is not None and len(names) > limit:
        sentence = f"{len(names)} keys are asked for and the station allows {limit} in one message"
        return [f"{sentence} (its GetConfigurationMaxKeys)."]
    return []


def _problems_with_name(name: str, key: Key | None, snapshot: Snapshot) -> Iterator[Sentence]:
    spelling = snapshot.spelling(name)
    if spelling != name:
        yield Sentence("The key is spelled {}; {} differs in case and the station may not know it.", spelling, name)
    setting = snapshot.find(name)
    if setting is not None and setting.is_unknown:
        yield Sentence("The station said that it has no key {}.", spelling)
    elif setting is not None and setting.is_read_only:
        yield Sentence("The station says that {} is read-only.", spelling)
    elif key is not None and key.access is Access.READ and setting is None:
        yield Sentence("{} is read-only by the standard.", spelling)


def _problems_with_value(key: Key, value: str, snapshot: Snapshot) -> Iterator[Sentence]:
    match key.type:
        case KeyType.BOOLEAN:
            if value not in ("true", "false"):
                yield Sentence("{} takes true or false, in lower case.", key.name)
        case KeyType.INTEGER:
            yield from _problems_with_number(key, value, snapshot)
        case KeyType.LIST:
            yield from _problems_with_list(key, value, snapshot)
        case KeyType.TEXT:
            if key.name == "AuthorizationKey" and not _is_key(value):
                yield Sentence(
                    "AuthorizationKey takes 16 to 20 bytes in hexadecimal: 32 to 40 digits, an even number of them."
                )


def _problems_with_number(key: Key, value: str, snapshot: Snapshot) -> Iterator[Sentence]:
    number = _whole_number(value)
    if number is None and key.unit:
        yield Sentence("{} takes a whole number in {}.", key.name, Sentence(key.unit))
        return
    if number is None:
        yield Sentence("{} takes a whole number.", key.name)
        return
    if key.low is not None and number < key.low:
        yield Sentence("{} must be at least {}.", key.name, _amount(key.low, key.unit))
    if key.high is not None and number > key.high:
        yield Sentence("{} must be at most {}.", key.name, _amount(key.high, key.unit))
    if key.name == "SecurityProfile":
        present = as_number(snapshot.value(key.name))
        if present is not None and number < present:
            yield Sentence(
                "The security profile is {}; it cannot be lowered over OCPP (security whitepaper A05.FR.01).", present
            )


def _amount(number: int, unit: str | None) -> Sentence | int:
    return number if unit is None else Sentence("{} {}", number, Sentence(unit))


def _problems_with_list(key: Key, value: str, snapshot: Snapshot) -> Iterator[Sentence]:
    found = items_of(value)
    if key.items is not None:
        for item in found:
            if not key.items.is_item(item):
                yield Sentence("{} cannot hold {!r}; it takes {}.", key.name, item, _allowed(key))
    for item, count in Counter(found).items():
        if count > 1:
            yield Sentence("{} names {!r} {} times.", key.name, item, count)
    limit = snapshot.number(key.limit_name)
    if limit is not None:
        if len(found) > limit:
            yield Sentence(
                "{} has {} items and the station allows {} (its {}).", key.name, len(found), limit, key.limit_name
            )
    elif snapshot.completed_at is not None and len(found) > DEFAULT_LIST_LENGTH:
        yield Sentence(
            "{} has {} items; the station has no {}, and then a single one is all that the standard promises (OCPP 1.6"
            " §5.3).",
            key.name,
            len(found),
            key.limit_name,
        )


def _allowed(key: Key) -> Sentence | str:
    if key.items is None:
        return Sentence("any item")
    names = ", ".join(key.items.allowed)
    if key.items.is_numbered:
        return Sentence("CONNECTOR.ROTATION, where the rotation is one of {}", names)
    return Sentence("{}, each also with a phase as in Voltage.L1", names) if key.items.endings else names


def _whole_number(value: str) -> int | None:
    digits = value.removeprefix("-")
    return int(value) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else None


def _is_key(value: str) -> bool:
    return len(value) in AUTHORIZATION_KEY_DIGITS and all(digit in "0123456789abcdefABCDEF" for digit in value)
