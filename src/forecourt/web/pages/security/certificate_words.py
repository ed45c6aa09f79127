"""What is written in a certificate, field by field, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from forecourt.pki.certificate import MALFORMED, Certificate, tolerance
from forecourt.pki.wording import in_short, shown_text
from forecourt.web.language import gettext as _

MAX_TEXT: Final = 2_000
"""Characters of one field: whoever made the certificate chose how long it is."""


@dataclass(frozen=True, slots=True)
class Field:
    """One extension of a certificate (RFC 5280 §4.2)."""

    name: str
    text: str
    is_critical: bool


def extensions_of(certificate: Certificate) -> list[Field]:
    """Every extension. One that cannot be read is named, and the others are shown all the same."""
    try:
        with tolerance():
            return [_field(one) for one in certificate.x509.extensions]
    except MALFORMED as error:
        return [Field(_("Extensions"), in_short(error), is_critical=False)]


def spaced(digits: str) -> str:
    """Hexadecimal digits in pairs, as other tools show them."""
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2)).upper()


def _field(extension: x509.Extension[x509.ExtensionType]) -> Field:
    try:
        text = "\n".join(_words(extension.value))
    except MALFORMED as error:
        text = in_short(error)
    name = _NAMES.get(extension.oid.dotted_string, extension.oid.dotted_string)
    return Field(name, shown(text)[:MAX_TEXT], extension.critical)


def shown(text: str) -> str:
    """A text of a stranger; lines stay lines."""
    return "\n".join(shown_text(line) for line in text.split("\n"))


def _words(value: x509.ExtensionType) -> Iterator[str]:
    match value:
        case x509.BasicConstraints():
            yield "CA" if value.ca else _("Not a CA")
            if value.path_length is not None:
                yield _("CAs below it: %(number)s") % {"number": value.path_length}
        case x509.KeyUsage():
            yield ", ".join(_usages(value))
        case x509.ExtendedKeyUsage():
            yield ", ".join(_PURPOSES.get(one.dotted_string, one.dotted_string) for one in value)
        case x509.SubjectKeyIdentifier():
            yield spaced(value.digest.hex())
        case x509.AuthorityKeyIdentifier():
            yield spaced((value.key_identifier or b"").hex()) or "–"
        case _:
            yield from _places(value)


def _places(value: x509.ExtensionType) -> Iterator[str]:
    """Names and addresses, and what is not known here."""
    match value:
        case x509.SubjectAlternativeName() | x509.IssuerAlternativeName():
            yield from (_general(one) for one in value)
        case x509.CRLDistributionPoints():
            yield from (_general(one) for point in value for one in point.full_name or ())
        case x509.AuthorityInformationAccess():
            for one in value:
                kind = _ACCESSES.get(one.access_method.dotted_string, one.access_method.dotted_string)
                yield f"{kind}: {_general(one.access_location)}"
        case x509.CertificatePolicies():
            yield ", ".join(one.policy_identifier.dotted_string for one in value)
        case x509.UnrecognizedExtension():
            yield spaced(value.value.hex())
        case _:
            yield str(value)


def _usages(value: x509.KeyUsage) -> Iterator[str]:
    for attribute, name in _USAGES.items():
        if attribute in ("encipher_only", "decipher_only") and not value.key_agreement:
            continue
        if getattr(value, attribute):
            yield name


def _general(name: x509.GeneralName) -> str:
    match name:
        case x509.DNSName() | x509.RFC822Name() | x509.UniformResourceIdentifier():
            return str(name.value)
        case x509.DirectoryName():
            return str(name.value.rfc4514_string())
        case _:
            return str(name.value)


_NAMES: Final = {
    "2.5.29.14": "Subject Key Identifier",
    "2.5.29.15": "Key Usage",
    "2.5.29.17": "Subject Alternative Name",
    "2.5.29.18": "Issuer Alternative Name",
    "2.5.29.19": "Basic Constraints",
    "2.5.29.30": "Name Constraints",
    "2.5.29.31": "CRL Distribution Points",
    "2.5.29.32": "Certificate Policies",
    "2.5.29.35": "Authority Key Identifier",
    "2.5.29.36": "Policy Constraints",
    "2.5.29.37": "Extended Key Usage",
    "1.3.6.1.5.5.7.1.1": "Authority Information Access",
    "1.3.6.1.5.5.7.1.24": "TLS Feature",
    "1.3.6.1.5.5.7.48.1.5": "OCSP No Check",
}
"""As RFC 5280 and its companions call them, in every language."""

_USAGES: Final = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
    "encipher_only": "encipherOnly",
    "decipher_only": "decipherOnly",
}

_PURPOSES: Final = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}

_ACCESSES: Final = {"1.3.6.1.5.5.7.48.1": "OCSP", "1.3.6.1.5.5.7.48.2": "caIssuers"}
