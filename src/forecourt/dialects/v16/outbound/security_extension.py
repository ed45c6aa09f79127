"""What an answer to the other actions of the security extension tells: that the station speaks it (L01.FR.20), and
which certificates it has from now on (A02, M04, M05)."""

from __future__ import annotations

from forecourt.dialect import hears
from forecourt.dialects.v16.messages.certificate_signed import (
    CERTIFICATE_SIGNED,
    CertificateSignedRequest,
    CertificateSignedResponse,
)
from forecourt.dialects.v16.messages.delete_certificate import (
    DELETE_CERTIFICATE,
    DeleteCertificateRequest,
    DeleteCertificateResponse,
)
from forecourt.dialects.v16.messages.extended_trigger_message import (
    EXTENDED_TRIGGER_MESSAGE,
    ExtendedTriggerMessageRequest,
    ExtendedTriggerMessageResponse,
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
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.domain.trust.held import Use


@hears(CERTIFICATE_SIGNED)
def certificate_signed_answered(
    request: CertificateSignedRequest,
    response: CertificateSignedResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.security.note_spoken(station)
    services.trust.chain_answered(
        station,
        chain=request.certificate_chain,
        status=response.status,
        is_accepted=response.status == "Accepted",
        asked_by=services.errands.get(errand).asked_by,
    )


@hears(DELETE_CERTIFICATE)
def delete_certificate_answered(
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
    services.trust.root_deleted(
        station,
        issuer_name_hash=named.issuer_name_hash,
        algorithm=named.hash_algorithm,
        serial=named.serial_number,
        asked_by=services.errands.get(errand).asked_by,
    )


@hears(EXTENDED_TRIGGER_MESSAGE)
def extended_trigger_message_answered(
    _request: ExtendedTriggerMessageRequest,
    _response: ExtendedTriggerMessageResponse,
    station: Station,
    services: Services,
    _errand: ErrandNumber,
) -> None:
    services.security.note_spoken(station)


@hears(GET_INSTALLED_CERTIFICATE_IDS)
def get_installed_certificate_ids_answered(
    _request: GetInstalledCertificateIdsRequest,
    _response: GetInstalledCertificateIdsResponse,
    station: Station,
    services: Services,
    _errand: ErrandNumber,
) -> None:
    services.security.note_spoken(station)


@hears(INSTALL_CERTIFICATE)
def install_certificate_answered(
    request: InstallCertificateRequest,
    response: InstallCertificateResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.security.note_spoken(station)
    services.trust.root_answered(
        station,
        use=Use(request.certificate_type),
        certificate=request.certificate,
        status=response.status,
        is_accepted=response.status == "Accepted",
        asked_by=services.errands.get(errand).asked_by,
    )
