"""Asks a station for the limits that result from all its profiles (OCPP 1.6 §5.7)."""

from __future__ import annotations

from msgspec import UNSET

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.get_composite_schedule import (
    GET_COMPOSITE_SCHEDULE,
    GetCompositeScheduleRequest,
    GetCompositeScheduleResponse,
)
from forecourt.dialects.v16.outbound.profiles import to_schedule
from forecourt.dialects.v16.translate import or_none, to_connector_id, to_place
from forecourt.domain.errands.intents import AskSchedule
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.domain.smart_charging.model import RateUnit


@carries(AskSchedule)
def ask_schedule(intent: AskSchedule, _station: Station) -> Command:
    words = GetCompositeScheduleRequest(
        connector_id=to_connector_id(intent.place),
        duration=intent.seconds,
        charging_rate_unit=UNSET if intent.unit is None else RateUnit(intent.unit).value,
    )
    return Command(GET_COMPOSITE_SCHEDULE, words)


@hears(GET_COMPOSITE_SCHEDULE)
def told(
    asked: GetCompositeScheduleRequest,
    told: GetCompositeScheduleResponse,
    station: Station,
    services: Services,
    _errand: ErrandNumber,
) -> None:
    """A station that accepts and sends no schedule told nothing that could be kept."""
    if told.status != "Accepted" or told.charging_schedule is UNSET:
        return
    services.smart_charging.told(
        station,
        to_place(asked.connector_id),
        asked_seconds=asked.duration,
        starts_at=or_none(told.schedule_start),
        schedule=to_schedule(told.charging_schedule),
    )


@warns(GET_COMPOSITE_SCHEDULE)
def doubts(asked: GetCompositeScheduleRequest, _station: Station, _services: Services) -> list[str]:
    return [] if asked.duration > 0 else ["duration: A schedule of no time has no limits; ask for 1 second or more."]
