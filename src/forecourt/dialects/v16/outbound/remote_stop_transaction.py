"""RemoteStopTransaction: end a transaction from here (OCPP 1.6 §5.12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.remote_stop_transaction import (
    REMOTE_STOP_TRANSACTION,
    RemoteStopTransactionRequest,
    RemoteStopTransactionResponse,
)
from forecourt.domain.errands.intents import StopCharging
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.remote_control.model import check_accepted
from forecourt.domain.services import Services


@carries(StopCharging)
def stop_charging(intent: StopCharging, station: Station) -> Command:
    """Raises DomainError CONFLICT for a station that was set to Pending since it was asked for."""
    check_accepted(station)
    return Command(REMOTE_STOP_TRANSACTION, RemoteStopTransactionRequest(transaction_id=intent.transaction_id))


@hears(REMOTE_STOP_TRANSACTION)
def remote_stop_answered(
    _request: RemoteStopTransactionRequest,
    response: RemoteStopTransactionResponse,
    _station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.remote_control.answered(errand, response.status, is_accepted=response.status == "Accepted")


@warns(REMOTE_STOP_TRANSACTION)
def doubts_of_remote_stop(request: RemoteStopTransactionRequest, station: Station, services: Services) -> Sequence[str]:
    return tuple(_doubts(request, station, services))


def _doubts(request: RemoteStopTransactionRequest, station: Station, services: Services) -> Iterator[str]:
    if not station.is_accepted:
        yield f"The station is {station.registration.value} and must not be sent a remote stop (OCPP 1.6 §4.2)."
    transaction = services.transactions.find(request.transaction_id)
    if transaction is None or transaction.station != station.identity:
        yield f"The station has no transaction {request.transaction_id} that is known here."
    elif not transaction.is_active:
        yield f"The transaction {request.transaction_id} has ended already."
