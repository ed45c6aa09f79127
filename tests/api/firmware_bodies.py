"""Bodies and addresses for firmware, in tests of the REST interface."""

from __future__ import annotations

from typing import Final

from tests.domain.firmware.making import Maker

MAKER: Final = Maker.new()
SIGNATURE: Final[dict[str, object]] = {
    "signature": MAKER.signs().signature,
    "signingCertificate": MAKER.signer.pem,
}
OWN_KEY: Final[dict[str, object]] = {
    "name": "own",
    "certificate": MAKER.signer.pem + MAKER.root.pem,
    "privateKey": MAKER.signer.key_pem,
}
NEW_KEY: Final[dict[str, object]] = {"name": "new", "make": {"commonName": "Our Firmware", "family": "ecdsa"}}

FIRMWARE_ROUTES: Final[list[tuple[str, str, object]]] = [
    ("GET", "/firmware/images", None),
    ("GET", "/firmware/images.csv", None),
    ("GET", "/firmware/images/1", None),
    ("PATCH", "/firmware/images/1", {}),
    ("DELETE", "/firmware/images/1", None),
    ("GET", "/firmware/images/1/content", None),
    ("PUT", "/firmware/images/1/signature", SIGNATURE),
    ("DELETE", "/firmware/images/1/signature", None),
    ("POST", "/firmware/images/1/sign", {"key": "own"}),
    ("POST", "/firmware/images/1/check", None),
    ("GET", "/firmware/keys", None),
    ("POST", "/firmware/keys", NEW_KEY),
    ("GET", "/firmware/keys/tests", None),
    ("GET", "/firmware/keys/tests/certificate.pem", None),
    ("GET", "/firmware/keys/tests/root.pem", None),
    ("DELETE", "/firmware/keys/tests", None),
]
