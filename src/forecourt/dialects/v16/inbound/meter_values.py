"""MeterValues: what was measured, with or without a transaction (OCPP 1.6 §4.7)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.meter_values import METER_VALUES, MeterValuesRequest, MeterValuesResponse
from forecourt.dialects.v16.quirks import UNKNOWN_TRANSACTION_IDS
from forecourt.dialects.v16.translate import or_none, to_place, to_readings
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@answers(METER_VALUES)
def meter_values(request: MeterValuesRequest, station: Station, services: Services) -> MeterValuesResponse:
    transaction_id = or_none(request.transaction_id)
    services.transactions.record_readings(
        station,
        to_place(request.connector_id),
        None if transaction_id in UNKNOWN_TRANSACTION_IDS else transaction_id,
        to_readings(request.meter_value),
    )
    return MeterValuesResponse()
