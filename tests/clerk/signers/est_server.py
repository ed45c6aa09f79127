"""An EST server of the tests' own, by RFC 7030 §3 and §4: no real one was found that can be installed.

It is strict about what it is sent, and says nothing that the RFC does not; openssl reads what it packs (test_est.py).
"""

from __future__ import annotations

import base64
import random
import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import read_csr
from tests.clerk.signers.answering import Asked, Said
from tests.support.authority import Authority
from tests.support.signings import a_wanted, leaf_for

ROOT: Final = Authority.root()
CA: Final = ROOT.sub("Middle").sub("Issuing")
PKCS7: Final = "application/pkcs7-mime"

_MIME: Final = re.compile(rb"(?:[A-Za-z0-9+/]{4,76}\r\n)*[A-Za-z0-9+/]{2,76}={0,2}\r\n")
"""Base64 in lines of 76 characters at most (RFC 2045 §6.8)."""


def in_lines(der: bytes) -> bytes:
    """As RFC 7030 has all that is carried (RFC 2045 §6.8)."""
    return base64.encodebytes(der).replace(b"\n", b"\r\n")


def packed(*certificates: Certificate, shuffled: bool = False) -> bytes:
    """Certificates as EST carries them, in a SignedData without a signature; their order says nothing."""
    given = list(certificates)
    if shuffled:
        random.Random(1).shuffle(given)
    return in_lines(pkcs7.serialize_certificates([one.x509 for one in given], Encoding.DER))


@dataclass
class EstServer:
    """One that signs what is asked."""

    label: str = ""
    user: tuple[str, str] | None = None
    client: str | None = None
    """CN of the certificate that clients must come with."""
    busy: int = 0
    """How often it says 202 first."""
    sends_leaf_only: bool = True
    enrolled: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Said:
        start = "/.well-known/est" + (f"/{self.label}" if self.label else "")
        if not asked.path.startswith(start + "/"):
            return Said(404, b"404 page not found")
        operation = asked.path.removeprefix(start + "/")
        if operation == "cacerts" and asked.method == "GET":  # of anybody (§4.1.1)
            return Said(200, packed(*CA.presented, ROOT.certificate, shuffled=True), PKCS7, _IN_BASE64)
        if operation == "simpleenroll" and asked.method == "POST":
            return self._stranger(asked) or self._enroll(asked)
        return Said(404, b"404 page not found")

    def _stranger(self, asked: Asked) -> Said | None:
        """§3.2.3, §3.3.2."""
        if self.user is not None and asked.signed_in_as != self.user:
            return Said(401, b"sign in", headers={"WWW-Authenticate": 'Basic realm="est"'})
        if self.client is not None and asked.peer_names != (self.client,):
            return Said(403, b"come with a certificate")
        return None

    def _enroll(self, asked: Asked) -> Said:
        """§4.2.1, §4.2.3."""
        if asked.headers.get("Content-Type") != "application/pkcs10":
            return Said(415, b"not a request")
        if asked.headers.get("Content-Transfer-Encoding") != "base64" or not _MIME.fullmatch(asked.body):
            return Said(400, b"not in base64")
        csr = read_csr(base64.b64decode(asked.body))
        if "forbidden" in csr.subject:
            return Said(400, b"The name is not allowed.")
        if self.busy:
            self.busy -= 1
            return Said(202, b"An officer has to look at it.", headers={"Retry-After": "3"})
        self.enrolled.append(csr.subject)
        leaf = leaf_for(CA, a_wanted(common_name=csr.common_names[0]), csr=csr)
        more = () if self.sends_leaf_only else CA.presented
        return Said(200, packed(leaf, *more, shuffled=True), f"{PKCS7}; smime-type=certs-only", _IN_BASE64)


_IN_BASE64: Final = {"Content-Transfer-Encoding": "base64"}
