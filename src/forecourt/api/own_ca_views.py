"""The own authority as the REST interface shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from forecourt.api.trust_views import CertificateView, show_certificate
from forecourt.asgi.csv import Cell
from forecourt.domain.authorities.model import (
    KeyFamily,
    OwnDetail,
    OwnPolicy,
    OwnRevocation,
    OwnStatus,
    Phase,
    Rank,
)
from forecourt.domain.errors import in_english
from forecourt.pki.reasons import Reason


class OwnCertificateView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A root or an issuing CA of the own authority. Its key is never shown."""

    certificate: Annotated[CertificateView, Meta(description="What is written in it.")]
    family: Annotated[KeyFamily, Meta(description="Which keys its hierarchy has.")]
    rank: Annotated[Rank, Meta(description="What it is in the hierarchy.")]
    phase: Annotated[Phase, Meta(description="Where it is in its life.")]
    issued_by: Annotated[str | None, Meta(description="Fingerprint of its root; null for a root.")]
    cross: Annotated[
        CertificateView | None,
        Meta(description="Of a root that follows another one: its key and name, signed by the one before."),
    ]
    in_token: Annotated[bool, Meta(description="Its key is in the PKCS#11 token.")]
    address: Annotated[str, Meta(description="Names it under /pki: `ADDRESS.crl`, `ADDRESS.cer`, `ocsp/ADDRESS`.")]
    made_at: Annotated[datetime, Meta(description="When it was made.")]
    list_number: Annotated[int | None, Meta(description="Of its list of revoked certificates; null before its first.")]
    list_until: Annotated[datetime | None, Meta(description="Until when that list is good.")]
    below: Annotated[int, Meta(description="How many certificates of stations and servers below it are good.")]


class OwnRollView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A CA certificate that was asked for and is not made yet."""

    family: Annotated[KeyFamily, Meta(description="In which hierarchy.")]
    rank: Annotated[Rank, Meta(description="What it is to be.")]


class OwnStatusView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How the own authority is."""

    organisation: Annotated[str | None, Meta(description="Whose name CA certificates bear; null while nobody said it.")]
    rolls: Annotated[Sequence[OwnRollView], Meta(description="What was asked for and is not made yet.")]
    uses_token: Annotated[bool, Meta(description="A key that is needed is in the PKCS#11 token.")]
    troubles: Annotated[Sequence[str], Meta(description="What an operator has to see to, in sentences.")]


class OwnPolicyView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How the own authority issues."""

    organisation: Annotated[
        str | None, Meta(description="Whose name CA certificates bear; null for cpoName of the security policy.")
    ]
    families: Annotated[Sequence[KeyFamily], Meta(description="Which hierarchies there are to be.")]
    root_days: Annotated[int, Meta(description="Life of roots.")]
    issuing_days: Annotated[int, Meta(description="Life of issuing CAs.")]
    station_days: Annotated[float, Meta(description="Life of stations' certificates.")]
    server_days: Annotated[float, Meta(description="Life of server certificates.")]
    backdated_hours: Annotated[float, Meta(description="How far notBefore is set back, for clocks that are late.")]
    overlap_days: Annotated[
        int, Meta(description="So long before an issuing CA ends a new one takes its place by itself.")
    ]
    uses_pss: Annotated[
        bool, Meta(description="RSA signs with RSASSA-PSS (A00.FR.505) and not with PKCS#1 v1.5, which stations take.")
    ]
    keys_in_token: Annotated[bool, Meta(description="Keys of new CAs are made in the PKCS#11 token of the settings.")]
    crl_hours: Annotated[float, Meta(description="How long a list of revoked certificates is good.")]


class OwnRevocationView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A certificate that the own authority has revoked."""

    issuer_hash: Annotated[str, Meta(description="SHA-256 of the issuer's name in DER, in hexadecimal.")]
    serial: Annotated[str, Meta(description="The serial number, in hexadecimal.")]
    subject: Annotated[str, Meta(description="Whose it is; empty when only the number is known.")]
    reason: Annotated[Reason, Meta(description="Why (RFC 5280 §5.3.1).")]
    revoked_by: Annotated[str, Meta(description="Who revoked it.")]
    revoked_at: Annotated[datetime, Meta(description="When it was revoked.")]
    not_after: Annotated[datetime | None, Meta(description="When it expires; null when that is not known.")]


class WarnedView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """It was done."""

    warnings: Annotated[Sequence[str], Meta(description="What follows from it.")]


def show_status(status: OwnStatus) -> OwnStatusView:
    return OwnStatusView(
        organisation=status.organisation,
        rolls=[OwnRollView(family=family, rank=rank) for family, rank in status.rolls],
        uses_token=status.uses_token,
        troubles=in_english(status.troubles),
    )


def show_own(detail: OwnDetail) -> OwnCertificateView:
    own = detail.own
    return OwnCertificateView(
        certificate=show_certificate(own.certificate),
        family=own.family,
        rank=own.rank,
        phase=own.phase,
        issued_by=own.issuer,
        cross=None if own.cross is None else show_certificate(own.cross),
        in_token=own.is_in_token,
        address=own.address,
        made_at=own.made_at,
        list_number=None if detail.list is None else detail.list.number,
        list_until=None if detail.list is None else detail.list.next_update,
        below=detail.below,
    )


def show_policy(policy: OwnPolicy) -> OwnPolicyView:
    return OwnPolicyView(
        organisation=policy.organisation,
        families=sorted(policy.families, key=lambda family: family.value),
        root_days=policy.root_days,
        issuing_days=policy.issuing_days,
        station_days=policy.station_days,
        server_days=policy.server_days,
        backdated_hours=policy.backdated.total_seconds() / 3600,
        overlap_days=policy.overlap_days,
        uses_pss=policy.uses_pss,
        keys_in_token=policy.keys_in_token,
        crl_hours=policy.crl_hours,
    )


def show_own_revocation(revocation: OwnRevocation) -> OwnRevocationView:
    return OwnRevocationView(
        issuer_hash=revocation.issuer_hash,
        serial=revocation.serial,
        subject=revocation.subject,
        reason=revocation.reason,
        revoked_by=revocation.revoked_by,
        revoked_at=revocation.revoked_at,
        not_after=revocation.not_after,
    )


REVOCATION_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(OwnRevocationView))
"""Of a list as CSV."""


def revocation_rows(revocation: OwnRevocation) -> Iterator[Sequence[Cell]]:
    view = show_own_revocation(revocation)
    yield [
        view.issuer_hash,
        view.serial,
        view.subject,
        view.reason.value,
        view.revoked_by,
        view.revoked_at,
        view.not_after,
    ]
