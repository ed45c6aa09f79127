"""Everything that can happen to a request to an authority, from the asking to the register."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from forecourt.clock import Clock
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.changes import Changes
from forecourt.domain.errors import DomainError, Kind, conflict, is_lasting, not_found
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.signing.model import (
    LEASE,
    LONGEST_TRY,
    SILENCE,
    Assignment,
    Ended,
    EndedState,
    Issued,
    IssuedCertificate,
    IssuedFilter,
    OpenedAuthority,
    Outage,
    Signing,
    SigningFilter,
    SigningNumber,
    SigningResult,
    SigningState,
    Use,
    Waiting,
    Wanted,
)
from forecourt.domain.signing.notes import SignerMemory
from forecourt.domain.signing.store import Notebook, RegisterStore, SigningStore, Waited
from forecourt.domain.storable import storable
from forecourt.pki.certificate import Certificate
from forecourt.pki.errors import PkiError

FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=1)
"""Between two tries; the wait doubles with every try in vain."""

SHORTEST_WAIT: Final = timedelta(milliseconds=200)
"""For an authority that says to ask again at once."""

LONGEST_POLL: Final = timedelta(minutes=1)
_POLLS: Final = 10
"""A request that an authority has is looked after at a tenth of its age, at the latest after a minute, unless the
authority wants to be asked later."""

MAX_SENTENCE: Final = 1000
"""Characters that are kept of what an authority said."""

MAX_GIVEN_UP: Final = 100
"""How many are given up in one unit of work."""

MAX_TROUBLES: Final = 5
"""How often it is tried to tell a room that fails when it is told; after that the request ends untold."""

_DOUBLINGS: Final = 9
"""After so many the longest wait is reached."""

Taker: TypeAlias = Callable[[SigningNumber, str, Issued | Ended], None]
"""Told the number of a request, its owner, and how it ended."""

Vet: TypeAlias = Callable[[Sequence[Certificate]], str | None]
"""Says in a sentence why a chain, leaf first, is not given out."""

Opener: TypeAlias = Callable[[str], OpenedAuthority]
"""Hands out an authority with its secrets, by name. Raises DomainError for one that cannot be asked."""


@dataclass(frozen=True, slots=True)
class SigningStores:
    """What this room needs of storage."""

    requests: SigningStore
    register: RegisterStore
    notes: Notebook


class SigningDesk(SignerMemory):
    """The only way to a certificate: rooms ask here, the clerk claims and says how it ended."""

    def __init__(
        self, stores: SigningStores, clock: Clock, changes: Changes, *, alarms: Alarms, opened: Opener
    ) -> None:
        super().__init__(stores.notes, clock)
        self._store = stores.requests
        self._register = stores.register
        self._changes = changes
        self._alarms = alarms
        self._opened = opened
        self._takers: dict[Use, Taker] = {}
        self._vets: dict[str, Vet] = {}
        self._troubles: dict[SigningNumber, int] = {}

    def watch(self, use: Use, taker: Taker) -> None:
        """Have a room told how the requests of a use end, in the unit of work that ends them. One room watches a
        use. It may be told of what it cancelled itself."""
        self._takers[use] = taker

    def vet(self, authority: str, vet: Vet) -> None:
        """Have what an authority signs looked at in the unit of work that records it; what is found wanting is asked
        for again."""
        self._vets[authority] = vet

    # Asking

    def ask(self, wanted: Wanted, authority: str) -> SigningNumber:
        """Write a request down. The clerk sees to it when this unit of work is committed."""
        number = self._store.add(wanted, authority, self._clock.now())
        self._changes.signing_wanted()
        return number

    def cancel(self, number: SigningNumber, reason: str = "It was cancelled.") -> Signing:
        """Nobody wants it any more. What an authority signs for it all the same is not kept. Raises DomainError
        NOT_FOUND, or CONFLICT when it has ended."""
        found = self.get(number)
        if not self._end(found, SigningState.CANCELLED, reason, node=None):
            raise _over(self.get(number))
        return self.get(number)

    def retry(self, number: SigningNumber) -> Signing:
        """Try again now, whatever wait was left. Raises DomainError NOT_FOUND, or CONFLICT when it has ended."""
        found = self.get(number)
        if found.state is not SigningState.WAITING:
            raise _over(found)
        if self._store.hasten(number, self._clock.now()):
            self._changes.signing_wanted()
        return self.get(number)

    # For the clerk

    def asked(self) -> Sequence[str]:
        """Names of authorities for which there is something to claim."""
        return self._store.asked(self._clock.now())

    def claim(self, node: str, limit: int, *, authority: str | None = None) -> list[Assignment]:
        """Take requests on, for LEASE; to one authority or to any. What cannot be asked now is put off."""
        now = self._clock.now()
        claimed = []
        for number in sorted(self._store.due(now, limit, authority)):  # locked in one order everywhere
            if not self._store.lease(number, node, at=now, until=now + LEASE):
                continue
            try:
                waited = self._waited(number)
            except PkiError as error:
                self._refuse(self.get(number), node, f"What was asked cannot be read any more. {error}")
                continue
            try:
                opened = self._opened(waited.authority)
            except DomainError as error:
                self._put_off(waited, node, Outage(error.sentence, needs_person=True))
                continue
            wanted = waited.wanted
            claimed.append(
                Assignment(
                    number=number,
                    wanted=wanted,
                    authority=opened,
                    progress=waited.progress,
                    newer_than=self._newest_of(wanted.owner, wanted.use),
                )
            )
        return claimed

    def _newest_of(self, owner: str, use: Use) -> datetime | None:
        found = self._register.list(IssuedFilter(owner=owner, use=use), PageRequest(limit=1)).items
        return found[0].certificate.not_before if found else None

    def release(self, node: str) -> int:
        """A node that was stopped in the middle begins again: what it was at is taken on anew."""
        return self._store.release(node)

    def ended(self, number: SigningNumber, node: str, result: SigningResult) -> bool:
        """The authority answered. False when the request is not this node's any more: the answer is not used."""
        waited = self._held(number, node)
        if waited is None:
            return False
        if isinstance(result, Waiting):
            self._wait_for(waited, node, result)
        elif (fault := self._vetted(waited.authority, result)) is not None:
            self._put_off(waited, node, Outage(fault))
        elif self._registered(waited, result):
            self._store.issue(number, result.chain[0].fingerprint, at=self._clock.now(), node=node)
            self._alarms.end(Topic.AUTHORITY, waited.authority)
            self._tell(number, waited.wanted.use, waited.wanted.owner, result)
        else:
            leaf = result.chain[0]
            sentence = f"The authority {waited.authority!r} gave a certificate the serial number {leaf.serial}, which"
            self._refuse(
                self.get(number), node, f"{sentence} another one of the same issuer has already (RFC 5280 §4.1.2.2)."
            )
        return True

    def refused(self, number: SigningNumber, node: str, sentence: str) -> bool:
        """The authority will not sign it, or what it answered cannot be used. False as in :meth:`ended`."""
        is_held = self._store.hold(number, node)
        if is_held:
            self._refuse(self.get(number), node, sentence)
        return is_held

    def unavailable(self, number: SigningNumber, node: str, outage: Outage) -> bool:
        """The authority could not be reached or is out of order. It is tried again after 10 seconds, after twice that,
        and so on up to an hour, not before it wants to be asked; after days it is given up. An operator is told after
        SILENCE, or at once when that is needed. False as in :meth:`ended`."""
        waited = self._held(number, node)
        if waited is not None:
            self._put_off(waited, node, outage)
        return waited is not None

    # Time passes

    def is_due(self) -> bool:
        now = self._clock.now()
        return self._store.is_overdue(now - LONGEST_TRY, now) or self._has_old_challenges()

    def settle(self) -> None:
        """Give up what was tried for days, and forget challenges that nobody looks at any more."""
        now = self._clock.now()
        for number in self._store.overdue(now - LONGEST_TRY, now, MAX_GIVEN_UP):
            found = self.get(number)
            self._give_up(found, found.reason or "It was not answered.", node=None)
        self._drop_old_challenges()

    # Questions

    def get(self, number: SigningNumber) -> Signing:
        """Raises DomainError NOT_FOUND."""
        found = self._store.find(number)
        if found is None:
            raise not_found("There is no signing request {}.", number)
        return found

    def list(self, wanted: SigningFilter, page: PageRequest) -> Page[Signing]:
        """Newest first."""
        return self._store.list(wanted, page)

    def counts(self, authority: str) -> Mapping[SigningState, int]:
        """How many requests to an authority there are, by state."""
        return self._store.counts(authority)

    def issued(self, fingerprint: str) -> IssuedCertificate:
        """Raises DomainError NOT_FOUND."""
        found = self._register.find(fingerprint)
        if found is None:
            raise not_found("No certificate with the fingerprint {!r} was issued for this system.", fingerprint)
        return found

    def find_issued(self, issuer_hash: str, serial: str) -> IssuedCertificate | None:
        return self._register.find_serial(issuer_hash, serial)

    def issued_of(self, owner: str) -> Sequence[IssuedCertificate]:
        """Newest first."""
        return self._register.of_owner(owner)

    def issued_list(self, wanted: IssuedFilter, page: PageRequest) -> Page[IssuedCertificate]:
        """Newest first."""
        return self._register.list(wanted, page)

    # Inside

    def _held(self, number: SigningNumber, node: str) -> Waited | None:
        """The request, if this node is at it; until this unit of work is over nobody else changes it."""
        return self._store.waited(number) if self._store.hold(number, node) else None

    def _waited(self, number: SigningNumber) -> Waited:
        found = self._store.waited(number)
        if found is None:
            raise not_found("There is no signing request {}.", number)
        return found

    def _vetted(self, authority: str, result: Issued) -> str | None:
        vet = self._vets.get(authority)
        return None if vet is None else vet(result.chain)

    def _registered(self, waited: Waited, result: Issued) -> bool:
        return self._register.add(
            IssuedCertificate(
                certificate=result.chain[0],
                chain=result.chain,
                number=waited.number,
                authority=waited.authority,
                use=waited.wanted.use,
                owner=waited.wanted.owner,
                issued_at=self._clock.now(),
            )
        )

    def _wait_for(self, waited: Waited, node: str, result: Waiting) -> None:
        now = self._clock.now()
        age = now - waited.tried_since
        if age >= LONGEST_TRY:
            self._give_up(self.get(waited.number), result.sentence, node)
            return
        wait = timedelta(seconds=result.seconds)
        if result.seconds > 0:
            wait = max(wait, min(age / _POLLS, LONGEST_POLL))
        wait = min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)
        told = storable(result.sentence, MAX_SENTENCE)
        answered = replace(waited, progress=result.progress, silent_since=None, is_told=age >= SILENCE)
        self._store.put_off(answered, told, node=node, again_at=now + wait)
        if answered.is_told:
            self._alarm(waited, Level.WARNING, waited.tried_since, told)
        elif waited.is_told:
            self._calm(waited.authority)

    def _put_off(self, waited: Waited, node: str, outage: Outage) -> None:
        now = self._clock.now()
        since = waited.silent_since or now
        told = storable(outage.sentence, MAX_SENTENCE)
        if now - waited.tried_since >= LONGEST_TRY:
            self._give_up(self.get(waited.number), told, node)
            return
        wait = max(FIRST_WAIT * 2 ** min(waited.attempts, _DOUBLINGS), timedelta(seconds=outage.again_seconds))
        tried = replace(
            waited,
            progress=None if outage.begins_anew else waited.progress,
            attempts=waited.attempts + 1,
            silent_since=since,
            is_told=waited.is_told or outage.needs_person or now - since >= SILENCE,
        )
        self._store.put_off(tried, told, node=node, again_at=now + min(wait, LONGEST_WAIT))
        if tried.is_told:
            self._alarm(waited, Level.CRITICAL, since, told)

    def _alarm(self, waited: Waited, level: Level, since: datetime, told: str) -> None:
        what = f"Requests to the authority {waited.authority!r} wait since {since:%Y-%m-%d %H:%M} UTC. {told}"
        self._alarms.raise_(Topic.AUTHORITY, waited.authority, level, what)

    def _calm(self, authority: str) -> None:
        """The alarm is over when none of those is left for which somebody was told."""
        if not self._store.has_told(authority):
            self._alarms.end(Topic.AUTHORITY, authority)

    def _refuse(self, found: Signing, node: str, sentence: str) -> None:
        """It is the room's to raise an alarm: the authority is in order."""
        self._end(found, SigningState.REFUSED, storable(sentence, MAX_SENTENCE), node)

    def _give_up(self, found: Signing, sentence: str, node: str | None) -> None:
        reason = f"It was given up after {LONGEST_TRY.days} days. {sentence}"
        self._end(found, SigningState.GIVEN_UP, storable(reason, MAX_SENTENCE), node)

    def _end(self, found: Signing, state: EndedState, reason: str, node: str | None) -> bool:
        is_new = self._store.end(found.number, state, reason, at=self._clock.now(), node=node)
        if is_new:
            self._calm(found.authority)
            self._tell(found.number, found.use, found.owner, Ended(state, reason))
        return is_new

    def _tell(self, number: SigningNumber, use: Use, owner: str, outcome: Issued | Ended) -> None:
        """A request ends whatever the room makes of it: one that cannot be told, however often that is tried, is not
        told. Of errors NOT_FOUND alone is an answer, raised before the room has written anything."""
        taker = self._takers.get(use)
        if taker is None or self._troubles.get(number, 0) >= MAX_TROUBLES:
            self._troubles.pop(number, None)
            return
        try:
            taker(number, owner, outcome)
        except Exception as error:
            if isinstance(error, DomainError) and error.kind is Kind.NOT_FOUND:
                return  # it knows nothing of this request
            if is_lasting(error):
                self._troubles[number] = self._troubles.get(number, 0) + 1
            raise
        self._troubles.pop(number, None)


def _over(signing: Signing) -> DomainError:
    return conflict("The signing request {} has ended already: it is {}.", signing.number, signing.state.value)
