"""What answers about certificates tell: which are at the station, and which are in the store (A02, M04, M05)."""

from __future__ import annotations

import hashlib

import pytest

from forecourt.domain.security_log.model import Kind, NoteFilter
from forecourt.domain.trust.held import How, Use
from forecourt.domain.trust.model import Origin, Purpose, Role
from tests.domain.world import ALL
from tests.support.authority import EXPIRED, Authority, Issued
from tests.support.carrying import Carried
from tests.support.clock import NOON

ROOTS = {"CentralSystemRootCertificate": Purpose.SERVER, "ManufacturerRootCertificate": Purpose.FIRMWARE}
NONSENSE = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"


class Site(Carried):
    """A station, and a CA that is trusted for stations."""

    def __init__(self) -> None:
        super().__init__()
        self.trust = self.services.trust
        self.root = Authority.root(now=NOON)
        self.sub = self.root.sub()
        self.trust.add(self.root.certificate, frozenset({Purpose.STATION}), None, Origin.OPERATOR, "admin")

    def installs(self, use: str, certificate: str, status: str = "Accepted") -> None:
        self.asks("InstallCertificate", certificateType=use, certificate=certificate)
        self.sends()
        self.answers(status=status)

    def delivers(self, chain: str, status: str = "Accepted") -> None:
        self.asks("CertificateSigned", certificateChain=chain)
        self.sends()
        self.answers(status=status)

    @property
    def held(self) -> list[tuple[str, Use, How]]:
        return [(one.certificate.fingerprint, one.use, one.how) for one in self.trust.held(self.station)]

    def told(self, kind: Kind) -> list[str]:
        found = self.services.security_log.list(NoteFilter(kinds=frozenset({kind}), station="CP-1"), ALL)
        assert all(stored.note.asked_by == "admin" for stored in found.items)
        return [stored.note.reason for stored in found.items]

    def is_trusted(self, certificate: Issued | Authority) -> bool:
        return certificate.certificate in [one.certificate for one in self.trust.snapshot().certificates]


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize(("use", "purpose"), ROOTS.items())
def test_a_root_that_a_station_took_is_at_the_station_and_in_the_store(site: Site, use: str, purpose: Purpose) -> None:
    root = Authority.root("Another", now=NOON)
    site.installs(use, root.pem)
    assert site.held == [(root.certificate.fingerprint, Use(use), How.DELIVERED)]
    trusted = site.trust.get(root.certificate.fingerprint)
    assert (trusted.purposes, trusted.role, trusted.origin) == (frozenset({purpose}), Role.ANCHOR, Origin.OCPP)
    assert trusted.added_by == "admin"
    assert "Another" in site.told(Kind.CERTIFICATE_DELIVERED)[0]
    assert site.services.security.is_spoken_by(site.station)


def test_a_root_that_is_known_is_trusted_for_what_the_station_trusts_it_for_as_well(site: Site) -> None:
    version = site.trust.version()
    for _ in range(2):
        site.installs("CentralSystemRootCertificate", site.root.pem)
    known = site.trust.get(site.root.certificate.fingerprint)
    assert (known.purposes, known.origin) == (frozenset({Purpose.STATION, Purpose.SERVER}), Origin.OPERATOR)
    assert site.trust.version() == version + 1
    assert len(site.held) == 1
    assert "trusted for serverChain as well now" in site.told(Kind.CERTIFICATE_DELIVERED)[-1]


def test_a_root_that_is_disabled_gets_nothing_by_ocpp(site: Site) -> None:
    site.trust.change(site.root.certificate.fingerprint, is_enabled=False, asked_by="admin")
    site.installs("CentralSystemRootCertificate", site.root.pem)
    known = site.trust.get(site.root.certificate.fingerprint)
    assert (known.purposes, known.is_enabled) == (frozenset({Purpose.STATION}), False)
    assert "It is disabled" in site.told(Kind.CERTIFICATE_DELIVERED)[0]


def test_a_root_that_an_operator_removed_does_not_come_back_by_ocpp(site: Site) -> None:
    root = Authority.root("Another", now=NOON)
    site.installs("CentralSystemRootCertificate", root.pem)
    site.trust.remove(root.certificate.fingerprint, asked_by="ada")
    site.installs("ManufacturerRootCertificate", root.pem)
    assert not site.is_trusted(root)
    assert "was removed from the store by ada" in site.told(Kind.CERTIFICATE_DELIVERED)[0]


def test_issuers_never_make_a_known_certificate_trusted_for_stations(site: Site) -> None:
    site.trust.add(site.sub.certificate, frozenset({Purpose.SERVER}), Role.ANCHOR, Origin.OPERATOR, "admin")
    site.delivers(site.sub.leaf("SN-1").chain_pem)
    assert site.trust.get(site.sub.certificate.fingerprint).purposes == {Purpose.SERVER}


@pytest.mark.parametrize("how", ["revoked", "disabled"])
def test_issuers_that_are_not_trusted_any_more_are_told_of(site: Site, how: str) -> None:
    other = site.root.sub("Other CA")
    if how == "revoked":
        site.trust.revoke_certificate(other.certificate, reason="", asked_by="admin")
    else:
        site.trust.add(other.certificate, frozenset({Purpose.STATION}), None, Origin.OPERATOR, "admin")
        site.trust.change(other.certificate.fingerprint, is_enabled=False, asked_by="admin")
    site.delivers(other.leaf("SN-1").chain_pem)
    assert not site.is_trusted(other)
    assert f"is {how}; nothing was stored" in site.told(Kind.CERTIFICATE_DELIVERED)[0]


