"""Firmware for tests: a file, its maker, and signatures of every kind."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from forecourt.domain.files.model import Kept
from forecourt.domain.firmware.model import Checked, Image, Signed, Words
from forecourt.domain.services import Services
from forecourt.domain.trust.model import Origin, Purpose, Role
from tests.support.authority import Authority, Issued, Validity
from tests.support.clock import NOON

CONTENT: Final = b"firmware 2.0.0 " * 1000
BY: Final = "admin"
ALWAYS: Final = Validity(timedelta(days=-10), timedelta(days=365))


def a_file(content: bytes = CONTENT, name: str = "firmware/aa/1") -> Kept:
    return Kept(
        name=name,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        sha384=hashlib.sha384(content).hexdigest(),
        sha512=hashlib.sha512(content).hexdigest(),
    )


@dataclass
class Maker:
    """A maker with a root, and a signer below it."""

    root: Authority
    signer: Issued

    @classmethod
    def new(cls, kind: str = "EC P-256", *, now: datetime = NOON, validity: Validity = ALWAYS) -> Maker:
        root = Authority.root(f"Maker Root {kind}", organisation="Maker", key=kind, now=now)
        return cls(root, root.leaf("Maker Firmware", organisation="Maker", key=kind, validity=validity))

    def signs(self, content: bytes = CONTENT, scheme: str = "", digest: str = "sha256") -> Signed:
        return signed_with(self.signer, content, scheme, digest)

    def is_trusted(self, services: Services) -> None:
        purposes = frozenset({Purpose.FIRMWARE})
        services.trust.add(self.root.certificate, purposes, Role.ANCHOR, Origin.OPERATOR, BY)


def signed_with(signer: Issued, content: bytes = CONTENT, scheme: str = "", digest: str = "sha256") -> Signed:
    """As a maker does it, with the whole file; ``scheme`` is for RSA: ``pss`` or ``pkcs1``."""
    key = signer.signing_key
    algorithm = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[digest]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        made = key.sign(content, ec.ECDSA(algorithm))
    else:
        assert isinstance(key, rsa.RSAPrivateKey)
        pss = padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH)
        made = key.sign(content, padding.PKCS1v15() if scheme == "pkcs1" else pss, algorithm)
    return Signed(certificate=signer.pem, signature=base64.b64encode(made).decode())


def an_image(
    services: Services, name: str = "fw.bin", *, content: bytes = CONTENT, signed: Signed | None = None
) -> Image:
    return added(services, name, content=content, signed=signed).image


def added(
    services: Services, name: str = "fw.bin", *, content: bytes = CONTENT, signed: Signed | None = None
) -> Checked:
    file = a_file(content, f"firmware/aa/{name}")
    return services.firmware_images.add(Words(name=name, vendor="Maker"), file, signed, asked_by=BY)
