"""Certificates and keys as requests bring them."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.authority import Authority
from tests.support.clock import NOON

ROOT: Final = Authority.root(now=NOON)
SUB: Final = ROOT.sub()
SERVER: Final = SUB.leaf("csms.example.com", dns=["csms.example.com"])

IMPORT: Final = {"bundle": ROOT.pem, "purposes": ["stationIdentity"]}
SERVED: Final = {"chain": SERVER.chain_pem, "privateKey": SERVER.key_pem}
ROOT_CRL: Final = ROOT.crl(5)
CRL: Final = {"crl": x509.load_der_x509_crl(ROOT_CRL).public_bytes(Encoding.PEM).decode()}

MANAGED: Final = {"hostNames": ["csms.example.com"]}

POLICY: Final[dict[str, object]] = {
    "cpoName": None,
    "trustedOrganisations": [],
    "newStationProfile": 0,
    "revocation": "soft",
    "listeners": {},
    "renewBeforeDays": 30,
    "renewalsPerMinute": 60,
}

TRUST_ROUTES: Final[list[tuple[str, str, object]]] = [
    ("POST", "/trust/certificates", IMPORT),
    ("GET", "/trust/certificates", None),
    ("GET", "/trust/certificates.csv", None),
    ("GET", "/trust/certificates/FINGERPRINT", None),
    ("PATCH", "/trust/certificates/FINGERPRINT", {}),
    ("DELETE", "/trust/certificates/FINGERPRINT", None),
    ("GET", "/trust/certificates/FINGERPRINT/pem", None),
    ("GET", "/trust/unusable", None),
    ("POST", "/trust/revocations", {"certificate": SERVER.pem}),
    ("GET", "/trust/revocations", None),
    ("GET", "/trust/revocations.csv", None),
    ("DELETE", "/trust/revocations/ISSUER/SERIAL", None),
    ("POST", "/trust/crls", CRL),
    ("GET", "/trust/crls", None),
    ("DELETE", "/trust/crls/ISSUER", None),
    ("GET", "/server-certificates", None),
    ("GET", "/server-certificates/SERVER", None),
    ("PUT", "/server-certificates/SERVER", SERVED),
    ("PATCH", "/server-certificates/SERVER", {"enabled": True}),
    ("DELETE", "/server-certificates/SERVER", None),
    ("GET", "/managed-server-certificates", None),
    ("GET", "/managed-server-certificates/SERVER", None),
    ("PUT", "/managed-server-certificates/SERVER", MANAGED),
    ("POST", "/managed-server-certificates/SERVER/renew", None),
    ("DELETE", "/managed-server-certificates/SERVER", None),
    ("GET", "/security-policy", None),
    ("PUT", "/security-policy", POLICY),
    ("PATCH", "/security-policy", {}),
    ("GET", "/stations/CP1/certificates", None),
]
