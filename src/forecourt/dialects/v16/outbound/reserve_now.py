"""ReserveNow: keep a connector free for a tag (OCPP 1.6 §5.13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.reserve_now import RESERVE_NOW, ReserveNowRequest, ReserveNowResponse
from forecourt.dialects.v16.translate import or_none, or_unset, to_connector_id, to_place
from forecourt.domain.errands.intents import Reserve
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.reservation.model import ReservationReport
from forecourt.domain.reservation.warnings import WHOLE_STATION_SETTING, warnings_about_whole_station
from forecourt.domain.services import Services


@carries(Reserve)
def reserve(intent: Reserve, _station: Station) -> Command:
    words = ReserveNowRequest(
        connector_id=to_connector_id(intent.place),
        expiry_date=intent.expires_at,
        id_tag=intent.id_token,
        parent_id_tag=or_unset(intent.parent),
        reservation_id=intent.reservation_id,
    )
    return Command(RESERVE_NOW, words)


@hears(RESERVE_NOW)
def reserve_answered(
    request: ReserveNowRequest,
    response: ReserveNowResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    if request.connector_id < 0:
        return  # sent raw; there is no such connector for which anything could be kept (OCPP 1.6 §3.7)
    report = ReservationReport(
        reservation_id=request.reservation_id,
        place=to_place(request.connector_id),
        id_token=request.id_tag,
        parent=or_none(request.parent_id_tag),
        expires_at=request.expiry_date,
    )
    is_accepted = response.status == "Accepted"
    services.reservations.reserve_answered(station, errand, report, status=response.status, is_accepted=is_accepted)


@warns(RESERVE_NOW)
def doubts_of_reserving(request: ReserveNowRequest, station: Station, services: Services) -> Sequence[str]:
    return tuple(_doubts(request, station, services))


def _doubts(request: ReserveNowRequest, station: Station, services: Services) -> Iterator[str]:
    if request.connector_id < 0:
        yield "connectorId: Connectors are numbered from 1, and 0 is the whole station (OCPP 1.6 §3.7)."
    if request.connector_id == 0:
        yield from warnings_about_whole_station(services.configuration.value(station, WHOLE_STATION_SETTING))
    yield from services.remote_control.warnings_about(request.id_tag)
    if services.reservations.has_passed(request.expiry_date):
        yield "The expiryDate has passed already."
    if services.reservations.find_open(station, request.reservation_id) is not None:
        yield f"The station has a reservation {request.reservation_id}, which is replaced (OCPP 1.6 §5.13)."
