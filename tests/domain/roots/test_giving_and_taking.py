"""How roots are given to stations and taken from them (security whitepaper M04, M05)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forecourt.domain.errands.model import Order
from forecourt.domain.errors import Kind
from forecourt.domain.security_log import model as log
from forecourt.domain.security_log.model import NoteFilter
from forecourt.pki.hash_data import hash_data
from tests.domain.roots.yard import CENTRAL, CROSS, MAKERS, OTHER, ROOT, Yard, named
from tests.domain.world import ALL, refused
from tests.support.authority import EXPIRED, Authority
from tests.support.clock import NOON

ORDER = Order(asked_by="admin")


def test_both_uses_are_read_one_after_the_other(yard: Yard) -> None:
    errand = yard.asks("ReadRootCertificates")
    for use in (CENTRAL, MAKERS):
        assert yard.services.errands.get(errand.number).ended_at is None
        assert yard.sends() == ("GetInstalledCertificateIds", {"certificateType": use.value})
        yard.answers(status="NotFound")
    assert yard.services.errands.get(errand.number).ended_at is not None


def test_a_root_is_installed_from_the_store(yard: Yard) -> None:
    yard.trusts(ROOT.certificate)
    yard.asks("InstallRootCertificate", use=CENTRAL.value, fingerprint=ROOT.certificate.fingerprint.upper())
    assert yard.sends() == ("InstallCertificate", {"certificateType": CENTRAL.value, "certificate": ROOT.pem})


def test_what_is_no_root_is_not_sent(yard: Yard) -> None:
    use = {"use": CENTRAL.value}
    with refused(Kind.INVALID, field="certificate", about="not that of an authority"):
        yard.asks("InstallRootCertificate", **use, certificate=ROOT.leaf().pem)
    with refused(Kind.INVALID, field="certificate", about="cannot be read"):
        yard.asks("InstallRootCertificate", **use, certificate="nonsense")
    for parameters in ({}, {"certificate": ROOT.pem, "fingerprint": "ab"}):
        with refused(Kind.INVALID, field="certificate", about="one of the two"):
            yard.asks("InstallRootCertificate", **use, **parameters)
    with refused(Kind.NOT_FOUND):
        yard.asks("InstallRootCertificate", **use, fingerprint="ab" * 32)
    large = Authority.root("Large " + "x" * 50, organisation=["y" * 64] * 60, now=NOON)
    assert len(large.pem) > 5500
    with refused(Kind.INVALID, field="certificate", about="5500"):
        yard.asks("InstallRootCertificate", **use, certificate=large.pem)
    assert not yard.has_something_to_send


@pytest.mark.parametrize("is_despite", [False, True])
def test_an_expired_root_is_sent_only_despite_that(yard: Yard, is_despite: bool) -> None:
    """M05.FR.06."""
    old = Authority.root("Old", validity=EXPIRED, now=NOON)
    if is_despite:
        assert "expired" in yard.installs(old, despite=True).warnings[0]
    else:
        with refused(Kind.CONFLICT, field="certificate", about="It expired on"):
            yard.installs(old)


def test_a_full_store_is_known_before(yard: Yard) -> None:
    """M05.FR.03: the limit is for all roots of the station."""
    yard.trusts(ROOT.certificate)
    yard.knows(yard.station, CertificateStoreMaxLength="2")
    yard.reports(named(ROOT.certificate))
    assert yard.installs(OTHER).warnings == ()
    yard.sends()
    yard.answers(status="Rejected")
    yard.reports(named(ROOT.certificate), use=MAKERS)
    with refused(Kind.CONFLICT, field="certificate", about="takes 2"):
        yard.installs(OTHER)
    assert "takes 2" in yard.installs(OTHER, despite=True).warnings[0]


def test_a_station_that_checks_gets_the_form_that_its_present_root_signed(yard: Yard) -> None:
    """M05.FR.09."""
    yard.trusts(ROOT.certificate, OTHER.certificate, CROSS)
    yard.knows(yard.station, AdditionalRootCertificateCheck="true")
    yard.reports(named(ROOT.certificate))
    errand = yard.installs(OTHER)
    assert "signed, as the station wants it" in errand.warnings[0]
    assert yard.sends()[1]["certificate"] == CROSS.pem


def test_a_station_that_checks_is_not_given_what_it_will_reject(yard: Yard) -> None:
    """M05.FR.10."""
    yard.trusts(ROOT.certificate, OTHER.certificate)
    yard.knows(yard.station, AdditionalRootCertificateCheck="true")
    yard.reports(named(ROOT.certificate))
    with refused(Kind.CONFLICT, field="certificate", about="M05.FR.10"):
        yard.installs(OTHER)
    errand = yard.installs(OTHER, despite=True)
    assert "M05.FR.10" in errand.warnings[0]
    assert yard.sends()[1]["certificate"] == OTHER.pem
    assert yard.installs(OTHER, use=MAKERS.value).warnings == (), "roots of makers are not checked so"


def test_a_station_that_checks_and_never_told_is_warned_of(yard: Yard) -> None:
    yard.knows(yard.station, AdditionalRootCertificateCheck="true")
    [warning] = yard.installs(OTHER).warnings
    assert "ReadRootCertificates" in warning


def test_a_root_is_deleted_as_it_was_reported(yard: Yard) -> None:
    """M04.FR.02, 07."""
    yard.trusts(ROOT.certificate, OTHER.certificate)
    told = named(ROOT.certificate, algorithm="SHA384")
    told["serialNumber"] = told["serialNumber"].lower()
    yard.reports(told, named(OTHER.certificate))
    root = yard.roots()[0]
    yard.asks("DeleteRootCertificate", use=CENTRAL.value, number=root.number)
    assert yard.sends() == ("DeleteCertificate", {"certificateHashData": told})
    yard.answers(status="Accepted")
    assert [one.certificate for one in yard.roots()] == [OTHER.certificate]
    [note] = yard.services.security_log.list(NoteFilter(kinds=frozenset({log.Kind.ROOT_DELETED})), ALL).items
    assert "Root A" in note.note.reason


@pytest.mark.parametrize(("status", "is_there"), [("NotFound", False), ("Failed", True)])
def test_only_a_failure_leaves_it_there(yard: Yard, status: str, is_there: bool) -> None:
    """M04.FR.03, 04, 06."""
    yard.reports(named(ROOT.certificate), named(OTHER.certificate))
    yard.asks("DeleteRootCertificate", use=CENTRAL.value, number=yard.roots()[0].number)
    yard.sends()
    yard.answers(status=status)
    assert len(yard.roots()) == 1 + is_there


def test_the_last_root_of_a_use_needs_a_word(yard: Yard) -> None:
    """M04, remarks."""
    yard.trusts(ROOT.certificate)
    yard.reports(named(ROOT.certificate))
    wanted = {"use": CENTRAL.value, "fingerprint": ROOT.certificate.fingerprint}
    with refused(Kind.CONFLICT, field="lastOne", about="cannot connect with TLS any more"):
        yard.asks("DeleteRootCertificate", **wanted)
    errand = yard.asks("DeleteRootCertificate", **wanted, lastOne=True)
    assert "the last root" in errand.warnings[0]
    assert yard.sends()[0] == "DeleteCertificate"


def test_the_root_of_what_the_listeners_present_needs_a_word(yard: Yard) -> None:
    yard.trusts(ROOT.certificate, OTHER.certificate)
    yard.serves(ROOT)
    yard.reports(named(ROOT.certificate), named(OTHER.certificate))
    wanted = {"use": CENTRAL.value, "fingerprint": ROOT.certificate.fingerprint}
    with refused(Kind.CONFLICT, field="needed", about="leads to this root and to no other one"):
        yard.asks("DeleteRootCertificate", **wanted)
    with refused(Kind.CONFLICT, field="needed"):
        yard.asks("DeleteRootCertificate", **wanted, lastOne=True)
    assert yard.asks("DeleteRootCertificate", **wanted, needed=True).warnings


def test_two_deletions_cannot_take_the_last_two(yard: Yard) -> None:
    """The first one is on its way, so that the other root is the last one."""
    yard.trusts(ROOT.certificate, OTHER.certificate)
    yard.reports(named(ROOT.certificate), named(OTHER.certificate))
    first = yard.asks("DeleteRootCertificate", use=CENTRAL.value, fingerprint=OTHER.certificate.fingerprint)
    wanted = {"use": CENTRAL.value, "fingerprint": ROOT.certificate.fingerprint}
    with refused(Kind.CONFLICT, field="lastOne"):
        yard.asks("DeleteRootCertificate", **wanted)
    yard.services.errands.cancel(first.number)
    assert yard.asks("DeleteRootCertificate", **wanted).warnings == ()


def test_one_root_with_two_names_is_one(yard: Yard) -> None:
    """Some stations list a root once for each algorithm."""
    yard.trusts(ROOT.certificate)
    yard.serves(ROOT)
    yard.reports(named(ROOT.certificate), named(ROOT.certificate, algorithm="SHA384"))
    number = yard.roots()[0].number
    with refused(Kind.CONFLICT, field="lastOne"):
        yard.asks("DeleteRootCertificate", use=CENTRAL.value, number=number)
    with refused(Kind.CONFLICT, field="needed"):
        yard.asks("DeleteRootCertificate", use=CENTRAL.value, number=number, lastOne=True)


def test_a_root_that_is_there_for_both_uses_is_looked_at_for_both(yard: Yard) -> None:
    """DeleteCertificate does not tell the use."""
    yard.trusts(ROOT.certificate, OTHER.certificate)
    yard.reports(named(ROOT.certificate))
    yard.reports(named(ROOT.certificate), named(OTHER.certificate), use=MAKERS)
    with refused(Kind.CONFLICT, field="lastOne", about=CENTRAL.value):
        yard.asks("DeleteRootCertificate", use=MAKERS.value, fingerprint=ROOT.certificate.fingerprint)


def test_a_root_that_is_there_needs_no_place(yard: Yard) -> None:
    """M05.FR.03."""
    yard.trusts(ROOT.certificate)
    yard.knows(yard.station, CertificateStoreMaxLength="1")
    yard.reports(named(ROOT.certificate))
    assert "already" in yard.installs(ROOT).warnings[0]
    with refused(Kind.CONFLICT, field="certificate", about="nothing needs any more"):
        yard.installs(OTHER)


@pytest.mark.parametrize("before", ["0x", "0X00", " "])
def test_serial_numbers_of_all_spellings_are_read_and_kept(yard: Yard, before: str) -> None:
    """M04.FR.07: what was reported is sent back to the letter, whatever happened in between."""
    yard.trusts(ROOT.certificate)
    own = hash_data(ROOT.certificate, None, "SHA256")
    told = replace(own, serial=f"{before}{own.serial.lower()}")
    yard.services.roots.reported(yard.station, CENTRAL, [told])
    assert yard.roots()[0].certificate == ROOT.certificate
    yard.installs(ROOT)
    yard.sends()
    yard.answers(status="Accepted")
    assert [one.named for one in yard.roots()] == [told]


def test_what_was_reported_unknown_and_then_installed_is_one_root(yard: Yard) -> None:
    yard.reports(named(ROOT.certificate, algorithm="SHA384"))
    yard.installs(ROOT)
    yard.sends()
    yard.answers(status="Accepted")
    [root] = yard.roots()
    assert (root.certificate, root.named.algorithm) == (ROOT.certificate, "SHA384")


def test_a_root_that_its_namesake_signed_is_not_its_own(yard: Yard) -> None:
    old, new = Authority.root("Same", now=NOON), Authority.root("Same", now=NOON)
    cross = old.cross(new)
    yard.trusts(old.certificate, new.certificate, cross)
    yard.reports(named(cross, old.certificate))
    assert [one.certificate for one in yard.roots()] == [cross]


def test_lists_show_the_name_of_what_was_imported_later(yard: Yard) -> None:
    yard.reports(named(ROOT.certificate))
    yard.trusts(ROOT.certificate)
    [count] = yard.services.roots.counts()
    assert (count.subject, count.stations) == (ROOT.certificate.subject, 1)
    assert len(yard.services.roots.stations_with(ROOT.certificate.fingerprint, ALL).items) == 1


def test_a_root_that_another_form_stands_for_is_not_needed(yard: Yard) -> None:
    yard.trusts(ROOT.certificate, OTHER.certificate, CROSS)
    yard.serves(OTHER)
    yard.reports(named(OTHER.certificate), named(CROSS, ROOT.certificate))
    yard.asks("DeleteRootCertificate", use=CENTRAL.value, fingerprint=OTHER.certificate.fingerprint)
    assert yard.sends()[0] == "DeleteCertificate"


def test_only_what_the_station_has_can_be_deleted(yard: Yard) -> None:
    use = {"use": CENTRAL.value}
    with refused(Kind.INVALID, field="number", about="ReadRootCertificates"):
        yard.asks("DeleteRootCertificate", **use, number=1)
    with refused(Kind.INVALID, field="fingerprint"):
        yard.asks("DeleteRootCertificate", **use, fingerprint="ab")
    with refused(Kind.INVALID, field="number", about="Say which"):
        yard.asks("DeleteRootCertificate", **use)
    other = yard.a_station("CP-2")
    yard.reports(named(ROOT.certificate))
    [root] = yard.roots()
    with refused(Kind.INVALID, field="number"):
        yard.services.roots.delete(other, CENTRAL, ORDER, number=root.number)


def test_what_was_not_reported_is_deleted_by_hashes_of_ours_with_a_warning(yard: Yard) -> None:
    for authority in (ROOT, OTHER):
        yard.installs(authority)
        yard.sends()
        yard.answers(status="Accepted")
    errand = yard.asks("DeleteRootCertificate", use=CENTRAL.value, fingerprint=ROOT.certificate.fingerprint)
    assert "was not reported" in errand.warnings[0]
    told = yard.sends()[1]["certificateHashData"]
    assert {**told, "serialNumber": told["serialNumber"].upper()} == named(ROOT.certificate)


def test_a_raw_deletion_is_only_warned_of(yard: Yard) -> None:
    """Whoever tests a station must be able to send it anything."""
    yard.trusts(ROOT.certificate)
    yard.serves(ROOT)
    yard.reports(named(ROOT.certificate))
    errand = yard.asks("DeleteCertificate", certificateHashData=named(ROOT.certificate, algorithm="SHA512"))
    assert ["the last root" in one for one in errand.warnings] == [True, False]
    unknown = yard.asks("DeleteCertificate", certificateHashData=named(OTHER.certificate))
    assert unknown.warnings == ()


def test_a_raw_installation_is_only_warned_of(yard: Yard) -> None:
    yard.trusts(ROOT.certificate)
    yard.knows(yard.station, AdditionalRootCertificateCheck="TRUE")
    yard.reports(named(ROOT.certificate))
    errand = yard.asks("InstallCertificate", certificateType=CENTRAL.value, certificate=OTHER.pem)
    assert "M05.FR.10" in errand.warnings[0]
