"""What a station does with certificates of its own: a key, a request, and a look at what comes back (A02.FR.02–08).

Made of `cryptography` alone: nothing here knows the system that is tested.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.probes import Identification

SIGNED_WITH: Final = {"RSA": "sha256WithRSAEncryption", "ECDSA": "ecdsa-with-SHA256"}
"""The types of signature that the tool is configured with: RSA with PKCS#1 v1.5, and ECDSA."""


class CertificateHolder:
    """A station that has made a key pair, which never leaves it (A02.FR.05)."""

    def __init__(self, serial_number: str, organisation: str, kind: str, folder: Path) -> None:
        self._serial_number = serial_number
        self._organisation = organisation
        self._kind = kind
        self._folder = folder
        self._key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = (
            rsa.generate_private_key(65_537, 2_048) if kind == "RSA" else ec.generate_private_key(ec.SECP256R1())
        )

    def request(self, *, has_subject: bool = True, line_end: str = "\n") -> str:
        """RFC 2986, as PEM (A02.FR.03), with O and CN (A02.FR.13), or without any name."""
        names = ((NameOID.ORGANIZATION_NAME, self._organisation), (NameOID.COMMON_NAME, self._serial_number))
        subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names] if has_subject else [])
        builder = x509.CertificateSigningRequestBuilder(subject)
        made = builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
        return made.decode("ascii").replace("\n", line_end)

    def takes(self, chain: str) -> Identification:
        """What is checked before a certificate is taken (A02.FR.06); then it is shown in the next handshake."""
        assert "\r" not in chain
        leaf, *above = x509.load_pem_x509_certificates(chain.encode("ascii"))
        assert leaf.public_key() == self._key.public_key()
        assert _values(leaf, NameOID.COMMON_NAME) == [self._serial_number]
        assert _values(leaf, NameOID.ORGANIZATION_NAME) == [self._organisation]
        assert leaf.signature_algorithm_oid._name == SIGNED_WITH[self._kind]
        now = datetime.now(UTC)
        assert leaf.not_valid_before_utc < now < leaf.not_valid_after_utc
        extensions = leaf.extensions
        assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
        assert ExtendedKeyUsageOID.CLIENT_AUTH in extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert above, "the chain ends with the certificate itself"
        for below, issuer in pairwise([leaf, *above]):
            below.verify_directly_issued_by(issuer)
            assert issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        return self._stored(chain, f"{leaf.serial_number:x}")

    def _stored(self, chain: str, name: str) -> Identification:
        files = Identification(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        files.chain.write_text(chain)
        key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        files.key.write_bytes(key)
        return files


def _values(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(oid)]
