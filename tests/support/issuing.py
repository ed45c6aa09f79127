"""How the CA of the tests makes keys, names and certificates."""

from __future__ import annotations

import functools
import ipaddress
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from forecourt.pki.certificate import Certificate, tolerance

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when, as seen from the present of the authority."""

    starts: timedelta
    ends: timedelta


VALID: Final = Validity(timedelta(days=-1), timedelta(days=30))
LONG: Final = Validity(timedelta(days=-365), timedelta(days=3650))
FRESH: Final = Validity(timedelta(hours=-1), timedelta(days=1))
EXPIRED: Final = Validity(timedelta(days=-30), timedelta(days=-1))
FUTURE: Final = Validity(timedelta(days=1), timedelta(days=30))

Extensions = Sequence[tuple[x509.ExtensionType, bool]]


def a_key(kind: str = "EC P-256") -> Key:
    """``EC P-256``, ``P-224``, ``P-192``, ``P-384``, ``P-521``, ``RSA 2048``, any other size, or ``Ed25519``.

    RSA keys are made once per process, because it takes long. Another of the same size: ``RSA 2048 second``.
    """
    if kind.startswith("RSA "):
        return _rsa(kind)
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(_CURVES[kind.removeprefix("EC ")])


_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "P-192": ec.SECP192R1(),
    "P-224": ec.SECP224R1(),
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "brainpoolP256r1": ec.BrainpoolP256R1(),
}


@functools.cache
def _rsa(kind: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, int(kind.split()[1]))


def a_name(common_name: str | Sequence[str] | None, organisation: str | Sequence[str] | None = None) -> x509.Name:
    """A subject with any number of O and CN."""
    pairs = ((NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common_name))
    with tolerance():
        return x509.Name(
            x509.NameAttribute(oid, value, _validate=False)
            for oid, values in pairs
            for value in ((values,) if isinstance(values, str) else values or ())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a certificate shall say, and how it shall be signed."""

    subject: x509.Name
    key: Key
    """Its owner's."""
    now: datetime
    validity: Validity = VALID
    serial: int | None = None
    extensions: Extensions = ()
    signature_hash: str = "SHA256"
    """``SHA1`` too, and with RSA ``MD5``."""
    pss: bool = False


def issued(order: Order, issuer: Certificate | None, signing_key: Key) -> Certificate:
    """The certificate; without an issuer it is self-signed."""
    if order.signature_hash in ("SHA1", "MD5"):
        return Certificate.of(_signed_weakly(order, issuer, signing_key))
    with tolerance():
        draft = _draft(order, order.subject if issuer is None else issuer.x509.subject)
    algorithm = hash_for(signing_key, order.signature_hash)
    if order.pss and algorithm is not None:
        scheme = padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH)
        return Certificate.of(draft.sign(signing_key, algorithm, rsa_padding=scheme))
    return Certificate.of(draft.sign(signing_key, algorithm))


def _draft(order: Order, issuer: x509.Name) -> x509.CertificateBuilder:
    public_key = order.key.public_key()
    draft = x509.CertificateBuilder(subject_name=order.subject, issuer_name=issuer, public_key=public_key)
    draft = draft.serial_number(x509.random_serial_number() if order.serial is None else order.serial)
    draft = draft.not_valid_before(order.now + order.validity.starts).not_valid_after(order.now + order.validity.ends)
    for extension, is_critical in order.extensions:
        draft = draft.add_extension(extension, is_critical)
    if order.extensions:
        draft = draft.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    return draft


_WEAK_CA: Final = """
[ca]
default_ca = weak
[weak]
database = {directory}/index
serial = {directory}/serial
new_certs_dir = {directory}
policy = any
copy_extensions = copyall
unique_subject = no
email_in_dn = no
[any]
organizationName = optional
commonName = optional
"""


def _signed_weakly(order: Order, issuer: Certificate | None, signing_key: Key) -> x509.Certificate:
    """By the openssl command, because the library no longer signs so."""
    asked = x509.CertificateSigningRequestBuilder(order.subject)
    for extension, is_critical in order.extensions:
        asked = asked.add_extension(extension, is_critical)
    request = asked.sign(order.key, hash_for(order.key, "SHA256"))
    serial = x509.random_serial_number() if order.serial is None else order.serial
    from_when, until = (order.now + edge for edge in (order.validity.starts, order.validity.ends))
    with tempfile.TemporaryDirectory() as directory:
        files = {
            "index": b"",
            "serial": f"{serial:040X}".encode(),
            "config": _WEAK_CA.format(directory=directory).encode(),
            "request": request.public_bytes(Encoding.PEM),
            "ca": b"" if issuer is None else issuer.pem.encode(),
            "key": signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        }
        for name, content in files.items():
            Path(directory, name).write_bytes(content)
        command = ["openssl", "ca", "-config", "config", "-batch", "-notext", "-preserveDN", "-in", "request"]
        command += ["-keyfile", "key", "-md", order.signature_hash.lower(), "-out", "made"]
        command += ["-startdate", f"{from_when:%Y%m%d%H%M%SZ}", "-enddate", f"{until:%Y%m%d%H%M%SZ}"]
        command += ["-selfsign"] if issuer is None else ["-cert", "ca"]
        subprocess.run(command, cwd=directory, capture_output=True, check=True)
        return x509.load_pem_x509_certificate(Path(directory, "made").read_bytes())


SignatureHash = hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512


def hash_for(key: Key, name: str) -> SignatureHash | None:
    """The hash of a name, for keys that sign with one."""
    known: dict[str, SignatureHash] = {
        "SHA224": hashes.SHA224(),
        "SHA256": hashes.SHA256(),
        "SHA384": hashes.SHA384(),
        "SHA512": hashes.SHA512(),
    }
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else known[name]


def key_usage(*, is_ca: bool) -> tuple[x509.KeyUsage, bool]:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not is_ca,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
    return usage, True


def alternative_names(dns: Sequence[str], addresses: Sequence[str]) -> Extensions:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in dns]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    return [(x509.SubjectAlternativeName(names), False)] if names else []


def places(crl_urls: Sequence[str], ocsp_urls: Sequence[str]) -> Extensions:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if crl_urls:
        names = [x509.UniformResourceIdentifier(url) for url in crl_urls]
        found.append((x509.CRLDistributionPoints([x509.DistributionPoint(names, None, None, None)]), False))
    if ocsp_urls:
        way = AuthorityInformationAccessOID.OCSP
        access = [x509.AccessDescription(way, x509.UniformResourceIdentifier(url)) for url in ocsp_urls]
        found.append((x509.AuthorityInformationAccess(access), False))
    return found
