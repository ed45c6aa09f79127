"""Whether a certificate leads to an anchor that is trusted (RFC 5280 §6; A00.FR.403)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import verification

from forecourt.pki.certificate import Certificate, tolerance
from forecourt.pki.errors import PathFault, PathRefused
from forecourt.pki.strength import weak_signature, weakness, weakness_of_anchor
from forecourt.pki.wording import in_short, moment, quoted

__all__ = ["MAX_PRESENTED", "Anchors", "PathFault", "PathRefused", "verify_path"]

MAX_PRESENTED: Final = 10
"""Intermediate certificates that a peer may present; a path has eight at most."""

_AUTHORITY_KEYS: Final = frozenset({"EC secp256r1", "EC secp384r1", "EC secp521r1"})
"""With RSA, the keys with which the library lets a CA sign."""
_MAX_SERIAL: Final = 20
"""Octets of a serial number (RFC 5280 §4.1.2.2). Longer ones could not be entered as revoked."""
_MAX_RSA: Final = 8_192
"""Bits of keys with which signatures are checked to explain a refusal; larger ones take too long."""
_POSSIBLE_KEYS: Final = "RSA from 2048 bits and the curves secp256r1, secp384r1 and secp521r1"


class Anchors:
    """The certificates that a path may end with, and those that help to build one, prepared for many questions.

    Without any anchor every certificate is refused.
    """

    __slots__ = ("_anchors", "_by_name", "_store")

    def __init__(self, anchors: Sequence[Certificate], intermediates: Sequence[Certificate]) -> None:
        self._anchors = {certificate.x509: certificate for certificate in anchors}
        self._by_name = _by_name((*anchors, *intermediates))
        self._store = verification.Store(list(self._anchors)) if anchors else None

    def __contains__(self, certificate: Certificate) -> bool:
        return certificate.x509 in self._anchors

    def named(self, subject_hash: str) -> Sequence[Certificate]:
        """Anchors and intermediates of a name."""
        return self._by_name.get(subject_hash, ())

    def path(self, leaf: Certificate, helpers: Sequence[Certificate], at: datetime) -> tuple[Certificate, ...]:
        """The path that the library finds. Raises VerificationError."""
        if self._store is None:
            raise verification.VerificationError("there are no anchors")
        rules = verification.PolicyBuilder().store(self._store).time(at)
        rules = rules.extension_policies(ca_policy=_OF_AUTHORITIES, ee_policy=_OF_LEAVES)
        with tolerance():
            found = rules.build_client_verifier().verify(leaf.x509, [helper.x509 for helper in helpers]).chain
        known = {certificate.x509: certificate for certificate in (leaf, *helpers)} | self._anchors
        return tuple(known[certificate] for certificate in found)


def verify_path(
    leaf: Certificate, intermediates: Sequence[Certificate], anchors: Anchors, at: datetime
) -> tuple[Certificate, ...]:
    """The path from a certificate to an anchor, which is the last in it.

    ``intermediates`` are what the peer presented, in any order; what does not belong to the path is passed over. Every
    certificate below the anchor must be strong enough (A00.FR.501–506). Raises PathRefused. Whether a certificate was
    revoked, and what it may be used for, are other questions.
    """
    if (fault := _out_of_time(leaf, at)) is not None:
        raise fault
    if leaf.is_authority:
        raise PathRefused(PathFault.AUTHORITY, f"The certificate {quoted(leaf.subject)} is that of a CA.")
    if (why := weakness(leaf)) is not None:
        raise _weak(leaf, why)
    if not _is_revocable(leaf):
        sentence = f"The serial number of the certificate {quoted(leaf.subject)} is longer than {_MAX_SERIAL} octets"
        raise PathRefused(PathFault.UNUSABLE, f"{sentence} (RFC 5280 §4.1.2.2).")
    if len(intermediates) > MAX_PRESENTED:
        sentence = f"{len(intermediates)} intermediate certificates were presented, and {MAX_PRESENTED} are the most."
        raise PathRefused(PathFault.UNUSABLE, sentence)
    above = _above(leaf, intermediates, anchors, _is_named_by)[1:]
    helpers = [each for each in above if each not in anchors and weakness(each) is None and _is_revocable(each)]
    try:
        return anchors.path(leaf, helpers, at)
    except (verification.VerificationError, ValueError, UnsupportedAlgorithm) as error:
        raise _refusal(_above(leaf, intermediates, anchors, _is_signed_by), anchors, at, error) from error


def _must_sign_certificates(
    policy: verification.Policy, certificate: x509.Certificate, usage: x509.KeyUsage | None
) -> None:
    """RFC 5280 §6.1.4 (n), which the library leaves to its caller."""
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("a CA whose key usage does not let it sign certificates")


_OF_AUTHORITIES: Final = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, None)
    .may_be_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _must_sign_certificates)
)
_OF_LEAVES: Final = verification.ExtensionPolicy.permit_all()
"""Stations have certificates without any extension; OCPP 1.6 demands none."""


def _by_name(certificates: Iterable[Certificate]) -> dict[str, list[Certificate]]:
    named: defaultdict[str, list[Certificate]] = defaultdict(list)
    for certificate in certificates:
        named[certificate.subject_hash].append(certificate)
    return dict(named)


def _above(
    leaf: Certificate,
    intermediates: Sequence[Certificate],
    anchors: Anchors,
    is_issuer: Callable[[Certificate, Certificate], bool],
) -> list[Certificate]:
    """The certificate and all that lead from it to anchors, nearest first.

    It only chooses what the library is given, and what a refusal tells of. The library decides.
    """
    presented = _by_name(intermediates)
    found: dict[Certificate, None] = {leaf: None}
    nearest = [leaf]
    while nearest:
        issuers = {
            issuer: None
            for each in nearest
            if each not in anchors
            for issuer in (*presented.get(each.issuer_hash, ()), *anchors.named(each.issuer_hash))
            if issuer not in found and is_issuer(each, issuer)
        }
        found |= issuers
        nearest = list(issuers)
    return list(found)


def _is_named_by(certificate: Certificate, issuer: Certificate) -> bool:
    return certificate.issuer_hash == issuer.subject_hash


def _is_signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """With an algorithm that is not supported it counts as signed, so that the refusal can name the algorithm."""
    key = issuer.x509.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size > _MAX_RSA:
        return False
    try:
        certificate.x509.verify_directly_issued_by(issuer.x509)
    except UnsupportedAlgorithm:
        return True
    except (InvalidSignature, ValueError, TypeError):
        return weak_signature(certificate) is not None
    return True


def _out_of_time(certificate: Certificate, at: datetime) -> PathRefused | None:
    """The second that a certificate names belongs to its validity (RFC 5280 §4.1.2.5)."""
    who, second = f"The certificate {quoted(certificate.subject)}", at.replace(microsecond=0)
    if certificate.has_ended(at):
        return PathRefused(PathFault.EXPIRED, f"{who} expired at {moment(certificate.not_after)}.")
    if second < certificate.not_before:
        return PathRefused(PathFault.NOT_YET_VALID, f"{who} is not valid before {moment(certificate.not_before)}.")
    return None


def _is_revocable(certificate: Certificate) -> bool:
    return int(certificate.serial, 16).bit_length() <= 8 * _MAX_SERIAL


def _weak(certificate: Certificate, why: str) -> PathRefused:
    return PathRefused(PathFault.WEAK, f"The certificate {quoted(certificate.subject)} is too weak. {why}")


def _refusal(found: Sequence[Certificate], anchors: Anchors, at: datetime, error: Exception) -> PathRefused:
    """Why the library found no path, told from what is above the certificate."""
    if not any(certificate in anchors for certificate in found):
        return PathRefused(PathFault.UNTRUSTED, _where_it_ends(found, anchors))
    for certificate in found:
        if (fault := _out_of_time(certificate, at)) is not None:
            return fault
    for certificate in found:
        why = weakness_of_anchor(certificate) if certificate in anchors else weakness(certificate)
        if why is not None:
            return _weak(certificate, why)
    for certificate in found[1:]:
        if not certificate.key_kind.startswith("RSA ") and certificate.key_kind not in _AUTHORITY_KEYS:
            key = f"The key of the CA {quoted(certificate.subject)} is {certificate.key_kind}"
            return PathRefused(PathFault.UNUSABLE, f"{key}; possible are {_POSSIBLE_KEYS}.")
    leaf = quoted(found[0].subject)
    return PathRefused(PathFault.UNUSABLE, f"The path from the certificate {leaf} breaks a rule: {_rule(error)}.")


def _rule(error: Exception) -> str:
    said = str(error)
    for beginning in ("validation failed: ", "candidates exhausted: ", "fatal error: ", _OF_OURS):
        said = said.removeprefix(beginning)
    for end in (" (encountered processing", ": AlgorithmIdentifier"):
        said = said.split(end, maxsplit=1)[0]
    return in_short(said)


_OF_OURS: Final = "Python extension validator failed: ValueError: "


def _where_it_ends(found: Sequence[Certificate], anchors: Anchors) -> str:
    top = found[-1]
    who = f"The certificate {quoted(top.subject)}"
    if anchors.named(top.issuer_hash):
        return f"{who} names a trusted issuer, {quoted(top.issuer)}, and is not signed with the key that is trusted."
    if top.is_self_issued:
        return f"{who} is signed by itself, and is not among the trusted ones."
    return f"{who} was issued by {quoted(top.issuer)}, which is not known, and was not presented."
