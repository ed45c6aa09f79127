"""TLS of the door for files by FTP (RFC 4217)."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from forecourt.domain.trust.model import ServerCertificate
from forecourt.pki.keys import PrivateKey

SUITES: Final = b"ECDHE+AESGCM:AES128-GCM-SHA256:AES256-GCM-SHA384:@SECLEVEL=2"


def make_context(certificate: ServerCertificate) -> SSL.Context:
    """Two milliseconds."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_cipher_list(SUITES)
    leaf, *others = certificate.chain
    context.use_certificate(leaf.x509)
    for one in others:
        context.add_extra_chain_cert(one.x509)
    context.use_privatekey(_loaded(certificate.key))
    context.check_privatekey()
    return context


def _loaded(key: PrivateKey) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    loaded = load_pem_private_key(key.pem(), None)
    if not isinstance(loaded, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError("keys of server certificates are of these two kinds")
    return loaded
