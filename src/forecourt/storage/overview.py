"""Figures of the whole system. None of them reads meter values, transactions or histories as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.availability.model import FAULTED
from forecourt.domain.overview.model import ChargingFigures, StationFigures, WorkFigures
from forecourt.domain.provisioning.model import Registration
from forecourt.storage.connection import Parameters
from forecourt.storage.schema import to_micros
from forecourt.storage.unit_of_work import Unit

_STATIONS: Final = (
    "SELECT s.registration, coalesce(a.profile, 0), count(*), count(l.node) FROM station AS s"
    " LEFT JOIN station_access AS a ON a.station_key = s.key LEFT JOIN link AS l ON l.station_key = s.key"
    " WHERE s.removed_at IS NULL GROUP BY s.registration, coalesce(a.profile, 0)"
)
_FAULTED: Final = (
    "SELECT count(DISTINCT e.station_key) FROM evse_status AS e JOIN station AS s ON s.key = e.station_key"
    " WHERE e.status = ? AND s.removed_at IS NULL"
)
_UNKNOWN: Final = "SELECT count(*) FROM unknown_station"

_ACTIVE: Final = "SELECT count(*) FROM station_transaction WHERE stopped_at IS NULL"
# A station may name any transaction, so that a value counts only if it comes from the transaction's own.
_POWER: Final = (
    "SELECT count(p.power_w), coalesce(sum(p.power_w), 0) FROM (SELECT"
    " (SELECT CASE WHEN m.taken_at >= ? THEN m.power_w END FROM meter_value AS m"
    " WHERE m.transaction_id = t.id AND m.station_key = t.station_key AND m.power_w IS NOT NULL"
    " ORDER BY m.key DESC LIMIT 1) AS power_w"
    " FROM station_transaction AS t WHERE t.stopped_at IS NULL) AS p"
)
_ENERGY: Final = (
    "SELECT coalesce(sum(CASE WHEN stopped_at >= ? THEN meter_stop_wh - meter_start_wh ELSE 0 END), 0),"
    " coalesce(sum(meter_stop_wh - meter_start_wh), 0) FROM station_transaction"
    " WHERE stopped_at >= ? AND meter_stop_wh >= meter_start_wh"
)

_RESERVATIONS: Final = "SELECT count(*) FROM reservation WHERE ended_at IS NULL AND state = 'accepted'"
_JOBS: Final = "SELECT count(*) FROM job WHERE ended_at IS NULL"
_ENDING: Final = (
    "SELECT count(*) FROM station_certificate AS c JOIN station AS s ON s.key = c.station_key"
    " WHERE c.covered_until < ? AND s.removed_at IS NULL"
)


class OverviewRecords:
    """The OverviewStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def stations(self) -> StationFigures:
        by_registration = dict.fromkeys(Registration, 0)
        by_profile = dict.fromkeys(SecurityProfile, 0)
        online = 0
        for registration, profile, count, connected in self._unit.all(_STATIONS):
            by_registration[Registration(registration)] += count
            by_profile[SecurityProfile(profile)] += count
            online += connected
        return StationFigures(
            total=sum(by_registration.values()),
            online=online,
            faulted=self._count(_FAULTED, (FAULTED,)),
            unknown=self._count(_UNKNOWN),
            by_registration=by_registration,
            by_profile=by_profile,
        )

    def charging(self, *, day_began: datetime, month_began: datetime, measured_since: datetime) -> ChargingFigures:
        (measured, power), *_ = self._unit.all(_POWER, (to_micros(measured_since),))
        (today, month), *_ = self._unit.all(_ENERGY, (to_micros(day_began), to_micros(month_began)))
        return ChargingFigures(
            active=self._count(_ACTIVE),
            measured=measured,
            power_w=float(power),
            energy_today_wh=int(today),
            energy_month_wh=int(month),
        )

    def work(self, *, ends_before: datetime) -> WorkFigures:
        return WorkFigures(
            reservations=self._count(_RESERVATIONS),
            jobs=self._count(_JOBS),
            ending_certificates=self._count(_ENDING, (to_micros(ends_before),)),
        )

    def _count(self, sql: str, parameters: Parameters = ()) -> int:
        (row,) = self._unit.all(sql, parameters)
        return int(row[0])
