"""The TLS of a station: whom it trusts, what it shows, and which versions it offers."""

from __future__ import annotations

import contextlib
import enum
import ssl
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from forecourt_simulator.own_certificate import Own


class TlsVersion(enum.Enum):
    """The only version that a station offers."""

    TLS_1_0 = "1.0"
    TLS_1_1 = "1.1"
    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsChoice:
    """What a station offers in a TLS handshake."""

    version: TlsVersion | None = None
    """None for 1.2 and newer (A00.FR.312)."""
    ciphers: str | None = None
    """Suites up to TLS 1.2 in the spelling of OpenSSL; None for what OpenSSL offers by itself."""


OLD_TLS: Final = TlsChoice(version=TlsVersion.TLS_1_1)

_VERSIONS: Final = {
    TlsVersion.TLS_1_0: ssl.TLSVersion.TLSv1,
    TlsVersion.TLS_1_1: ssl.TLSVersion.TLSv1_1,
    TlsVersion.TLS_1_2: ssl.TLSVersion.TLSv1_2,
    TlsVersion.TLS_1_3: ssl.TLSVersion.TLSv1_3,
}
_LEGACY_CIPHERS: Final = "AES128-SHA:@SECLEVEL=0"
"""OpenSSL speaks no TLS 1.0 or 1.1 above security level 0; the suite is the one of A00.FR.318 for old stations."""


def client_context(
    roots: Iterable[x509.Certificate] | None = None,
    *,
    own: Own | None = None,
    choice: TlsChoice | None = None,
    checks_server: bool = True,
) -> ssl.SSLContext:
    """The context of a station that trusts these roots, or those of the machine when there are None.

    The host's name has to stand in the server's certificate, as SAN or, where it has none, as common name
    (A00.FR.308).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _set_versions(context, choice or TlsChoice())
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a root that another one signed is an anchor too
    if not checks_server:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif roots is None:
        context.load_default_certs()
    else:
        for root in roots:
            context.load_verify_locations(cadata=root.public_bytes(Encoding.DER))
    if own is not None:
        _load(context, own)
    return context


def _set_versions(context: ssl.SSLContext, choice: TlsChoice) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    ciphers = choice.ciphers
    if choice.version is not None:
        version = _VERSIONS[choice.version]
        if version < ssl.TLSVersion.TLSv1_2:
            ciphers = ciphers or _LEGACY_CIPHERS
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are chosen on purpose
            context.minimum_version = version
            context.maximum_version = version
    if ciphers is not None:
        context.set_ciphers(ciphers)


def _load(context: ssl.SSLContext, own: Own) -> None:
    """OpenSSL reads a key from a file only; this one is there for a moment, for this user alone."""
    key = own.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in own.chain)
    with tempfile.TemporaryDirectory(prefix="forecourt-simulator-") as folder:
        path = Path(folder) / "own.pem"
        path.touch(mode=0o600)
        path.write_bytes(key + chain)
        context.load_cert_chain(path)


class _Link(Protocol):
    def public_bytes(self) -> str: ...


class _Handshake(Protocol):
    """What OpenSSL knows; ``ssl.SSLObject`` shows it from Python 3.13 on."""

    def get_verified_chain(self) -> list[bytes] | list[_Link] | None: ...


def anchor_of(tls: object) -> x509.Certificate | None:
    """The root with which the server's certificate was verified in this connection; None where that is not known."""
    handshake = tls if hasattr(tls, "get_verified_chain") else getattr(tls, "_sslobj", None)
    if handshake is None or not hasattr(handshake, "get_verified_chain"):
        return None
    with contextlib.suppress(ValueError, ssl.SSLError):  # nothing was verified
        chain = cast("_Handshake", handshake).get_verified_chain()  # Python 3.11 and 3.12 have no type for it
        if chain:
            last = chain[-1]
            if isinstance(last, bytes):
                return x509.load_der_x509_certificate(last)
            return x509.load_pem_x509_certificate(last.public_bytes().encode())
    return None
