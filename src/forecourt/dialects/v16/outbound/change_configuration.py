"""ChangeConfiguration: set one configuration key, and learn what became of it (OCPP 1.6 §5.3)."""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.change_configuration import (
    CHANGE_CONFIGURATION,
    ChangeConfigurationRequest,
    ChangeConfigurationResponse,
)
from forecourt.domain.errands.intents import ChangeSetting
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@carries(ChangeSetting)
def change_configuration(intent: ChangeSetting, _station: Station) -> Command:
    return Command(CHANGE_CONFIGURATION, ChangeConfigurationRequest(key=intent.name, value=intent.value))


@hears(CHANGE_CONFIGURATION)
def configuration_changed(
    asked: ChangeConfigurationRequest,
    told: ChangeConfigurationResponse,
    station: Station,
    services: Services,
    _errand: ErrandNumber,
) -> None:
    match told.status:
        case "Accepted" | "RebootRequired":
            awaits_restart = told.status == "RebootRequired"
            services.configuration.changed(station, asked.key, asked.value, awaits_restart=awaits_restart)
        case "NotSupported":
            services.configuration.not_supported(station, asked.key)
        case "Rejected":
            pass  # the key has the value that it had


@warns(CHANGE_CONFIGURATION)
def looks_wrong(asked: ChangeConfigurationRequest, station: Station, services: Services) -> Sequence[str]:
    return services.configuration.problems(station, asked.key, asked.value)
