"""What decides whether a station may connect, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from forecourt.domain.admission.model import (
    Access,
    AccessCount,
    Caller,
    KeyForm,
    Leniency,
    Password,
    PasswordNumber,
    PasswordState,
    SecurityProfile,
    Upgrade,
    UpgradeState,
)
from forecourt.domain.errands.model import ErrandNumber
from forecourt.storage.admission_tables import station_access
from forecourt.storage.connection import Row
from forecourt.storage.schema import from_micros, to_micros
from forecourt.storage.stations import STATION_COLUMNS, to_station
from forecourt.storage.unit_of_work import Unit

_encode: Final = msgspec.json.Encoder().encode
_decode_names: Final = msgspec.json.Decoder(tuple[str, ...]).decode

_ACCESS: Final = [column.name for column in station_access.columns if column.name != "station_key"]
_PASSWORD: Final = [
    "number",
    "hashed",
    "state",
    "is_generated",
    "form",
    "made_at",
    "errand",
    "asked_by",
    "is_withdrawn",
]
_JOINED: Final = (
    f"SELECT {', '.join(f's.{name}' for name in STATION_COLUMNS)},"
    f" {', '.join(f'a.{name}' for name in _ACCESS)}, {', '.join(f'p.{name}' for name in _PASSWORD)}"
    " FROM station AS s LEFT JOIN station_access AS a ON a.station_key = s.key"
    " LEFT JOIN station_password AS p ON p.station_key = s.key"
)
_FIND: Final = f"{_JOINED} WHERE s.identity = ? AND s.removed_at IS NULL ORDER BY p.number"
_OF_KEY: Final = f"{_JOINED} WHERE s.key = ? ORDER BY p.number"

_PUT: Final = (
    f"INSERT INTO station_access (station_key, {', '.join(_ACCESS)}) VALUES (?{', ?' * len(_ACCESS)})"
    f" ON CONFLICT (station_key) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _ACCESS)}"
)
_HOLD: Final = (
    f"INSERT INTO station_access (station_key, {', '.join(_ACCESS)}) VALUES (?{', ?' * len(_ACCESS)})"
    " ON CONFLICT (station_key) DO UPDATE SET profile = station_access.profile"
)
"""Changes nothing, and locks the row where several write at once."""

_ADD_PASSWORD: Final = (
    f"INSERT INTO station_password (station_key, {', '.join(_PASSWORD[1:])}) VALUES (?{', ?' * len(_PASSWORD[1:])})"
    " RETURNING number"
)
_PUT_PASSWORD: Final = (
    f"UPDATE station_password SET {', '.join(f'{name} = ?' for name in _PASSWORD[1:])} WHERE number = ?"
)

_WITH_SERIAL: Final = (
    "SELECT s.identity FROM station_access AS a JOIN station AS s ON s.key = a.station_key"
    " WHERE a.serial_number = ? AND s.key <> ? AND s.removed_at IS NULL ORDER BY s.key LIMIT 1"
)
_TELLING_SERIAL: Final = (
    "SELECT s.identity FROM station AS s LEFT JOIN station_access AS a ON a.station_key = s.key"
    " WHERE s.serial_number = ? AND s.key <> ? AND s.removed_at IS NULL AND a.serial_number IS NULL"
    " ORDER BY s.key LIMIT 1"
)
_COUNTS: Final = (
    "SELECT coalesce(a.profile, 0), coalesce(a.leniencies, ''), coalesce(a.has_own_certificate, false), count(*),"
    " min(s.identity) FROM station AS s LEFT JOIN station_access AS a ON a.station_key = s.key"
    " WHERE s.removed_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)


class AdmissionRecords:
    """The AdmissionStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, identity: str) -> Caller | None:
        rows = self._unit.all(_FIND, (identity,))
        return Caller(to_station(rows[0][: len(STATION_COLUMNS)]), _to_access(rows)) if rows else None

    def access(self, station_key: int) -> Access:
        return _to_access(self._unit.all(_OF_KEY, (station_key,)))

    def identity(self, station_key: int) -> str:
        row = self._unit.one("SELECT identity FROM station WHERE key = ?", (station_key,))
        return "" if row is None else str(row[0])

    def hold(self, station_key: int) -> Access:
        self._unit.execute(_HOLD, (station_key, *_written(Access())))
        return self.access(station_key)

    def kept_profile(self, identity: str) -> SecurityProfile | None:
        row = self._unit.one(
            "SELECT a.profile FROM station AS s JOIN station_access AS a ON a.station_key = s.key WHERE s.identity = ?",
            (identity,),
        )
        return None if row is None else SecurityProfile(row[0])

    def put(self, station_key: int, access: Access) -> None:
        self._unit.execute(_PUT, (station_key, *_written(access)))

    def add_password(self, station_key: int, password: Password) -> PasswordNumber:
        row = self._unit.upsert(_ADD_PASSWORD, (station_key, *_written_password(password)))
        return PasswordNumber(row[0])

    def put_password(self, password: Password) -> None:
        self._unit.execute(_PUT_PASSWORD, (*_written_password(password), password.number))

    def remove_password(self, number: PasswordNumber) -> None:
        self._unit.execute("DELETE FROM station_password WHERE number = ?", (number,))

    def counts(self) -> Sequence[AccessCount]:
        return [
            AccessCount(
                profile=SecurityProfile(profile),
                leniencies=frozenset(Leniency(value) for value in leniencies.split()),
                has_own_certificate=bool(has_own),
                stations=stations,
                example=example,
            )
            for profile, leniencies, has_own, stations, example in self._unit.all(_COUNTS)
        ]

    def reported_serial(self, station_key: int) -> str | None:
        row = self._unit.one("SELECT serial_number FROM station WHERE key = ?", (station_key,))
        return None if row is None else row[0]

    def other_with_serial(self, station_key: int, serial_number: str, *, is_told_enough: bool) -> str | None:
        row = self._unit.one(_WITH_SERIAL, (serial_number, station_key))
        if row is None and is_told_enough:
            row = self._unit.one(_TELLING_SERIAL, (serial_number, station_key))
        return None if row is None else str(row[0])


