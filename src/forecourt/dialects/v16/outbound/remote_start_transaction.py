"""RemoteStartTransaction: start charging from here (OCPP 1.6 §5.11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.remote_start_transaction import (
    REMOTE_START_TRANSACTION,
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
)
from forecourt.dialects.v16.outbound.profiles import to_charging_profile
from forecourt.dialects.v16.translate import to_place
from forecourt.domain.errands.intents import StartCharging
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.evse import WHOLE_STATION
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@carries(StartCharging)
def start_charging(intent: StartCharging, _station: Station) -> Command:
    """The standard has no connector 0 here: a station that may choose is told no connector."""
    words = RemoteStartTransactionRequest(
        connector_id=UNSET if intent.evse is None or intent.evse is WHOLE_STATION else intent.evse,
        id_tag=intent.id_token,
        charging_profile=UNSET if intent.profile is None else to_charging_profile(intent.profile),
    )
    return Command(REMOTE_START_TRANSACTION, words)


@hears(REMOTE_START_TRANSACTION)
def remote_start_answered(
    request: RemoteStartTransactionRequest,
    response: RemoteStartTransactionResponse,
    station: Station,
    services: Services,
    _errand: ErrandNumber,
) -> None:
    services.remote_control.start_answered(
        station,
        evse=None if request.connector_id is UNSET else to_place(request.connector_id),
        id_token=request.id_tag,
        status=response.status,
        is_accepted=response.status == "Accepted",
    )


@warns(REMOTE_START_TRANSACTION)
def doubts_of_remote_start(
    request: RemoteStartTransactionRequest, station: Station, services: Services
) -> Sequence[str]:
    return tuple(_doubts(request, station, services))


def _doubts(request: RemoteStartTransactionRequest, station: Station, services: Services) -> Iterator[str]:
    if not station.is_accepted:
        yield f"The station is {station.registration.value} and must not be sent a remote start (OCPP 1.6 §4.2)."
    if request.connector_id is not UNSET and request.connector_id < 1:
        yield "connectorId must be above 0 in a remote start (OCPP 1.6 §6.33)."
    yield from services.remote_control.warnings_about(request.id_tag)
    profile = request.charging_profile
    if profile is UNSET:
        return
    if profile.charging_profile_purpose != "TxProfile":
        yield "The charging profile of a remote start must be a TxProfile (OCPP 1.6 §5.11)."
    if profile.transaction_id is not UNSET:
        yield "The charging profile of a remote start must have no transactionId (OCPP 1.6 §5.11)."
