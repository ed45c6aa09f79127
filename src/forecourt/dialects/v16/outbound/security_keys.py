"""A new password and a higher security profile, which OCPP 1.6 changes as configuration keys (security whitepaper A01,
A05)."""

from __future__ import annotations

from dataclasses import replace

from forecourt.dialect import Command, carries, means
from forecourt.dialects.v16.messages.change_configuration import CHANGE_CONFIGURATION, ChangeConfigurationRequest
from forecourt.domain.admission.keys import is_password, is_security_profile, password_meant, read_profile
from forecourt.domain.errands.intents import ChangePassword, RaiseSecurityProfile
from forecourt.domain.errands.model import Draft, Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@carries(ChangePassword)
def change_password(intent: ChangePassword, _station: Station) -> Command:
    return Command(CHANGE_CONFIGURATION, ChangeConfigurationRequest(key=intent.name, value=intent.value))


@carries(RaiseSecurityProfile)
def raise_security_profile(intent: RaiseSecurityProfile, _station: Station) -> Command:
    return Command(CHANGE_CONFIGURATION, ChangeConfigurationRequest(key=intent.name, value=intent.value))


@means(CHANGE_CONFIGURATION)
def meant(
    asked: ChangeConfigurationRequest, station: Station, services: Services, order: Order, said: Draft
) -> Errand | None:
    """A password that is no hexadecimal text may be taken by a station all the same, so that it is kept as it is
    written. A value that can be no password or no profile, and a profile that is not higher, is sent like any other:
    the station refuses it (A05.FR.01)."""
    if is_password(asked.key):
        secret = password_meant(asked.value)
        if secret is None:
            return None
        password = ChangePassword(asked.value, asked.key)
        return services.passwords.change(station, secret, order, said=replace(said, intent=password))
    if is_security_profile(asked.key):
        profile = read_profile(asked.value)
        if profile is None or profile <= services.admissions.access(station).profile:
            return None
        upgrade = RaiseSecurityProfile(int(profile), asked.value, asked.key)
        return services.profile_upgrades.upgrade(
            station, profile, order, despite=True, said=replace(said, intent=upgrade)
        )
    return None
