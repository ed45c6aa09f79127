"""Why certificates are revoked."""

from __future__ import annotations

import enum

from cryptography import x509


class Reason(enum.Enum):
    """Why a certificate was revoked (RFC 5280 §5.3.1), as that spells it."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    CERTIFICATE_HOLD = "certificateHold"
    """The only one that can be taken back."""
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"
    AA_COMPROMISE = "aACompromise"

    @property
    def flag(self) -> x509.ReasonFlags:
        """As the library names it."""
        return x509.ReasonFlags(self.value)
