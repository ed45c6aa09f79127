"""Certificates and what is trusted as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from forecourt.asgi.csv import Cell
from forecourt.domain.trust.importing import Fate, ImportOutcome
from forecourt.domain.trust.model import Origin, Purpose, Role, Trusted, Unusable
from forecourt.pki.certificate import Certificate


class CertificateView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What is written in a certificate."""

    fingerprint: Annotated[str, Meta(description="SHA-256 of the certificate, in hexadecimal; names it everywhere.")]
    subject: Annotated[str, Meta(description="Whose it is, as RFC 4514 writes it.")]
    issuer: Annotated[str, Meta(description="Who issued it.")]
    serial: Annotated[str, Meta(description="Its serial number, in hexadecimal.")]
    issuer_hash: Annotated[
        str, Meta(description="SHA-256 of the issuer's name in DER; with the serial number it names what is revoked.")
    ]
    not_before: Annotated[datetime, Meta(description="From when it is valid.")]
    not_after: Annotated[datetime, Meta(description="Until when it is valid.")]
    key_kind: Annotated[str, Meta(description="The kind of its key, such as RSA 2048 or EC secp256r1.")]
    authority: Annotated[bool, Meta(description="Whether it belongs to an authority (CA).")]


class TrustedCertificateView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A certificate of the store, and what it is trusted for."""

    certificate: Annotated[CertificateView, Meta(description="What is written in it.")]
    purposes: Annotated[Sequence[Purpose], Meta(description="What it is trusted for.")]
    role: Annotated[Role, Meta(description="Whether a path may end with it, or only lead over it.")]
    enabled: Annotated[bool, Meta(description="Whether it counts.")]
    origin: Annotated[Origin, Meta(description="How it came into the store.")]
    added_by: Annotated[str, Meta(description="Who added it.")]
    added_at: Annotated[datetime, Meta(description="When it was added.")]


class ChangedTrustView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A certificate of the store after a change."""

    trusted: Annotated[TrustedCertificateView, Meta(description="The certificate as it is now.")]
    warnings: Annotated[Sequence[str], Meta(description="What follows from the change.")]


class RemovedView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What follows from a removal."""

    warnings: Annotated[Sequence[str], Meta(description="What follows from the removal; empty when nothing does.")]


class UnusableView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Something in the store that cannot be read any more."""

    name: Annotated[
        str,
        Meta(
            description="The fingerprint of a trusted certificate, the name of a server certificate, or the hash of a "
            "list's issuer."
        ),
    ]
    reason: Annotated[str, Meta(description="What it is, and why it cannot be used.")]


class ImportOutcomeView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What became of one certificate of a bundle."""

    position: Annotated[int, Meta(description="Its place in the bundle, from 1.")]
    outcome: Annotated[Fate, Meta(description="Whether it is in the store now.")]
    reason: Annotated[str, Meta(description="What became of it, and what to do.")]
    role: Annotated[Role | None, Meta(description="As what it is in the store; null when it is not.")]
    enabled: Annotated[bool | None, Meta(description="Whether it counts; null when it is not in the store.")]
    certificate: Annotated[
        CertificateView | None, Meta(description="What is written in it; null when it cannot be read.")
    ]


class ImportResultView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What became of a bundle: each certificate is taken or refused by itself."""

    added: Annotated[int, Meta(description="How many are new in the store.")]
    extended: Annotated[int, Meta(description="How many were there already, and are trusted for more now.")]
    known: Annotated[int, Meta(description="How many were there already, and were left as they are.")]
    refused: Annotated[int, Meta(description="How many were refused.")]
    outcomes: Annotated[Sequence[ImportOutcomeView], Meta(description="Each of them, in order.")]


def show_certificate(certificate: Certificate) -> CertificateView:
    return CertificateView(
        fingerprint=certificate.fingerprint,
        subject=certificate.subject,
        issuer=certificate.issuer,
        serial=certificate.serial,
        issuer_hash=certificate.issuer_hash,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        key_kind=certificate.key_kind,
        authority=certificate.is_authority,
    )


def show_trusted(trusted: Trusted) -> TrustedCertificateView:
    return TrustedCertificateView(
        certificate=show_certificate(trusted.certificate),
        purposes=sorted(trusted.purposes, key=lambda purpose: purpose.value),
        role=trusted.role,
        enabled=trusted.is_enabled,
        origin=trusted.origin,
        added_by=trusted.added_by,
        added_at=trusted.added_at,
    )


def show_unusable(unusable: Unusable) -> UnusableView:
    return UnusableView(name=unusable.name, reason=str(unusable.reason))


def show_import(outcomes: Sequence[ImportOutcome]) -> ImportResultView:
    fates = [outcome.fate for outcome in outcomes]
    return ImportResultView(
        added=fates.count(Fate.ADDED),
        extended=fates.count(Fate.EXTENDED),
        known=fates.count(Fate.KNOWN),
        refused=fates.count(Fate.REFUSED),
        outcomes=[
            ImportOutcomeView(
                position=outcome.position,
                outcome=outcome.fate,
                reason=str(outcome.sentence),
                role=outcome.role,
                enabled=outcome.is_enabled,
                certificate=None if outcome.certificate is None else show_certificate(outcome.certificate),
            )
            for outcome in outcomes
        ],
    )


_CERTIFICATE: Final = tuple(field.encode_name for field in msgspec.structs.fields(CertificateView))

COLUMNS: Final = (*_CERTIFICATE, "purposes", "role", "enabled", "origin", "addedBy", "addedAt")
"""Of a list as CSV."""


def trusted_rows(trusted: Trusted) -> Iterator[Sequence[Cell]]:
    certificate = show_certificate(trusted.certificate)
    view = show_trusted(trusted)
    yield [
        *(getattr(certificate, name) for name in certificate.__struct_fields__),
        " ".join(purpose.value for purpose in view.purposes),
        view.role.value,
        view.enabled,
        view.origin.value,
        view.added_by,
        view.added_at,
    ]
