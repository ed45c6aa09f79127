"""GetInstalledCertificateIds (security whitepaper M03): which roots does a station trust?"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import CertificateHashData, CertificateUse
from forecourt.ocpp.action import Action, Message, Sender

GetInstalledCertificateStatus = Literal["Accepted", "NotFound"]


class GetInstalledCertificateIdsRequest(Message, frozen=True, kw_only=True):
    certificate_type: Annotated[
        CertificateUse, Meta(description="Roots for the central system, or for the maker's firmware.")
    ]


class GetInstalledCertificateIdsResponse(Message, frozen=True, kw_only=True):
    """Stations send an empty list with NotFound, although the schema asks for one entry; it is accepted."""

    status: Annotated[GetInstalledCertificateStatus, Meta(description="NotFound when there is none of this type.")]
    certificate_hash_data: Annotated[
        list[CertificateHashData] | UnsetType, Meta(description="One entry for each certificate; may be empty.")
    ] = UNSET


GET_INSTALLED_CERTIFICATE_IDS = Action(
    name="GetInstalledCertificateIds",
    sender=Sender.CSMS,
    profile="Security",
    request=GetInstalledCertificateIdsRequest,
    response=GetInstalledCertificateIdsResponse,
    summary="Asks which root certificates a station has.",
    done=frozenset({"Accepted", "NotFound"}),
    is_repeatable=True,
)
