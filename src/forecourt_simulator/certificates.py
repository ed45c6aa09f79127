"""The root certificates that a simulated station was given (security whitepaper M04, M05).

They are kept as they came. To name them by their hashes (CertificateHashData) a station has to read X.509, for which
the simulator has no library; so it says that it finds none, and there is none that could be deleted by its hashes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from forecourt.dialects.v16.messages.install_certificate import InstallCertificateRequest, InstallCertificateStatus

_BEGIN = "-----BEGIN CERTIFICATE-----"


@dataclass(slots=True)
class Certificates:
    """What was installed, each once."""

    installed: list[InstallCertificateRequest] = field(default_factory=list)

    def install(self, wanted: InstallCertificateRequest, *, at_most: int) -> InstallCertificateStatus:
        """Whatever looks like a certificate is taken; nothing is verified."""
        if not wanted.certificate.lstrip().startswith(_BEGIN):
            return "Rejected"
        if wanted not in self.installed:
            if len(self.installed) >= at_most:
                return "Failed"
            self.installed.append(wanted)
        return "Accepted"
