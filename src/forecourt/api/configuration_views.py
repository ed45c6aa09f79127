"""The configuration of stations as the REST interface shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from forecourt.asgi.csv import Cell
from forecourt.domain.configuration.keys import Access, Items, Key, KeyType
from forecourt.domain.configuration.model import Drift, SettingSheet
from forecourt.domain.errors import in_english

SETTING_COLUMNS: Final = (
    "stationId",
    "key",
    "value",
    "readonly",
    "supported",
    "desired",
    "drift",
    "pendingValue",
    "awaitsRestart",
    "learnedAt",
)


class ConfigurationKeyView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A configuration key as the standard defines it."""

    key: str
    type: KeyType
    access: Access
    profile: str
    """The feature profile of OCPP that it belongs to, or the document that defines it."""
    required: bool
    """Every station with that feature profile has it."""
    meaning: str
    unit: str | None
    minimum: int | None
    maximum: int | None
    allowed: Sequence[str] | None
    """What a list may hold; null when it may hold anything, or for a key that is no list."""
    suffixes: Sequence[str] | None
    """What may follow an item after a dot, such as a phase."""
    numbered: bool
    """Each item begins with the number of a connector and a dot."""
    takes_effect: str | None


class SettingView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One key of a station. What is only known from the standard is null for keys that it does not define."""

    key: str
    value: str | None
    """What the station told last; null when it is not set, not known, or a secret."""
    hidden: bool
    """The value is a secret and is neither stored nor shown."""
    readonly: bool | None
    supported: bool | None
    """False when the station said that it has no such key; null as long as it said nothing of it."""
    learned_at: datetime | None
    awaits_restart: bool
    """The station took `pendingValue`, which holds from its next restart on."""
    pending_value: str | None
    desired: str | None
    desired_by: str | None
    desired_at: datetime | None
    drift: bool
    """There is a desired value, and the station does not have it or nobody knows."""
    impossible: bool
    """Sending the desired value is of no use: the station has no such key, or one that is read-only."""
    warnings: Sequence[str]
    """What looks wrong about the desired value."""
    type: KeyType | None
    unit: str | None
    allowed: Sequence[str] | None
    profile: str | None
    meaning: str | None
    takes_effect: str | None


class ConfigurationView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The keys of a station, all in one page. ``readAt`` is when the station last told all of them."""

    items: Sequence[SettingView]
    next: str | None
    read_at: datetime | None


class DriftView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A station that has not all the values that it should have."""

    station_id: str
    keys: Sequence[str]
    """Those that ApplyConfiguration will send."""
    impossible: Sequence[str]
    """Those that the station says are read-only, or that it does not have."""
    read_at: datetime | None


def show_key(key: Key) -> ConfigurationKeyView:
    items = key.items or Items(())
    return ConfigurationKeyView(
        key=key.name,
        type=key.type,
        access=key.access,
        profile=key.profile,
        required=key.is_required,
        meaning=key.meaning,
        unit=key.unit,
        minimum=key.low,
        maximum=key.high,
        allowed=items.allowed or None,
        suffixes=items.endings or None,
        numbered=items.is_numbered,
        takes_effect=key.takes_effect,
    )


def show_setting(sheet: SettingSheet) -> SettingView:
    setting, desired, key = sheet.setting, sheet.desired, sheet.key
    return SettingView(
        key=sheet.name,
        value=None if setting is None else setting.value,
        hidden=sheet.is_hidden,
        readonly=None if setting is None or setting.is_unknown else setting.is_read_only,
        supported=None if setting is None else not setting.is_unknown,
        learned_at=None if setting is None else setting.learned_at,
        awaits_restart=setting is not None and setting.awaits_restart,
        pending_value=None if setting is None else setting.coming,
        desired=None if desired is None else desired.value,
        desired_by=None if desired is None else desired.asked_by,
        desired_at=None if desired is None else desired.asked_at,
        drift=sheet.is_drifting,
        impossible=sheet.is_impossible,
        warnings=in_english(sheet.warnings),
        type=None if key is None else key.type,
        unit=None if key is None else key.unit,
        allowed=None if key is None or key.items is None else key.items.allowed,
        profile=None if key is None else key.profile,
        meaning=None if key is None else key.meaning,
        takes_effect=None if key is None else key.takes_effect,
    )


def show_drift(drift: Drift) -> DriftView:
    return DriftView(
        station_id=drift.station, keys=drift.differing, impossible=drift.impossible, read_at=drift.completed_at
    )


def setting_rows(station: str, sheet: SettingSheet) -> list[Sequence[Cell]]:
    view = show_setting(sheet)
    return [
        (
            station,
            view.key,
            view.value,
            view.readonly,
            view.supported,
            view.desired,
            view.drift,
            view.pending_value,
            view.awaits_restart,
            view.learned_at,
        )
    ]
