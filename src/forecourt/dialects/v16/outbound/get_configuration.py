"""GetConfiguration: read configuration keys (OCPP 1.6 §5.8)."""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.get_configuration import (
    GET_CONFIGURATION,
    GetConfigurationRequest,
    GetConfigurationResponse,
)
from forecourt.dialects.v16.translate import or_none
from forecourt.domain.errands.intents import ReadSettings
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@carries(ReadSettings)
def get_configuration(intent: ReadSettings, _station: Station) -> Command:
    """No names ask for all keys; the empty list says so to stations that stumble over an absent one."""
    return Command(GET_CONFIGURATION, GetConfigurationRequest(key=list(intent.names)))


@hears(GET_CONFIGURATION)
def configuration_told(
    asked: GetConfigurationRequest,
    told: GetConfigurationResponse,
    station: Station,
    services: Services,
    _errand: ErrandNumber,
) -> None:
    settings = [(one.key, or_none(one.value), one.readonly) for one in or_none(told.configuration_key) or ()]
    unknown = or_none(told.unknown_key) or ()
    services.configuration.told(station, or_none(asked.key) or (), settings, unknown)


@warns(GET_CONFIGURATION)
def looks_wrong(asked: GetConfigurationRequest, station: Station, services: Services) -> Sequence[str]:
    return services.configuration.problems_with_names(station, or_none(asked.key) or ())
