"""Root certificates of stations: which they have (M03), a new one (M05), one less (M04).

That a station answers to one of these at all tells that it speaks the security extension (L01.FR.20).
"""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.datatypes import CertificateHashData, CertificateUse, HashAlgorithm
from forecourt.dialects.v16.messages.delete_certificate import (
    DELETE_CERTIFICATE,
    DeleteCertificateRequest,
    DeleteCertificateResponse,
)
from forecourt.dialects.v16.messages.get_installed_certificate_ids import (
    GET_INSTALLED_CERTIFICATE_IDS,
    GetInstalledCertificateIdsRequest,
    GetInstalledCertificateIdsResponse,
)
from forecourt.dialects.v16.messages.install_certificate import (
    INSTALL_CERTIFICATE,
    InstallCertificateRequest,
    InstallCertificateResponse,
)
from forecourt.dialects.v16.translate import or_none
from forecourt.domain.errands.intents import AskRoots, DeleteRoot, InstallRoot
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.errors import invalid
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.domain.trust.held import Use
from forecourt.pki.hash_data import HashData


@carries(AskRoots)
def ask_roots(intent: AskRoots, _station: Station) -> Command:
    return Command(GET_INSTALLED_CERTIFICATE_IDS, GetInstalledCertificateIdsRequest(certificate_type=_use(intent.use)))


@carries(InstallRoot)
def install_root(intent: InstallRoot, _station: Station) -> Command:
    words = InstallCertificateRequest(certificate_type=_use(intent.use), certificate=intent.certificate)
    return Command(INSTALL_CERTIFICATE, words)


@carries(DeleteRoot)
def delete_root(intent: DeleteRoot, _station: Station) -> Command:
    words = CertificateHashData(
        hash_algorithm=_algorithm(intent.algorithm),
        issuer_name_hash=intent.issuer_name_hash,
        issuer_key_hash=intent.issuer_key_hash,
        serial_number=intent.serial,
    )
    return Command(DELETE_CERTIFICATE, DeleteCertificateRequest(certificate_hash_data=words))


@hears(GET_INSTALLED_CERTIFICATE_IDS)
def roots_told(
    request: GetInstalledCertificateIdsRequest,
    response: GetInstalledCertificateIdsResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.security.note_spoken(station)
    # Stations send an empty list with NotFound, and some of them a list that is not meant.
    told = () if response.status == "NotFound" else or_none(response.certificate_hash_data) or ()
    named = [_named(one) for one in told]
    services.roots.reported(station, Use(request.certificate_type), named, asked=services.errands.get(errand))


@hears(INSTALL_CERTIFICATE)
def install_answered(
    request: InstallCertificateRequest,
    response: InstallCertificateResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.security.note_spoken(station)
    use = Use(request.certificate_type)
    is_accepted = response.status == "Accepted"
    services.trust.root_answered(
        station,
        use=use,
        certificate=request.certificate,
        status=response.status,
        is_accepted=is_accepted,
        asked_by=services.errands.get(errand).asked_by,
    )
    if is_accepted:
        services.roots.installed(station, use, request.certificate)


@hears(DELETE_CERTIFICATE)
def delete_answered(
    request: DeleteCertificateRequest,
    response: DeleteCertificateResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.security.note_spoken(station)
    if response.status == "Failed":
        return  # it has the certificate still; after NotFound it has not (M04.FR.04)
    named = request.certificate_hash_data
    services.roots.deleted(station, _named(named))
    services.trust.root_deleted(
        station,
        issuer_name_hash=named.issuer_name_hash,
        algorithm=named.hash_algorithm,
        serial=named.serial_number,
        asked_by=services.errands.get(errand).asked_by,
    )


@warns(DELETE_CERTIFICATE)
def doubts_of_deleting(request: DeleteCertificateRequest, station: Station, services: Services) -> Sequence[str]:
    return services.roots.doubts_of_deleting(station, _named(request.certificate_hash_data))


@warns(INSTALL_CERTIFICATE)
def doubts_of_installing(request: InstallCertificateRequest, station: Station, services: Services) -> Sequence[str]:
    return services.roots.doubts_of_installing(station, Use(request.certificate_type), request.certificate)


def _named(words: CertificateHashData) -> HashData:
    return HashData(words.hash_algorithm, words.issuer_name_hash, words.issuer_key_hash, words.serial_number)


def _use(use: str) -> CertificateUse:
    """Raises DomainError INVALID for what is none."""
    match use:
        case "CentralSystemRootCertificate" | "ManufacturerRootCertificate":
            return use
        case _:
            raise invalid("OCPP 1.6 has no roots for {}.", use)


def _algorithm(algorithm: str) -> HashAlgorithm:
    """Raises DomainError INVALID for one that the standard does not have."""
    match algorithm:
        case "SHA256" | "SHA384" | "SHA512":
            return algorithm
        case _:
            raise invalid("OCPP 1.6 names no certificates with {}.", algorithm)
