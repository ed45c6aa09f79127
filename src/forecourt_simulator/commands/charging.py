"""Answers about transactions and the station as a whole: RemoteStartTransaction, RemoteStopTransaction, Reset."""

from __future__ import annotations

from msgspec import UNSET

from forecourt.dialects.v16.messages.remote_start_transaction import (
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
)
from forecourt.dialects.v16.messages.remote_stop_transaction import (
    RemoteStopTransactionRequest,
    RemoteStopTransactionResponse,
)
from forecourt.dialects.v16.messages.reset import ResetRequest, ResetResponse
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.composite import is_in_order
from forecourt_simulator.connector import Connector
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station


@answer.register
def _remote_start(
    request: RemoteStartTransactionRequest, station: Station, now: Moment
) -> RemoteStartTransactionResponse:
    connector = _find_free(station, None if request.connector_id is UNSET else request.connector_id, request.id_tag)
    profile = None if request.charging_profile is UNSET else request.charging_profile
    if connector is None or (
        profile is not None and (profile.charging_profile_purpose != "TxProfile" or not is_in_order(profile))
    ):
        return RemoteStartTransactionResponse(status="Rejected")
    connector.accepted_profile = profile
    if station.configuration.flag("AuthorizeRemoteTxRequests"):
        station.ask(connector, request.id_tag)
    else:
        station.accept(connector, request.id_tag, now)
    return RemoteStartTransactionResponse(status="Accepted")


@answer.register
def _remote_stop(request: RemoteStopTransactionRequest, station: Station, now: Moment) -> RemoteStopTransactionResponse:
    connector = station.find_transaction(request.transaction_id)
    if connector is None:
        return RemoteStopTransactionResponse(status="Rejected")
    station.stop(connector, "Remote", now)
    return RemoteStopTransactionResponse(status="Accepted")


@answer.register
def _reset(request: ResetRequest, station: Station, now: Moment) -> ResetResponse:
    station.restart = request.type
    for connector in station.connectors.values():
        station.stop(connector, "HardReset" if request.type == "Hard" else "SoftReset", now)
    return ResetResponse(status="Accepted")


def _find_free(station: Station, connector_id: int | None, id_tag: str) -> Connector | None:
    """The named connector or any, if a transaction may begin there; one that is reserved for the tag before others."""
    free = [
        one
        for one in station.connectors.values()
        if connector_id in {None, one.id} and one.may_be_used and one.asked_tag is None and one.accepted_tag is None
    ]
    reserved = [one for one in free if station.reservations.find_for(one.id, id_tag) is not None]
    # For whom a group's reservation is, only the central system's answer to Authorize tells.
    open_to_all = [one for one in free if one.status != "Reserved" or _is_for_a_group(station, one)]
    return next(iter([*reserved, *open_to_all]), None)


def _is_for_a_group(station: Station, connector: Connector) -> bool:
    reservation = station.reservations.holder(connector.id)
    return reservation is not None and reservation.parent_id_tag is not None
