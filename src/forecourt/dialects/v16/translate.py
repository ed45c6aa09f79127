"""Words of OCPP 1.6 ↔ terms of the house, where several actions share them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from msgspec import UNSET, UnsetType

from forecourt.dialects.v16.messages.datatypes import IdTagInfo
from forecourt.dialects.v16.messages.metering import MeterValue
from forecourt.domain.authorization.model import Verdict
from forecourt.domain.errors import invalid
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.transactions.metering import Reading, Sample

Value = TypeVar("Value")


def or_none(value: Value | UnsetType) -> Value | None:
    return None if value is UNSET else value


def or_unset(value: Value | None) -> Value | UnsetType:
    return UNSET if value is None else value


def to_place(connector_id: int) -> Place:
    """Each connector of 1.6 is an EVSE of its own, and connector 0 is the station (OCPP 1.6 §3.7)."""
    if connector_id < 0:
        raise invalid("connectorId must be 0 or more, not {}", connector_id, field="connectorId")
    return EvseId(connector_id) if connector_id else WHOLE_STATION


def to_connector_id(place: Place) -> int:
    """Connector 0 is the station (OCPP 1.6 §3.7)."""
    return 0 if place is WHOLE_STATION else place


def to_id_tag_info(verdict: Verdict) -> IdTagInfo:
    return IdTagInfo(
        status=verdict.status.value,
        expiry_date=or_unset(verdict.expires_at),
        parent_id_tag=or_unset(verdict.parent),
    )


def to_readings(meter_values: Sequence[MeterValue] | UnsetType) -> list[Reading]:
    if meter_values is UNSET:
        return []
    return [Reading(value.timestamp, _to_samples(value)) for value in meter_values]


def _to_samples(meter_value: MeterValue) -> list[Sample]:
    # Written out: most of all messages pass through here, with eight or more samples each.
    return [
        Sample(
            one.value,
            None if one.context is UNSET else one.context,
            None if one.format is UNSET else one.format,
            None if one.measurand is UNSET else one.measurand,
            None if one.phase is UNSET else one.phase,
            None if one.location is UNSET else one.location,
            None if one.unit is UNSET else one.unit,
        )
        for one in meter_value.sampled_value
    ]
