"""The system's own certificate authority."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response import Stream
from msgspec import UNSET, Meta, UnsetType

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.certificate_words import PEM, Fingerprint, IssuerHash, Serial, pem_file
from forecourt.api.own_ca_views import (
    REVOCATION_COLUMNS,
    OwnCertificateView,
    OwnPolicyView,
    OwnRevocationView,
    OwnStatusView,
    WarnedView,
    revocation_rows,
    show_own,
    show_own_revocation,
    show_policy,
    show_status,
)
from forecourt.api.paging import Listing, Paging, listing, part_of
from forecourt.api.words import Works
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.model import KeyFamily, OwnPolicy, Rank
from forecourt.domain.authorities.own_policy import hours_back
from forecourt.domain.errors import in_english, invalid, not_found
from forecourt.domain.services import Services
from forecourt.pki.reasons import Reason

Family = Annotated[str, PathParameter(description="`rsa` or `ecdsa`.")]
RankName = Annotated[str, PathParameter(description="`root` or `issuing`.")]
Despite = Annotated[
    bool, QueryParameter(description="Although certificates below it are good, which are then refused.")
]
Text = Annotated[str, Meta(max_length=1000, pattern="^[^\\x00]*$")]


class OwnPolicyChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to change; what is absent stays. It counts for what is made from then on."""

    organisation: Annotated[
        Text | UnsetType | None, Meta(description="Whose name CA certificates bear; null for cpoName of the policy.")
    ] = UNSET
    families: Annotated[list[KeyFamily] | UnsetType, Meta(description="Which hierarchies there are to be.")] = UNSET
    root_days: Annotated[int | UnsetType, Meta(description="Life of roots.")] = UNSET
    issuing_days: Annotated[int | UnsetType, Meta(description="Life of issuing CAs.")] = UNSET
    station_days: Annotated[float | UnsetType, Meta(description="Life of stations' certificates.")] = UNSET
    server_days: Annotated[float | UnsetType, Meta(description="Life of server certificates.")] = UNSET
    backdated_hours: Annotated[float | UnsetType, Meta(description="How far notBefore is set back.")] = UNSET
    overlap_days: Annotated[
        int | UnsetType, Meta(description="So long before an issuing CA ends a new one takes its place.")
    ] = UNSET
    uses_pss: Annotated[bool | UnsetType, Meta(description="RSA signs with RSASSA-PSS (A00.FR.505).")] = UNSET
    keys_in_token: Annotated[bool | UnsetType, Meta(description="Keys of new CAs are made in the token.")] = UNSET
    crl_hours: Annotated[float | UnsetType, Meta(description="How long a list is good.")] = UNSET

    def applied(self, known: OwnPolicy) -> OwnPolicy:
        """Raises DomainError INVALID for what no duration can be."""
        given = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        if "families" in given:
            given["families"] = frozenset(given["families"])
        if "backdated_hours" in given:
            given["backdated"] = hours_back(given.pop("backdated_hours"))
        return replace(known, **given)


