"""Stations that charge, for tests of pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from forecourt.domain.evse import EvseId
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.domain.transactions.metering import Reading, Sample
from forecourt.domain.transactions.model import StartReport, StopReport
from tests.support.clock import NOON
from tests.web.door import Pages

MINUTE = timedelta(minutes=1)


def a_sample(value: str, measurand: str | None = None, unit: str | None = None, phase: str | None = None) -> Sample:
    return Sample(value, "Sample.Periodic", None, measurand, phase, None, unit)


def a_station(pages: Pages, identity: str = "CP-1") -> Station:
    known = pages.services.provisioning.find_station(identity)
    return known or pages.services.provisioning.add(StationDraft(identity=identity)).station


def a_start(
    pages: Pages, id_token: str = "TAG", *, station: str = "CP-1", evse: int = 1, at: datetime = NOON, wh: int = 1000
) -> int:
    """The number of a new transaction."""
    report = StartReport(evse=EvseId(evse), id_token=id_token, started_at=at, meter_start_wh=wh)
    return pages.services.transactions.start(a_station(pages, station), report).transaction_id


def a_stop(pages: Pages, transaction: int, *, station: str = "CP-1", at: datetime, wh: int = 2000) -> None:
    report = StopReport(transaction_id=transaction, stopped_at=at, meter_stop_wh=wh, reason="EVDisconnected")
    pages.services.transactions.stop(a_station(pages, station), report)


def a_reading(pages: Pages, transaction: int, at: datetime, *samples: Sample, station: str = "CP-1") -> None:
    pages.services.transactions.record_readings(
        a_station(pages, station), EvseId(1), transaction, [Reading(at, samples)]
    )
