"""CertificateSigned (security whitepaper A02, A03): the certificate that a station asked for."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.ocpp.action import Action, Message, Sender

CertificateSignedStatus = Literal["Accepted", "Rejected"]


class CertificateSignedRequest(Message, frozen=True, kw_only=True):
    certificate_chain: Annotated[
        str,
        Meta(max_length=10_000, description="The certificate as PEM, followed by those of its issuers below the root."),
    ]


class CertificateSignedResponse(Message, frozen=True, kw_only=True):
    status: Annotated[CertificateSignedStatus, Meta(description="Whether the station will use the certificate.")]


CERTIFICATE_SIGNED = Action(
    name="CertificateSigned",
    sender=Sender.CSMS,
    profile="Security",
    request=CertificateSignedRequest,
    response=CertificateSignedResponse,
    summary="Delivers the certificate that a station asked for with SignCertificate.",
    is_dangerous=True,
)
