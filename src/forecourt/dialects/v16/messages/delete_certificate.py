"""DeleteCertificate (security whitepaper M04): remove a root certificate."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.dialects.v16.messages.datatypes import CertificateHashData
from forecourt.ocpp.action import Action, Message, Sender

DeleteCertificateStatus = Literal["Accepted", "Failed", "NotFound"]


class DeleteCertificateRequest(Message, frozen=True, kw_only=True):
    certificate_hash_data: Annotated[
        CertificateHashData, Meta(description="Which certificate, as GetInstalledCertificateIds names it.")
    ]


class DeleteCertificateResponse(Message, frozen=True, kw_only=True):
    status: Annotated[DeleteCertificateStatus, Meta(description="Whether it was removed.")]


DELETE_CERTIFICATE = Action(
    name="DeleteCertificate",
    sender=Sender.CSMS,
    profile="Security",
    request=DeleteCertificateRequest,
    response=DeleteCertificateResponse,
    summary="Removes a root certificate from a station.",
    is_dangerous=True,
)