def _written(access: Access) -> Row:
    return (
        int(access.profile),
        *_written_upgrade(access.upgrade),
        " ".join(sorted(leniency.value for leniency in access.leniencies)),
        access.serial_number,
        _encode(access.trusted_organisations).decode(),
        access.has_own_certificate,
        access.presented,
        access.fingerprint,
    )


def _written_upgrade(upgrade: Upgrade | None) -> Row:
    if upgrade is None:
        return (None,) * 8
    return (
        int(upgrade.profile),
        upgrade.state.value,
        upgrade.errand,
        to_micros(upgrade.since),
        upgrade.asked_by,
        upgrade.restarts,
        upgrade.may_be_taken,
        upgrade.pins_serial,
    )


def _written_password(password: Password) -> Row:
    return (
        password.hashed,
        password.state.value,
        password.is_generated,
        None if password.form is None else password.form.value,
        to_micros(password.made_at),
        password.errand,
        password.asked_by,
        password.is_withdrawn,
    )


def _to_access(rows: list[Row]) -> Access:
    """One row for each password, or one without."""
    first, last = len(STATION_COLUMNS), len(STATION_COLUMNS) + len(_ACCESS)
    if not rows:
        return Access()
    passwords = tuple(_to_password(row[last:]) for row in rows if row[last] is not None)
    profile, *upgrade, leniencies, serial_number, organisations, has_own, presented, fingerprint = rows[0][first:last]
    if profile is None:
        return Access(passwords=passwords)
    return Access(
        profile=SecurityProfile(profile),
        upgrade=_to_upgrade(tuple(upgrade)),
        leniencies=frozenset(Leniency(value) for value in leniencies.split()),
        serial_number=serial_number,
        trusted_organisations=_decode_names(organisations),
        has_own_certificate=bool(has_own),
        passwords=passwords,
        presented=presented,
        fingerprint=fingerprint,
    )


def _to_upgrade(row: Row) -> Upgrade | None:
    profile, state, errand, since, asked_by, restarts, may_be_taken, pins_serial = row
    if profile is None:
        return None
    return Upgrade(
        profile=SecurityProfile(profile),
        state=UpgradeState(state),
        errand=None if errand is None else ErrandNumber(errand),
        since=from_micros(since),
        asked_by=asked_by,
        restarts=bool(restarts),
        may_be_taken=bool(may_be_taken),
        pins_serial=bool(pins_serial),
    )


def _to_password(row: Row) -> Password:
    number, hashed, state, is_generated, form, made_at, errand, asked_by, is_withdrawn = row
    return Password(
        number=PasswordNumber(number),
        hashed=hashed,
        state=PasswordState(state),
        is_generated=bool(is_generated),
        form=None if form is None else KeyForm(form),
        made_at=from_micros(made_at),
        errand=None if errand is None else ErrandNumber(errand),
        asked_by=asked_by,
        is_withdrawn=bool(is_withdrawn),
    )
