"""SignCertificate (security whitepaper A02, A03): a station asks for a certificate."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.dialects.v16.messages.datatypes import Pem
from forecourt.ocpp.action import Action, Message, Sender

SignCertificateStatus = Literal["Accepted", "Rejected"]


class SignCertificateRequest(Message, frozen=True, kw_only=True):
    csr: Annotated[Pem, Meta(description="The certificate request, PKCS#10 as PEM.")]


class SignCertificateResponse(Message, frozen=True, kw_only=True):
    status: Annotated[
        SignCertificateStatus, Meta(description="Whether the request will be worked on; the certificate follows later.")
    ]


SIGN_CERTIFICATE = Action(
    name="SignCertificate",
    sender=Sender.STATION,
    profile="Security",
    request=SignCertificateRequest,
    response=SignCertificateResponse,
    summary="Asks for a new certificate for the station.",
)
