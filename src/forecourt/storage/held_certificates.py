"""In the database: which certificates are known to be at which station."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, Table, Text

from forecourt.domain.trust.held import Held, How, Use
from forecourt.storage.connection import Row
from forecourt.storage.schema import from_micros, metadata, moment, station_key, text, to_micros
from forecourt.storage.trust import parsed
from forecourt.storage.unit_of_work import Unit

held_certificate: Final = Table(
    "held_certificate",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    Column("purpose", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    text("pem"),
    text("how"),
    moment("learned_at"),
)
"""``purpose`` is what the station has it for, ``how`` what was learned last of it."""


class HeldRecords:
    """The HeldStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def put(self, station_key: int, held: Held, keep: int) -> bool:
        certificate, use = held.certificate, held.use.value
        known = self._unit.one(
            "SELECT how FROM held_certificate WHERE station_key = ? AND purpose = ? AND fingerprint = ?",
            (station_key, use, certificate.fingerprint),
        )
        if known is not None and known[0] == held.how.value:
            return False
        self._unit.execute(
            "INSERT INTO held_certificate (station_key, purpose, fingerprint, pem, how, learned_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (station_key, purpose, fingerprint)"
            " DO UPDATE SET how = excluded.how, learned_at = excluded.learned_at",
            (station_key, use, certificate.fingerprint, certificate.pem, held.how.value, to_micros(held.learned_at)),
        )
        self._unit.execute(
            "DELETE FROM held_certificate WHERE station_key = ? AND purpose = ? AND fingerprint NOT IN"
            " (SELECT fingerprint FROM held_certificate WHERE station_key = ? AND purpose = ?"
            " ORDER BY learned_at DESC, fingerprint LIMIT ?)",
            (station_key, use, station_key, use, keep),
        )
        return True

    def forget(self, station_key: int, use: Use, fingerprint: str) -> None:
        self._unit.execute(
            "DELETE FROM held_certificate WHERE station_key = ? AND purpose = ? AND fingerprint = ?",
            (station_key, use.value, fingerprint),
        )

    def of_station(self, station_key: int) -> Sequence[Held]:
        rows = self._unit.all(
            "SELECT pem, purpose, how, learned_at FROM held_certificate WHERE station_key = ?"
            " ORDER BY learned_at DESC, purpose, fingerprint",
            (station_key,),
        )
        return [_to_held(row) for row in rows]


def _to_held(row: Row) -> Held:
    pem, use, how, learned_at = row
    return Held(certificate=parsed(pem), use=Use(use), how=How(how), learned_at=from_micros(learned_at))
