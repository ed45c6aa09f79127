"""What stations have: certificates that they took or showed (A02, A03, M04, M05)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final

from forecourt.domain.errors import paragraph
from forecourt.domain.provisioning.model import Station
from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.held import HELD_PER_USE, Held, How, Use, is_named
from forecourt.domain.trust.importing import Fate, ImportOutcome
from forecourt.domain.trust.model import Origin, Purpose, Role, Trusted
from forecourt.domain.trust.trusted_certificates import BY_OCPP, TrustedCertificates
from forecourt.pki.certificate import Certificate, Unreadable, read_bundle, read_certificate
from forecourt.pki.errors import PkiError
from forecourt.pki.path import Anchors, verify_path
from forecourt.pki.wording import quoted

_PURPOSES: Final = {Use.CENTRAL_SYSTEM_ROOT: Purpose.SERVER, Use.MANUFACTURER_ROOT: Purpose.FIRMWARE}
"""A root that a station took is trusted for what the station trusts it for, and never to tell who stations are: what
is sent to a station must not open the door to others."""

_STATIONS: Final = frozenset({Purpose.STATION})


class HeldCertificates(TrustedCertificates):
    """Everything that can be learned of certificates at stations."""

    def hold(self, station: Station, use: Use, certificate: Certificate, how: How) -> bool:
        """The station has this certificate. What is known already changes nothing, so that every connection may tell
        it; returns True for news."""
        held = Held(certificate=certificate, use=use, how=how, learned_at=self._clock.now())
        return self._stores.held.put(station.key, held, HELD_PER_USE)

    def held(self, station: Station) -> Sequence[Held]:
        """What was learned last first."""
        return self._stores.held.of_station(station.key)

    def root_answered(
        self, station: Station, *, use: Use, certificate: str, status: str, is_accepted: bool, asked_by: str
    ) -> None:
        """The station answered to a root (M05). One that it took is in the store from now on, too; one that cannot be
        read here is only told of in the security log, because the station has the last word on what it takes."""
        what = f"a root certificate ({use.value})"
        if not is_accepted:
            self._told(station, Kind.CERTIFICATE_NOT_DELIVERED, f"It answered {status} to {what}.", asked_by)
            return
        try:
            root = read_certificate(certificate)
        except PkiError as error:
            sentence = f"It took {what} that cannot be read here, so it is not in the store: {error}"
            self._told(station, Kind.CERTIFICATE_DELIVERED, sentence, asked_by)
            return
        self.hold(station, use, root, How.DELIVERED)
        outcome = self._learned(root, frozenset({_PURPOSES[use]}), Role.ANCHOR, asked_by)
        sentence = f"It took {what} of {quoted(root.subject)}."
        self._told(station, Kind.CERTIFICATE_DELIVERED, f"{sentence} {_of_the_store(outcome)}".rstrip(), asked_by)

    def chain_answered(self, station: Station, *, chain: str, status: str, is_accepted: bool, asked_by: str) -> None:
        """The station answered to a certificate of its own, with those of its issuers (A02, A03). Issuers of a chain
        that leads to an anchor for stations are in the store from now on, because stations may leave them out."""
        if not is_accepted:
            sentence = f"It answered {status} to a certificate of its own (A02.FR.07)."
            self._told(station, Kind.CERTIFICATE_NOT_DELIVERED, sentence, asked_by)
            return
        try:
            found = read_bundle(chain)
        except PkiError as error:
            found = [Unreadable(1, str(error))]
        if isinstance(found[0], Unreadable):
            sentence = f"It took a certificate of its own that cannot be read here: {found[0].reason}"
            self._told(station, Kind.CERTIFICATE_DELIVERED, sentence, asked_by)
            return
        leaf, issuers = found[0], [one for one in found[1:] if isinstance(one, Certificate)]
        self.hold(station, Use.CHARGE_POINT, leaf, How.DELIVERED)
        sentence = f"It took a certificate of its own, {quoted(leaf.subject)}, until {leaf.not_after:%Y-%m-%d}."
        unread = len(found) - 1 - len(issuers)
        if unread:
            sentence += f" Of its issuers in the chain {unread} cannot be read here."
        reason = self._issuers_taken(leaf, issuers, asked_by)
        self._told(station, Kind.CERTIFICATE_DELIVERED, f"{sentence} {reason}".rstrip(), asked_by)

    def roots_reported(self, station: Station, use: Use, roots: Sequence[Certificate]) -> None:
        """The station told all of its roots for this use (M03), of which these are known here: it has no other one that
        was thought to be there."""
        for held in self.held(station):
            if held.use is use and held.certificate not in roots:
                self._stores.held.forget(station.key, use, held.certificate.fingerprint)
        for root in roots:
            self.hold(station, use, root, How.REPORTED)

    def root_deleted(
        self, station: Station, *, issuer_name_hash: str, algorithm: str, serial: str, asked_by: str
    ) -> None:
        """The station removed a root (M04), which is named by hashes as it reported them. The store keeps it."""
        for held in self.held(station):
            if held.use is not Use.CHARGE_POINT and is_named(
                held.certificate, issuer_name_hash=issuer_name_hash, algorithm=algorithm, serial=serial
            ):
                self._stores.held.forget(station.key, held.use, held.certificate.fingerprint)
                root = f"the root certificate ({held.use.value}) of {quoted(held.certificate.subject)}"
                self._told(station, Kind.ROOT_DELETED, f"It removed {root}.", asked_by)

    def _issuers_taken(self, leaf: Certificate, issuers: Sequence[Certificate], asked_by: str) -> str:
        """What an operator should know."""
        now = self._clock.now()
        try:
            path = verify_path(leaf, issuers, self._anchors(Purpose.STATION), now)
        except PkiError as error:
            with contextlib.suppress(PkiError):
                verify_path(leaf, issuers, self._anchors(Purpose.ONBOARDING), now)
                return "It leads to an anchor for onboarding only."
            return f"By what is in the store it would be refused when the station connects: {error}"
        for one in path:
            if self._stores.revocations.has(one.issuer_hash, one.serial):
                return f"It will be refused, because {quoted(one.subject)} in its path is revoked; nothing was stored."
        disabled = self._stores.certificates.disabled()
        for one in path:
            if one.fingerprint in disabled:
                return f"It will be refused, because {quoted(one.subject)} in its path is disabled; nothing was stored."
        outcomes = [self._learned(one, _STATIONS, Role.INTERMEDIATE, asked_by) for one in path[1:-1]]
        return " ".join(filter(None, map(_of_the_store, outcomes)))

    def _anchors(self, purpose: Purpose) -> Anchors:
        trusted = [one for one in self._trusted() if purpose in one.purposes]
        return Anchors(
            [one.certificate for one in trusted if one.role is Role.ANCHOR],
            [one.certificate for one in trusted if one.role is Role.INTERMEDIATE],
        )

    def _learned(
        self, certificate: Certificate, purposes: frozenset[Purpose], role: Role, asked_by: str
    ) -> ImportOutcome:
        known = self._stores.certificates.find(certificate.fingerprint)
        if isinstance(known, Trusted) and known.is_enabled and (purposes & BY_OCPP) <= known.purposes:
            # The usual case, for which nobody has to wait.
            return ImportOutcome(
                position=1, fate=Fate.KNOWN, sentence=paragraph(()), certificate=certificate, is_enabled=True
            )
        return self._import([certificate], purposes, role, Origin.OCPP, asked_by)[0]

    def _told(self, station: Station, kind: Kind, sentence: str, asked_by: str) -> None:
        self._note(kind, sentence, asked_by=asked_by, station=station.identity)


def _of_the_store(outcome: ImportOutcome) -> str:
    """What an operator should know about one that a station took; nothing when it is simply in the store."""
    if outcome.fate is Fate.REFUSED:
        return f"It is not in the store: {outcome.sentence}"
    if outcome.fate is Fate.EXTENDED or outcome.is_enabled is False:
        return str(outcome.sentence)
    return ""
