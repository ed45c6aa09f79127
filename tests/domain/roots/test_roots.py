"""What is known of root certificates at stations (security whitepaper M03)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errands.model import Failure
from forecourt.domain.roots.model import Learned
from tests.domain.roots.yard import CENTRAL, CROSS, MAKERS, OTHER, ROOT, Json, Yard, named
from tests.domain.world import ALL
from tests.support.authority import Authority
from tests.support.clock import NOON


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
@pytest.mark.parametrize("authority", [ROOT, OTHER], ids=["EC", "RSA"])
def test_a_reported_root_is_shown_by_the_certificate_that_it_names(
    yard: Yard, algorithm: str, authority: Authority
) -> None:
    """M03.FR.04; the hashes are kept to the letter (M04.FR.07)."""
    yard.trusts(ROOT.certificate, OTHER.certificate)
    told = named(authority.certificate, algorithm=algorithm)
    told |= {"issuerNameHash": told["issuerNameHash"].upper(), "serialNumber": told["serialNumber"].lower().zfill(40)}
    yard.reports(told)
    [root] = yard.roots()
    assert (root.certificate, root.learned, root.learned_at) == (authority.certificate, Learned.REPORTED, NOON)
    assert root.named.issuer_name_hash == told["issuerNameHash"]
    assert root.named.serial == told["serialNumber"]
    assert yard.held() == [(CENTRAL, "reported")]


def test_a_cross_signed_root_is_told_from_the_root_itself(yard: Yard) -> None:
    yard.trusts(ROOT.certificate, OTHER.certificate, CROSS)
    yard.reports(named(CROSS, ROOT.certificate))
    assert [one.certificate for one in yard.roots()] == [CROSS]


def test_a_report_replaces_what_was_known_of_that_use(yard: Yard) -> None:
    yard.trusts(ROOT.certificate, OTHER.certificate)
    yard.reports(named(ROOT.certificate), named(OTHER.certificate))
    yard.reports(named(ROOT.certificate), use=MAKERS)
    numbers = {one.certificate: one.number for one in yard.roots()}
    yard.reports(named(OTHER.certificate))
    [left] = yard.roots()
    assert left.number == numbers[OTHER.certificate], "what stays keeps its number"
    assert len(yard.roots(MAKERS)) == 1
    assert set(yard.held()) == {(CENTRAL, "reported"), (MAKERS, "reported")}


@pytest.mark.parametrize("told", [(), (named(ROOT.certificate),)], ids=["absent", "filled"])
def test_not_found_means_none(yard: Yard, told: tuple[Json, ...]) -> None:
    """M03.FR.02; some stations send a list with NotFound."""
    yard.trusts(ROOT.certificate)
    yard.reports(named(ROOT.certificate))
    yard.reports(*told, status="NotFound")
    known = yard.services.roots.known(yard.station, CENTRAL)
    assert (known.roots, known.reported_at) == ([], NOON)
    assert yard.held() == []


def test_a_root_that_is_not_known_here_gets_its_name_when_it_is_imported(yard: Yard) -> None:
    yard.reports(named(ROOT.certificate))
    known = yard.services.roots.known(yard.station, CENTRAL)
    assert known.has_strangers
    yard.trusts(ROOT.certificate)
    [root] = yard.roots()
    assert root.certificate == ROOT.certificate


def test_an_installed_root_is_there_until_a_report_says_otherwise(yard: Yard) -> None:
    """M05.FR.02."""
    yard.installs(ROOT)
    yard.sends()
    yard.answers(status="Accepted")
    [root] = yard.roots()
    assert (root.certificate, root.learned) == (ROOT.certificate, Learned.INSTALLED)
    yard.reports(named(ROOT.certificate, algorithm="SHA512"))
    [reported] = yard.roots()
    assert (reported.number, reported.named.algorithm) == (root.number, "SHA512")
    assert reported.learned is Learned.REPORTED
    yard.reports()
    assert yard.roots() == []


@pytest.mark.parametrize("status", ["Rejected", "Failed"])
def test_a_root_that_was_refused_is_not_there(yard: Yard, status: str) -> None:
    """M05.FR.03, 04, 06; OCTT TC_078."""
    yard.installs(ROOT)
    yard.sends()
    yard.answers(status=status)
    assert yard.roots() == []


def test_what_is_sent_raw_counts_as_well(yard: Yard) -> None:
    yard.asks("InstallCertificate", certificateType=MAKERS.value, certificate=ROOT.pem)
    yard.sends()
    yard.answers(status="Accepted")
    assert [one.certificate for one in yard.roots(MAKERS)] == [ROOT.certificate]
    yard.asks("GetInstalledCertificateIds", certificateType=MAKERS.value)
    yard.sends()
    yard.answers(status="Accepted", certificateHashData=[named(ROOT.certificate)])
    [root] = yard.roots(MAKERS)
    assert root.learned is Learned.REPORTED
    yard.asks("DeleteCertificate", certificateHashData=named(ROOT.certificate, algorithm="SHA384"))
    yard.sends()
    yard.answers(status="Accepted")
    assert yard.roots(MAKERS) == []


def test_it_can_be_asked_where_a_root_is(yard: Yard) -> None:
    yard.trusts(ROOT.certificate)
    yard.reports(named(ROOT.certificate), named(OTHER.certificate))
    [found] = yard.services.roots.stations_with(ROOT.certificate.fingerprint.upper(), ALL).items
    assert (found.station, found.use) == ("CP-1", CENTRAL)
    counts = [(one.subject, one.stations, one.reported) for one in yard.services.roots.counts()]
    assert counts == [(ROOT.certificate.subject, 1, 1), (None, 1, 1)]
    yard.services.provisioning.remove("CP-1")
    assert yard.services.roots.stations_with(ROOT.certificate.fingerprint, ALL).items == []
    assert yard.services.roots.counts() == []


# In which order


def test_a_list_that_is_older_than_a_removal_does_not_bring_the_root_back(yard: Yard) -> None:
    """It was asked for before, and answered so late that it had been given up; so it is asked again (M03)."""
    yard.trusts(ROOT.certificate, OTHER.certificate)
    yard.reports(named(ROOT.certificate), named(OTHER.certificate))
    yard.asks("GetInstalledCertificateIds", certificateType=CENTRAL.value)
    yard.sends()
    asked = yard.carrying.sent
    yard.carrying.comes_to_nothing(Failure("No answer came.", is_outcome_unknown=True))
    yard.clock.advance(timedelta(seconds=1))
    yard.asks("DeleteRootCertificate", use=CENTRAL.value, fingerprint=OTHER.certificate.fingerprint)
    yard.sends()
    yard.answers(status="Accepted")
    told = [named(ROOT.certificate), named(OTHER.certificate)]
    yard.carrying.hears_late(asked, status="Accepted", certificateHashData=told)
    assert [one.certificate for one in yard.roots()] == [ROOT.certificate]
    assert yard.sends() == ("GetInstalledCertificateIds", {"certificateType": CENTRAL.value})
    yard.answers(status="Accepted", certificateHashData=told)
    assert len(yard.roots()) == 2, "this was asked afterwards, and is the last word"


def test_hashes_that_are_told_twice_in_another_spelling_are_one_root(yard: Yard) -> None:
    """As they came first (M04.FR.07)."""
    told = named(ROOT.certificate)
    other = {name: told[name].upper() for name in ("issuerNameHash", "issuerKeyHash")}
    yard.reports(told, {**told, **other, "serialNumber": told["serialNumber"].lower()})
    [root] = yard.roots()
    assert root.named.issuer_key_hash == told["issuerKeyHash"]
