"""Answers about certificates (security whitepaper A02, M03 to M05); see :mod:`forecourt_simulator.certificates`."""

from __future__ import annotations

from forecourt.dialects.v16.messages.certificate_signed import CertificateSignedRequest, CertificateSignedResponse
from forecourt.dialects.v16.messages.delete_certificate import DeleteCertificateRequest, DeleteCertificateResponse
from forecourt.dialects.v16.messages.get_installed_certificate_ids import (
    GetInstalledCertificateIdsRequest,
    GetInstalledCertificateIdsResponse,
)
from forecourt.dialects.v16.messages.install_certificate import InstallCertificateRequest, InstallCertificateResponse
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.moment import Moment
from forecourt_simulator.station import Station


@answer.register
def _install(request: InstallCertificateRequest, station: Station, now: Moment) -> InstallCertificateResponse:
    at_most = station.configuration.number("CertificateStoreMaxLength")
    return InstallCertificateResponse(status=station.certificates.install(request, at_most=at_most))


@answer.register
def _delete(request: DeleteCertificateRequest, station: Station, now: Moment) -> DeleteCertificateResponse:
    return DeleteCertificateResponse(status="NotFound")


@answer.register
def _ids(
    request: GetInstalledCertificateIdsRequest, station: Station, now: Moment
) -> GetInstalledCertificateIdsResponse:
    return GetInstalledCertificateIdsResponse(status="NotFound")


@answer.register
def _signed(request: CertificateSignedRequest, station: Station, now: Moment) -> CertificateSignedResponse:
    """A simulated station never asks for a certificate, so this one cannot be for it."""
    return CertificateSignedResponse(status="Rejected")
