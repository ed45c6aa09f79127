"""Where the own authority publishes, as it is written into certificates (RFC 5280 §4.2.1.13, §4.2.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from forecourt.domain.authorities.model import OwnCertificate


class Urls(TypedDict):
    """Arguments of `forecourt.pki.drafts.draft`."""

    crl_url: str | None
    ocsp_url: str | None
    issuer_url: str | None


@dataclass(frozen=True, slots=True)
class Places:
    """The public address of the console as relying parties reach it; empty when they cannot, and then certificates
    name no places."""

    base: str = ""

    def of(self, issuer: OwnCertificate) -> Urls:
        """For certificates of an issuer."""
        if not self.base:
            return Urls(crl_url=None, ocsp_url=None, issuer_url=None)
        start = f"{self.base.rstrip('/')}/pki"
        return Urls(
            crl_url=f"{start}/{issuer.address}.crl",
            ocsp_url=f"{start}/ocsp/{issuer.address}",
            issuer_url=f"{start}/{issuer.address}.cer",
        )
