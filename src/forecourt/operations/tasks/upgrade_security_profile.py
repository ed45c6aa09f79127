"""UpgradeSecurityProfile: have a station prove more of who it is."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.admission.profile_upgrades import UPGRADE_SECURITY_PROFILE
from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters


class UpgradeSecurityProfileParameters(Parameters, frozen=True, kw_only=True):
    profile: Annotated[
        int,
        Meta(ge=1, le=3, description="The new profile: 1 password, 2 password inside TLS, 3 certificate of its own."),
    ]
    despite_preconditions: Annotated[
        bool, Meta(description="Ask also a station that is known here to lack what it needs.")
    ] = False
    reset: Annotated[bool, Meta(description="Restart the station (Hard) once it has accepted.")] = False


def upgrade_security_profile(
    services: Services, station: Station, params: UpgradeSecurityProfileParameters, order: Order
) -> Errand:
    return services.profile_upgrades.upgrade(
        station,
        SecurityProfile(params.profile),
        order,
        despite=params.despite_preconditions,
        restarts=params.reset,
    )


UPGRADE: Final = Operation(
    name=UPGRADE_SECURITY_PROFILE,
    summary="Has a station use a higher security profile; the lower one is refused once it has connected with it.",
    group="Security",
    params=UpgradeSecurityProfileParameters,
    run=upgrade_security_profile,
    permission=Permission.SECURITY,
    is_dangerous=True,
)
