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
from forecourt.dialects.v16.outbound import profiles
from forecourt.domain.errands.intents import StartCharging
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.evse import WHOLE_STATION
from forecourt.domain.provisioning.model import Station
from forecourt.domain.remote_control.model import check_accepted
from forecourt.domain.services import Services


@carries(StartCharging)
def start_charging(intent: StartCharging, station: Station) -> Command:
    """The standard has no connector 0 here: a station that may choose is told no connector. Raises DomainError
    CONFLICT for a station that was set to Pending since it was asked for."""
    check_accepted(station)
    words = RemoteStartTransactionRequest(
        connector_id=UNSET if intent.evse is None or intent.evse is WHOLE_STATION else intent.evse,
        id_tag=intent.id_token,
        charging_profile=UNSET if intent.profile is None else profiles.to_charging_profile(intent.profile),
    )
    return Command(REMOTE_START_TRANSACTION, words)


@hears(REMOTE_START_TRANSACTION)
def remote_start_answered(
    _request: RemoteStartTransactionRequest,
    response: RemoteStartTransactionResponse,
    _station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.remote_control.answered(errand, response.status, is_accepted=response.status == "Accepted")


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
    if request.charging_profile is not UNSET:
        yield from profiles.doubts_of_remote_start(request.charging_profile)
