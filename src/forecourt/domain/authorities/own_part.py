"""What the parts of the own authority have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forecourt.clock import Clock
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.authorities.model import OWN, KeyFamily, OwnCertificate, Phase, Rank
from forecourt.domain.authorities.own_plan import OwnState
from forecourt.domain.authorities.store import OwnStore, Register, Requests
from forecourt.domain.changes import Changes
from forecourt.domain.errors import conflict, not_found
from forecourt.domain.security_log.model import Kind, Note
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.signing.model import SigningState
from forecourt.domain.trust.naming import bare_hash
from forecourt.domain.trust.service import Trust
from forecourt.pki.certificate import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The rooms that the own authority tells what it did, or asks what is wanted."""

    trust: Trust
    alarms: Alarms
    log: SecurityLog
    requests: Requests
    register: Register


class OwnPart:
    """The store of the own authority, and what it tells others."""

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
        return next((one for one in self.hierarchy() if one.address == address), None)

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
            raise conflict(f"This certificate is {found.phase.value}, and only one that is {wanted} can be {what}.")
        return found

    def _note(self, sentence: str, asked_by: str | None = None) -> None:
        self._log.note(Note(kind=Kind.AUTHORITY_CHANGED, reason=sentence, asked_by=asked_by))
