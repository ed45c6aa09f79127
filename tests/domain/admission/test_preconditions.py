"""What a station needs before it can use a higher profile (A05.FR.02–04), and what is said of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.admission.model import Entry, SecurityProfile
from forecourt.domain.errors import Kind
from forecourt.domain.provisioning.model import BootFacts
from forecourt.domain.trust.held import How, Use
from forecourt.domain.trust.model import Origin, Policy, Purpose, Role
from forecourt.pki.certificate import Certificate
from forecourt.pki.hash_data import hash_data
from tests.domain.admission.gate import ACCEPTED, BASIC, REBOOT_REQUIRED, REJECTED, TLS_BASIC, TLS_CERTIFICATE, Gate
from tests.domain.world import refused
from tests.support.authority import OPERATOR, Authority, Issued
from tests.support.clock import NOON

ROOT = Authority.root(now=NOON)
OTHER_ROOT = Authority.root("Other Root", now=NOON)
YEARS = timedelta(days=40 * 366)


@pytest.fixture
def gate() -> Gate:
    return Gate()


def met(gate: Gate, profile: SecurityProfile) -> dict[str, bool | None]:
    return {one.name: one.is_met for one in gate.services.profile_upgrades.preconditions(gate.station, profile)}


def holds(gate: Gate, use: Use, certificate: Certificate) -> None:
    gate.services.trust.hold(gate.station, use, certificate, How.DELIVERED)


def boots(gate: Gate, serial_number: str | None) -> None:
    gate.services.provisioning.boot(gate.station, BootFacts(vendor="v", model="m", serial_number=serial_number))


def test_each_profile_has_its_own(gate: Gate) -> None:
    assert list(met(gate, SecurityProfile.NONE)) == []
    assert list(met(gate, BASIC)) == ["key", "listener"]
    assert list(met(gate, TLS_BASIC)) == ["key", "root", "listener"]
    assert list(met(gate, TLS_CERTIFICATE)) == ["root", "cpoName", "certificate", "serial", "listener"]


def test_a_password_that_the_station_has(gate: Gate) -> None:
    """A05.FR.02."""
    assert met(gate, BASIC)["key"] is False
    gate.changes_password()
    assert met(gate, BASIC)["key"] is None, "it may have it by now"
    gate.answers(**REBOOT_REQUIRED)
    assert met(gate, BASIC)["key"] is None
    gate.has_password()
    assert met(gate, BASIC)["key"] is True


def serves(gate: Gate, authority: Authority, name: str = "main") -> None:
    server = authority.leaf("csms.example")
    gate.services.trust.put_server_certificate(name, chain_pem=server.chain_pem, key_pem=server.key_pem, asked_by="ada")


def test_a_root_that_the_station_took(gate: Gate) -> None:
    """A05.FR.03."""
    assert met(gate, TLS_BASIC)["root"] is False
    holds(gate, Use.MANUFACTURER_ROOT, ROOT.certificate)
    assert met(gate, TLS_BASIC)["root"] is False, "that one is for firmware"
    holds(gate, Use.CENTRAL_SYSTEM_ROOT, ROOT.certificate)
    assert met(gate, TLS_BASIC)["root"] is None, "there is nothing here that it would have to fit"
    serves(gate, ROOT)
    assert met(gate, TLS_BASIC)["root"] is True
    gate.clock.advance(YEARS)
    assert met(gate, TLS_BASIC)["root"] is False


def test_what_the_station_reports_of_its_roots_counts(gate: Gate) -> None:
    """A05.FR.03: it is told by M03 what the station has, whatever it took before."""

    def reports(*roots: Authority) -> None:
        named = [hash_data(root.certificate, None, "SHA384") for root in roots]
        gate.services.roots.reported(gate.station, Use.CENTRAL_SYSTEM_ROOT, named)

    holds(gate, Use.CENTRAL_SYSTEM_ROOT, ROOT.certificate)
    serves(gate, ROOT)
    assert met(gate, TLS_BASIC)["root"] is True
    reports()
    assert met(gate, TLS_BASIC)["root"] is False, "it is no longer there"
    reports(ROOT)
    assert met(gate, TLS_BASIC)["root"] is None, "it has one that is not known here"
    trusts(gate, ROOT)
    assert met(gate, TLS_BASIC)["root"] is True
    reports(OTHER_ROOT)
    assert met(gate, TLS_BASIC)["root"] is None
    trusts(gate, OTHER_ROOT)
    assert met(gate, TLS_BASIC)["root"] is False


def test_a_root_to_which_no_server_certificate_leads_is_none(gate: Gate) -> None:
    """The station would break every handshake off."""
    holds(gate, Use.CENTRAL_SYSTEM_ROOT, OTHER_ROOT.certificate)
    serves(gate, ROOT)
    assert met(gate, TLS_BASIC)["root"] is False
    holds(gate, Use.CENTRAL_SYSTEM_ROOT, ROOT.certificate)
    assert met(gate, TLS_BASIC)["root"] is True, "one of them is enough"


def trusts(gate: Gate, authority: Authority, purpose: Purpose = Purpose.STATION) -> None:
    gate.services.trust.add(
        authority.certificate,
        purposes=frozenset({purpose}),
        role=Role.ANCHOR,
        origin=Origin.OPERATOR,
        asked_by="ada",
    )


def test_a_certificate_of_its_own(gate: Gate) -> None:
    """A05.FR.04."""
    gate.services.trust.set_policy(Policy(cpo_name=OPERATOR), asked_by="ada")
    boots(gate, "SN-1")
    assert met(gate, TLS_CERTIFICATE)["certificate"] is False
    leaf = ROOT.leaf("SN-1").certificate
    holds(gate, Use.CHARGE_POINT, leaf)
    assert met(gate, TLS_CERTIFICATE)["certificate"] is False, "it leads to nothing that is trusted here"
    trusts(gate, ROOT)
    assert met(gate, TLS_CERTIFICATE)["certificate"] is True
    gate.services.trust.revoke(issuer_hash=leaf.issuer_hash, serial=leaf.serial, reason="stolen", asked_by="ada")
    assert met(gate, TLS_CERTIFICATE)["certificate"] is False


@pytest.mark.parametrize(
    ("leaf", "about"),
    [
        (ROOT.leaf("SN-2"), "another station"),
        (ROOT.leaf("SN-1", organisation="Somebody"), "organization"),
        (ROOT.leaf(("SN-1", "SN-2")), "exactly one common name"),
    ],
)
def test_a_certificate_that_the_door_would_refuse_is_none(gate: Gate, leaf: Issued, about: str) -> None:
    """A00.FR.404, 405."""
    gate.services.trust.set_policy(Policy(cpo_name=OPERATOR), asked_by="ada")
    trusts(gate, ROOT)
    boots(gate, "SN-1")
    holds(gate, Use.CHARGE_POINT, leaf.certificate)
    found = gate.services.profile_upgrades.preconditions(gate.station, TLS_CERTIFICATE)
    [certificate] = [one for one in found if one.name == "certificate"]
    assert certificate.is_met is False
    assert about in str(certificate.sentence)
    holds(gate, Use.CHARGE_POINT, ROOT.leaf("SN-1").certificate)
    assert met(gate, TLS_CERTIFICATE)["certificate"] is True, "one of them is enough"


def test_its_makers_certificate_will_do_until_it_has_one_of_its_own(gate: Gate) -> None:
    """A00.FR.406."""
    gate.services.trust.set_policy(Policy(trusted_organisations=(OPERATOR,)), asked_by="ada")
    trusts(gate, OTHER_ROOT, Purpose.ONBOARDING)
    boots(gate, "SN-1")
    leaf = OTHER_ROOT.leaf("SN-1").certificate
    holds(gate, Use.CHARGE_POINT, leaf)
    assert met(gate, TLS_CERTIFICATE)["certificate"] is True
    gate.services.admissions.set_profile(gate.station, TLS_CERTIFICATE, may_lower=False, asked_by="ada")
    own = Entry(profile=TLS_CERTIFICATE, is_tls=True, fingerprint="ab" * 32)
    gate.services.admissions.admitted(gate.station, own)
    assert met(gate, TLS_CERTIFICATE)["certificate"] is False
    gate.services.admissions.replace_device(gate.station, "ada")
    assert met(gate, TLS_CERTIFICATE)["certificate"] is True


def test_the_organisation_that_its_certificate_should_name(gate: Gate) -> None:
    assert met(gate, TLS_CERTIFICATE)["cpoName"] is None, "the policy says none"
    gate.services.trust.set_policy(Policy(cpo_name="Forecourt Power"), asked_by="ada")
    assert met(gate, TLS_CERTIFICATE)["cpoName"] is None, "it was never read"
    for value, expected in (("Forecourt Power", True), ("Another", False)):
        gate.services.configuration.changed(gate.station, "CpoName", value, awaits_restart=False)
        assert met(gate, TLS_CERTIFICATE)["cpoName"] is expected


def test_the_serial_number_that_its_certificate_must_name(gate: Gate) -> None:
    """A00.FR.405."""
    assert met(gate, TLS_CERTIFICATE)["serial"] is False
    boots(gate, "SN-1")
    assert met(gate, TLS_CERTIFICATE)["serial"] is True
    gate.services.admissions.change(
        gate.station, leniencies=frozenset(), serial_number="SN-2", trusted_organisations=(), asked_by="ada"
    )
    assert met(gate, TLS_CERTIFICATE)["serial"] is False, "it says that it is another"
    boots(gate, None)
    assert met(gate, TLS_CERTIFICATE)["serial"] is True


def test_a_listener_that_takes_the_profile(gate: Gate) -> None:
    assert met(gate, BASIC)["listener"] is True
    assert met(gate, TLS_BASIC)["listener"] is None, "a proxy may end the TLS"
    serves(gate, ROOT)
    assert met(gate, TLS_BASIC)["listener"] is True
    gate.clock.advance(YEARS)
    assert met(gate, TLS_BASIC)["listener"] is None


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ({"ws": {BASIC}, "wss": {TLS_BASIC}}, {BASIC: True, TLS_BASIC: True, TLS_CERTIFICATE: False}),
        ({"ws": {SecurityProfile.NONE}}, {BASIC: False, TLS_BASIC: True, TLS_CERTIFICATE: True}),
        ({"old": {TLS_BASIC}}, {BASIC: None, TLS_BASIC: True, TLS_CERTIFICATE: True}),
        (
            {"wss": {SecurityProfile.NONE}, "new": {TLS_CERTIFICATE}},
            {BASIC: None, TLS_BASIC: False, TLS_CERTIFICATE: True},
        ),
    ],
)
def test_the_policy_may_leave_no_listener_for_a_profile(
    gate: Gate, listeners: dict[str, set[SecurityProfile]], expected: dict[SecurityProfile, bool | None]
) -> None:
    """One that it does not name takes all that it can carry."""
    policy = Policy(listeners={name: frozenset(profiles) for name, profiles in listeners.items()})
    gate.services.trust.set_policy(policy, asked_by="ada")
    serves(gate, ROOT)
    assert {profile: met(gate, profile)["listener"] for profile in expected} == expected


def test_what_is_missing_refuses_an_upgrade_and_is_named(gate: Gate) -> None:
    with refused(Kind.CONFLICT, about="A05.FR.02"):
        gate.asks("UpgradeSecurityProfile", profile=2)
    with refused(Kind.CONFLICT, about="A05.FR.03"):
        gate.asks("UpgradeSecurityProfile", profile=2)
    assert gate.access.upgrade is None


def test_despite_that_it_is_asked_for_and_warned_of(gate: Gate) -> None:
    errand = gate.asks("UpgradeSecurityProfile", profile=2, despitePreconditions=True)
    assert any("A05.FR.02" in warning for warning in errand.warnings)
    assert any("A05.FR.03" in warning for warning in errand.warnings)


def test_with_all_that_it_needs_nothing_is_said(gate: Gate) -> None:
    gate.has_password()
    assert gate.asks("UpgradeSecurityProfile", profile=1).warnings == ()


def test_the_upgrade_to_profile_3_fixes_the_serial_number(gate: Gate) -> None:
    boots(gate, "SN-1")
    gate.asks("UpgradeSecurityProfile", profile=3, despitePreconditions=True)
    boots(gate, "SN-2")
    assert gate.access.serial_number == "SN-1", "before its answer: it may come at once"
    gate.sends()
    gate.answers(**ACCEPTED)
    assert gate.access.serial_number == "SN-1"


def test_an_upgrade_to_a_lower_one_fixes_none(gate: Gate) -> None:
    boots(gate, "SN-1")
    gate.asks("UpgradeSecurityProfile", profile=2, despitePreconditions=True)
    assert gate.access.serial_number is None


@pytest.mark.parametrize("ends", ["refused", "cancelled", "given up"])
def test_an_upgrade_that_comes_to_nothing_unfixes_it(gate: Gate, ends: str) -> None:
    boots(gate, "SN-1")
    errand = gate.asks("UpgradeSecurityProfile", profile=3, despitePreconditions=True)
    match ends:
        case "refused":
            gate.sends()
            gate.answers(**REJECTED)
        case "cancelled":
            gate.services.errands.cancel(errand.number)
        case _:
            gate.services.profile_upgrades.give_up(gate.station, "ada")
    assert gate.access.upgrade is None
    assert gate.access.serial_number is None


@pytest.mark.parametrize("serial", ["SN-1", "SN-9"])
def test_what_an_operator_wrote_meanwhile_stays(gate: Gate, serial: str) -> None:
    boots(gate, "SN-1")
    gate.asks("UpgradeSecurityProfile", profile=3, despitePreconditions=True)
    gate.services.admissions.change(gate.station, serial_number=serial, asked_by="ada")
    gate.sends()
    gate.answers(**REJECTED)
    assert gate.access.serial_number == serial


def test_raised_by_hand_what_is_missing_is_told(gate: Gate) -> None:
    doubts = gate.services.profile_upgrades.doubts(gate.station, TLS_BASIC)
    assert any("A05.FR.02" in str(doubt) for doubt in doubts)
    gate.services.admissions.set_profile(gate.station, TLS_BASIC, may_lower=False, asked_by="ada")
    assert gate.services.profile_upgrades.doubts(gate.station, TLS_BASIC) == []
    assert gate.services.profile_upgrades.doubts(gate.station, BASIC) == []
