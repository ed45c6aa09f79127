"""ReadRootCertificates: ask a station which roots it has (security whitepaper M03)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.roots.model import ROOT_USES
from forecourt.domain.roots.service import READ
from forecourt.domain.services import Services
from forecourt.domain.trust.held import Use
from forecourt.operations.operation import Operation, Parameters


class ReadRootCertificatesParameters(Parameters, frozen=True, kw_only=True):
    use: Annotated[
        Literal["CentralSystemRootCertificate", "ManufacturerRootCertificate", "both"],
        Meta(description="What the roots are for; for both, the station is asked twice."),
    ] = "both"


def read_root_certificates(
    services: Services, station: Station, params: ReadRootCertificatesParameters, order: Order
) -> Errand:
    uses = ROOT_USES if params.use == "both" else (Use(params.use),)
    return services.roots.read(station, uses, order)


READ_ROOT_CERTIFICATES: Final = Operation(
    name=READ,
    summary="Asks a station which root certificates it has, and finds out which ones they are.",
    group="Security",
    params=ReadRootCertificatesParameters,
    run=read_root_certificates,
)