class NewOwnRoll(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is to be replaced."""

    family: Annotated[KeyFamily, Meta(description="In which hierarchy.")]
    rank: Annotated[Rank, Meta(description="`issuing` for a new issuing CA, `root` for the next root.")]


class NewOwnRevocation(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A certificate of the own authority that is to be revoked."""

    issuer_hash: Annotated[Text, Meta(description="SHA-256 of the issuer's name in DER, in hexadecimal.")]
    serial: Annotated[Text, Meta(description="The serial number, in hexadecimal.")]
    reason: Annotated[Reason, Meta(description="Why (RFC 5280 §5.3.1).")] = Reason.UNSPECIFIED


class OwnAuthority(Controller):
    path = "/own-authority"
    tags = ("Own authority",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)

    @get(summary="Show how the own authority is", operation_id="getOwnAuthority")
    async def status(self, workspace: Works) -> OwnStatusView:
        """What it is called, what is being made, and what somebody has to see to."""
        return show_status(await workspace.read(lambda services: services.own_ca.status()))

    @post(status_code=202, summary="Make the own authority's hierarchy", operation_id="createOwnAuthority")
    async def create(self, workspace: Works, asked_by: AskedBy) -> None:
        """Roots and issuing CAs are made in some seconds; they are made by themselves when the first certificate is
        asked for. Nothing happens when they are there. Refused while nobody has said whose name they bear."""
        await workspace.write(lambda services: services.own_ca.create(asked_by=asked_by))

    @get("/policy", summary="Show how the own authority issues", operation_id="getOwnAuthorityPolicy")
    async def policy(self, workspace: Works) -> OwnPolicyView:
        """What it has been told, or its defaults."""
        return show_policy(await workspace.read(lambda services: services.own_ca.policy()))

    @patch("/policy", summary="Change how the own authority issues", operation_id="changeOwnAuthorityPolicy")
    async def change_policy(
        self, data: JSONBody[OwnPolicyChange], workspace: Works, asked_by: AskedBy
    ) -> OwnPolicyView:
        """It counts for what is made and signed from now on; what is there stays as it is."""

        def change(services: Services) -> OwnPolicy:
            return services.own_ca.set_policy(data.applied(services.own_ca.policy()), asked_by=asked_by)

        return show_policy(await workspace.write(change))

    @get("/certificates", summary="List CAs of the own authority", operation_id="listOwnAuthorityCertificates")
    async def certificates(self, workspace: Works, page: Paging) -> Listing[OwnCertificateView]:
        """Roots and issuing CAs, oldest first, those that were retired too."""
        found = await workspace.read(lambda services: services.own_ca.details())
        return listing(part_of(found, page), show_own)

    @get(
        "/certificates/{fingerprint:str}",
        summary="Show a CA of the own authority",
        operation_id="getOwnAuthorityCertificate",
    )
    async def certificate(self, fingerprint: Fingerprint, workspace: Works) -> OwnCertificateView:
        """Without its key, which is never shown."""
        wanted = from_path(fingerprint)
        return show_own(await workspace.read(lambda services: services.own_ca.detail(wanted)))

    @get(
        "/certificates/{fingerprint:str}/pem",
        summary="Download a CA certificate",
        operation_id="downloadOwnAuthorityCertificate",
        media_type=PEM,
    )
    async def pem(self, fingerprint: Fingerprint, workspace: Works) -> Response[str]:
        """As PEM: what stations and others have to trust when it is a root."""
        wanted = from_path(fingerprint)
        found = await workspace.read(lambda services: services.own_ca.certificate(wanted).certificate)
        return pem_file(found)

    @get(
        "/certificates/{fingerprint:str}/cross/pem",
        summary="Download the cross certificate of a root",
        operation_id="downloadOwnAuthorityCross",
        media_type=PEM,
    )
    async def cross(self, fingerprint: Fingerprint, workspace: Works) -> Response[str]:
        """As PEM: its key and name, signed by the root before it, for stations that check a new root against the
        one they have (AdditionalRootCertificateCheck)."""
        wanted = from_path(fingerprint)
        found = await workspace.read(lambda services: services.own_ca.cross(wanted))
        return pem_file(found)

    @post("/rolls", status_code=202, summary="Replace a CA of the own authority", operation_id="rollOwnAuthority")
    async def roll(self, data: JSONBody[NewOwnRoll], workspace: Works, asked_by: AskedBy) -> None:
        """A new issuing CA takes the place of the one in force at once. A next root is trusted at once, and signs when
        it is activated; until then the stations can learn of it."""
        if data.rank is Rank.RESPONDER:
            raise invalid("OCSP responders are replaced by themselves.", field="rank")
        family = data.family
        if data.rank is Rank.ROOT:
            await workspace.write(lambda services: services.own_ca.roll_root(family, asked_by=asked_by))
        else:
            await workspace.write(lambda services: services.own_ca.roll_issuing(family, asked_by=asked_by))

    @delete(
        "/rolls/{family:str}/{rank:str}",
        summary="Take back the replacement of a CA",
        operation_id="cancelOwnAuthorityRoll",
    )
    async def cancel_roll(self, family: Family, rank: RankName, workspace: Works, asked_by: AskedBy) -> None:
        """As long as it is not made."""
        try:
            wanted = KeyFamily(from_path(family)), Rank(from_path(rank))
        except ValueError:
            raise not_found("There is no such CA; families are rsa and ecdsa, and ranks root and issuing.") from None
        await workspace.write(lambda services: services.own_ca.cancel_roll(*wanted, asked_by=asked_by))

    @post(
        "/certificates/{fingerprint:str}/activate",
        status_code=200,
        summary="Put the next root in force",
        operation_id="activateOwnAuthorityRoot",
    )
    async def activate(self, fingerprint: Fingerprint, workspace: Works, asked_by: AskedBy) -> WarnedView:
        """A new issuing CA is made below it. What was signed below the root before it stays good."""
        wanted = from_path(fingerprint)
        warnings = await workspace.write(lambda services: services.own_ca.activate(wanted, asked_by=asked_by))
        return WarnedView(warnings=in_english(warnings))

    @post(
        "/certificates/{fingerprint:str}/retire",
        status_code=200,
        summary="Give up a CA that signs no more",
        operation_id="retireOwnAuthorityCertificate",
    )
    async def retire(
        self, fingerprint: Fingerprint, workspace: Works, asked_by: AskedBy, despite: Despite = False
    ) -> WarnedView:
        """What it has signed is refused from the next handshake on, and its key is forgotten after a last list. One in
        force cannot be retired; a next root can. Refused while certificates below it are good, unless `despite`."""
        wanted = from_path(fingerprint)
        warnings = await workspace.write(
            lambda services: services.own_ca.retire(wanted, asked_by=asked_by, despite=despite)
        )
        return WarnedView(warnings=in_english(warnings))

    @get("/revocations", summary="List what the own authority revoked", operation_id="listOwnAuthorityRevocations")
    async def revocations(self, workspace: Works, page: Paging) -> Listing[OwnRevocationView]:
        """Newest first, without those that have expired."""
        return listing(await workspace.read(lambda services: services.own_ca.revocations(page)), show_own_revocation)

    @get(
        "/revocations.csv",
        summary="Download what the own authority revoked as CSV",
        operation_id="downloadOwnAuthorityRevocations",
    )
    async def download(self, workspace: Works) -> Stream:
        """All, newest first."""
        return await csv_download(
            workspace,
            lambda services, page: services.own_ca.revocations(page),
            columns=REVOCATION_COLUMNS,
            rows=revocation_rows,
            filename="own-authority-revocations.csv",
        )

    @post("/revocations", summary="Revoke a certificate of the own authority", operation_id="revokeOwnCertificate")
    async def revoke(self, data: JSONBody[NewOwnRevocation], workspace: Works, asked_by: AskedBy) -> OwnRevocationView:
        """It is refused from the next handshake on, and the next list, which is made within seconds, names it."""
        revocation = await workspace.write(
            lambda services: services.own_ca.revoke(data.issuer_hash, data.serial, data.reason, asked_by=asked_by)
        )
        return show_own_revocation(revocation)

    @delete(
        "/revocations/{issuer_hash:str}/{serial:str}",
        summary="Take back that a certificate is on hold",
        operation_id="releaseOwnCertificate",
    )
    async def unrevoke(self, issuer_hash: IssuerHash, serial: Serial, workspace: Works, asked_by: AskedBy) -> None:
        """Only for the reason certificateHold; everything else is for good."""
        hash_, number = from_path(issuer_hash), from_path(serial)
        await workspace.write(lambda services: services.own_ca.unrevoke(hash_, number, asked_by=asked_by))
