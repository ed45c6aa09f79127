"""Certificates and what is trusted, as commands print them."""

from __future__ import annotations

from typing import Final

from forecourt.cli.output import Facts
from forecourt.domain.trust.held import Held
from forecourt.domain.trust.importing import ImportOutcome
from forecourt.domain.trust.model import Revoked, ServerChain, Trusted, Unusable
from forecourt.pki.certificate import Certificate
from forecourt.pki.chain import host_names
from forecourt.pki.revocation import Crl

TRUST_COLUMNS: Final = (
    *("fingerprint", "subject", "issuer", "serial", "issuerHash", "notBefore", "notAfter", "keyKind"),
    *("purposes", "role", "enabled", "origin", "addedBy", "addedAt"),
)
TRUST_SHOWN: Final = ("fingerprint", "subject", "purposes", "role", "enabled", "notAfter")
UNUSABLE_COLUMNS: Final = ("name", "reason")
IMPORT_COLUMNS: Final = ("position", "outcome", "role", "enabled", "subject", "fingerprint", "reason")
IMPORT_SHOWN: Final = ("position", "outcome", "subject", "reason")
REVOKED_COLUMNS: Final = ("issuerHash", "serial", "subject", "reason", "revokedBy", "revokedAt", "notAfter")
CRL_COLUMNS: Final = ("issuer", "issuerHash", "authorityKey", "digest", "thisUpdate", "nextUpdate", "entries")
HELD_COLUMNS: Final = ("use", "how", "learnedAt", "fingerprint", "subject", "issuer", "serial", "notAfter")
SERVED_COLUMNS: Final = (
    *("name", "enabled", "commonNames", "hostNames", "keyKind", "notAfter", "fingerprint", "issuer"),
    *("certificates", "addedBy", "addedAt"),
)
SERVED_SHOWN: Final = ("name", "enabled", "commonNames", "hostNames", "keyKind", "notAfter")


def certificate_facts(certificate: Certificate) -> Facts:
    return {
        "fingerprint": certificate.fingerprint,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "issuerHash": certificate.issuer_hash,
        "notBefore": certificate.not_before,
        "notAfter": certificate.not_after,
        "keyKind": certificate.key_kind,
    }


def trusted_facts(trusted: Trusted) -> Facts:
    return {
        **certificate_facts(trusted.certificate),
        "purposes": sorted(purpose.value for purpose in trusted.purposes),
        "role": trusted.role.value,
        "enabled": trusted.is_enabled,
        "origin": trusted.origin.value,
        "addedBy": trusted.added_by,
        "addedAt": trusted.added_at,
    }


def unusable_facts(unusable: Unusable) -> Facts:
    return {"name": unusable.name, "reason": str(unusable.reason)}


def outcome_facts(outcome: ImportOutcome) -> Facts:
    known = outcome.certificate
    return {
        "position": outcome.position,
        "outcome": outcome.fate.value,
        "role": None if outcome.role is None else outcome.role.value,
        "enabled": outcome.is_enabled,
        "subject": None if known is None else known.subject,
        "fingerprint": None if known is None else known.fingerprint,
        "reason": str(outcome.sentence),
    }


def revoked_facts(revoked: Revoked) -> Facts:
    return {
        "issuerHash": revoked.issuer_hash,
        "serial": revoked.serial,
        "subject": revoked.subject,
        "reason": revoked.reason,
        "revokedBy": revoked.revoked_by,
        "revokedAt": revoked.revoked_at,
        "notAfter": revoked.not_after,
    }


def crl_facts(crl: Crl) -> Facts:
    return {
        "issuer": crl.issuer,
        "issuerHash": crl.issuer_hash,
        "authorityKey": crl.authority_key,
        "digest": crl.digest,
        "thisUpdate": crl.this_update,
        "nextUpdate": crl.next_update,
        "entries": len(crl.serials),
    }


def held_facts(held: Held) -> Facts:
    return {
        "use": held.use.value,
        "how": held.how.value,
        "learnedAt": held.learned_at,
        **certificate_facts(held.certificate),
    }


def served_facts(served: ServerChain) -> Facts:
    leaf = served.chain[0]
    return {
        "name": served.name,
        "enabled": served.is_enabled,
        "commonNames": leaf.common_names,
        "hostNames": host_names(leaf),
        "keyKind": leaf.key_kind,
        "notAfter": min(one.not_after for one in served.chain),
        "fingerprint": leaf.fingerprint,
        "issuer": leaf.issuer,
        "certificates": len(served.chain),
        "addedBy": served.added_by,
        "addedAt": served.added_at,
    }
