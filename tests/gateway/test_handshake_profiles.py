"""Who may open a link: the security profiles (A00), the window of an upgrade (A05), and what is excused."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.domain.admission.model import Access, Caller, Leniency, SecurityProfile
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.model import Policy
from forecourt.gateway.certificates import NO_CERTIFICATE, CertificateProof, CertificateVerdict, revoked, unknown
from forecourt.gateway.credentials import NO_PASSWORD, PasswordProof, PasswordVerdict
from forecourt.gateway.handshake import CHECKS, Admitted, Channel, Refused, objection
from tests.gateway.desk import a_station
from tests.gateway.knocking import (
    BASIC,
    FORMER,
    ITS,
    NONE,
    OLD_TLS,
    PLAIN,
    POLICY,
    TLS,
    TLS_BASIC,
    TLS_CERTIFICATE,
    WRONG,
    a_password,
    admitted,
    an_access,
    an_upgrade,
    decided,
    its_certificate,
    makers_certificate,
    proven,
    refused,
    right,
)
from tests.support.authority import OPERATOR

# What each profile takes and refuses: profile, channel, password, certificate → None for admitted, or the status and
# what is written into the security log.
MATRIX: Final = [
    (NONE, PLAIN, NO_PASSWORD, NO_CERTIFICATE, None),
    (NONE, PLAIN, WRONG, NO_CERTIFICATE, None),
    (NONE, TLS, NO_PASSWORD, NO_CERTIFICATE, None),
    (NONE, TLS, right(), ITS, None),
    (NONE, OLD_TLS, NO_PASSWORD, NO_CERTIFICATE, None),
    (BASIC, PLAIN, right(), NO_CERTIFICATE, None),
    (BASIC, PLAIN, NO_PASSWORD, NO_CERTIFICATE, (401, Kind.CREDENTIALS_MISSING)),
    (BASIC, PLAIN, WRONG, NO_CERTIFICATE, (401, Kind.CREDENTIALS_WRONG)),
    (BASIC, PLAIN, FORMER, NO_CERTIFICATE, (401, Kind.CREDENTIALS_FORMER)),
    (BASIC, TLS, right(), NO_CERTIFICATE, (403, Kind.PROFILE_MISMATCH)),
    (BASIC, TLS, NO_PASSWORD, ITS, (403, Kind.PROFILE_MISMATCH)),
    (TLS_BASIC, TLS, right(), NO_CERTIFICATE, None),
    (TLS_BASIC, TLS, right(), ITS, None),
    (TLS_BASIC, TLS, NO_PASSWORD, NO_CERTIFICATE, (401, Kind.CREDENTIALS_MISSING)),
    (TLS_BASIC, TLS, WRONG, NO_CERTIFICATE, (401, Kind.CREDENTIALS_WRONG)),
    (TLS_BASIC, TLS, NO_PASSWORD, ITS, (403, Kind.PROFILE_MISMATCH)),
    (TLS_BASIC, PLAIN, right(), NO_CERTIFICATE, (403, Kind.PROFILE_MISMATCH)),
    (TLS_BASIC, PLAIN, NO_PASSWORD, NO_CERTIFICATE, (403, Kind.PROFILE_MISMATCH)),
    (TLS_BASIC, OLD_TLS, right(), NO_CERTIFICATE, (403, Kind.TLS_VERSION_REFUSED)),
    (TLS_CERTIFICATE, TLS, NO_PASSWORD, ITS, None),
    (TLS_CERTIFICATE, TLS, right(), ITS, None),
    (TLS_CERTIFICATE, TLS, WRONG, ITS, None),
    (TLS_CERTIFICATE, TLS, NO_PASSWORD, NO_CERTIFICATE, (403, Kind.CERTIFICATE_MISSING)),
    (TLS_CERTIFICATE, TLS, right(), NO_CERTIFICATE, (403, Kind.PROFILE_MISMATCH)),
    (TLS_CERTIFICATE, PLAIN, right(), NO_CERTIFICATE, (403, Kind.PROFILE_MISMATCH)),
    (TLS_CERTIFICATE, PLAIN, NO_PASSWORD, ITS, (403, Kind.PROFILE_MISMATCH)),
    (TLS_CERTIFICATE, OLD_TLS, NO_PASSWORD, ITS, (403, Kind.TLS_VERSION_REFUSED)),
]


@pytest.mark.parametrize(("profile", "channel", "password", "certificate", "outcome"), MATRIX)
def test_a_connection_with_another_profile_or_the_wrong_proof_is_refused(
    profile: SecurityProfile,
    channel: Channel,
    password: PasswordProof,
    certificate: CertificateProof,
    outcome: tuple[int, Kind] | None,
) -> None:
    """A00.FR.002, 202-204, 302-305, 312-314, 401-407."""
    decision = decided(an_access(profile), channel, password=password, certificate=certificate)
    if outcome is None:
        assert admitted(decision).entry.profile is profile
    else:
        refusal = refused(decision)
        assert (refusal.status, refusal.kind) == outcome
        assert refusal.detail


def test_an_unknown_station_is_not_found() -> None:
    """OCPP-J 1.6 §3.2; it comes before the question of the version."""
    for offered in (["ocpp1.6"], []):
        refusal = refused(decided(None, offered=offered))
        assert (refusal.status, refusal.reason) == (404, "no station 'CP-1' is registered here")


def test_a_registered_station_without_a_common_version_is_refused() -> None:
    """TC_088 of the certification."""
    refusal = refused(decided(an_access(), offered=["ocpp1.5"]))
    assert (refusal.status, refusal.kind) == (400, None)


@pytest.mark.parametrize("registration", Registration)
def test_a_station_is_admitted_whatever_the_decision_on_it_is(registration: Registration) -> None:
    """Pending and Rejected are told in the answer to BootNotification (OCPP 1.6 §4.2)."""
    assert admitted(decided(an_access())).station == a_station(registration=Registration.ACCEPTED)


def test_a_missing_or_wrong_password_is_answered_with_a_challenge_and_no_more() -> None:
    """RFC 7235 §3.1. A stranger is not told that a password was right once."""
    missing = refused(decided(an_access(BASIC)))
    wrong, former = (refused(decided(an_access(BASIC), password=proof)) for proof in (WRONG, FORMER))
    for refusal in (missing, wrong, former):
        assert dict(refusal.headers) == {"WWW-Authenticate": 'Basic realm="Forecourt", charset="UTF-8"'}
    assert wrong.reason == former.reason
    assert wrong.detail != former.detail


@pytest.mark.parametrize(
    ("verdict", "status", "kind"),
    [
        (PasswordVerdict.MALFORMED, 400, Kind.CREDENTIALS_MALFORMED),
        (PasswordVerdict.OF_ANOTHER, 401, Kind.CREDENTIALS_OF_ANOTHER),
        (PasswordVerdict.NONE_KNOWN, 401, Kind.CREDENTIALS_WRONG),
        (PasswordVerdict.THROTTLED, 429, Kind.TOO_MANY_ATTEMPTS),
        (PasswordVerdict.BUSY, 503, None),
        (PasswordVerdict.NOT_CHECKED, 503, None),
    ],
)
def test_what_is_wrong_with_a_password_has_its_own_status(
    verdict: PasswordVerdict, status: int, kind: Kind | None
) -> None:
    proof = PasswordProof(verdict, retry_seconds=7)
    refusal = refused(decided(an_access(TLS_BASIC), TLS, password=proof))
    assert (refusal.status, refusal.kind) == (status, kind)
    assert ("Retry-After" in dict(refusal.headers)) == (status in (429, 503))


@pytest.mark.parametrize(
    ("proof", "status", "kind"),
    [
        (CertificateProof(CertificateVerdict.UNREADABLE, "why"), 403, Kind.CERTIFICATE_REFUSED),
        (CertificateProof(CertificateVerdict.REFUSED, "why"), 403, Kind.CERTIFICATE_REFUSED),
        (CertificateProof(CertificateVerdict.FAILED, "why"), 503, Kind.INTERNAL_FAILURE),
        (revoked(ITS, "why"), 403, Kind.CERTIFICATE_REVOKED),
        (unknown(ITS, "why"), 503, Kind.REVOCATION_UNKNOWN),
    ],
)
def test_what_is_wrong_with_a_certificate_has_its_own_status(proof: CertificateProof, status: int, kind: Kind) -> None:
    """A00.FR.407, 408, 704."""
    refusal = refused(decided(an_access(TLS_CERTIFICATE), TLS, certificate=proof))
    assert (refusal.status, refusal.kind, refusal.detail) == (status, kind, "why")
    assert "why" not in refusal.reason
    assert ("Retry-After" in dict(refusal.headers)) == (status == 503)


# Whose certificate it is


def test_the_certificate_of_another_station_is_refused_in_words() -> None:
    """A00.FR.405, 427."""
    other = proven(its_certificate("SN-2"))
    refusal = refused(decided(an_access(TLS_CERTIFICATE), TLS, certificate=other))
    assert (refusal.status, refusal.kind) == (403, Kind.SERIAL_MISMATCH)
    assert "'SN-2'" in refusal.detail
    assert "'SN-1'" in refusal.detail
    assert "another station" in refusal.detail
    assert "SN-" not in refusal.reason


def test_without_a_known_serial_number_the_operator_is_told_what_to_set() -> None:
    refusal = refused(decided(an_access(TLS_CERTIFICATE, serial_number=None), TLS, certificate=ITS))
    assert (refusal.status, refusal.kind) == (403, Kind.SERIAL_MISMATCH)
    assert "serialNumber" in refusal.detail
    assert "'SN-1'" in refusal.detail


def test_a_foreign_organisation_is_refused_unless_it_is_trusted_or_excused() -> None:
    """A00.FR.404."""
    access = an_access(TLS_CERTIFICATE)
    foreign = proven(its_certificate(organisation="Somebody"))
    refusal = refused(decided(access, TLS, certificate=foreign))
    assert (refusal.status, refusal.kind) == (403, Kind.ORGANISATION_MISMATCH)
    assert "'Somebody'" in refusal.detail
    assert OPERATOR in refusal.detail

    trusting = replace(POLICY, trusted_organisations=("Somebody",))
    admitted(decided(access, TLS, certificate=foreign, policy=trusting))
    admitted(decided(replace(access, trusted_organisations=("Somebody",)), TLS, certificate=foreign))
    excused = replace(access, leniencies=frozenset({Leniency.ANY_ORGANISATION}))
    admitted(decided(excused, TLS, certificate=foreign))


def test_without_any_trusted_organisation_the_operator_is_told_what_to_set() -> None:
    refusal = refused(decided(an_access(TLS_CERTIFICATE), TLS, certificate=ITS, policy=Policy()))
    assert refusal.kind is Kind.ORGANISATION_MISMATCH
    assert "cpoName" in refusal.detail


# Factory credentials


def test_a_makers_certificate_lets_a_station_in_as_pending() -> None:
    """A00.FR.406, 804, 806."""
    policy = replace(POLICY, trusted_organisations=("Maker",))
    proof = proven(makers_certificate())
    found = admitted(decided(an_access(TLS_CERTIFICATE), TLS, certificate=proof, policy=policy))
    assert found.entry.is_onboarding
    assert found.station.registration is Registration.PENDING

    own = an_access(TLS_CERTIFICATE, has_own_certificate=True)
    refusal = refused(decided(own, TLS, certificate=proof, policy=policy))
    assert (refusal.status, refusal.kind) == (403, Kind.ONBOARDING_REFUSED)


def test_a_makers_certificate_needs_a_trusted_organisation_too() -> None:
    refusal = refused(decided(an_access(TLS_CERTIFICATE), TLS, certificate=proven(makers_certificate())))
    assert refusal.kind is Kind.ORGANISATION_MISMATCH


# What is excused


def test_basic_inside_tls_and_old_tls_are_excused_by_name() -> None:
    """A00.FR.312, 314."""
    access = an_access(BASIC, leniencies=frozenset({Leniency.BASIC_OVER_TLS}))
    assert admitted(decided(access, TLS, password=right())).entry.profile is BASIC
    assert refused(decided(access, TLS, password=WRONG)).status == 401
    assert refused(decided(access, OLD_TLS, password=right())).kind is Kind.TLS_VERSION_REFUSED

    old = frozenset({Leniency.LEGACY_TLS})
    admitted(decided(an_access(TLS_BASIC, leniencies=old), OLD_TLS, password=right()))
    admitted(decided(an_access(TLS_CERTIFICATE, leniencies=old), OLD_TLS, certificate=ITS))


def test_a_listener_takes_the_profiles_that_the_policy_names() -> None:
    """A00.FR.006."""
    policy = replace(POLICY, listeners={"ws": frozenset({BASIC})})
    assert refused(decided(an_access(), policy=policy)).kind is Kind.PROFILE_MISMATCH
    admitted(decided(an_access(BASIC), password=right(), policy=policy))
    admitted(decided(an_access(TLS_BASIC), TLS, password=right(), policy=policy))


# The window of an upgrade


def test_in_an_upgrade_both_profiles_are_taken_and_the_higher_one_first() -> None:
    """A05.FR.08."""
    window = an_access(BASIC, upgrade=an_upgrade(TLS_BASIC))
    assert admitted(decided(window, PLAIN, password=right())).entry.profile is BASIC
    assert admitted(decided(window, TLS, password=right())).entry.profile is TLS_BASIC
    from_nothing = an_access(NONE, upgrade=an_upgrade(BASIC))
    assert admitted(decided(from_nothing, PLAIN)).entry.profile is NONE
    assert admitted(decided(from_nothing, PLAIN, password=right())).entry.profile is BASIC


def test_after_an_upgrade_the_lower_profile_is_refused() -> None:
    """A05.FR.09, TC_083 of the certification."""
    refusal = refused(decided(an_access(TLS_BASIC), PLAIN, password=right()))
    assert (refusal.status, refusal.kind) == (403, Kind.PROFILE_MISMATCH)


def test_in_an_upgrade_a_station_is_told_what_is_wrong_with_what_it_tried() -> None:
    window = an_access(TLS_BASIC, upgrade=an_upgrade(TLS_CERTIFICATE))
    assert refused(decided(window, TLS, password=WRONG)).status == 401
    other = proven(its_certificate("SN-2"))
    assert refused(decided(window, TLS, certificate=other)).kind is Kind.SERIAL_MISMATCH
    assert refused(decided(window, PLAIN, password=right())).kind is Kind.PROFILE_MISMATCH


# What is told of those who come in


@pytest.mark.parametrize(
    ("channel", "password", "certificate", "words"),
    [
        (PLAIN, NO_PASSWORD, NO_CERTIFICATE, None),
        (PLAIN, right(), NO_CERTIFICATE, "It came with its password, which is enough for profile 1."),
        (PLAIN, WRONG, NO_CERTIFICATE, "It came with a password that is wrong."),
        (TLS, NO_PASSWORD, NO_CERTIFICATE, "It came with TLS."),
        (TLS, right(), NO_CERTIFICATE, "It came with TLS and its password, which is enough for profile 2."),
        (TLS, NO_PASSWORD, ITS, "It came with TLS and a certificate, which is enough for profile 3."),
    ],
)
def test_profile_0_tells_the_operator_what_it_could_step_up_to(
    channel: Channel, password: PasswordProof, certificate: CertificateProof, words: str | None
) -> None:
    entry = admitted(decided(an_access(), channel, password=password, certificate=certificate)).entry
    assert entry.presented == words


def test_an_entry_tells_how_the_station_came_in() -> None:
    entry = admitted(decided(an_access(TLS_BASIC), TLS, password=right(a_password(7)), certificate=ITS)).entry
    assert (entry.password, entry.is_tls, entry.tls_version, entry.cipher) == (7, True, "TLSv1.2", TLS.cipher)
    assert entry.fingerprint == its_certificate().certificate.fingerprint


# Whatever comes

passwords = st.builds(PasswordProof, st.sampled_from(PasswordVerdict), st.sampled_from([None, a_password()]))
certificates = st.one_of(
    st.sampled_from([NO_CERTIFICATE, ITS, proven(makers_certificate()), proven(its_certificate("SN-2"))]),
    st.builds(CertificateProof, st.sampled_from([v for v in CertificateVerdict if v is not CertificateVerdict.GOOD])),
)
channels = st.builds(
    Channel,
    listener=st.sampled_from(["ws", "wss"]),
    is_tls=st.booleans(),
    is_legacy=st.booleans(),
    tls_version=st.sampled_from([None, "TLSv1", "TLSv1.3"]),
)
profiles = st.sampled_from(SecurityProfile)
accesses = st.builds(
    Access,
    profile=profiles,
    upgrade=st.one_of(st.none(), st.builds(an_upgrade, profiles)),
    leniencies=st.frozensets(st.sampled_from(Leniency)),
    serial_number=st.sampled_from([None, "", "SN-1", "SN-2"]),
    trusted_organisations=st.sampled_from([(), ("Maker",)]),
    has_own_certificate=st.booleans(),
)
policies = st.builds(
    Policy,
    cpo_name=st.sampled_from([None, OPERATOR]),
    listeners=st.dictionaries(st.sampled_from(["ws", "wss"]), st.frozensets(profiles)),
)


@given(st.one_of(st.none(), accesses), channels, passwords, certificates, policies, st.lists(st.text(max_size=8)))
def test_whatever_comes_is_decided_and_nobody_comes_in_without_the_proof_of_a_profile_that_is_set(
    access: Access | None,
    channel: Channel,
    password: PasswordProof,
    certificate: CertificateProof,
    policy: Policy,
    more: list[str],
) -> None:
    decision = decided(
        access, channel, password=password, certificate=certificate, policy=policy, offered=[*more, "ocpp1.6"]
    )
    if isinstance(decision, Refused):
        assert 400 <= decision.status < 600
        assert decision.reason
        return
    assert access is not None
    profile, lenient = decision.entry.profile, access.leniencies
    assert profile in access.profiles
    assert profile in policy.listeners.get(channel.listener, SecurityProfile)
    if profile in (BASIC, TLS_BASIC):
        assert password.is_right
    if profile in (TLS_BASIC, TLS_CERTIFICATE):
        assert channel.is_tls
    if profile is BASIC and channel.is_tls:
        assert Leniency.BASIC_OVER_TLS in lenient
    if profile is not NONE and channel.is_tls and channel.is_legacy:
        assert Leniency.LEGACY_TLS in lenient
    if profile is TLS_CERTIFICATE:
        evidence = certificate.evidence
        assert certificate.verdict is CertificateVerdict.GOOD
        assert evidence is not None
        assert evidence.leaf.common_names == (access.serial_number,)
        assert not (evidence.is_onboarding and access.has_own_certificate)
        assert decision.entry.is_onboarding == evidence.is_onboarding
        assert (decision.station.registration is Registration.PENDING) == evidence.is_onboarding
    assert objection(decision, Caller(a_station(), access), policy, is_opening=False) is None


def test_the_table_has_a_check_for_every_profile_and_names_its_clauses() -> None:
    for profile in SecurityProfile:
        assert any(profile in check.profiles for check in CHECKS)
    assert all(check.clause.startswith("A00.FR.") for check in CHECKS)
    assert isinstance(decided(an_access()), Admitted)


@pytest.mark.parametrize("profile", [NONE, TLS_BASIC, TLS_CERTIFICATE])
def test_a_good_certificate_is_told_to_whom_it_is_news_and_no_other_one(profile: SecurityProfile) -> None:
    """What a station is known to have is what an upgrade needs (A05.FR.04)."""
    access = an_access(profile)
    entry = admitted(decided(access, TLS, password=right(), certificate=ITS)).entry
    assert entry.certificate == its_certificate().certificate
    if profile is not TLS_CERTIFICATE:
        bad = revoked(ITS, "It was revoked.")
        assert admitted(decided(access, TLS, password=right(), certificate=bad)).entry.certificate is None
