"""StopTransaction: charging has ended; this cannot be refused (OCPP 1.6 §4.10)."""

from __future__ import annotations

from msgspec import UNSET

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.stop_transaction import (
    STOP_TRANSACTION,
    StopTransactionRequest,
    StopTransactionResponse,
)
from forecourt.dialects.v16.quirks import MISSING_REASON
from forecourt.dialects.v16.translate import or_none, to_id_tag_info, to_readings
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import StopReport


@answers(STOP_TRANSACTION)
def stop_transaction(request: StopTransactionRequest, station: Station, services: Services) -> StopTransactionResponse:
    report = StopReport(
        transaction_id=request.transaction_id,
        stopped_at=request.timestamp,
        meter_stop_wh=request.meter_stop,
        reason=or_none(request.reason) or MISSING_REASON,
        id_token=or_none(request.id_tag),
        readings=to_readings(request.transaction_data),
    )
    verdict = services.transactions.stop(station, report)
    return StopTransactionResponse(id_tag_info=UNSET if verdict is None else to_id_tag_info(verdict))
