"""Who may open a link: a decision without I/O (OCPP-J 1.6 §3; security whitepaper A00)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from forecourt.domain.admission.model import Access, Caller, Entry, Leniency, SecurityProfile
from forecourt.domain.admission.names import foreign_name, foreign_organisation
from forecourt.domain.provisioning.model import Registration, Station
from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.model import Policy
from forecourt.gateway.certificates import CertificateProof, CertificateVerdict
from forecourt.gateway.credentials import PasswordProof, PasswordVerdict
from forecourt.gateway.refusals import (
    Refused,
    certificate_refusal,
    either,
    mismatch,
    no_certificate,
    password_refusal,
    unauthorized,
    unknown_station,
)
from forecourt.gateway.target import choose_subprotocol

__all__ = [
    "CHECKS",
    "OLD_TLS",
    "WITH_PASSWORD",
    "Admitted",
    "Case",
    "Channel",
    "Check",
    "Decision",
    "Knock",
    "Refused",
    "as_received",
    "decide",
    "objection",
]

OLD_TLS: Final = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
"""As OpenSSL calls them. For stations that can do no better, and only those (A00.FR.312, A00.FR.314)."""


WITH_PASSWORD: Final = frozenset({SecurityProfile.BASIC, SecurityProfile.TLS_BASIC})
"""The profiles that demand HTTP Basic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """The way on which a request came."""

    listener: str
    is_tls: bool
    """TLS as far as us, or as far as a proxy that says so."""
    is_legacy: bool = False
    """TLS of a version or at a listener for old stations."""
    tls_version: str | None = None
    """None without TLS, and where only a proxy knows it."""
    cipher: str | None = None
    via_proxy: str | None = None
    """The address of the proxy that handed the request on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """A request to open a link."""

    identity: str
    address: str
    """Where the station is, behind all proxies."""
    offered: tuple[str, ...]
    """Subprotocols in the station's order."""
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The upgrade may go on. A link keeps this, to be looked at again when something changes."""

    station: Station
    subprotocol: str
    entry: Entry
    knock: Knock
    password: PasswordProof
    certificate: CertificateProof


Decision: TypeAlias = Admitted | Refused


@dataclass(frozen=True, slots=True)
class Case:
    """What one profile is decided on."""

    profile: SecurityProfile
    knock: Knock
    access: Access
    policy: Policy
    password: PasswordProof
    certificate: CertificateProof


@dataclass(frozen=True, slots=True)
class Check:
    """Something that a profile demands."""

    profiles: frozenset[SecurityProfile]
    clause: str
    refuses: Callable[[Case], Refused | None]


def decide(
    knock: Knock,
    caller: Caller | None,
    *,
    policy: Policy,
    password: PasswordProof,
    certificate: CertificateProof,
    spoken: Collection[str],
) -> Decision:
    """Whether a station may open a link: with the highest of its profiles for which every check passes.

    When none does, it is told why not for the profile that it evidently came with. Profile 0 demands nothing, except
    a listener that takes it; what a station shows there is told to the operator, for whom it is a step up.
    """
    if caller is None:
        return unknown_station(knock.identity)
    subprotocol = choose_subprotocol(knock.offered, spoken)
    if isinstance(subprotocol, Refused):
        return subprotocol
    refusals: dict[SecurityProfile, Refused] = {}
    for profile in caller.access.profiles:
        case = Case(profile, knock, caller.access, policy, password, certificate)
        refused = _check(case)
        if refused is None:
            entry = _entry(case)
            return Admitted(
                station=as_received(caller.station, entry),
                subprotocol=subprotocol,
                entry=entry,
                knock=knock,
                password=password.without_hash(),
                certificate=certificate,
            )
        refusals[profile] = refused
    tried = _evident_profile(knock, password, certificate)
    return refusals[min(refusals, key=lambda profile: (abs(profile - tried), -profile))]


def objection(admitted: Admitted, caller: Caller | None, policy: Policy, *, is_opening: bool) -> Refused | None:
    """Why what was decided no longer holds, or None.

    A password that the station itself replaced counts only while the link opens: such a station leaves by itself (A01),
    but one that was let in by a password which had been replaced meanwhile must not stay. Nor must one, at any time,
    whose password an operator withdrew: whoever has it may not be the station.
    """
    if caller is None:
        return unknown_station(admitted.knock.identity)
    access, profile = caller.access, admitted.entry.profile
    if profile not in access.profiles:
        return mismatch(
            f"It was admitted with profile {profile:d}, and its profile is {either(access)} now."
            " It has to connect anew."
        )
    if profile in WITH_PASSWORD:
        number = admitted.entry.password
        used = None if number is None else access.find_password(number)
        if used is not None and used.is_withdrawn:
            return unauthorized(Kind.CREDENTIALS_FORMER, "The password that it connected with was withdrawn.")
        if is_opening and (used is None or not used.state.is_accepted):
            return unauthorized(Kind.CREDENTIALS_FORMER, "Its password was replaced while it connected.")
    return _check(Case(profile, admitted.knock, access, policy, admitted.password, admitted.certificate))


def as_received(station: Station, entry: Entry) -> Station:
    """A station as its link is to treat it: with its maker's certificate it is Pending, whatever it is on record, until
    it has one of its own (A00.FR.806)."""
    if entry.is_onboarding and station.is_accepted:
        return replace(station, registration=Registration.PENDING)
    return station


def _check(case: Case) -> Refused | None:
    for check in CHECKS:
        if case.profile in check.profiles:
            refused = check.refuses(case)
            if refused is not None:
                return refused
    return None


def _evident_profile(knock: Knock, password: PasswordProof, certificate: CertificateProof) -> SecurityProfile:
    if not knock.channel.is_tls:
        return SecurityProfile.BASIC if password.was_presented else SecurityProfile.NONE
    if certificate.was_presented and not password.was_presented:
        return SecurityProfile.TLS_CERTIFICATE
    return SecurityProfile.TLS_BASIC


# What a profile demands


def _listener_takes_it(case: Case) -> Refused | None:
    listener = case.knock.channel.listener
    taken = case.policy.listeners.get(listener)
    if taken is None or case.profile in taken:
        return None
    return mismatch(
        f"The listener {listener!r} does not take profile {case.profile:d}."
        " Have the station connect at another one, or change the security policy."
    )


def _tls(case: Case) -> Refused | None:
    if case.knock.channel.is_tls:
        return None
    return mismatch(
        f"It connected without TLS, and its profile is {either(case.access)}."
        " Set the profile at the station, or lower it here if this is meant."
    )


def _no_tls(case: Case) -> Refused | None:
    if not case.knock.channel.is_tls or Leniency.BASIC_OVER_TLS in case.access.leniencies:
        return None
    return mismatch(
        f"It connected with TLS, and its profile is {either(case.access)}."
        f" Give it profile 2 here, or excuse it ({Leniency.BASIC_OVER_TLS.value})."
    )


def _modern_tls(case: Case) -> Refused | None:
    channel = case.knock.channel
    if not channel.is_tls or not channel.is_legacy or Leniency.LEGACY_TLS in case.access.leniencies:
        return None
    return Refused(
        403,
        "this version of TLS is not accepted from this station",
        Kind.TLS_VERSION_REFUSED,
        f"It connected with {channel.tls_version or 'an old version of TLS'}. If it can do no better, excuse it"
        f" ({Leniency.LEGACY_TLS.value}).",
    )


def _right_password(case: Case) -> Refused | None:
    if case.password.is_right:
        return None
    if case.password.verdict is PasswordVerdict.MISSING and case.certificate.was_presented:
        return mismatch(f"It came with a certificate and no password, and its profile is {either(case.access)}.")
    return password_refusal(case.password)


def _good_certificate(case: Case) -> Refused | None:
    proof = case.certificate
    if proof.verdict is CertificateVerdict.GOOD:
        return None
    if proof.verdict is CertificateVerdict.MISSING and case.password.was_presented:
        return mismatch(f"It came with a password and no certificate, and its profile is {either(case.access)}.")
    return certificate_refusal(proof)


def _its_own_certificate(case: Case) -> Refused | None:
    evidence = case.certificate.evidence
    if evidence is None or not evidence.is_onboarding or not case.access.has_own_certificate:
        return None
    return no_certificate(
        Kind.ONBOARDING_REFUSED,
        "It came with its maker's certificate, but has had one of the operator's: that one has to be used.",
    )


def _trusted_organisation(case: Case) -> Refused | None:
    evidence = case.certificate.evidence
    sentence = None if evidence is None else foreign_organisation(evidence.leaf, case.access, case.policy)
    return None if sentence is None else no_certificate(Kind.ORGANISATION_MISMATCH, str(sentence))


def _its_serial_number(case: Case) -> Refused | None:
    evidence = case.certificate.evidence
    sentence = None if evidence is None else foreign_name(evidence.leaf, case.access)
    return None if sentence is None else no_certificate(Kind.SERIAL_MISMATCH, str(sentence))


def _issued_for_it(case: Case) -> Refused | None:
    issued_for = case.certificate.issued_for
    if issued_for is None:
        return None
    return no_certificate(
        Kind.CERTIFICATE_OF_ANOTHER,
        f"Its certificate was issued for {issued_for}, whatever name is in it. If the device was moved here, give it a"
        " lower profile and a password until it has a certificate of its own (RenewCertificate).",
    )


_ALL: Final = frozenset(SecurityProfile)
_TLS: Final = frozenset({SecurityProfile.TLS_BASIC, SecurityProfile.TLS_CERTIFICATE})
_CERTIFICATE: Final = frozenset({SecurityProfile.TLS_CERTIFICATE})

CHECKS: Final[Sequence[Check]] = (
    Check(_ALL, "A00.FR.006", _listener_takes_it),
    Check(_TLS, "A00.FR.002, 311, 415", _tls),
    Check(frozenset({SecurityProfile.BASIC}), "A00.FR.002", _no_tls),
    Check(WITH_PASSWORD | _TLS, "A00.FR.314, 418", _modern_tls),
    Check(WITH_PASSWORD, "A00.FR.202-205, 301-304", _right_password),
    Check(_CERTIFICATE, "A00.FR.401-403, 407, 501-504, 704", _good_certificate),
    Check(_CERTIFICATE, "A00.FR.406", _its_own_certificate),
    Check(_CERTIFICATE, "A00.FR.404", _trusted_organisation),
    Check(_CERTIFICATE, "A00.FR.405, 427", _its_serial_number),
    Check(_CERTIFICATE, "A00.FR.427", _issued_for_it),
)
"""All that is demanded, in the order in which it is looked at."""


# How it was let in


def _entry(case: Case) -> Entry:
    channel, certificate = case.knock.channel, case.certificate
    is_onboarding = case.profile in _CERTIFICATE and certificate.evidence is not None
    its_own = certificate.evidence if certificate.issued_for is None else None
    return Entry(
        profile=case.profile,
        is_tls=channel.is_tls,
        tls_version=channel.tls_version,
        cipher=channel.cipher,
        password=case.password.password.number if case.password.is_right and case.password.password else None,
        form=case.password.form if case.password.is_right else None,
        fingerprint=None if certificate.leaf is None else certificate.leaf.fingerprint,
        is_onboarding=is_onboarding and certificate.evidence is not None and certificate.evidence.is_onboarding,
        presented=_presented(case),
        certificate=None if its_own is None else its_own.leaf,
    )


def _presented(case: Case) -> str | None:
    """What was shown beyond the demands, and the highest profile that it would do for.

    A password that was not looked at, because others were, leaves what is on record: else the record would change with
    the load.
    """
    if case.password.verdict in _NOT_LOOKED_AT and case.profile not in WITH_PASSWORD and case.access.presented:
        return case.access.presented
    shown: list[str] = []
    if case.knock.channel.is_tls and case.profile not in _TLS:
        shown.append("TLS")
    if case.password.was_presented and case.profile not in WITH_PASSWORD:
        shown.append(_PASSWORDS.get(case.password.verdict, "a password that was not checked"))
    if case.certificate.was_presented and case.profile not in _CERTIFICATE:
        shown.append("a certificate" if case.certificate.evidence else "a certificate that is not accepted")
    if not shown:
        return None
    words = f"It came with {' and '.join(shown)}"
    for profile in sorted(SecurityProfile, reverse=True):
        higher = Case(profile, case.knock, case.access, case.policy, case.password, case.certificate)
        if profile > case.profile and _check(higher) is None:
            return f"{words}, which is enough for profile {profile:d}."
    return f"{words}."


_NOT_LOOKED_AT: Final = frozenset({PasswordVerdict.NOT_CHECKED, PasswordVerdict.BUSY})
_PASSWORDS: Final = {
    PasswordVerdict.RIGHT: "its password",
    PasswordVerdict.NONE_KNOWN: "a password, while none is set here",
    PasswordVerdict.MALFORMED: "an Authorization header that cannot be read",
    PasswordVerdict.OF_ANOTHER: "a password under another user name",
    PasswordVerdict.WRONG: "a password that is wrong",
    PasswordVerdict.FORMER: "a password that was replaced",
}
