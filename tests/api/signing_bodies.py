"""Addresses of requests to authorities, for the tests that ask every address."""

from __future__ import annotations

SIGNING_ROUTES: list[tuple[str, str, dict[str, object] | None]] = [
    ("GET", "/signings", None),
    ("GET", "/signings.csv", None),
    ("GET", "/signings/1", None),
    ("POST", "/signings/1/retry", None),
    ("POST", "/signings/1/cancel", None),
    ("GET", "/issued-certificates", None),
    ("GET", "/issued-certificates.csv", None),
    ("GET", "/issued-certificates/FINGERPRINT", None),
    ("GET", "/issued-certificates/FINGERPRINT/pem", None),
    ("POST", "/issued-certificates/FINGERPRINT/revoke", {"reason": "keyCompromise"}),
]
