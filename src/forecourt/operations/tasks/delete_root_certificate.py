"""DeleteRootCertificate: take a root from a station, as the station itself named it (security whitepaper M04)."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.roots.model import RootNumber
from forecourt.domain.roots.service import DELETE
from forecourt.domain.services import Services
from forecourt.domain.trust.held import Use
from forecourt.operations.operation import Operation, Parameters
from forecourt.operations.values import RootUse, or_none


class DeleteRootCertificateParameters(Parameters, frozen=True, kw_only=True):
    use: Annotated[RootUse, Meta(description="What the root is for: the central system, or the maker's firmware.")]
    number: Annotated[
        Annotated[int, Meta(ge=1, le=2**63 - 1)] | UnsetType,
        Meta(description="The root by its number in the list of the station's roots."),
    ] = UNSET
    fingerprint: Annotated[
        Annotated[str, Meta(max_length=100)] | UnsetType, Meta(description="Or by its fingerprint (SHA-256).")
    ] = UNSET
    last_one: Annotated[
        bool,
        Meta(
            description="Delete it even if it is the last one: without any, no TLS or no signed firmware is possible."
        ),
    ] = False
    needed: Annotated[
        bool, Meta(description="Delete it even if the station can check a server certificate with this root only.")
    ] = False


def delete_root_certificate(
    services: Services, station: Station, params: DeleteRootCertificateParameters, order: Order
) -> Errand:
    number = or_none(params.number)
    return services.roots.delete(
        station,
        Use(params.use),
        order,
        number=None if number is None else RootNumber(number),
        fingerprint=or_none(params.fingerprint),
        last_one=params.last_one,
        needed=params.needed,
    )


DELETE_ROOT_CERTIFICATE: Final = Operation(
    name=DELETE,
    summary="Deletes a root certificate from a station, unless the station needs it.",
    group="Security",
    params=DeleteRootCertificateParameters,
    run=delete_root_certificate,
    permission=Permission.SECURITY,
    is_dangerous=True,
)
