"""DataTransfer: a vendor's own message (OCPP 1.6 §4.3)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.data_transfer import DATA_TRANSFER, DataTransferRequest, DataTransferResponse
from forecourt.dialects.v16.translate import or_none
from forecourt.domain.data_transfer.model import VendorMessage
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@answers(DATA_TRANSFER)
def data_transfer(request: DataTransferRequest, station: Station, services: Services) -> DataTransferResponse:
    message = VendorMessage(request.vendor_id, or_none(request.message_id), or_none(request.data))
    return DataTransferResponse(status=services.data_transfer.receive(station, message).value)
