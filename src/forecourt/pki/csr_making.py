"""Requests for certificates of this system's own, such as those of its listeners."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from forecourt.pki.csr import SigningRequest, read_csr
from forecourt.pki.drafts import subject_of
from forecourt.pki.errors import CannotSign
from forecourt.pki.issuing import hash_for
from forecourt.pki.keys import PrivateKey
from forecourt.pki.names import general_name
from forecourt.pki.wording import in_short


def make_csr(
    key: PrivateKey, *, common_name: str, organisation: str | None, host_names: Sequence[str] = ()
) -> SigningRequest:
    """A request for this key; host names and IP addresses are asked for as subjectAltName. Raises CannotSign."""
    signing = key.for_signing
    builder = x509.CertificateSigningRequestBuilder(subject_of(common_name, organisation))
    try:
        if host_names:
            names = x509.SubjectAlternativeName([general_name(name) for name in host_names])
            builder = builder.add_extension(names, critical=False)
        made = builder.sign(signing, hash_for(signing))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CannotSign(f"No certificate can be asked for: {in_short(error)}.") from error
    return read_csr(made.public_bytes(Encoding.DER))
