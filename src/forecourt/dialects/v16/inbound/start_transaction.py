"""StartTransaction: charging has begun, maybe hours ago (OCPP 1.6 §4.8)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.start_transaction import (
    START_TRANSACTION,
    StartTransactionRequest,
    StartTransactionResponse,
)
from forecourt.dialects.v16.translate import or_none, to_id_tag_info, to_place
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import StartReport


@answers(START_TRANSACTION)
def start_transaction(
    request: StartTransactionRequest, station: Station, services: Services
) -> StartTransactionResponse:
    report = StartReport(
        evse=to_place(request.connector_id),
        id_token=request.id_tag,
        started_at=request.timestamp,
        meter_start_wh=request.meter_start,
        reservation_id=or_none(request.reservation_id),
    )
    started = services.transactions.start(station, report)
    return StartTransactionResponse(
        transaction_id=started.transaction_id,
        id_tag_info=to_id_tag_info(started.verdict),
    )
