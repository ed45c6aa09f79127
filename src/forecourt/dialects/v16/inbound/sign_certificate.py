"""SignCertificate: a station asks for a certificate (security whitepaper A02, A03)."""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.sign_certificate import (
    SIGN_CERTIFICATE,
    SignCertificateRequest,
    SignCertificateResponse,
)
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@answers(SIGN_CERTIFICATE)
def sign_certificate(request: SignCertificateRequest, station: Station, services: Services) -> SignCertificateResponse:
    services.security.note_spoken(station)
    is_taken = services.certificates.receive_csr(station, request.csr)
    return SignCertificateResponse(status="Accepted" if is_taken else "Rejected")
