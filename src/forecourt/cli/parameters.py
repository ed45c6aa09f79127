"""How the fields of an operation's parameters are offered as options: their names, and what is said of them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from forecourt.operations.fields import Field, Kind

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST_INTEGER: Final = 2**63 - 1
"""A limit that only says what a computer can count is not worth a word."""


def option_of(field: Field, *, taken: Collection[str]) -> str:
    """With its dashes: ``--firmware.retrieve-date-time``. A name that is ``taken`` gets ``--parameter-`` in front."""
    option = "--" + ".".join(_kebab(name) for name in field.path)
    return f"--parameter-{option[2:]}" if option in taken else option


def metavar_of(field: Field) -> str:
    return "|".join(field.choices) if field.choices else field.kind.value


def help_of(field: Field) -> str:
    notes = [*_limits(field), *_need(field)]
    if field.is_list:
        notes.append("may be repeated")
    return (f"{field.description} [{'; '.join(notes)}]" if notes else field.description).strip()


def _limits(field: Field) -> list[str]:
    if field.is_list or field.kind is Kind.JSON:
        return []
    limits = []
    if field.longest is not None:
        limits.append(f"at most {field.longest} characters")
    if field.least is not None and abs(field.least) <= _LONGEST_INTEGER:
        limits.append(f"at least {field.least}")
    if field.most is not None and abs(field.most) < _LONGEST_INTEGER:
        limits.append(f"at most {field.most}")
    return limits


def _need(field: Field) -> list[str]:
    if not field.is_required:
        return []
    return ["required"] if field.is_certain else [f"required with {'.'.join(map(_kebab, field.path[:-1]))}"]


def _kebab(name: str) -> str:
    return _HUMP.sub("-", name).replace("_", "-").lower()
