"""CertificateSigned: give a station the certificate that it asked for (security whitepaper A02, A03)."""

from __future__ import annotations

from forecourt.dialect import Command, carries
from forecourt.dialects.v16.messages.certificate_signed import CERTIFICATE_SIGNED, CertificateSignedRequest
from forecourt.domain.errands.intents import DeliverCertificate
from forecourt.domain.provisioning.model import Station


@carries(DeliverCertificate)
def deliver_certificate(intent: DeliverCertificate, _station: Station) -> Command:
    return Command(CERTIFICATE_SIGNED, CertificateSignedRequest(certificate_chain=intent.chain))
