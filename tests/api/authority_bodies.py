"""Bodies and addresses of authorities, for the tests that ask every address."""

from __future__ import annotations

AN_AUTHORITY = {"name": "Elsewhere", "kind": "acme", "settings": {"directory": "https://ca.example/directory"}}

AUTHORITY_ROUTES: list[tuple[str, str, dict[str, object] | None]] = [
    ("GET", "/authority-kinds", None),
    ("GET", "/authorities", None),
    ("POST", "/authorities", dict(AN_AUTHORITY)),
    ("GET", "/authorities/SERVER", None),
    ("PATCH", "/authorities/SERVER", {}),
    ("DELETE", "/authorities/SERVER", None),
    ("GET", "/authority-choice", None),
    ("PUT", "/authority-choice", {}),
    ("GET", "/own-authority", None),
    ("POST", "/own-authority", None),
    ("DELETE", "/own-authority/rolls/rsa/issuing", None),
    ("GET", "/own-authority/policy", None),
    ("PATCH", "/own-authority/policy", {}),
    ("GET", "/own-authority/certificates", None),
    ("GET", "/own-authority/certificates/FINGERPRINT", None),
    ("GET", "/own-authority/certificates/FINGERPRINT/pem", None),
    ("GET", "/own-authority/certificates/FINGERPRINT/cross/pem", None),
    ("POST", "/own-authority/certificates/FINGERPRINT/activate", None),
    ("POST", "/own-authority/certificates/FINGERPRINT/retire", None),
    ("POST", "/own-authority/rolls", {"family": "rsa", "rank": "issuing"}),
    ("GET", "/own-authority/revocations", None),
    ("GET", "/own-authority/revocations.csv", None),
    ("POST", "/own-authority/revocations", {"issuerHash": "0" * 64, "serial": "1A"}),
    ("DELETE", "/own-authority/revocations/ISSUER/SERIAL", None),
]
