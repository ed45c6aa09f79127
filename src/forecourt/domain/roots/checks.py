"""What speaks against a root for a station, or against taking one away, in sentences for an operator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from forecourt.domain.errors import Sentence, invalid
from forecourt.domain.roots.model import MAX_INSTALLED
from forecourt.domain.roots.paths import is_self_signed
from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.errors import PkiError
from forecourt.pki.strength import weakness_of_anchor
from forecourt.pki.wording import quoted


def read_root(pem: str) -> Certificate:
    """Raises DomainError INVALID."""
    try:
        return read_certificate(pem)
    except PkiError as error:
        raise invalid("The certificate cannot be read: {}", error, field="certificate") from error


def check_is_root(certificate: Certificate) -> None:
    """Raises DomainError INVALID for what no station could take as a root, whatever is wanted."""
    if not certificate.is_authority:
        raise invalid(
            "The certificate of {} is not that of an authority (CA). Give the root itself, and nothing that it issued.",
            quoted(certificate.subject),
            field="certificate",
        )
    size = len(certificate.pem)
    if size > MAX_INSTALLED:
        raise invalid(
            "As PEM it has {} characters, and InstallCertificate carries {} at most; use a root with a smaller key or "
            "fewer extensions.",
            size,
            MAX_INSTALLED,
            field="certificate",
        )


def faults_of(certificate: Certificate, at: datetime) -> Iterator[Sentence]:
    """Why a station has to refuse it (M05.FR.06)."""
    if certificate.has_ended(at):
        yield Sentence("It expired on {:%Y-%m-%d}, and stations refuse it (M05.FR.06).", certificate.not_after)
    reason = weakness_of_anchor(certificate)
    if reason is not None:
        yield Sentence("It is too weak (A00.FR.501): {}", reason)


def doubts_of(certificate: Certificate, at: datetime) -> Iterator[str]:
    if at < certificate.not_before:
        yield f"It is not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC; a station may refuse it until then."
    if not is_self_signed(certificate):
        yield (
            f"It was issued by {quoted(certificate.issuer)}, and is no root of its own: a station may refuse it, or"
            " need that one as well."
        )


def store_is_full(count: int, limit: int) -> Sentence | None:
    """M05.FR.03, by what is known of a station that does not have the root yet."""
    if count < limit:
        return None
    return Sentence(
        "The station has {} root certificates, and takes {} (its CertificateStoreMaxLength), so that it will reject"
        " another one (M05.FR.03). Find out first which one nothing needs any more.",
        count,
        limit,
    )
