"""What the certificates of each kind may be used for (RFC 5280 §4.2; A00.FR.512)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
"""The keys that certificates are issued for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of certificate."""

    name: str
    """For people, as in "the certificate of …"."""
    is_authority: bool = False
    path_length: int | None = None
    """How many CAs may follow below a CA; None for any number."""
    extended: tuple[x509.ObjectIdentifier, ...] = ()
    """Extended key usages; OCPP 1.6 says nothing of them, and TLS libraries want the one that fits."""
    agrees_keys: bool = False
    """A key on a curve may be used to agree on keys."""
    enciphers_keys: bool = False
    """An RSA key may be used to encipher keys, as two of the suites of A00.FR.317 need it."""
    has_host_names: bool = False
    """It has a subjectAltName, the names of a server."""
    is_never_checked: bool = False
    """Nobody asks whether it was revoked (RFC 6960 §4.2.2.2.1)."""

    def key_usage(self, key: PublicKey) -> x509.KeyUsage:
        """What the key may be used for; never more than its kind can do."""
        is_rsa = isinstance(key, rsa.RSAPublicKey)
        return x509.KeyUsage(
            digital_signature=not self.is_authority,
            content_commitment=False,
            key_encipherment=self.enciphers_keys and is_rsa,
            data_encipherment=False,
            key_agreement=self.agrees_keys and not is_rsa,
            key_cert_sign=self.is_authority,
            crl_sign=self.is_authority,
            encipher_only=False,
            decipher_only=False,
        )


STATION: Final = Profile(
    name="a station",
    extended=(ExtendedKeyUsageOID.CLIENT_AUTH,),
    agrees_keys=True,
    enciphers_keys=True,
)
"""A00.FR.511: its CN is the serial number of the station, and it has no subjectAltName."""

SERVER: Final = Profile(
    name="a server",
    extended=(ExtendedKeyUsageOID.SERVER_AUTH,),
    enciphers_keys=True,
    has_host_names=True,
)
"""A00.FR.510: its CN is the FQDN. The same is in its subjectAltName, because TLS libraries look there only."""

ROOT_CA: Final = Profile(name="a root", is_authority=True)

ISSUING_CA: Final = Profile(name="an issuing CA", is_authority=True, path_length=0)
"""No CA may follow below it."""

CROSS_CA: Final = Profile(name="a root that another root vouches for", is_authority=True, path_length=1)
"""The name and key of a new root, signed by the root before it (M05.FR.09)."""

OCSP_RESPONDER: Final = Profile(
    name="an OCSP responder",
    extended=(ExtendedKeyUsageOID.OCSP_SIGNING,),
    is_never_checked=True,
)
"""Appointed by its issuer (RFC 6960 §4.2.2.2)."""

FIRMWARE_SIGNER: Final = Profile(name="a signer of firmware", extended=(ExtendedKeyUsageOID.CODE_SIGNING,))
"""Issued by the maker's root without a CA between (L01)."""
