"""Who may connect and how: what the door is told, what it tells, and what operators decide by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forecourt.domain.admission.model import (
    Access,
    Entry,
    KeyForm,
    Leniency,
    PasswordNumber,
    PasswordState,
    SecurityProfile,
    needs_record,
)
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import BootFacts, StationDraft
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.domain.trust.held import How, Use
from forecourt.domain.trust.model import Policy
from tests.domain.admission.gate import ACCEPTED, BASIC, TLS_BASIC, TLS_CERTIFICATE, Gate
from tests.domain.world import refused
from tests.support.authority import Authority
from tests.support.clock import NOON

NONE = SecurityProfile.NONE


@pytest.fixture
def gate() -> Gate:
    return Gate()


def sets(gate: Gate, profile: SecurityProfile, *, may_lower: bool = False) -> Access:
    return gate.services.admissions.set_profile(gate.station, profile, may_lower=may_lower, asked_by="ada")


def excuses(gate: Gate, *leniencies: Leniency, serial: str | None = None, organisations: tuple[str, ...] = ()) -> None:
    gate.services.admissions.change(
        gate.station,
        leniencies=frozenset(leniencies),
        serial_number=serial,
        trusted_organisations=organisations,
        asked_by="ada",
    )


# The profile by hand


@pytest.mark.parametrize("profile", [BASIC, TLS_BASIC, TLS_CERTIFICATE])
def test_a_profile_is_raised_by_hand_and_the_link_looked_at_again(gate: Gate, profile: SecurityProfile) -> None:
    sets(gate, profile)
    assert gate.profiles() == (profile,)
    assert gate.changes.stations == ["CP-1"]
    assert (gate.kinds, gate.notes[0].asked_by) == ([Noted.PROFILE_SET], "ada")


def test_lowering_takes_a_word_of_its_own(gate: Gate) -> None:
    """A00.FR.005."""
    sets(gate, TLS_BASIC)
    with refused(Kind.CONFLICT, field="profile", about="lowered"):
        sets(gate, BASIC)
    assert gate.access.profile is TLS_BASIC
    sets(gate, BASIC, may_lower=True)
    assert gate.access.profile is BASIC
    assert gate.last_kind() is Noted.PROFILE_LOWERED


def test_the_same_profile_again_changes_nothing(gate: Gate) -> None:
    sets(gate, BASIC)
    sets(gate, BASIC)
    assert gate.kinds == [Noted.PROFILE_SET]


def test_profile_3_fixes_the_serial_number_that_was_told_so_far(gate: Gate) -> None:
    """A00.FR.405: the serial number must be known before the handshake, and no later boot may change it."""
    gate.services.provisioning.boot(gate.station, BootFacts(vendor="v", model="m", serial_number="SN-1"))
    sets(gate, TLS_CERTIFICATE)
    gate.services.provisioning.boot(gate.station, BootFacts(vendor="v", model="m", serial_number="SN-2"))
    assert gate.access.serial_number == "SN-1"
    sheet = gate.services.admissions.sheet(gate.station)
    assert (sheet.access.serial_number, sheet.reported_serial) == ("SN-1", "SN-2")


def test_a_serial_number_that_an_operator_wrote_stays(gate: Gate) -> None:
    gate.services.provisioning.boot(gate.station, BootFacts(vendor="v", model="m", serial_number="SN-1"))
    excuses(gate, serial="SN-9")
    sets(gate, TLS_CERTIFICATE)
    assert gate.access.serial_number == "SN-9"


def test_lower_profiles_fix_no_serial_number(gate: Gate) -> None:
    gate.services.provisioning.boot(gate.station, BootFacts(vendor="v", model="m", serial_number="SN-1"))
    sets(gate, TLS_BASIC)
    assert gate.access.serial_number is None


def test_while_the_answer_to_an_upgrade_is_awaited_no_profile_is_set(gate: Gate) -> None:
    """What the station answers would mean a profile that nobody waits for."""
    gate.asks("UpgradeSecurityProfile", profile=2, despitePreconditions=True)
    gate.sends()
    with refused(Kind.CONFLICT, about="sent already"):
        sets(gate, BASIC)
    assert gate.profiles() == (TLS_BASIC, NONE)


# What is excused


def test_what_is_excused_and_expected_is_kept_and_noted(gate: Gate) -> None:
    excuses(gate, Leniency.LEGACY_TLS, serial="SN-1", organisations=("Maker", "Maker", "Other"))
    access = gate.access
    assert access.leniencies == {Leniency.LEGACY_TLS}
    assert (access.serial_number, access.trusted_organisations) == ("SN-1", ("Maker", "Other"))
    assert gate.kinds == [Noted.ACCESS_CHANGED]
    for told in ("legacyTls", "SN-1", "Maker, Other"):
        assert told in gate.notes[0].reason
    excuses(gate)
    assert gate.access == Access()


def test_a_change_is_applied_to_what_is_on_record_when_it_is_written(gate: Gate) -> None:
    """Two operators change different things, and neither undoes what the other did."""
    excuses(gate, Leniency.LEGACY_TLS, serial="SN-1", organisations=("Maker",))
    change = gate.services.admissions.change
    change(gate.station, leniencies=lambda known: known | {Leniency.ANY_ORGANISATION}, asked_by="ada")
    change(gate.station, trusted_organisations=lambda known: (*known, "Other"), asked_by="ben")
    change(gate.station, serial_number="SN-2", asked_by="cy")
    access = gate.access
    assert access.leniencies == {Leniency.LEGACY_TLS, Leniency.ANY_ORGANISATION}
    assert (access.serial_number, access.trusted_organisations) == ("SN-2", ("Maker", "Other"))


def test_another_device_may_come_with_its_makers_certificate_and_another_serial_number(gate: Gate) -> None:
    """A00.FR.405, 406: what the one before has proven says nothing of this one."""
    excuses(gate, Leniency.LEGACY_TLS, serial="SN-1")
    sets(gate, TLS_CERTIFICATE)
    gate.services.admissions.admitted(gate.station, entry(profile=TLS_CERTIFICATE, is_tls=True, fingerprint="ab" * 32))
    rung = len(gate.changes.stations)
    gate.services.admissions.replace_device(gate.station, "ada")
    access = gate.access
    assert (access.has_own_certificate, access.serial_number, access.fingerprint) == (False, None, None)
    assert access.profile is TLS_CERTIFICATE
    assert access.leniencies == {Leniency.LEGACY_TLS}
    assert (gate.last_kind(), gate.notes[-1].asked_by) == (Noted.ACCESS_CHANGED, "ada")
    assert len(gate.changes.stations) == rung + 1


@pytest.mark.parametrize("serial", ["", " SN", "SN\n", "x" * 65])
def test_a_serial_number_that_no_certificate_can_name_is_refused(gate: Gate, serial: str) -> None:
    with refused(Kind.INVALID, field="serialNumber"):
        excuses(gate, serial=serial)


@pytest.mark.parametrize("organisations", [("",), ("x" * 65,), ("a\0",), tuple(f"O {n}" for n in range(21))])
def test_an_organisation_that_no_certificate_can_name_is_refused(gate: Gate, organisations: tuple[str, ...]) -> None:
    with refused(Kind.INVALID, field="trustedOrganisations"):
        excuses(gate, organisations=organisations)


# Registering


def test_a_new_station_has_the_profile_that_it_is_registered_with(gate: Gate) -> None:
    gate.services.provisioning.add(StationDraft(identity="CP-2", security_profile=TLS_BASIC))
    assert gate.services.provisioning.get("CP-2").security_profile is TLS_BASIC


def test_a_new_station_has_the_profile_of_the_policy(gate: Gate) -> None:
    gate.services.trust.set_policy(Policy(new_station_profile=TLS_BASIC), asked_by="ada")
    assert gate.services.provisioning.add(StationDraft(identity="CP-2")).security_profile is TLS_BASIC
    draft = StationDraft(identity="CP-3", security_profile=NONE)
    assert gate.services.provisioning.add(draft).security_profile is NONE


def test_the_profile_that_a_station_is_registered_with_is_noted(gate: Gate) -> None:
    gate.services.provisioning.add(StationDraft(identity="CP-2", security_profile=TLS_BASIC), "ada")
    [note] = gate.notes
    assert (note.kind, note.station, note.asked_by) == (Noted.PROFILE_SET, "CP-2", "ada")


def test_registered_again_with_profile_3_the_serial_number_that_it_told_is_fixed(gate: Gate) -> None:
    gate.services.provisioning.boot(gate.station, BootFacts(vendor="v", model="m", serial_number="SN-1"))
    gate.services.provisioning.remove("CP-1")
    gate.services.provisioning.add(StationDraft(identity="CP-1", security_profile=TLS_CERTIFICATE), "ada")
    assert gate.access.serial_number == "SN-1"


def test_a_station_that_comes_back_has_the_profile_that_it_had(gate: Gate) -> None:
    sets(gate, TLS_BASIC)
    gate.services.provisioning.remove("CP-1")
    gate.services.trust.set_policy(Policy(new_station_profile=BASIC), asked_by="ada")
    assert gate.services.provisioning.add(StationDraft(identity="CP-1")).security_profile is TLS_BASIC


def test_a_station_does_not_come_back_with_less(gate: Gate) -> None:
    """A05.FR.09."""
    sets(gate, TLS_BASIC)
    gate.services.provisioning.remove("CP-1")
    with refused(Kind.CONFLICT, field="securityProfile", about="profile 2"):
        gate.services.provisioning.add(StationDraft(identity="CP-1", security_profile=BASIC))
    assert gate.services.provisioning.find_station("CP-1") is None, "a refusal stores nothing"
    draft = StationDraft(identity="CP-1", security_profile=TLS_CERTIFICATE)
    assert gate.services.provisioning.add(draft).security_profile is TLS_CERTIFICATE


# What the door tells


def entry(**changes: object) -> Entry:
    return replace(Entry(profile=NONE, is_tls=False), **changes)  # type: ignore[arg-type]  # fields by name


def test_most_entries_need_no_record(gate: Gate) -> None:
    gate.has_password()
    password = gate.access.passwords[0].number
    assert not needs_record(gate.access, entry())
    first = entry(password=password, form=KeyForm.BYTES)
    assert needs_record(gate.access, first), "the form is seen for the first time"
    gate.services.admissions.admitted(gate.station, first)
    assert not needs_record(gate.access, first)
    assert not needs_record(gate.access, entry(password=password)), "a form that is not told is no other form"


def test_what_a_station_shows_beyond_its_profile_is_kept(gate: Gate) -> None:
    shown = entry(presented="a right password")
    assert needs_record(gate.access, shown)
    gate.services.admissions.admitted(gate.station, shown)
    assert gate.access.presented == "a right password"
    assert not needs_record(gate.access, shown)
    assert needs_record(gate.access, entry()), "it shows it no more"


def test_its_own_certificate_is_noted_once_and_its_makers_is_not(gate: Gate) -> None:
    """A00.FR.406."""
    sets(gate, TLS_CERTIFICATE)
    makers = entry(profile=TLS_CERTIFICATE, is_tls=True, fingerprint="ab" * 32, is_onboarding=True)
    assert not needs_record(gate.access, makers)
    own = replace(makers, is_onboarding=False)
    assert needs_record(gate.access, own)
    gate.services.admissions.admitted(gate.station, own)
    assert gate.access.has_own_certificate
    assert not needs_record(gate.access, own)


def test_a_certificate_that_it_showed_is_known_to_be_there(gate: Gate) -> None:
    """Each new one, and also at a profile that does not ask for it: it is what an upgrade needs (A05.FR.04)."""
    root = Authority.root(now=NOON)
    for serial in ("SN-1", "SN-2"):
        leaf = root.leaf(serial).certificate
        shown = entry(is_tls=True, fingerprint=leaf.fingerprint, certificate=leaf)
        assert needs_record(gate.access, shown)
        gate.services.admissions.admitted(gate.station, shown)
        assert not needs_record(gate.access, shown)
        held = [(one.certificate, one.use, one.how) for one in gate.services.trust.held(gate.station)]
        assert (leaf, Use.CHARGE_POINT, How.PRESENTED) in held


def test_one_that_was_not_asked_for_proves_nothing(gate: Gate) -> None:
    assert not needs_record(gate.access, entry(is_tls=True, fingerprint="ab" * 32))


def test_lowered_by_hand_another_device_may_come_with_its_makers_certificate(gate: Gate) -> None:
    sets(gate, TLS_CERTIFICATE)
    gate.services.admissions.admitted(gate.station, entry(profile=TLS_CERTIFICATE, is_tls=True, fingerprint="ab" * 32))
    sets(gate, TLS_BASIC, may_lower=True)
    assert not gate.access.has_own_certificate


def test_a_password_that_was_dropped_since_the_decision_admits_nobody(gate: Gate) -> None:
    gate.has_password()
    gate.changes_password()
    gate.never_answers()
    decided = entry(password=PasswordNumber(2), form=KeyForm.BYTES)
    gate.services.passwords.decide(gate.station, PasswordNumber(2), keep=False, asked_by="ada")
    with pytest.raises(DomainError) as caught:
        gate.services.admissions.admitted(gate.station, decided)
    assert caught.value.kind is Kind.REFUSED
    assert gate.states == [PasswordState.CURRENT, PasswordState.FORMER]


def test_a_password_that_was_replaced_since_the_decision_admits_nobody(gate: Gate) -> None:
    gate.has_password()
    gate.changes_password()
    gate.answers(**ACCEPTED)
    with pytest.raises(DomainError):
        gate.services.admissions.admitted(gate.station, entry(password=PasswordNumber(1)))


def test_a_profile_and_a_password_may_settle_in_one_entry(gate: Gate) -> None:
    gate.has_password()
    sets(gate, BASIC)
    new = gate.changes_password()
    gate.never_answers()
    gate.asks("UpgradeSecurityProfile", profile=2, despitePreconditions=True)
    gate.sends()
    gate.answers(**ACCEPTED)
    assert gate.connects(new, TLS_BASIC)
    assert gate.profiles() == (TLS_BASIC,)
    assert gate.states == [PasswordState.FORMER, PasswordState.CURRENT]
    assert set(gate.kinds[-2:]) == {Noted.PASSWORD_CHANGED, Noted.PROFILE_UPGRADED}
