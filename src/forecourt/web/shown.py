"""What pages show of the settings of this process and of what is around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One setting as it is now. A secret is not here: only whether there is one."""

    name: str
    """As it is written in the file, without its section."""
    variable: str
    """The same in the environment; empty where it can stand in the file only."""
    value: str
    about: str
    origin: str
    """The variable or the path in the file where it was found; empty for the default."""
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class ShownSection:
    """Settings that stand together. The name is empty for those at the top of the file."""

    name: str
    about: str
    settings: Sequence[ShownSetting]


@dataclass(frozen=True, slots=True)
class Entrance:
    """An address at which this node is reached."""

    name: str
    """What it is called in logs."""
    kind: str
    """stations, files, REST or pages."""
    address: str
    """As it is given to whoever connects."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What this process was started with and on."""

    node: str
    entrances: Sequence[Entrance]
    database: str
    """Its kind and place, without who signs in to it."""
    migration: str
    """The number of the newest change of its tables."""
    file: str
    """The file of settings that was read; empty for none."""
    started_at: datetime | None
    zone: str
    """The time zone of the machine."""


NOWHERE = Surroundings("", (), "", "", "", None, "")
