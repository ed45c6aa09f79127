"""Requests to authorities and issued certificates as commands print them."""

from __future__ import annotations

from typing import Final

from forecourt.cli.output import Facts
from forecourt.domain.signing.model import IssuedCertificate, Signing

SIGNING_COLUMNS: Final = (
    "signing",
    "use",
    "owner",
    "authority",
    "commonName",
    "hostNames",
    "keyDigest",
    "state",
    "reason",
    "attempts",
    "askedBy",
    "askedAt",
    "againAt",
    "endedAt",
    "fingerprint",
)
SIGNING_SHOWN: Final = ("signing", "state", "use", "owner", "authority", "askedAt", "againAt", "reason")

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
ISSUED_SHOWN: Final = ("owner", "use", "subject", "serial", "notAfter", "authority", "revokedBecause", "fingerprint")


def signing_facts(signing: Signing) -> Facts:
    return {
        "signing": signing.number,
        "use": signing.use.value,
        "owner": signing.owner,
        "authority": signing.authority,
        "commonName": signing.common_name,
        "hostNames": " ".join(signing.host_names),
        "keyDigest": signing.key_digest,
        "state": signing.state.value,
        "reason": signing.reason,
        "attempts": signing.attempts,
        "askedBy": signing.asked_by,
        "askedAt": signing.asked_at,
        "againAt": signing.again_at,
        "endedAt": signing.ended_at,
        "fingerprint": signing.fingerprint,
    }


def issued_facts(issued: IssuedCertificate) -> Facts:
    certificate = issued.certificate
    return {
        "fingerprint": certificate.fingerprint,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "issuerHash": certificate.issuer_hash,
        "notBefore": certificate.not_before,
        "notAfter": certificate.not_after,
        "keyKind": certificate.key_kind,
        "signing": issued.number,
        "use": issued.use.value,
        "owner": issued.owner,
        "authority": issued.authority,
        "issuedAt": issued.issued_at,
        "revokedAt": issued.revoked_at,
        "revokedBecause": issued.revoked_because,
    }
