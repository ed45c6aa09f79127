"""Revoking what an authority has signed for this system, whoever that was."""

from __future__ import annotations

from dataclasses import dataclass

from forecourt.domain.authorities.model import OWN
from forecourt.domain.errors import DomainError, Kind, Sentence
from forecourt.domain.services import Services
from forecourt.domain.signing.model import IssuedCertificate
from forecourt.pki.reasons import Reason


@dataclass(frozen=True, slots=True)
class RevokedIssued:
    """An entry of the register after it was revoked, and what an operator should know about it."""

    issued: IssuedCertificate
    warnings: tuple[Sentence, ...] = ()


def revoke_issued(services: Services, fingerprint: str, reason: Reason, *, asked_by: str) -> RevokedIssued:
    """Refuse a certificate from the next handshake on. The own authority lists it as well; one outside is not told,
    because they have no way for that in common. Raises DomainError NOT_FOUND, or CONFLICT for one that is revoked."""
    issued = services.signing.issued(fingerprint)
    certificate = issued.certificate
    if issued.authority == OWN:
        try:
            services.own_ca.revoke(certificate.issuer_hash, certificate.serial, reason, asked_by=asked_by)
            return RevokedIssued(services.signing.issued(fingerprint))
        except DomainError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise  # of an issuer that was retired, the register below is what is left
    entered = services.trust.revoke_certificate(certificate, reason=reason.value, asked_by=asked_by)
    told = Sentence(
        "The authority {!r} was not told: revoke it there too, so that others learn of it.", issued.authority
    )
    warnings = entered.warnings if issued.authority == OWN else (told, *entered.warnings)
    return RevokedIssued(services.signing.issued(fingerprint), warnings)
