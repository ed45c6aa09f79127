"""A station that keeps roots, and says which in the words of OCPP 1.6."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from forecourt.domain.errands.model import Errand
from forecourt.domain.provisioning.model import Station
from forecourt.domain.roots.model import ROOT_USES, StationRoot
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.model import Origin, Purpose
from forecourt.pki.certificate import Certificate, read_certificate
from tests.support.authority import Authority
from tests.support.carrying import Carried, Carrying
from tests.support.clock import NOON
from tests.support.root_hashes import named as hashes

Json: TypeAlias = Any  # payloads are indexed and compared as they come

CENTRAL, MAKERS = ROOT_USES
ROOT = Authority.root("Root A", now=NOON)
OTHER = Authority.root("Root B", key="RSA 2048", now=NOON)
CROSS = ROOT.cross(OTHER)
"""The name and key of B, signed by A."""


def named(certificate: Certificate, issuer: Certificate | None = None, algorithm: str = "SHA256") -> Json:
    """As a station names it."""
    return hashes(certificate.x509, None if issuer is None else issuer.x509, algorithm)


class Shed:
    """What one station has. It answers as the whitepaper wants it; ``signers`` are those whose keys it may need."""

    def __init__(self, carrying: Carrying, signers: Sequence[Certificate] = ()) -> None:
        self.carrying = carrying
        self.signers = list(signers)
        self.roots: list[Certificate] = []
        self.algorithm = "SHA256"
        self.checks_signature = False
        """Its AdditionalRootCertificateCheck."""
        self.in_use: Certificate | None = None
        self.forgets = False
        """It accepts roots, and keeps none."""
        self.sent: list[tuple[str, Json]] = []

    def works(self) -> None:
        """It does all that waits for it."""
        while not self.carrying.is_idle():
            command = self.carrying.sends()
            words = command.words
            action = command.action.name
            self.sent.append((action, words))
            self.carrying.hears(**getattr(self, f"_{action}")(words))

    def names(self, certificate: Certificate) -> Json:
        issuer = next((one for one in self.signers if one.subject_hash == certificate.issuer_hash), None)
        return named(certificate, issuer, self.algorithm)

    def _InstallCertificate(self, words: Json) -> Json:  # noqa: N802  # named after the action
        root = read_certificate(words.certificate)
        if self.checks_signature and self.roots and root.issuer_hash != self.roots[0].subject_hash:
            return {"status": "Rejected"}
        self.roots += [] if self.forgets else [root]
        return {"status": "Accepted"}

    def _GetInstalledCertificateIds(self, words: Json) -> Json:  # noqa: N802  # named after the action
        if words.certificate_type != CENTRAL.value or not self.roots:
            return {"status": "NotFound"}
        return {"status": "Accepted", "certificateHashData": [self.names(one) for one in self.roots]}

    def _DeleteCertificate(self, words: Json) -> Json:  # noqa: N802  # named after the action
        told = words.certificate_hash_data
        for one in self.roots:
            mine = self.names(one)
            if (mine["hashAlgorithm"], mine["serialNumber"]) == (told.hash_algorithm, told.serial_number):
                if one == self.in_use:
                    return {"status": "Failed"}
                self.roots.remove(one)
                return {"status": "Accepted"}
        return {"status": "NotFound"}


class Yard(Carried):
    """A world with a store of trust, and stations with roots."""

    def shed(self, station: Station | None = None, *signers: Authority) -> Shed:
        carrying = self.carrying if station is None else Carrying(self.services, station)
        return Shed(carrying, [one.certificate for one in signers])

    def trusts(self, *certificates: Certificate) -> None:
        for one in certificates:
            self.services.trust.add(one, frozenset({Purpose.SERVER}), None, Origin.OPERATOR, "ada")

    def serves(self, authority: Authority, name: str = "main", *, is_enabled: bool = True) -> None:
        server = authority.leaf("csms.example", dns=["csms.example"])
        self.services.trust.put_server_certificate(
            name, chain_pem=server.chain_pem, key_pem=server.key_pem, is_enabled=is_enabled, asked_by="ada"
        )

    def knows(self, station: Station, **settings: str) -> None:
        """The station told these settings."""
        for name, value in settings.items():
            self.services.configuration.changed(station, name, value, awaits_restart=False)

    def roots(self, use: Use = CENTRAL) -> list[StationRoot]:
        return list(self.services.roots.known(self.station, use).roots)

    def held(self) -> list[tuple[Use, str]]:
        return [(one.use, one.how.value) for one in self.services.trust.held(self.station)]

    def installs(self, authority: Authority, use: str = CENTRAL.value, **more: Json) -> Errand:
        """An operator wants the station to have this root."""
        return self.asks("InstallRootCertificate", use=use, certificate=authority.pem, **more)

    def reports(self, *told: Json, use: Use = CENTRAL, status: str | None = None) -> None:
        """The station is asked for its roots, and tells these."""
        self.asks("ReadRootCertificates", use=use.value)
        assert self.sends() == ("GetInstalledCertificateIds", {"certificateType": use.value})
        words = {"certificateHashData": list(told)} if told else {}
        self.answers(status=status or ("Accepted" if told else "NotFound"), **words)
