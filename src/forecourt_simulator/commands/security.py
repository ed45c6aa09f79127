"""Answers about certificates (security whitepaper A02, M03 to M05)."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from forecourt.dialects.v16.messages.certificate_signed import CertificateSignedRequest, CertificateSignedResponse
from forecourt.dialects.v16.messages.datatypes import CertificateUse
from forecourt.dialects.v16.messages.delete_certificate import DeleteCertificateRequest, DeleteCertificateResponse
from forecourt.dialects.v16.messages.get_installed_certificate_ids import (
    GetInstalledCertificateIdsRequest,
    GetInstalledCertificateIdsResponse,
)
from forecourt.dialects.v16.messages.install_certificate import InstallCertificateRequest, InstallCertificateResponse
from forecourt.dialects.v16.messages.sign_certificate import SIGN_CERTIFICATE, SignCertificateRequest
from forecourt_simulator.certificates import CENTRAL_SYSTEM, StoreFull
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.mailbox import Letter
from forecourt_simulator.misbehaviour import Misbehaviour
from forecourt_simulator.moment import Moment
from forecourt_simulator.own_certificate import InvalidCertificate, Own
from forecourt_simulator.station import Station

OTHER_ORGANISATION: Final = "Somebody Else"

_INVALID: Final[dict[CertificateUse, str]] = {
    "CentralSystemRootCertificate": "InvalidCentralSystemCertificate",
    "ManufacturerRootCertificate": "InvalidFirmwareSigningCertificate",
}
"""The event of a certificate that was refused; a root of the maker's is there for its signing certificates."""


@answer.register
def _install(request: InstallCertificateRequest, station: Station, now: Moment) -> InstallCertificateResponse:
    configuration, security = station.configuration, station.security
    try:
        if security.does(Misbehaviour.REJECTS_ROOTS):
            raise InvalidCertificate("it was refused on purpose")
        security.certificates.install(
            request.certificate_type,
            request.certificate,
            at_most=configuration.number("CertificateStoreMaxLength"),
            checks_roots=configuration.flag("AdditionalRootCertificateCheck"),
            now=now.wall,
        )
    except InvalidCertificate as invalid:
        station.security_log.add(_INVALID[request.certificate_type], now, str(invalid))
        return InstallCertificateResponse(status="Rejected")
    except StoreFull:
        return InstallCertificateResponse(status="Rejected")
    if request.certificate_type == CENTRAL_SYSTEM:
        station.security_log.add("ReconfigurationOfSecurityParameters", now, request.certificate_type)
    return InstallCertificateResponse(status="Accepted")


@answer.register
def _delete(request: DeleteCertificateRequest, station: Station, now: Moment) -> DeleteCertificateResponse:
    """The station's own certificate is not among those that can be found (M04.FR.05)."""
    status = station.security.certificates.delete(request.certificate_hash_data)
    if status == "Accepted":
        station.security_log.add("ReconfigurationOfSecurityParameters", now, "DeleteCertificate")
    return DeleteCertificateResponse(status=status)


@answer.register
def _ids(
    request: GetInstalledCertificateIdsRequest, station: Station, now: Moment
) -> GetInstalledCertificateIdsResponse:
    security = station.security
    found = security.certificates.list(request.certificate_type, security.setup.hash_algorithm)
    return GetInstalledCertificateIdsResponse(
        status="Accepted" if found else "NotFound", certificate_hash_data=found or UNSET
    )


@answer.register
def _signed(request: CertificateSignedRequest, station: Station, now: Moment) -> CertificateSignedResponse:
    """A station of profile 3 connects again with its new certificate as soon as that is valid (A02.FR.08)."""
    if station.security.loses_certificate(Misbehaviour.LOSES_CERTIFICATE):
        return CertificateSignedResponse(status="Accepted")  # which nobody hears
    try:
        own = _take(request.certificate_chain, station, now)
    except InvalidCertificate as invalid:
        station.security_log.add("InvalidChargePointCertificate", now, str(invalid))
        return CertificateSignedResponse(status="Rejected")
    station.security_log.add("ReconfigurationOfSecurityParameters", now, "ChargePointCertificate")
    station.security.loses_certificate(Misbehaviour.LOSES_CERTIFICATE_ANSWER)
    is_shown = station.security.profile == 3 and station.security.own.current(now.wall) is own
    station.security.is_reconnect_due = station.security.is_reconnect_due or is_shown
    return CertificateSignedResponse(status="Accepted")


def _take(chain: str, station: Station, now: Moment) -> Own:
    security = station.security
    if security.does(Misbehaviour.REJECTS_CERTIFICATE):
        raise InvalidCertificate("it was refused on purpose")
    at_most = station.configuration.number("CertificateSignedMaxChainSize")
    if len(chain) > at_most:
        raise InvalidCertificate(f"the chain has more than {at_most} characters")
    return security.own.take(
        chain,
        roots=security.certificates.central_system_roots,
        organisation=_organisation(station),
        serial_number=security.told_serial_number,
        now=now.wall,
    )


def sign_letter(station: Station) -> Letter:
    """SignCertificate with a new key (A02, A03)."""
    security = station.security
    csr = security.own.request(
        common_name=security.told_serial_number,
        organisation=_organisation(station),
        kind=security.setup.key_kind,
        is_weak=security.does(Misbehaviour.WEAK_KEY),
        is_broken=security.does(Misbehaviour.BROKEN_REQUEST),
    )
    return Letter(SIGN_CERTIFICATE, SignCertificateRequest(csr=csr))


def _organisation(station: Station) -> str:
    """CpoName (A02.FR.13)."""
    if station.security.does(Misbehaviour.ORGANISATION_OF_ANOTHER):
        return OTHER_ORGANISATION
    return station.configuration.text("CpoName")
