"""What the own authority has, as its parts, the clerk and the doors that answer for it need to know it.

Only the clerk and the OCSP desk ask for keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forecourt.clock import Clock
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.authorities.model import (
    OWN,
    IssuingChain,
    KeyFamily,
    OpenedOwn,
    OwnCertificate,
    OwnDetail,
    OwnMaterial,
    OwnStatus,
    Phase,
    Rank,
)
from forecourt.domain.authorities.own_plan import OwnState, families_of
from forecourt.domain.authorities.own_troubles import NAMELESS, troubles
from forecourt.domain.authorities.store import OwnStore, Register, Requests
from forecourt.domain.changes import Changes
from forecourt.domain.errors import DomainError, Kind, conflict, not_found
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.domain.security_log.model import Note
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.signing.model import SigningState
from forecourt.domain.trust.naming import bare_hash
from forecourt.domain.trust.service import Trust
from forecourt.pki.certificate import Certificate
from forecourt.pki.errors import PkiError
from forecourt.pki.wording import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The rooms that the own authority tells what it did, or asks what is wanted."""

    trust: Trust
    alarms: Alarms
    log: SecurityLog
    requests: Requests
    register: Register


class OwnPart:
    """The store of the own authority, what is read of it, and what it tells others."""

    def __init__(
        self, store: OwnStore, neighbours: Neighbours, clock: Clock, changes: Changes, *, has_token: bool = True
    ) -> None:
        """``has_token``: the settings name a PKCS#11 token."""
        self._store = store
        self._trust = neighbours.trust
        self._alarms = neighbours.alarms
        self._log = neighbours.log
        self._requests = neighbours.requests
        self._register = neighbours.register
        self._clock = clock
        self._changes = changes
        self._has_token = has_token

    def hierarchy(self) -> Sequence[OwnCertificate]:
        """Its roots and issuing CAs, oldest first, those that were retired too. OCSP responders are left out."""
        return [one for one in self._store.all() if one.is_authority]

    def certificate(self, fingerprint: str) -> OwnCertificate:
        """Colons and upper case are allowed. Raises DomainError NOT_FOUND."""
        found = self._store.find(bare_hash(fingerprint))
        if found is None:
            raise not_found("The own authority has no certificate with this fingerprint.")
        return found

    def cross(self, fingerprint: str) -> Certificate:
        """What the root before a root signed for it. Raises DomainError NOT_FOUND when there was none."""
        found = self.certificate(fingerprint).cross
        if found is None:
            raise not_found("This certificate has no cross certificate: no root before it signed for it.")
        return found

    def issuer(self, address: str) -> OwnCertificate | None:
        """The own CA that has this address, retired or not."""
        found = self._store.at_address(address)
        return found if found is not None and found.is_authority else None

    def issuer_named(self, issuer_hash: str) -> OwnCertificate | None:
        """The own CA whose name has this hash (`Certificate.subject_hash`), retired or not."""
        return next((one for one in self.hierarchy() if one.certificate.subject_hash == issuer_hash), None)

    def organisation(self) -> str | None:
        """The O of CA certificates (A00.FR.404). None while nobody has said it, and no CA says it."""
        named = self._store.policy().organisation or self._trust.policy().cpo_name
        if named:
            return named
        return next(
            (one.certificate.organisations[0] for one in self.hierarchy() if one.certificate.organisations), None
        )

    # For those who sign and answer

    def material(self) -> OwnMaterial:
        """All that is needed to sign requests now; without a family that has no issuing CA yet."""
        state, now = self._state(), self._clock.now()
        issuing: dict[KeyFamily, IssuingChain] = {}
        reasons = []
        if not state.has_name:
            reasons.append(str(NAMELESS))
        for family in families_of(state):
            own = state.in_force(family, Rank.ISSUING)
            if own is None or own.fingerprint in state.revoked or own.certificate.has_ended(now):
                continue
            try:
                opened = self.opened(own)
            except DomainError as error:
                reasons.append(error.sentence)
                continue
            issuing[family] = IssuingChain(opened, above(own, state))
        return OwnMaterial(state.policy, issuing, tuple(reasons))

    def opened(self, own: OwnCertificate) -> OpenedOwn:
        """Raises DomainError UNAVAILABLE when its key cannot be opened."""
        try:
            return OpenedOwn(own, self._store.key(own.fingerprint))
        except PkiError as error:
            raise DomainError(
                Kind.UNAVAILABLE,
                "The key of {} cannot be opened: {} Start with the secret key with which it was sealed, or replace the "
                "certificate.",
                quoted(own.certificate.subject),
                error,
            ) from error

    def fault_of(self, chain: Sequence[Certificate]) -> str | None:
        """Why what was just signed, leaf first, is not given out: who signed it was revoked or retired meanwhile."""
        state = self._state()
        for one in chain[1:]:
            own = self._store.find(one.fingerprint)
            if own is not None and (own.phase is Phase.RETIRED or own.fingerprint in state.revoked):
                return f"{quoted(one.subject)} was revoked or retired while it signed; another CA signs it anew."
        return None

    def rolls(self) -> Sequence[tuple[KeyFamily, Rank]]:
        """What was asked for, and is not made yet."""
        return sorted(self._store.rolls(), key=lambda one: (one[0].value, one[1].value))

    def status(self) -> OwnStatus:
        """How it is now."""
        found = [trouble.sentence for trouble in troubles(self._state(), self._clock.now())]
        return OwnStatus(self.organisation(), self.rolls(), self.uses_token(), found)

    def details(self) -> Sequence[OwnDetail]:
        """Roots and issuing CAs with what hangs on them, oldest first, those that were retired too."""
        lists = self._store.lists()
        return [OwnDetail(own, lists.get(own.address), self.below(own)) for own in self.hierarchy()]

    def detail(self, fingerprint: str) -> OwnDetail:
        """Colons and upper case are allowed. Raises DomainError NOT_FOUND."""
        own = self.certificate(fingerprint)
        return OwnDetail(own, self._store.lists().get(own.address), self.below(own))

    def below(self, own: OwnCertificate) -> int:
        """How many certificates that others use hang below it, and are good."""
        issuers = [own, *(one for one in self.hierarchy() if one.issuer == own.fingerprint)]
        now = self._clock.now()
        return sum(self._register.count_good(one.certificate.subject_hash, now) for one in issuers)

    def uses_token(self) -> bool:
        """Whether a key that is needed is in the token."""
        return any(one.is_in_token and one.phase is not Phase.RETIRED for one in self.hierarchy())

    def responder(self, issuer: OwnCertificate) -> OwnCertificate:
        """The OCSP responder that answers for an own CA. Raises DomainError UNAVAILABLE while there is none."""
        now = self._clock.now()
        found = [
            one
            for one in self._store.below(issuer.fingerprint)
            if one.rank is Rank.RESPONDER
            and not one.certificate.has_ended(now)
            and self._store.find_revocation(one.certificate.issuer_hash, one.certificate.serial) is None
        ]
        if not found:
            raise DomainError(Kind.UNAVAILABLE, "The OCSP responder of this CA is being made; ask again in a moment.")
        return max(found, key=lambda one: one.certificate.not_after)

    # Inside

    def _state(self) -> OwnState:
        store = self._store
        certificates = store.all()
        crosses = (one.cross for one in certificates if one.cross is not None)
        issued = [*(one.certificate for one in certificates if one.issuer is not None), *crosses]
        return OwnState(
            policy=store.policy(),
            certificates=certificates,
            lists=store.lists(),
            is_wanted=store.is_wanted() or self._requests.counts(OWN).get(SigningState.WAITING, 0) > 0,
            has_name=self.organisation() is not None,
            rolls=store.rolls(),
            revoked=frozenset(
                one.fingerprint for one in issued if store.find_revocation(one.issuer_hash, one.serial) is not None
            ),
        )

    def _has_former_root(self, family: KeyFamily) -> OwnCertificate | None:
        """A root before the one in force that is trusted still."""
        now = self._clock.now()
        for one in self.hierarchy():
            is_root = (one.family, one.rank, one.phase) == (family, Rank.ROOT, Phase.FORMER)
            if is_root and not one.certificate.has_ended(now):
                return one
        return None

    def _of_phase(self, fingerprint: str, *phases: Phase, what: str) -> OwnCertificate:
        """Raises DomainError CONFLICT for one in another phase."""
        found = self.certificate(fingerprint)
        if found.phase not in phases:
            wanted = " or ".join(phase.value for phase in phases)
            raise conflict(
                "This certificate is {}, and only one that is {} can be {}.", found.phase.value, wanted, what
            )
        return found

    def _note(self, sentence: str, asked_by: str | None = None) -> None:
        self._log.note(Note(kind=Noted.AUTHORITY_CHANGED, reason=sentence, asked_by=asked_by))


def above(issuing: OwnCertificate, state: OwnState) -> tuple[Certificate, ...]:
    """What follows an issuing CA in a chain: its root; or, as long as the root before that is trusted and takes back
    nothing, what that one signed for it, and that one, so that stations find their way that know only one of the
    two."""
    certificates = state.certificates
    by_fingerprint = {one.fingerprint: one for one in certificates}
    root = by_fingerprint.get(issuing.issuer or "")
    if root is None:
        return ()
    cross = root.cross
    if cross is not None and cross.fingerprint not in state.revoked:
        for before in certificates:
            is_former = before.rank is Rank.ROOT and before.phase is Phase.FORMER
            if is_former and before.certificate.subject_hash == cross.issuer_hash:
                return (cross, before.certificate)
    return (root.certificate,)
