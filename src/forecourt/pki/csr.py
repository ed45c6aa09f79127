"""A certificate signing request: read, and what is asked in it held against what may be asked (RFC 2986; A02, A03)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import CertificateSigningRequest
from cryptography.x509.oid import NameOID

from forecourt.pki.certificate import MALFORMED, key_kind, tolerance
from forecourt.pki.csr_rules import (
    CsrFault,
    CsrRule,
    asked_faults,
    issuable_faults,
    key_faults,
    signature_faults,
    subject_faults,
)
from forecourt.pki.errors import BadRequest, PkiError
from forecourt.pki.pem import Block, Broken, as_bytes, blocks, is_der
from forecourt.pki.wording import in_short, shown_name

__all__ = [
    "MAX_CSR",
    "BadRequest",
    "CsrFault",
    "CsrRule",
    "RequestRefused",
    "SigningRequest",
    "check_csr",
    "read_csr",
]

MAX_CSR: Final = 8 * 1024
"""Bytes of what a request is read from; OCPP carries 5,500 characters."""

_LABELS: Final = frozenset({"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"})
_MAX_SAID: Final = 1_000
"""Characters of a refusal; four faults have half as many."""


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """A request of which every part could be read. Two are equal when their bytes are.

    Nothing in it is proven before :func:`check_csr`; and only its public key is ever taken over.
    """

    der: bytes = field(repr=False)
    x509: CertificateSigningRequest = field(compare=False, repr=False)
    pem: str = field(compare=False, repr=False)
    """With LF at the end of lines."""
    subject: str = field(compare=False)
    """As ``Certificate.subject``."""
    common_names: tuple[str, ...] = field(compare=False)
    organisations: tuple[str, ...] = field(compare=False)
    key_kind: str = field(compare=False)
    """As ``Certificate.key_kind``."""
    digest: str = field(compare=False)
    """SHA-256 of the DER, in lower-case hexadecimal."""
    key_digest: str = field(compare=False)
    """SHA-256 of the public key (SubjectPublicKeyInfo), in lower-case hexadecimal: it tells whether a certificate is
    for this request."""

    @property
    def public_key(self) -> CertificatePublicKeyTypes:
        return self.x509.public_key()


class RequestRefused(PkiError):
    """What is asked must not be issued; ``str()`` says of every fault what is wrong, as far as there is room."""

    def __init__(self, faults: tuple[CsrFault, ...]) -> None:
        said = " ".join(fault.sentence for fault in faults)
        super().__init__(said if len(said) <= _MAX_SAID else f"{said[:_MAX_SAID]}… and more.")
        self.faults = faults


def read_csr(data: str | bytes) -> SigningRequest:
    """The one request in PEM or DER. PEM may have any line ends, percent-encoded ones too (A00.FR.507).

    Raises BadRequest.
    """
    data = as_bytes(data)
    if len(data) > MAX_CSR:
        raise BadRequest(f"A certificate signing request has at most {MAX_CSR:,} bytes, and this has {len(data):,}.")
    return _of_der(data if is_der(data) else _only_block(data))


def check_csr(
    csr: SigningRequest,
    *,
    common_name: str | None,
    organisation: str | None,
    checks_subject: bool = True,
    host_names: Collection[str] = (),
) -> None:
    """That its sender has the key, that the key is strong enough, and that nothing is asked that must not be issued.

    ``common_name`` is the serial number of the station (A00.FR.511), ``organisation`` the CPO's name (A02.FR.13): None
    stands for any. ``host_names`` are those that it may ask for besides the common name. Without ``checks_subject`` the
    subject may be anything, and be repeated as a host name, because another one is issued. Raises RequestRefused with
    every fault that was found.
    """
    own_names = {*csr.common_names[:1]} if common_name is None else {common_name}
    with tolerance():
        faults = list(key_faults(csr.public_key))
        if not faults:  # what is signed with such a key proves nothing, and may take long to verify
            faults += signature_faults(csr.x509)
        to_be = common_name
        if checks_subject:
            faults += subject_faults(csr.common_names, csr.organisations, common_name, organisation)
            to_be = next(iter(own_names), None)
        else:
            own_names.update(csr.common_names)
        told = {fault.rule for fault in faults}
        impossible = issuable_faults(to_be, organisation, is_server=bool(host_names))
        faults += [fault for fault in impossible if fault.rule not in told]
        faults += asked_faults(csr.x509, {*own_names, *host_names})
    if faults:
        raise RequestRefused(tuple(faults))


def _only_block(data: bytes) -> bytes:
    found = blocks(data)
    if not found:
        raise BadRequest(
            "There is no certificate signing request in this: neither PEM, which begins with"
            " -----BEGIN CERTIFICATE REQUEST-----, nor DER."
        )
    if len(found) > 1:
        raise BadRequest(f"One certificate signing request is expected here, and {len(found)} blocks were found.")
    return _content(found[0])


def _content(block: Block | Broken) -> bytes:
    if isinstance(block, Broken):
        raise BadRequest(block.reason)
    if block.label not in _LABELS:
        raise BadRequest(f"A certificate signing request is expected here, and this block is a {block.label}.")
    return block.content


def _of_der(der: bytes) -> SigningRequest:
    try:
        with tolerance():
            return _facts(x509.load_der_x509_csr(der))
    except MALFORMED as error:
        raise BadRequest(f"This is no certificate signing request that can be read: {_in_words(error)}.") from error


_NO_ATTRIBUTES: Final = (
    "the field of its attributes is missing or damaged. It must be there even when it is empty, as the two bytes A0 00"
    " (RFC 2986 §4.1)"
)
_BAD_STRING: Final = (
    "a name in it has characters that its type of string does not have, such as _ or @ in a PrintableString (RFC 5280"
    " §4.1.2.4). Write it as UTF8String"
)


def _in_words(error: Exception) -> str:
    """The library tells the place of a fault alone."""
    said = str(error)
    if "CertificationRequestInfo::attributes" in said:
        return _NO_ATTRIBUTES
    return _BAD_STRING if "AttributeTypeValue::value" in said else in_short(error)


def _subject(csr: CertificateSigningRequest) -> x509.Name:
    """Some strings are looked at only now. Raises BadRequest."""
    try:
        return csr.subject
    except MALFORMED as error:
        raise BadRequest(f"The subject of the request cannot be read: {_BAD_STRING}.") from error


def _facts(csr: CertificateSigningRequest) -> SigningRequest:
    """Reads every part at once, so that none fails later."""
    der, subject = csr.public_bytes(Encoding.DER), _subject(csr)
    key = csr.public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for _ in (*csr.attributes, *csr.extensions):
        pass
    return SigningRequest(
        der=der,
        x509=csr,
        pem=csr.public_bytes(Encoding.PEM).decode("ascii"),
        subject=shown_name(subject),
        common_names=_values(subject, NameOID.COMMON_NAME),
        organisations=_values(subject, NameOID.ORGANIZATION_NAME),
        key_kind=key_kind(key),
        digest=hashlib.sha256(der).hexdigest(),
        key_digest=hashlib.sha256(spki).hexdigest(),
    )


def _values(name: x509.Name, oid: x509.ObjectIdentifier) -> tuple[str, ...]:
    values = (attribute.value for attribute in name.get_attributes_for_oid(oid))
    return tuple(value if isinstance(value, str) else value.hex() for value in values)