def test_factory_credentials_are_not_said_to_be_refused(site: Site) -> None:
    maker = Authority.root("Maker", now=NOON)
    site.trust.add(maker.certificate, frozenset({Purpose.ONBOARDING}), None, Origin.OPERATOR, "admin")
    sub = maker.sub("Maker CA")
    site.delivers(sub.leaf("SN-1").chain_pem)
    assert not site.is_trusted(sub)
    assert site.told(Kind.CERTIFICATE_DELIVERED)[0].endswith("It leads to an anchor for onboarding only.")


def test_issuers_that_cannot_be_read_are_told_of(site: Site) -> None:
    site.delivers(site.sub.leaf("SN-1").chain_pem + NONSENSE)
    assert "Of its issuers in the chain 1 cannot be read here." in site.told(Kind.CERTIFICATE_DELIVERED)[0]
    assert site.is_trusted(site.sub)


def test_long_names_do_not_push_out_the_verdict(site: Site) -> None:
    other = Authority.root("x" * 64, organisation=["y" * 64] * 9, now=NOON)
    leaf = other.leaf("z" * 64, organisation=["z" * 64] * 9)
    site.delivers(leaf.chain_pem)
    assert site.told(Kind.CERTIFICATE_DELIVERED)[0].endswith("was not presented.")


@pytest.mark.parametrize("status", ["Rejected", "Failed"])
def test_a_root_that_a_station_did_not_take_is_nowhere(site: Site, status: str) -> None:
    root = Authority.root("Another", now=NOON)
    site.installs("CentralSystemRootCertificate", root.pem, status)
    assert (site.held, site.is_trusted(root)) == ([], False)
    assert status in site.told(Kind.CERTIFICATE_NOT_DELIVERED)[0]


def test_a_root_that_cannot_be_read_is_only_told_of(site: Site) -> None:
    site.installs("ManufacturerRootCertificate", NONSENSE)
    assert site.held == []
    assert "cannot be read here" in site.told(Kind.CERTIFICATE_DELIVERED)[0]
    assert site.services.security.is_spoken_by(site.station)


def test_a_root_that_the_store_does_not_take_is_at_the_station_all_the_same(site: Site) -> None:
    old = Authority.root("Old", now=NOON, validity=EXPIRED)
    site.installs("CentralSystemRootCertificate", old.pem)
    assert len(site.held) == 1
    assert not site.is_trusted(old)
    assert "It is not in the store: It expired" in site.told(Kind.CERTIFICATE_DELIVERED)[0]


def test_a_certificate_that_a_station_took_is_at_the_station_and_its_issuers_in_the_store(site: Site) -> None:
    issued = site.sub.leaf("SN-1")
    site.delivers(issued.chain_pem + site.root.pem)
    assert site.held == [(issued.certificate.fingerprint, Use.CHARGE_POINT, How.DELIVERED)]
    issuer = site.trust.get(site.sub.certificate.fingerprint)
    assert (issuer.purposes, issuer.role, issuer.origin) == (
        frozenset({Purpose.STATION}),
        Role.INTERMEDIATE,
        Origin.OCPP,
    )
    assert not site.is_trusted(issued)
    assert len(site.trust.snapshot().certificates) == 2
    assert site.told(Kind.CERTIFICATE_DELIVERED) == [
        f'It took a certificate of its own, "{issued.certificate.subject}", until 2026-01-31.'
    ]


def test_issuers_that_lead_to_nobody_who_is_trusted_stay_out_of_the_store(site: Site) -> None:
    sub = Authority.root("Another", now=NOON).sub()
    site.delivers(sub.leaf("SN-1").chain_pem)
    assert len(site.held) == 1
    assert not site.is_trusted(sub)
    assert "would be refused when the station connects" in site.told(Kind.CERTIFICATE_DELIVERED)[0]


@pytest.mark.parametrize("chain", [NONSENSE, "", "nonsense", "é" * 5000])
def test_a_chain_that_cannot_be_read_is_only_told_of(site: Site, chain: str) -> None:
    site.delivers(chain)
    assert site.held == []
    assert "cannot be read here" in site.told(Kind.CERTIFICATE_DELIVERED)[0]


def test_a_certificate_that_a_station_did_not_take_is_nowhere(site: Site) -> None:
    """OCTT TC_077."""
    site.delivers(site.sub.leaf("SN-1").chain_pem, "Rejected")
    assert (site.held, site.is_trusted(site.sub)) == ([], False)
    assert len(site.told(Kind.CERTIFICATE_NOT_DELIVERED)) == 1


@pytest.mark.parametrize(("status", "is_there"), [("Accepted", False), ("NotFound", False), ("Failed", True)])
def test_a_root_that_a_station_removed_is_no_longer_there(site: Site, status: str, is_there: bool) -> None:
    """M04.FR.02–04; the hashes are those that the station reported (M04.FR.07)."""
    root = Authority.root("Another", now=NOON)
    site.installs("CentralSystemRootCertificate", root.pem)
    site.installs("ManufacturerRootCertificate", site.root.pem)
    site.asks(
        "DeleteCertificate",
        certificateHashData={
            "hashAlgorithm": "SHA384",
            "issuerNameHash": hashlib.sha384(root.certificate.x509.subject.public_bytes()).hexdigest(),
            "issuerKeyHash": "00",
            "serialNumber": root.certificate.serial.lower(),
        },
    )
    site.sends()
    site.answers(status=status)
    assert [use for _, use, _ in site.held].count(Use.CENTRAL_SYSTEM_ROOT) == int(is_there)
    assert [use for _, use, _ in site.held].count(Use.MANUFACTURER_ROOT) == 1
    assert site.is_trusted(root)
    assert [note.startswith("It removed the root") for note in site.told(Kind.ROOT_DELETED)] == [True] * (not is_there)
