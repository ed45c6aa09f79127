"""A small authority for simulated stations: roots, and certificates below them."""

from __future__ import annotations

import functools
import ipaddress
import ssl
import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from forecourt_simulator.own_certificate import Key, Own

FROM, UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)


class Authority:
    """A root, or with a parent an authority below it."""

    def __init__(self, name: str = "Root", *, parent: Authority | None = None, serial: int | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name("Forecourt", name)
        issuer = parent or self
        self.certificate = _sign(issuer, self.name, self.key.public_key(), is_authority=True, serial=serial)
        self.parent = parent

    @property
    def pem(self) -> str:
        return pem(self.certificate)

    def leaf(
        self,
        common_name: str,
        *,
        organisation: str = "Forecourt",
        host: str | None = None,
        public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | None = None,
        since: datetime = FROM,
        until: datetime = UNTIL,
    ) -> x509.Certificate:
        key = public_key or ec.generate_private_key(ec.SECP256R1()).public_key()
        subject = _name(organisation, common_name)
        return _sign(self, subject, key, is_authority=False, host=host, since=since, until=until)

    def own(
        self, common_name: str, *, organisation: str = "Forecourt", host: str | None = None, is_rsa: bool = False
    ) -> Own:
        """A key with its certificate."""
        key: Key = ec.generate_private_key(ec.SECP256R1())
        if is_rsa:
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        leaf = self.leaf(common_name, organisation=organisation, host=host, public_key=key.public_key())
        return Own(key, (leaf,) if self.parent is None else (leaf, self.certificate))

    def answer(self, csr: str, *, common_name: str | None = None, organisation: str | None = None) -> str:
        """The certificate that was asked for, or one with another subject."""
        request = x509.load_pem_x509_csr(csr.encode())
        key = request.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
        wanted = {one.oid: str(one.value) for one in request.subject}
        return pem(
            self.leaf(
                common_name or wanted[NameOID.COMMON_NAME],
                organisation=organisation or wanted[NameOID.ORGANIZATION_NAME],
                public_key=key,
            )
        )

    def signs_also(self, other: Authority) -> x509.Certificate:
        """The other's certificate, signed by this one: how a new root follows an old one."""
        return _sign(self, other.name, other.key.public_key(), is_authority=True)


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def key_pem(own: Own) -> bytes:
    return own.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def server_tls(own: Own, *, stations: x509.Certificate | None = None, is_legacy: bool = False) -> ssl.SSLContext:
    """The TLS of a central system; with ``stations`` a station may show a certificate of that root."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        path.write_bytes(key_pem(own) + "".join(map(pem, own.chain)).encode())
        context.load_cert_chain(path)
    if stations is not None:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=pem(stations))
    if is_legacy:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@functools.cache
def the_root() -> Authority:
    """One root for tests that need no more than any."""
    return Authority()


@functools.cache
def the_server() -> Own:
    return the_root().own("csms.example", host="127.0.0.1")


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _sign(
    issuer: Authority,
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    *,
    is_authority: bool,
    host: str | None = None,
    since: datetime = FROM,
    until: datetime = UNTIL,
    serial: int | None = None,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.name)
        .public_key(key)
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    if is_authority:
        usage = x509.KeyUsage(
            key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    if host is not None:
        address = x509.IPAddress(ipaddress.ip_address(host))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())
