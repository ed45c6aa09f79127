"""ChangePassword: give a station a new password over OCPP."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.keys import read_password
from forecourt.domain.admission.passwords import CHANGE_PASSWORD
from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters
from forecourt.operations.values import or_none


class ChangePasswordParameters(Parameters, frozen=True, kw_only=True):
    password: Annotated[
        Annotated[str, Meta(max_length=20)] | UnsetType,
        Meta(description="The new password as text, 16 to 20 bytes in UTF-8; absent to have one made."),
    ] = UNSET
    authorization_key: Annotated[
        Annotated[str, Meta(max_length=40)] | UnsetType,
        Meta(description="The new password as hexadecimal text, 32 to 40 digits; absent to have one made."),
    ] = UNSET

    def secrets(self) -> tuple[str, ...]:
        return ("password", "authorization_key")


def change_password(services: Services, station: Station, params: ChangePasswordParameters, order: Order) -> Errand:
    secret = read_password(text=or_none(params.password), authorization_key=or_none(params.authorization_key))
    return services.passwords.change(station, secret, order)


CHANGE: Final = Operation(
    name=CHANGE_PASSWORD,
    summary="Gives a station a new password, made for it alone unless one is given; the old one stops with its answer.",
    group="Security",
    params=ChangePasswordParameters,
    run=change_password,
    permission=Permission.SECURITY,
    is_dangerous=True,
)
