"""What a station's certificate proves: evidence from a chain, without I/O (A00.FR.403–407, A00.FR.501–504)."""

from __future__ import annotations

import enum
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog
from cryptography.x509 import ExtendedKeyUsage, ExtensionNotFound
from cryptography.x509.oid import ExtendedKeyUsageOID

from forecourt.gateway.trust import Trusting
from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.errors import BadCertificate
from forecourt.pki.path import PathFault, PathRefused, verify_path

MAX_CERTIFICATES: Final = 10
"""In a chain. Whoever sends more wants us to compute."""

MAX_CERTIFICATE_BYTES: Final = 65_536

_OF_CLIENTS: Final = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})

_log = structlog.get_logger(__name__)


class CertificateVerdict(enum.Enum):
    """What became of the certificate that a station showed."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    """Too weak, not valid now, or leading to nothing that is trusted."""
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """Whether it was revoked cannot be learned now, and the policy wants it known."""
    FAILED = "failed"
    """Our own code failed on it."""
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A certificate that leads to an anchor."""

    leaf: Certificate
    intermediates: tuple[Certificate, ...]
    """As the station sent them."""
    path: tuple[Certificate, ...]
    """The leaf first, the anchor last."""
    is_onboarding: bool
    """It leads to an anchor for makers' certificates, and to none for those of stations (A00.FR.406)."""
    examined_at: datetime
    version: int
    """Of the store."""


@dataclass(frozen=True, slots=True)
class CertificateProof:
    """What a station proved with a certificate."""

    verdict: CertificateVerdict
    sentence: str = ""
    """Why it is not good, for the operator."""
    leaf: Certificate | None = None
    """Also of one that is not good, when it can be read."""
    evidence: Evidence | None = None
    """Only of one that is good."""
    doubt: str | None = None
    """What could not be learned of a good one, and was taken as good (RevocationMode.SOFT)."""
    issued_for: str | None = None
    """For whom a good one was issued, by the register of issued certificates, when that is not the station that showed
    it."""

    @property
    def was_presented(self) -> bool:
        return self.verdict is not CertificateVerdict.MISSING


NO_CERTIFICATE: Final = CertificateProof(CertificateVerdict.MISSING, "It came without a certificate.")


def examine(chain: Sequence[bytes], trusting: Trusting, at: datetime) -> CertificateProof:
    """What a chain proves, the station's certificate first, in DER or PEM. Never raises.

    Says GOOD for a certificate that is strong enough, valid, for TLS clients, and on a path to an anchor of which
    nothing is disabled or in our own register.
    What its CA says of it comes on top: :class:`forecourt.gateway.revocation_desk.RevocationDesk`.
    """
    if not chain:
        return NO_CERTIFICATE
    if len(chain) > MAX_CERTIFICATES:
        return _unreadable(f"It sent {len(chain)} certificates; more than {MAX_CERTIFICATES} are not looked at.")
    if any(len(one) > MAX_CERTIFICATE_BYTES for one in chain):
        return _unreadable(f"It sent a certificate of more than {MAX_CERTIFICATE_BYTES} bytes.")
    try:
        leaf = read_certificate(chain[0])
        intermediates = tuple(_intermediate(one) for one in chain[1:])
    except BadCertificate as error:
        return _unreadable(str(error))
    except Exception as error:  # noqa: BLE001  # what a stranger sends must not do more than refuse the stranger
        return _failed(None, error)
    return examine_again(leaf, intermediates, trusting, at)


@functools.lru_cache(maxsize=256)
def _intermediate(der: bytes) -> Certificate:
    """Those of stations of one make are the same: read once, kept once."""
    return read_certificate(der)


def examine_again(
    leaf: Certificate, intermediates: tuple[Certificate, ...], trusting: Trusting, at: datetime
) -> CertificateProof:
    """The same for certificates that were read before, as of another version of the store."""
    try:
        return _examine(leaf, intermediates, trusting, at)
    except Exception as error:  # noqa: BLE001  # as above
        return _failed(leaf, error)


