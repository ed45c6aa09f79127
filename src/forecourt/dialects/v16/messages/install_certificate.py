"""InstallCertificate (security whitepaper M05): give a station a root to trust."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.dialects.v16.messages.datatypes import CertificateUse, Pem
from forecourt.ocpp.action import Action, Message, Sender

InstallCertificateStatus = Literal["Accepted", "Failed", "Rejected"]


class InstallCertificateRequest(Message, frozen=True, kw_only=True):
    certificate_type: Annotated[
        CertificateUse, Meta(description="What the root is for: the central system, or the maker's firmware.")
    ]
    certificate: Annotated[Pem, Meta(description="The root certificate as PEM.")]


class InstallCertificateResponse(Message, frozen=True, kw_only=True):
    status: Annotated[
        InstallCertificateStatus,
        Meta(description="Rejected when the certificate is refused, Failed when it could not be stored."),
    ]


INSTALL_CERTIFICATE = Action(
    name="InstallCertificate",
    sender=Sender.CSMS,
    profile="Security",
    request=InstallCertificateRequest,
    response=InstallCertificateResponse,
    summary="Installs a root certificate on a station.",
    is_dangerous=True,
)
