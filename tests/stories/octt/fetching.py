"""What a station does with firmware that it is told of: it fetches the file, over a line that breaks, and verifies it.

Other people's code does it: `httpx` and `cryptography`. Nothing here knows the system that is tested.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.support.rest import Json

_SECONDS = 20.0
_AT_ONCE = 65_536


@dataclass(frozen=True)
class Fetched:
    """A file, and how many bytes of it came before the line broke."""

    content: bytes
    broken_after: int


def fetch(location: str, *, break_after: int = 0) -> Fetched:
    """The whole file. After so many bytes the connection is closed, and the rest is asked for (RFC 9110 §14)."""
    with httpx.Client(timeout=_SECONDS, trust_env=False) as client:
        got = b""
        with client.stream("GET", location) as answer:
            answer.raise_for_status()
            tag = answer.headers.get("ETag")
            total = int(answer.headers["Content-Length"])
            for chunk in answer.iter_bytes(_AT_ONCE):
                got += chunk
                if break_after and len(got) >= break_after:
                    break
        came = len(got)
        if came < total:
            headers = {"Range": f"bytes={came}-", **({"If-Range": tag} if tag else {})}
            rest = client.get(location, headers=headers)
            assert rest.status_code == 206, rest.status_code
            assert rest.headers["Content-Range"] == f"bytes {came}-{total - 1}/{total}"
            got += rest.content
    assert len(got) == total
    return Fetched(got, came)


def status_of(location: str) -> int:
    """What is answered to somebody who asks for the file."""
    return httpx.get(location, timeout=_SECONDS, trust_env=False).status_code


def is_trusted(firmware: Json, roots: list[str]) -> bool:
    """Whether a manufacturer root that the station has issued the signing certificate (L01.FR.23)."""
    signer = x509.load_pem_x509_certificate(firmware["signingCertificate"].encode())
    for root in roots:
        try:
            signer.verify_directly_issued_by(x509.load_pem_x509_certificate(root.encode()))
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False


def is_verified(firmware: Json, content: bytes) -> bool:
    """Whether the file was signed with the signing certificate (L01.FR.04, L01.FR.12), by any scheme that is met."""
    key = x509.load_pem_x509_certificate(firmware["signingCertificate"].encode()).public_key()
    signature = base64.b64decode(firmware["signature"])
    sha256 = hashes.SHA256()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _fits(lambda: key.verify(signature, content, ec.ECDSA(sha256)))
    assert isinstance(key, rsa.RSAPublicKey)
    pss = padding.PSS(padding.MGF1(sha256), padding.PSS.DIGEST_LENGTH)
    return _fits(lambda: key.verify(signature, content, pss, sha256)) or _fits(
        lambda: key.verify(signature, content, padding.PKCS1v15(), sha256)
    )


def _fits(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True