def _examine(
    leaf: Certificate, intermediates: tuple[Certificate, ...], trusting: Trusting, at: datetime
) -> CertificateProof:
    helpers = [one for one in intermediates if one.fingerprint not in trusting.distrusted]
    is_onboarding = False
    try:
        path = verify_path(leaf, helpers, trusting.station_anchors, at)
    except PathRefused as own:
        try:
            path = verify_path(leaf, helpers, trusting.onboarding_anchors, at)
        except PathRefused as makers:
            refused = own if makers.fault is PathFault.UNTRUSTED else makers
            return _refused(leaf, _with_the_disabled(refused, intermediates, trusting))
        is_onboarding = True
    for certificate in path:
        if certificate.fingerprint in trusting.distrusted:
            return _refused(leaf, f"{_named(certificate, leaf)} is disabled in the store of trusted certificates.")
        if _is_in_register(certificate, trusting):
            sentence = f"{_named(certificate, leaf)} is in the register of revoked certificates."
            return CertificateProof(CertificateVerdict.REVOKED, sentence, leaf)
    for certificate in path[:-1]:
        if not _may_identify_clients(certificate):
            sentence = f"{_named(certificate, leaf)} is not for TLS clients by its extended key usage"
            return _refused(leaf, f"{sentence}. Have it issued with clientAuth, or without that extension.")
    evidence = Evidence(leaf, intermediates, path, is_onboarding, at, trusting.version)
    return CertificateProof(CertificateVerdict.GOOD, "", leaf, evidence)


def _with_the_disabled(refused: PathRefused, intermediates: Sequence[Certificate], trusting: Trusting) -> str:
    disabled = [one.subject for one in intermediates if one.fingerprint in trusting.distrusted]
    if refused.fault is not PathFault.UNTRUSTED or not disabled:
        return refused.sentence
    return f"{refused.sentence} It presented a CA certificate that is disabled in the store: {disabled[0]!r}."


def _is_in_register(certificate: Certificate, trusting: Trusting) -> bool:
    return (certificate.issuer_hash, certificate.serial) in trusting.revoked


def _may_identify_clients(certificate: Certificate) -> bool:
    """Whether its extended key usage, where it has one, lets TLS clients use it (RFC 5280 §4.2.1.12). In the
    certificate of a CA it bounds what that CA may issue, as all who verify paths have it."""
    try:
        usages = certificate.x509.extensions.get_extension_for_class(ExtendedKeyUsage).value
    except ExtensionNotFound:
        return True
    return not _OF_CLIENTS.isdisjoint(usages)


def still_holds(evidence: Evidence, trusting: Trusting) -> bool:
    """Whether nothing that a path relied on has changed in the store since it was proven: then it need not be proven
    again. Set look-ups only: a version of the store is followed by this question for every open link."""
    anchors = trusting.onboarding_anchors if evidence.is_onboarding else trusting.station_anchors
    own = (evidence.leaf, *evidence.intermediates)
    return evidence.path[-1] in anchors and not any(
        one.fingerprint in trusting.distrusted
        or _is_in_register(one, trusting)
        or (one not in own and one not in anchors.named(one.subject_hash))
        for one in evidence.path
    )


def revoked(proof: CertificateProof, sentence: str) -> CertificateProof:
    """The same certificate, of which its CA says that it is revoked."""
    return replace(proof, verdict=CertificateVerdict.REVOKED, sentence=sentence, evidence=None)


def unknown(proof: CertificateProof, sentence: str) -> CertificateProof:
    """The same certificate, of which its CA says nothing, where the policy wants to know."""
    return replace(proof, verdict=CertificateVerdict.UNKNOWN, sentence=sentence, evidence=None)


def _named(certificate: Certificate, leaf: Certificate) -> str:
    return "The certificate" if certificate == leaf else f"The CA certificate {certificate.subject!r}"


def _refused(leaf: Certificate, sentence: str) -> CertificateProof:
    return CertificateProof(CertificateVerdict.REFUSED, sentence, leaf)


def _unreadable(sentence: str) -> CertificateProof:
    return CertificateProof(CertificateVerdict.UNREADABLE, sentence)


def _failed(leaf: Certificate | None, error: Exception) -> CertificateProof:
    _log.error("certificate_not_examined", error=repr(error)[:300], exc_info=error)
    return CertificateProof(
        CertificateVerdict.FAILED, f"Looking at its certificate failed: {type(error).__name__}.", leaf
    )
