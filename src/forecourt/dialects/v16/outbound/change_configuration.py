"""ChangeConfiguration: set one configuration key, and learn what became of it (OCPP 1.6 §5.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.change_configuration import (
    CHANGE_CONFIGURATION,
    ChangeConfigurationRequest,
    ChangeConfigurationResponse,
)
from forecourt.domain.admission.keys import is_password, is_security_profile, read_authorization_key, read_profile
from forecourt.domain.admission.model import Verdict
from forecourt.domain.errands.intents import ChangeSetting
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services

_VERDICTS: Final[Mapping[str, Verdict]] = {
    "Accepted": Verdict.TAKEN,
    "RebootRequired": Verdict.TAKEN_AT_RESTART,
    "Rejected": Verdict.REFUSED,
    "NotSupported": Verdict.REFUSED,
}


@carries(ChangeSetting)
def change_configuration(intent: ChangeSetting, _station: Station) -> Command:
    return Command(CHANGE_CONFIGURATION, ChangeConfigurationRequest(key=intent.name, value=intent.value))


@hears(CHANGE_CONFIGURATION)
def configuration_changed(
    asked: ChangeConfigurationRequest,
    told: ChangeConfigurationResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    match told.status:
        case "Accepted" | "RebootRequired":
            awaits_restart = told.status == "RebootRequired"
            services.configuration.changed(station, asked.key, asked.value, awaits_restart=awaits_restart)
        case "NotSupported":
            services.configuration.not_supported(station, asked.key)
        case "Rejected":
            pass  # the key has the value that it had
    if is_password(asked.key):
        services.passwords.answered(station, errand, _VERDICTS[told.status], status=told.status)
    elif is_security_profile(asked.key):
        services.profile_upgrades.answered(
            station, errand, _VERDICTS[told.status], profile=read_profile(asked.value), status=told.status
        )


@warns(CHANGE_CONFIGURATION)
def looks_wrong(asked: ChangeConfigurationRequest, station: Station, services: Services) -> Sequence[str]:
    found = services.configuration.problems(station, asked.key, asked.value)
    if is_password(asked.key) and read_authorization_key(asked.value) is None:
        found.append(
            "The value is no hexadecimal text, as a station expects it (OCPP-J 1.6 §6.2.2). If it takes it, the text as"
            " it is written is its password here."
        )
    if is_security_profile(asked.key):
        profile, present = read_profile(asked.value), services.admissions.access(station).profile
        if profile is not None and profile < present:
            found.append(
                f"The station's profile is {present}, and {profile} is lower. A station has to refuse it (A05.FR.01);"
                f" one that takes it is refused here, until the profile is lowered by hand as well."
            )
    return found
