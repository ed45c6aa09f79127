"""RenewCertificate: a new certificate for a station (security whitepaper A02)."""

from __future__ import annotations

from typing import Final

from forecourt.domain.access.permissions import Permission
from forecourt.domain.certificates.requests import RENEW_CERTIFICATE
from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters


class RenewCertificateParameters(Parameters, frozen=True, kw_only=True):
    """There is nothing to choose: the station makes the key, and its group says which authority signs."""


def renew_certificate(
    services: Services, station: Station, _params: RenewCertificateParameters, order: Order
) -> Errand:
    return services.certificates.renew(station, order)


RENEW: Final = Operation(
    name=RENEW_CERTIFICATE,
    summary="Has a station ask for a certificate, which is then issued and delivered; the former one is revoked once"
    " the new one is used.",
    group="Security",
    params=RenewCertificateParameters,
    run=renew_certificate,
    permission=Permission.SECURITY,
)
