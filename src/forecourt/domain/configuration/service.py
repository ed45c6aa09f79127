"""Everything that can happen to the configuration of stations (OCPP 1.6 §5.3, §5.8)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.admission.keys import is_password, is_security_profile
from forecourt.domain.configuration.catalogue import known_key
from forecourt.domain.configuration.checks import problems_with, problems_with_names
from forecourt.domain.configuration.model import (
    Desired,
    Drift,
    Setting,
    SettingSheet,
    Snapshot,
    as_number,
    check_desired,
    check_name,
    fold,
    is_same,
    unique_names,
)
from forecourt.domain.configuration.store import ConfigurationStore
from forecourt.domain.errands.intents import ChangeSetting, Intent, ReadSettings
from forecourt.domain.errands.model import Delivery, Draft, Errand, Order, Priority
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import Sentence, conflict, in_english, invalid, not_found, paragraph
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.redaction import is_secret_key

REFRESH: Final = "RefreshConfiguration"
APPLY: Final = "ApplyConfiguration"
"""Names of the operations whose errands these are."""

SYSTEM: Final = "system"
"""Who asks for what is sent by policy."""


class Configuration:
    """What stations told of their keys, what the keys should be, and how to get there.

    ``refresh_after`` is the age from which a station's configuration is read again when it boots; None for never.
    """

    def __init__(
        self, store: ConfigurationStore, errands: Errands, clock: Clock, *, refresh_after: timedelta | None
    ) -> None:
        self._store = store
        self._errands = errands
        self._clock = clock
        self._refresh_after = refresh_after

    # What stations do

    def booted(self, station: Station) -> None:
        """What awaited a restart should hold now, and what is known may have become old.

        A station may say that it boots without a restart, so a value is believed to hold only when it is told. Where
        stations are not read by policy, that is when somebody asks for it.

        Many stations that boot together are not asked together: each is asked when it is its turn on its own link,
        after everything that somebody waits for.
        """
        refresh_after = self._refresh_after if station.is_accepted else None
        note = self._store.note_at_boot(station.key, None if refresh_after is None else REFRESH)
        if note.is_unsettled:
            self._store.restarted(station.key)
        if refresh_after is None or note.is_being_read:
            return
        if note.is_unsettled or _is_old(note.completed_at, self._clock.now(), refresh_after):
            order = Order(asked_by=SYSTEM, delivery=Delivery.WHEN_ONLINE, priority=Priority.LOW)
            self._errands.ask(station, Draft(operation=REFRESH, intent=ReadSettings(), shown=None), order)

    def told(
        self,
        station: Station,
        asked: Sequence[str],
        told: Sequence[tuple[str, str | None, bool]],
        unknown: Sequence[str],
    ) -> None:
        """The station told keys: name, value, and whether it is read-only. Nothing ``asked`` asked for all.

        Keys that a station no longer has are forgotten when it told all. An answer that is exactly as long as the
        station's GetConfigurationMaxKeys allows may have been cut off, and then nothing is forgotten. A value that
        awaits a restart still does when the station tells the present one (OCPP 1.6 §5.3), or does not tell the key,
        as it must not those that can only be written.
        """
        now = self._clock.now()
        settings = [
            Setting(name=name, value=_kept(name, value), is_read_only=is_read_only, learned_at=now)
            for name, value, is_read_only in told
            if name
        ]
        settings += [Setting(name=name, is_unknown=True, learned_at=now) for name in unknown if name]
        awaiting = {name: one for name, one in self._store.snapshot(station.key).settings.items() if one.awaits_restart}
        by_name = {fold(one.name): one for one in settings}
        newest = [_still_awaiting(one, awaiting.get(name)) for name, one in by_name.items()]
        if asked or not told:
            self._store.put(station.key, newest)
            return
        if len(newest) == self._most_keys(station, newest):
            self._store.put(station.key, newest)
        else:
            untold = [one for name, one in awaiting.items() if name not in by_name]
            self._store.replace(station.key, [*newest, *untold])
        self._store.complete(station.key, now)

    def _most_keys(self, station: Station, told: Sequence[Setting]) -> int | None:
        """How many keys an answer can hold, by this answer or an earlier one."""
        name = "GetConfigurationMaxKeys"
        found = next((setting for setting in told if fold(setting.name) == fold(name)), None)
        return self.number(station, name) if found is None else as_number(found.value)

    def changed(self, station: Station, name: str, value: str, *, awaits_restart: bool) -> None:
        """The station took a value, at once or from its next restart on."""
        now = self._clock.now()
        present = self._store.setting(station.key, name) or Setting(name=name, learned_at=now)
        kept = _kept(name, value)
        if awaits_restart:
            changed = dataclasses.replace(
                present, awaits_restart=True, coming=kept, is_unknown=False, is_read_only=False, learned_at=now
            )
        else:
            changed = Setting(name=present.name, value=kept, learned_at=now)
        self._store.put(station.key, [changed])

    def not_supported(self, station: Station, name: str) -> None:
        """The station said that it has no such key."""
        self._store.put(station.key, [Setting(name=name, is_unknown=True, learned_at=self._clock.now())])

    # What operators do

    def refresh(self, station: Station, names: Sequence[str], order: Order) -> Errand:
        """Ask for keys by name, or for all. No message asks for more names than the station allows; those that do
        not fit follow in errands of their own. Raises DomainError INVALID."""
        snapshot = self._store.snapshot(station.key)
        wanted = [snapshot.spelling(check_name(name)) for name in unique_names(names)]
        step = max(1, snapshot.number("GetConfigurationMaxKeys") or len(wanted))
        parts = [tuple(wanted[start : start + step]) for start in range(0, len(wanted), step)] or [()]
        return self._ask_all(station, REFRESH, [(ReadSettings(part), ()) for part in parts], order)

    def apply(self, station: Station, order: Order) -> Errand:
        """Send every desired value that the station does not have, but for a password and a security profile, which
        have operations of their own. Raises DomainError CONFLICT when there is nothing to send."""
        snapshot = self._store.snapshot(station.key)
        drifting = [sheet for sheet in self._sheets(station.key, snapshot) if sheet.is_drifting]
        left_out = [sheet.name for sheet in drifting if _decides_at_the_door(sheet.name)]
        changes = [
            (ChangeSetting(snapshot.spelling(sheet.name), sheet.desired.value), sheet.warnings)
            for sheet in drifting
            if sheet.desired is not None and not sheet.is_impossible and sheet.name not in left_out
        ]
        skipped = Sentence("Left out: {}; ChangePassword and UpgradeSecurityProfile send those.", ", ".join(left_out))
        if not changes:
            rest = [sheet for sheet in drifting if sheet.name not in left_out]
            reason = _nothing_to_apply(station, rest)
            raise conflict(paragraph([reason, skipped]) if left_out else reason)
        if left_out:
            intent, warnings = changes[0]
            changes[0] = (intent, (*warnings, skipped))
        return self._ask_all(station, APPLY, changes, order)

    def desire(self, station: Station, name: str, value: str, asked_by: str) -> SettingSheet:
        """Write down which value a key should have; :meth:`apply` sends it. Raises DomainError INVALID, and for the
        keys that decide whether the station may connect, which have operations of their own."""
        if is_password(name):
            raise invalid(
                "A password cannot be kept as a desired value, because only its hash is kept (A01.FR.08). The "
                "operation ChangePassword gives the station a new one.",
                field="key",
            )
        if is_security_profile(name):
            raise invalid(
                "A security profile cannot be a desired value: it only rises, and needs what it rests on first. The "
                "operation UpgradeSecurityProfile raises it.",
                field="key",
            )
        check_desired(name, value)
        spelling = self._store.snapshot(station.key).spelling(name)
        self._store.put_desired(station.key, Desired(spelling, value, asked_by, self._clock.now()))
        return self.get(station, name)

    def forget_desired(self, station: Station, name: str) -> None:
        if not self._store.remove_desired(station.key, name):
            raise not_found("No value of {!r} is desired for the station {!r}.", name, station.identity)

    # Questions

    def snapshot(self, station: Station) -> Snapshot:
        return self._store.snapshot(station.key)

    def value(self, station: Station, name: str) -> str | None:
        """The present value of a key, or None when it is not known."""
        setting = self._store.setting(station.key, name)
        return None if setting is None else setting.value

    def number(self, station: Station, name: str) -> int | None:
        """The present value of a key that holds a number; None when it is not known."""
        return as_number(self.value(station, name))

    def problems(self, station: Station, name: str, value: str) -> list[str]:
        """What looks wrong about setting a key of this station."""
        return [str(one) for one in problems_with(name, value, self._store.snapshot(station.key))]

    def problems_with_names(self, station: Station, names: Sequence[str]) -> list[str]:
        """What looks wrong about asking this station for keys."""
        return problems_with_names(names, self._store.snapshot(station.key)) if names else []

    def sheets(self, station: Station) -> list[SettingSheet]:
        """Every key that the station told, or that has a desired value, by name."""
        return self._sheets(station.key, self._store.snapshot(station.key))

    def get(self, station: Station, name: str) -> SettingSheet:
        for sheet in self.sheets(station):
            if fold(sheet.name) == fold(name):
                return sheet
        raise not_found("Nothing is known of a key {!r} of the station {!r}.", name, station.identity)

    def drifts(self, page: PageRequest) -> Page[Drift]:
        """Stations that have not all values that they should have, by identity."""
        found: list[Drift] = []
        after = page.after
        while len(found) <= page.limit:
            suspects = self._store.suspects(after, page.limit + 1)
            if not suspects:
                break
            after = suspects[-1][0]
            found += [drift for drift in (self._drift(*suspect) for suspect in suspects) if drift is not None]
        shown = found[: page.limit]
        return Page(shown, shown[-1].station if len(found) > page.limit else None)

    # Inside

    def _drift(self, identity: str, station_key: int) -> Drift | None:
        snapshot = self._store.snapshot(station_key)
        drifting = [sheet for sheet in self._sheets(station_key, snapshot) if sheet.is_drifting]
        if not drifting:
            return None
        return Drift(
            identity,
            snapshot.completed_at,
            tuple(sheet.name for sheet in drifting if not sheet.is_impossible),
            tuple(sheet.name for sheet in drifting if sheet.is_impossible),
        )

    def _sheets(self, station_key: int, snapshot: Snapshot) -> list[SettingSheet]:
        desired = {fold(one.name): one for one in self._store.desired(station_key)}
        return [
            _sheet(snapshot.settings.get(name), desired.get(name), snapshot)
            for name in sorted(desired.keys() | snapshot.settings.keys())
        ]

    def _ask_all(
        self, station: Station, operation: str, wanted: Sequence[tuple[Intent, tuple[Sentence, ...]]], order: Order
    ) -> Errand:
        """Ask for the first as it was ordered, and have the others follow as soon as the station can take them. They
        belong to no batch, which counts one errand per station."""
        drafts = [
            Draft(operation=operation, intent=intent, shown=None, warnings=in_english(warnings))
            for intent, warnings in wanted
        ]
        if len(drafts) > 1:
            more = f"{len(drafts) - 1} more messages follow, each an errand of its own."
            drafts[0] = dataclasses.replace(drafts[0], warnings=(*drafts[0].warnings, more))
        first = self._errands.ask(station, drafts[0], order)
        if not first.state.is_final:
            later = dataclasses.replace(order, delivery=Delivery.WHEN_ONLINE, batch=None)
            for draft in drafts[1:]:
                self._errands.ask(station, draft, later)
        return first


def _sheet(setting: Setting | None, desired: Desired | None, snapshot: Snapshot) -> SettingSheet:
    name = "" if desired is None else desired.name
    if setting is not None and not (setting.is_unknown and desired is not None):
        name = setting.name
    warnings = () if desired is None else tuple(problems_with(snapshot.spelling(name), desired.value, snapshot))
    return SettingSheet(name=name, setting=setting, desired=desired, key=known_key(name), warnings=warnings)


def _decides_at_the_door(name: str) -> bool:
    """A value that was desired before these keys had operations of their own, or was restored from a backup."""
    return is_password(name) or is_security_profile(name)


def _kept(name: str, value: str | None) -> str | None:
    return None if is_secret_key(name) else value


def _still_awaiting(told: Setting, before: Setting | None) -> Setting:
    """What was told, with the value that awaits a restart when it still does: the station told the present value, or
    the first one that is known of it. Some stations tell the coming one at once, and then it waits no more."""
    if before is None or told.is_unknown or before.value not in (None, told.value):
        return told
    if before.coming is not None and is_same(told.name, before.coming, told.value or ""):
        return told
    return dataclasses.replace(told, awaits_restart=True, coming=before.coming)


def _is_old(completed_at: datetime | None, now: datetime, refresh_after: timedelta) -> bool:
    return completed_at is None or now - completed_at >= refresh_after


def _nothing_to_apply(station: Station, drifting: Sequence[SettingSheet]) -> Sentence:
    if drifting:
        return Sentence(
            "The station {!r} says that all keys that differ are read-only or unknown: {}.",
            station.identity,
            ", ".join(sheet.name for sheet in drifting),
        )
    return Sentence("The station {!r} has every desired value already, so there is nothing to send.", station.identity)
