"""What a station needs before it can be asked to use a higher security profile (A05.FR.02–04).

The station checks it for itself and refuses; this tells the operator before, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from forecourt.domain.admission.model import Access, SecurityProfile
from forecourt.domain.admission.names import foreign_name, foreign_organisation
from forecourt.domain.admission.trusting import TrustNow
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.errors import Sentence
from forecourt.domain.provisioning.model import Station
from forecourt.domain.roots.model import KnownRoots
from forecourt.domain.roots.paths import leads
from forecourt.domain.trust.held import Held, Use
from forecourt.domain.trust.model import Policy, ServerChain
from forecourt.pki.certificate import Certificate
from forecourt.pki.names import is_same_name
from forecourt.pki.path import PathRefused

_WITH_PASSWORD: Final = (SecurityProfile.BASIC, SecurityProfile.TLS_BASIC)
_USUAL_LISTENERS: Final = {
    SecurityProfile.BASIC: "ws",
    SecurityProfile.TLS_BASIC: "wss",
    SecurityProfile.TLS_CERTIFICATE: "wss",
}


class RootsKnown(Protocol):
    """What is known of the roots of stations."""

    def known(self, station: Station, use: Use) -> KnownRoots: ...


@dataclass(frozen=True, slots=True)
class Precondition:
    """One thing that must be there first."""

    name: str
    """``key``, ``root``, ``certificate``, ``cpoName``, ``serial`` or ``listener``."""
    is_met: bool | None
    """None when it cannot be known here."""
    sentence: Sentence
    """What is so, and what to do."""


def preconditions(
    station: Station,
    profile: SecurityProfile,
    *,
    access: Access,
    reported_serial: str | None,
    trust: TrustNow,
    configuration: Configuration,
    roots: RootsKnown,
    at: datetime,
) -> list[Precondition]:
    """What the profile needs, in the order in which it is arranged."""
    policy, held, served = trust.store.policy(), trust.store.held(station), _served(trust, at)
    found: list[Precondition] = []
    if profile in _WITH_PASSWORD:
        found.append(_key(access))
    if profile >= SecurityProfile.TLS_BASIC:
        found.append(_root(roots.known(station, Use.CENTRAL_SYSTEM_ROOT), held, served, at))
    if profile is SecurityProfile.TLS_CERTIFICATE:
        found.append(_cpo_name(policy.cpo_name, configuration.value(station, "CpoName")))
        expected = replace(access, serial_number=access.serial_number or reported_serial)
        found.append(_certificate(trust, held, expected, at))
        found.append(_serial(access.serial_number, reported_serial))
    if profile is not SecurityProfile.NONE:
        found.append(_listener(profile, policy, served))
    return found


def _key(access: Access) -> Precondition:
    if access.current is not None:
        return Precondition("key", True, Sentence("The station has a password."))
    if any(one.state.is_accepted for one in access.passwords):
        offered = Sentence("A password was offered to the station, and it is not known yet whether it has it.")
        return Precondition("key", None, offered)
    sentence = Sentence("The station has no password that is known here: give it one with ChangePassword (A05.FR.02).")
    return Precondition("key", False, sentence)


def _served(trust: TrustNow, at: datetime) -> Sequence[ServerChain]:
    return [one for one in trust.store.server_certificates() if one.is_enabled and one.chain[0].not_after >= at]


def _root(known: KnownRoots, held: Sequence[Held], served: Sequence[ServerChain], at: datetime) -> Precondition:
    """What the station reported counts; what it took counts until then."""
    taken = [] if known.reported_at else [one.certificate for one in held if one.use is Use.CENTRAL_SYSTEM_ROOT]
    roots = list(dict.fromkeys([*known.certificates, *taken]))
    valid = [root for root in roots if root.not_before <= at <= root.not_after]
    if valid and not served:
        sentence = Sentence(
            "The station has a root certificate. Whether it fits cannot be told: no server certificate is here."
        )
        return Precondition("root", None, sentence)
    if any(leads(one.chain, valid, at) for one in served):
        sentence = Sentence("The station has a root certificate to which a server certificate of this system leads.")
        return Precondition("root", True, sentence)
    if known.has_strangers:
        sentence = Sentence(
            "The station reports root certificates that are not known here, so that it cannot be told whether one of"
            " them fits: import the root of the server certificate into the store, or install it (A05.FR.03)."
        )
        return Precondition("root", None, sentence)
    return Precondition("root", False, _no_root(known, has_one=bool(roots), has_valid=bool(valid)))


def _no_root(known: KnownRoots, *, has_one: bool, has_valid: bool) -> Sentence:
    if has_valid:
        return Sentence(
            "No server certificate of this system leads to a root certificate that the station has: give it the root"
            " of the server certificate with InstallRootCertificate (A05.FR.03)."
        )
    if has_one:
        return Sentence(
            "The root certificates that it has have expired: give it the root of the server certificate with"
            " InstallRootCertificate (A05.FR.03)."
        )
    if known.reported_at:
        return Sentence(
            "It reported that it has no root certificate: give it the root of the server certificate with"
            " InstallRootCertificate (A05.FR.03)."
        )
    return Sentence(
        "No root is known to be on it: give it the root of the server certificate with InstallRootCertificate"
        " (A05.FR.03)."
    )


def _cpo_name(wanted: str | None, present: str | None) -> Precondition:
    if wanted is None:
        nameless = Sentence("The policy names no organization (O) of the operator's certificates.")
        return Precondition("cpoName", None, nameless)
    if present is None:
        unknown_name = Sentence("It is not known whether the station's CpoName is {!r}: read or set it.", wanted)
        return Precondition("cpoName", None, unknown_name)
    if is_same_name(present, wanted):
        return Precondition("cpoName", True, Sentence("The station's CpoName is {!r}.", wanted))
    sentence = Sentence(
        "The station's CpoName is {!r}, and should be {!r}: set it, then use RenewCertificate.", present, wanted
    )
    return Precondition("cpoName", False, sentence)


def _certificate(trust: TrustNow, held: Sequence[Held], access: Access, at: datetime) -> Precondition:
    """As the door would judge it, with the intermediate certificates that are in the store."""
    own = [one.certificate for one in held if one.use is Use.CHARGE_POINT]
    faults: list[Sentence | str] = []
    for certificate in own:
        fault = _fault(trust, certificate, access, at)
        if fault is None:
            sentence = Sentence("The station has the certificate {}.", certificate.subject)
            return Precondition("certificate", True, sentence)
        faults.append(fault)
    if faults:
        sentence = Sentence(
            "What is known of its certificate: {} Give it one with RenewCertificate (A05.FR.04).", faults[0]
        )
        return Precondition("certificate", False, sentence)
    sentence = Sentence(
        "No certificate of its own is known to be on it. Give it one with RenewCertificate (A05.FR.04)."
    )
    return Precondition("certificate", False, sentence)


def _fault(trust: TrustNow, leaf: Certificate, access: Access, at: datetime) -> Sentence | str | None:
    """Why the door would refuse it, or None."""
    try:
        path, is_makers = trust.path(leaf, at)
    except PathRefused as refused:
        return refused.sentence
    if any(trust.store.is_revoked(one.issuer_hash, one.serial) for one in path[:-1]):
        return Sentence("The certificate {}, or one above it, was revoked.", leaf.subject)
    if is_makers and access.has_own_certificate:
        return Sentence(
            "It is its maker's, and the station has had one of the operator's; if another device stands there now, say"
            " so (newDevice)."
        )
    return foreign_organisation(leaf, access, trust.store.policy()) or foreign_name(leaf, access)


def _serial(pinned: str | None, reported: str | None) -> Precondition:
    if pinned is None and not reported:
        sentence = Sentence(
            "The serial number that its certificate must name is not known: write it down (A00.FR.405)."
        )
        return Precondition("serial", False, sentence)
    if pinned is not None and reported and not is_same_name(pinned, reported):
        sentence = Sentence(
            "Its certificate must name the serial number {!r}, and the station says that it is {!r}: correct the one on"
            " record, or, if another device stands there now, say so (newDevice).",
            pinned,
            reported,
        )
        return Precondition("serial", False, sentence)
    sentence = Sentence("Its certificate must name the serial number {!r}.", pinned or reported)
    return Precondition("serial", True, sentence)


def _listener(profile: SecurityProfile, policy: Policy, served: Sequence[ServerChain]) -> Precondition:
    """A listener that the policy does not name takes every profile that it can carry; which listeners there are is
    known to the gateways alone, but for the names of the usual ones."""
    usual = _USUAL_LISTENERS[profile]
    named = [name for name, profiles in policy.listeners.items() if profile in profiles]
    if not named and usual in policy.listeners:
        sentence = Sentence(
            "By the policy no listener takes the profile {}: let {!r} or another one take it.", profile, usual
        )
        return Precondition("listener", False, sentence)
    if profile is SecurityProfile.BASIC and named:
        return Precondition("listener", True, Sentence("The policy says which listeners take profile 1."))
    if profile is SecurityProfile.BASIC:
        is_met = None if policy.listeners else True
        return Precondition("listener", is_met, Sentence("A plain listener takes profile 1."))
    if served:
        return Precondition("listener", True, Sentence("There is a server certificate for TLS."))
    sentence = Sentence(
        "There is no server certificate, so that only a TLS proxy in front of this system can take the station."
    )
    return Precondition("listener", None, sentence)


def unmet(found: Sequence[Precondition]) -> Iterator[Sentence]:
    """The sentences about what is known to be missing."""
    return (one.sentence for one in found if one.is_met is False)


def unknown(found: Sequence[Precondition]) -> Iterator[Sentence]:
    """The sentences about what cannot be known."""
    return (one.sentence for one in found if one.is_met is None)
