"""Answers about what a station keeps in mind: configuration keys and the authorization cache."""

from __future__ import annotations

from msgspec import UNSET

from forecourt.dialects.v16.messages.change_configuration import ChangeConfigurationRequest, ChangeConfigurationResponse
from forecourt.dialects.v16.messages.clear_cache import ClearCacheRequest, ClearCacheResponse
from forecourt.dialects.v16.messages.get_configuration import GetConfigurationRequest, GetConfigurationResponse
from forecourt.ocpp.errors import Fault
from forecourt_simulator.commands.dispatch import CannotAnswer, answer
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station


@answer.register
def _get_configuration(request: GetConfigurationRequest, station: Station, now: Moment) -> GetConfigurationResponse:
    names = [] if request.key is UNSET else request.key
    at_most = station.configuration.number("GetConfigurationMaxKeys")
    if len(names) > at_most:
        reason = f"at most {at_most} keys can be asked for at once, and these are {len(names)}"
        raise CannotAnswer(Fault.OCCURRENCE, reason)
    return station.configuration.read(names)


@answer.register
def _change_configuration(
    request: ChangeConfigurationRequest, station: Station, now: Moment
) -> ChangeConfigurationResponse:
    match request.key.lower():
        case "authorizationkey":
            status = station.security.change_key(request.value, now)
        case "securityprofile":
            status = station.security.change_profile(request.value, now)
        case _:
            status = station.configuration.change(request.key, request.value)
    return ChangeConfigurationResponse(status=status)


@answer.register
def _clear_cache(request: ClearCacheRequest, station: Station, now: Moment) -> ClearCacheResponse:
    """There is no cache, so it is empty afterwards."""
    return ClearCacheResponse(status="Accepted")
