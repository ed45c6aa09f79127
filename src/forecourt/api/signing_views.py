"""Requests to authorities and the register of issued certificates as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from forecourt.api.trust_views import CertificateView, show_certificate
from forecourt.asgi.csv import Cell
from forecourt.domain.errors import in_english
from forecourt.domain.signing.model import IssuedCertificate, Signing, SigningState, Use
from forecourt.domain.signing.revoking import RevokedIssued


class SigningView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A request for a certificate, and what became of it."""

    signing: Annotated[int, Meta(description="Its number, which is never used again.")]
    use: Annotated[Use, Meta(description="What the certificate is for.")]
    owner: Annotated[str, Meta(description="The id of the station, or the name of the server certificate.")]
    authority: Annotated[str, Meta(description="The name of the authority that is asked.")]
    common_name: Annotated[str, Meta(description="The name (CN) that the certificate is to have.")]
    host_names: Annotated[Sequence[str], Meta(description="Host names and addresses of a server.")]
    key_digest: Annotated[str, Meta(description="SHA-256 of the public key, in hexadecimal.")]
    state: Annotated[SigningState, Meta(description="How far it is.")]
    reason: Annotated[str | None, Meta(description="What it waits for, or why there is no certificate.")]
    attempts: Annotated[int, Meta(description="How often the authority was asked in vain since it last answered.")]
    asked_by: Annotated[str, Meta(description="Who asked.")]
    asked_at: Annotated[datetime, Meta(description="When it was asked.")]
    again_at: Annotated[datetime | None, Meta(description="When the authority is asked next; null once it has ended.")]
    ended_at: Annotated[datetime | None, Meta(description="When it ended; null until then.")]
    fingerprint: Annotated[str | None, Meta(description="Of the certificate that was issued.")]


class IssuedCertificateView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A certificate that an authority signed for this system."""

    certificate: Annotated[CertificateView, Meta(description="What is written in it.")]
    signing: Annotated[int, Meta(description="The number of the request.")]
    use: Annotated[Use, Meta(description="What it is for.")]
    owner: Annotated[str, Meta(description="The id of the station, or the name of the server certificate.")]
    authority: Annotated[str, Meta(description="The name of the authority that signed it.")]
    issued_at: Annotated[datetime, Meta(description="When it came.")]
    revoked_at: Annotated[datetime | None, Meta(description="When it was revoked; null for one that was not.")]
    revoked_because: Annotated[str | None, Meta(description="Why it was revoked.")]


class RevokedIssuedView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An issued certificate after it was revoked."""

    issued: Annotated[IssuedCertificateView, Meta(description="The certificate as it is now.")]
    warnings: Annotated[Sequence[str], Meta(description="What is left to do; empty when nothing is.")]


def show_signing(signing: Signing) -> SigningView:
    return SigningView(
        signing=signing.number,
        use=signing.use,
        owner=signing.owner,
        authority=signing.authority,
        common_name=signing.common_name,
        host_names=signing.host_names,
        key_digest=signing.key_digest,
        state=signing.state,
        reason=signing.reason,
        attempts=signing.attempts,
        asked_by=signing.asked_by,
        asked_at=signing.asked_at,
        again_at=signing.again_at,
        ended_at=signing.ended_at,
        fingerprint=signing.fingerprint,
    )


def show_issued(issued: IssuedCertificate) -> IssuedCertificateView:
    return IssuedCertificateView(
        certificate=show_certificate(issued.certificate),
        signing=issued.number,
        use=issued.use,
        owner=issued.owner,
        authority=issued.authority,
        issued_at=issued.issued_at,
        revoked_at=issued.revoked_at,
        revoked_because=issued.revoked_because,
    )


def show_revoked_issued(revoked: RevokedIssued) -> RevokedIssuedView:
    return RevokedIssuedView(issued=show_issued(revoked.issued), warnings=in_english(revoked.warnings))


SIGNING_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(SigningView))


def signing_rows(signing: Signing) -> Iterator[Sequence[Cell]]:
    yield [
        int(signing.number),
        signing.use.value,
        signing.owner,
        signing.authority,
        signing.common_name,
        " ".join(signing.host_names),
        signing.key_digest,
        signing.state.value,
        signing.reason,
        signing.attempts,
        signing.asked_by,
        signing.asked_at,
        signing.again_at,
        signing.ended_at,
        signing.fingerprint,
    ]


ISSUED_COLUMNS: Final = (
    "fingerprint",
    "subject",
    "issuer",
    "serial",
    "issuerHash",
    "notBefore",
    "notAfter",
    "keyKind",
    "signing",
    "use",
    "owner",
    "authority",
    "issuedAt",
    "revokedAt",
    "revokedBecause",
)


def issued_rows(issued: IssuedCertificate) -> Iterator[Sequence[Cell]]:
    certificate = issued.certificate
    yield [
        certificate.fingerprint,
        certificate.subject,
        certificate.issuer,
        certificate.serial,
        certificate.issuer_hash,
        certificate.not_before,
        certificate.not_after,
        certificate.key_kind,
        int(issued.number),
        issued.use.value,
        issued.owner,
        issued.authority,
        issued.issued_at,
        issued.revoked_at,
        issued.revoked_because,
    ]
