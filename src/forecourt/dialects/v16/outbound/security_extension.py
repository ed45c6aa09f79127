"""What an answer to the other actions of the security extension tells: that the station speaks it (L01.FR.20), and
which certificate of its own it has from now on (A02)."""

from __future__ import annotations

from forecourt.dialect import hears
from forecourt.dialects.v16.messages.certificate_signed import (
    CERTIFICATE_SIGNED,
    CertificateSignedRequest,
    CertificateSignedResponse,
)
from forecourt.dialects.v16.messages.extended_trigger_message import (
    EXTENDED_TRIGGER_MESSAGE,
    ExtendedTriggerMessageRequest,
    ExtendedTriggerMessageResponse,
)
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@hears(CERTIFICATE_SIGNED)
def certificate_signed_answered(
    request: CertificateSignedRequest,
    response: CertificateSignedResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.security.note_spoken(station)
    is_accepted = response.status == "Accepted"
    services.certificates.answered(station, errand, status=response.status, is_accepted=is_accepted)
    services.trust.chain_answered(
        station,
        chain=request.certificate_chain,
        status=response.status,
        is_accepted=is_accepted,
        asked_by=services.errands.get(errand).asked_by,
    )


@hears(EXTENDED_TRIGGER_MESSAGE)
def extended_trigger_message_answered(
    request: ExtendedTriggerMessageRequest,
    response: ExtendedTriggerMessageResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.security.note_spoken(station)
    if request.requested_message == "SignChargePointCertificate":
        is_accepted = response.status == "Accepted"
        services.certificates.ask_answered(station, errand, status=response.status, is_accepted=is_accepted)
