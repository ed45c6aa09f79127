"""What the clerk and the answering doors need of the own authority: its keys. Nobody else asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.domain.authorities.model import (
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
from forecourt.domain.authorities.own_part import OwnPart
from forecourt.domain.authorities.own_plan import OwnState, families_of
from forecourt.domain.authorities.own_troubles import NAMELESS, troubles
from forecourt.domain.errors import DomainError, Kind
from forecourt.pki.certificate import Certificate
from forecourt.pki.errors import PkiError
from forecourt.pki.wording import quoted


class OwnReading(OwnPart):
    """Opens keys."""

    def material(self) -> OwnMaterial:
        """All that is needed to sign requests now; without a family that has no issuing CA yet."""
        state, now = self._state(), self._clock.now()
        issuing: dict[KeyFamily, IssuingChain] = {}
        reasons = []
        if not state.has_name:
            reasons.append(f"{NAMELESS}.")
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
            sentence = f"The key of {quoted(own.certificate.subject)} cannot be opened: {error}"
            advice = "Start with the secret key with which it was sealed, or replace the certificate."
            raise DomainError(Kind.UNAVAILABLE, f"{sentence} {advice}") from error

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

    def responder(self, issuer: OwnCertificate) -> OpenedOwn:
        """The OCSP responder that answers for an own CA. Raises DomainError UNAVAILABLE while there is none."""
        now = self._clock.now()
        found = [
            one
            for one in self._store.all()
            if one.rank is Rank.RESPONDER
            and one.issuer == issuer.fingerprint
            and not one.certificate.has_ended(now)
            and self._store.find_revocation(one.certificate.issuer_hash, one.certificate.serial) is None
        ]
        if not found:
            raise DomainError(Kind.UNAVAILABLE, "The OCSP responder of this CA is being made; ask again in a moment.")
        return self.opened(max(found, key=lambda one: one.certificate.not_after))


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
