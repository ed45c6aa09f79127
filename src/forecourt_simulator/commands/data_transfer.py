"""The answer to DataTransfer."""

from __future__ import annotations

from typing import Final

from forecourt.dialects.v16.messages.data_transfer import DataTransferRequest, DataTransferResponse
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station

ECHO_VENDOR: Final = "forecourt.simulator"
"""The vendor whose DataTransfer is answered with its own data."""


@answer.register
def _data_transfer(request: DataTransferRequest, station: Station, now: Moment) -> DataTransferResponse:
    if request.vendor_id.casefold() != ECHO_VENDOR:
        return DataTransferResponse(status="UnknownVendorId")
    return DataTransferResponse(status="Accepted", data=request.data)
