"""Whether stations will accept firmware: its signature, and the certificate that it was signed with (A00.FR.706).

What this says warns, and does not forbid: only the station's own check counts, and whoever tests a station must be able
to send it a wrong signature (OCPP 1.6 certification case 081).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.files.model import Kept
from forecourt.domain.firmware.model import Check, Signed
from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.errors import PathRefused, PkiError
from forecourt.pki.firmware import may_sign_files
from forecourt.pki.path import Anchors, verify_path
from forecourt.pki.signatures import Digests, verify_signature
from forecourt.pki.strength import weakness_of_anchor
from forecourt.pki.wording import quoted

_NO_ANCHOR: Final = (
    "No manufacturer root is in the store for firmwareSigning, so that nobody can tell whose the signing certificate"
    " is: import the maker's root for this purpose."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Makers:
    """Who may sign firmware."""

    anchors: Sequence[Certificate]
    intermediates: Sequence[Certificate]
    is_revoked: Callable[[Certificate], bool]


def check_signed(file: Kept, signed: Signed, makers: Makers, at: datetime) -> Check:
    """Check both, and tell everything that is wrong."""
    try:
        certificate = read_certificate(signed.certificate)
    except PkiError as error:
        return Check(scheme=None, fault=f"The signing certificate cannot be used: {error}", at=at)
    scheme, faults = _scheme_of(file, signed.signature, certificate)
    faults += _faults_of(certificate, makers, at)
    return Check(scheme=scheme, fault=" ".join(faults) or None, at=at)


def _scheme_of(file: Kept, signature: str, certificate: Certificate) -> tuple[str | None, list[str]]:
    try:
        content = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return None, ["The signature is not base64."]
    try:
        return verify_signature(digests_of(file), content, certificate).value, []
    except PkiError as error:
        return None, [str(error)]


def _faults_of(certificate: Certificate, makers: Makers, at: datetime) -> Iterator[str]:
    if not may_sign_files(certificate):
        yield (
            f"The key usage of the certificate {quoted(certificate.subject)} does not let it sign files"
            " (digitalSignature, RFC 5280 §4.2.1.3)."
        )
    if not makers.anchors:
        yield _NO_ANCHOR
        return
    try:
        path = _path(certificate, makers, at)
    except PathRefused as error:
        yield error.sentence
        path = (certificate,)
    for one in path:
        if makers.is_revoked(one):
            yield f"The certificate {quoted(one.subject)} was revoked."
    if len(path) > 2:  # remark in L01: nothing between the root and the signing certificate
        yield (
            f"{len(path) - 2} intermediate certificates stand between the signing certificate and the root, where the"
            " security whitepaper (L01) allows none; stations cannot be given them."
        )


def _path(certificate: Certificate, makers: Makers, at: datetime) -> tuple[Certificate, ...]:
    """Raises PathRefused. The store may hold a signing certificate itself as an anchor, of which only times and key
    count."""
    anchors = Anchors(makers.anchors, makers.intermediates)
    if certificate in anchors and not certificate.is_authority and weakness_of_anchor(certificate) is None:
        trusted_alone = Anchors([certificate], [])
        return verify_path(certificate, [], trusted_alone, at)
    return verify_path(certificate, [], anchors, at)


def digests_of(file: Kept) -> Digests:
    """What the signature of a file is made and checked over."""
    return Digests(bytes.fromhex(file.sha256), bytes.fromhex(file.sha384), bytes.fromhex(file.sha512))
