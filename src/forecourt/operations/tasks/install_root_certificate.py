"""InstallRootCertificate: give a station a root that it can use (security whitepaper M05)."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.errors import invalid
from forecourt.domain.provisioning.model import Station
from forecourt.domain.roots.checks import read_root
from forecourt.domain.roots.service import INSTALL
from forecourt.domain.services import Services
from forecourt.domain.trust.held import Use
from forecourt.operations.operation import Operation, Parameters
from forecourt.operations.values import RootUse
from forecourt.pki.certificate import Certificate


class InstallRootCertificateParameters(Parameters, frozen=True, kw_only=True):
    use: Annotated[RootUse, Meta(description="What the root is for: the central system, or the maker's firmware.")]
    fingerprint: Annotated[
        Annotated[str, Meta(max_length=100)] | UnsetType,
        Meta(description="The root by its fingerprint (SHA-256) in the store of trusted certificates."),
    ] = UNSET
    certificate: Annotated[
        Annotated[str, Meta(max_length=20_000)] | UnsetType,
        Meta(description="Or the root itself as PEM."),
    ] = UNSET
    despite: Annotated[
        bool, Meta(description="Ask also a station that is known here to refuse it, or for a root that has expired.")
    ] = False


def install_root_certificate(
    services: Services, station: Station, params: InstallRootCertificateParameters, order: Order
) -> Errand:
    root = _root(services, params)
    return services.roots.install(station, Use(params.use), root, order, despite=params.despite)


def _root(services: Services, params: InstallRootCertificateParameters) -> Certificate:
    """Raises DomainError."""
    match params.fingerprint, params.certificate:
        case str() as fingerprint, UnsetType():
            return services.trust.get(fingerprint).certificate
        case UnsetType(), str() as pem:
            return read_root(pem)
        case _:
            raise invalid("Give the root by its fingerprint, or as PEM: one of the two.", field="certificate")


INSTALL_ROOT_CERTIFICATE: Final = Operation(
    name=INSTALL,
    summary="Installs a root certificate on a station, in the form that the station takes.",
    group="Security",
    params=InstallRootCertificateParameters,
    run=install_root_certificate,
    permission=Permission.SECURITY,
    is_dangerous=True,
)
