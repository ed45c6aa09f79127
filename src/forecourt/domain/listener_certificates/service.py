"""Server certificates that renew themselves: what is wished, what is asked for, and what is put in place.

A step is one unit of work, and rows are the whole memory: a key is wanted, it is made outside (by the clerk), the
signing desk is asked, its answer is kept, and what fits its key is served. Until then what was served before stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from forecourt.clock import Clock
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.changes import Changes
from forecourt.domain.errors import DomainError, Kind, Sentence, invalid, not_found
from forecourt.domain.listener_certificates import troubles
from forecourt.domain.listener_certificates.given import GivenCertificates
from forecourt.domain.listener_certificates.model import (
    FAST_DAYS,
    MAX_NAME,
    Kept,
    KeyWanted,
    Managed,
    Member,
    MemberState,
    Placement,
    Wish,
    check_wish,
    member_name,
)
from forecourt.domain.listener_certificates.requests import Chooser, cancelled, hastened, missed
from forecourt.domain.listener_certificates.store import ListenerCertificateStore
from forecourt.domain.listener_certificates.timing import level_of, next_look, renewal, retry_after
from forecourt.domain.signing.model import Ended, Issued, SigningNumber, Use, Wanted
from forecourt.domain.signing.service import SigningDesk
from forecourt.domain.trust.service import Trust
from forecourt.domain.trust.serving import Offer, check_name
from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import SigningRequest
from forecourt.pki.keys import PrivateKey


class ListenerCertificates:
    """Everything that can happen to managed server certificates."""

    def __init__(
        self,
        store: ListenerCertificateStore,
        clock: Clock,
        changes: Changes,
        *,
        signing: SigningDesk,
        authorities: Chooser,
        trust: Trust,
        alarms: Alarms,
    ) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._signing = signing
        self._authorities = authorities
        self._trust = trust
        self._alarms = alarms
        self._taken_back: set[SigningNumber] = set()
        """Requests that are being cancelled here: of their end nobody needs to be told."""
        self._given = GivenCertificates(trust, alarms, clock, is_managed=lambda name: store.owner(name) is not None)
        signing.watch(Use.SERVER, self._signed)

    # What operators do

    def put(self, name: str, wish: Wish, *, asked_by: str) -> Kept:
        """Have a certificate managed under this name, or have it otherwise. What has to be other than before is asked
        for at once. Raises DomainError INVALID."""
        wish = self._checked(name, wish)
        known = self._store.find(name)
        if known is not None and known.wish == wish:
            return Kept(known)
        now = self._clock.now()
        self._cancel(known, "Its server certificate is wanted otherwise.")  # before this room is locked: see renew
        self._store.put(name, wish, changed_by=asked_by, at=now)
        self._cancel(self.get(name), "Its server certificate is wanted otherwise.")
        members = {one.family: one for one in self.get(name).members}
        for family in members.keys() - wish.families:
            self._store.remove_member(members[family].name)
            self._alarms.end(Topic.SERVER_CERTIFICATE, members[family].name)
        for family in sorted(wish.families, key=lambda one: one.value):
            self._want(name, members.get(family) or _new_member(name, family), now)
        return Kept(self.get(name), tuple(self._warnings(name, wish, members.keys())))

    def renew(self, name: str, *, asked_by: str) -> Managed:
        """Ask for new certificates now. What is under way already is tried again at once. Raises DomainError
        NOT_FOUND. Requests come first, because whatever ends one holds this room after it."""
        waiting = {member.name: member.signing for member in self.get(name).members if hastened(self._signing, member)}
        if not self._store.lock(name):
            raise _no(name)
        now = self._clock.now()
        for member in self.get(name).members:
            is_asked = member.state is MemberState.ASKED
            if not member.is_under_way or (is_asked and waiting.get(member.name) != member.signing):
                self._want(name, member, now)
        self._changes.signing_wanted()
        return self.get(name)

    def remove(self, name: str, *, asked_by: str) -> tuple[Sentence, ...]:
        """Manage it no longer. Listeners go on with what is in place, until an operator removes that. Returns what an
        operator should know. Raises DomainError NOT_FOUND."""
        managed = self.get(name)
        self._cancel(managed, "Its server certificate is no longer managed.")  # before this room is locked: see renew
        self._store.lock(name)
        self._cancel(self.get(name), "Its server certificate is no longer managed.")
        self._store.remove(name)
        for member in managed.members:
            self._alarms.end(Topic.SERVER_CERTIFICATE, member.name)
        left = [one for one in managed.members if one.fingerprint is not None]
        return tuple(
            Sentence("Listeners present the server certificate {!r} until it expires or is removed.", one.name)
            for one in left
        )

    def get(self, name: str) -> Managed:
        """Raises DomainError NOT_FOUND."""
        found = self._store.find(name)
        if found is None:
            raise _no(name)
        return found

    def all(self) -> Sequence[Managed]:
        """In the order of their names."""
        return self._store.all()

    # For the clerk

    def has_work(self) -> bool:
        """True when there is a key to make, or a certificate to put in place."""
        return self._store.has_work(self._clock.now())

    def keys_wanted(self) -> list[KeyWanted]:
        """Keys to be made, outside of any unit of work."""
        organisation = self._trust.policy().cpo_name
        return [
            KeyWanted(
                name=member.name,
                round=member.round,
                family=member.family,
                host_names=managed.wish.host_names,
                organisation=organisation,
            )
            for managed in self._store.all()
            for member in managed.members
            if member.state is MemberState.WANTED
        ]

    def key_made(self, wanted: KeyWanted, key: PrivateKey, csr: SigningRequest) -> bool:
        """Keep the key, sealed, and ask for its certificate. False when another node was first, or something else is
        wanted meanwhile."""
        found = self._locked(wanted.name, wanted.round, MemberState.WANTED)
        if found is None:
            return False
        managed, member = found
        wish = managed.wish
        try:
            authority = wish.authority or self._authorities.authority_for(Use.SERVER, None)
        except DomainError as error:
            self._fail(managed, member, error.sentence)
            return False
        asked = Wanted(
            use=Use.SERVER,
            csr=csr,
            common_name=wish.host_names[0],
            organisation=wanted.organisation,
            host_names=wish.host_names,
            days=FAST_DAYS if wish.is_fast else None,
            owner=member.name,
            asked_by=f"managed server certificate {managed.name}",
        )
        number = self._signing.ask(asked, authority)
        self._put(managed.name, replace(member, state=MemberState.ASKED, signing=number), self._clock.now())
        self._store.keep_key(member.name, key)
        return True

    def placements(self) -> Sequence[Placement]:
        """Certificates to be put in place; they are held against their keys outside of any unit of work."""
        return self._store.placements(self._clock.now())

    def place(self, placement: Placement, offer: Offer) -> bool:
        """Have listeners present it, in place of the one before; one that is not valid yet waits as long as the one
        before is. False as in :meth:`key_made`."""
        found = self._locked(placement.name, placement.round, MemberState.ISSUED)
        if found is None:
            return False
        managed, member = found
        now, begins = self._clock.now(), offer.chain[0].not_before
        if begins > now and member.not_after is not None and member.not_after > now:
            self._put(managed.name, replace(member, again_at=begins), now)
            return False
        try:
            self._serve(managed, member, offer)
        except DomainError as error:
            if error.kind is Kind.UNAVAILABLE:
                raise
            self._fail(managed, member, error.sentence)
        return True

    def cannot_place(self, placement: Placement, sentence: str) -> None:
        """What was issued cannot be used: another one is asked for later."""
        found = self._locked(placement.name, placement.round, MemberState.ISSUED)
        if found is not None:
            self._fail(*found, sentence)

    # Time passes

    def is_due(self) -> bool:
        return self._store.is_due(self._clock.now()) or self._given.is_due()

    def settle(self) -> None:
        """Ask for what has to be renewed, try again what failed, and tell what is late, or ends without a next one."""
        now = self._clock.now()
        for name in self._store.due(now):
            found = self._locked(name)
            if found is None:
                continue
            managed, member = found
            if member.due_at is None or member.due_at > now:
                continue  # another node was here
            is_time = member.state is MemberState.IN_PLACE and member.renew_at is not None and member.renew_at <= now
            is_again = member.state is MemberState.FAILED and member.again_at is not None and member.again_at <= now
            if self._has_caught_up(managed, member):
                continue
            if is_time or is_again:
                self._want(managed.name, member, now)
            else:
                self._put(managed.name, member, now)
            self._tell_if_late(member, now)
        self._given.look()  # alarms come after what is locked, here as everywhere

    # Inside

    def _checked(self, name: str, wish: Wish) -> Wish:
        check_name(name)
        if len(name) > MAX_NAME:
            raise invalid("The name of a managed server certificate has at most {} characters.", MAX_NAME, field="name")
        wish = check_wish(wish)
        if wish.authority is not None:
            try:
                self._authorities.get(wish.authority)
            except DomainError as error:
                raise invalid(error.said, field="authority") from error
        return wish

    def _warnings(self, name: str, wish: Wish, known: Collection[KeyFamily]) -> Iterator[Sentence]:
        new = {member_name(name, family) for family in wish.families if family not in known}
        for one in self._trust.server_certificates():
            if one.name in new:
                yield Sentence("The server certificate {!r} is replaced as soon as the new one is issued.", one.name)
        for missing in sorted(family.value for family in set(KeyFamily) - wish.families):
            yield Sentence(
                "It has no key of the kind {}, which some stations need (A00.FR.317); have another server certificate"
                " with one.",
                missing,
            )

    def _locked(
        self, name: str, round_number: int | None = None, state: MemberState | None = None
    ) -> tuple[Managed, Member] | None:
        """A member which nobody else changes until this unit of work is over, if it is still so."""
        owner = self._store.owner(name)
        if owner is None or not self._store.lock(owner):
            return None
        managed = self.get(owner)
        member = next((one for one in managed.members if one.name == name), None)
        if member is None or (round_number is not None and member.round != round_number):
            return None
        return None if state is not None and member.state is not state else (managed, member)

    def _put(self, owner: str, member: Member, now: datetime) -> None:
        self._store.put_member(owner, replace(member, due_at=next_look(member, now)))

    def _want(self, owner: str, member: Member, now: datetime) -> None:
        wanted = replace(
            member,
            state=MemberState.WANTED,
            round=member.round + 1,
            wanted_at=member.wanted_at or now,
            signing=None,
            again_at=None,
        )
        self._put(owner, wanted, now)
        self._changes.signing_wanted()

    def _signed(self, number: SigningNumber, owner: str, outcome: Issued | Ended) -> None:
        """An authority answered; told by the signing desk."""
        if number in self._taken_back:
            return
        name = self._store.member_of(number)
        found = None if name is None else self._locked(name, state=MemberState.ASKED)
        if found is None or found[1].signing != number:
            return  # something else is wanted meanwhile
        managed, member = found
        if isinstance(outcome, Ended):
            self._fail(managed, member, outcome.reason)
        else:
            self._keep_issued(managed, member, outcome.chain)

    def _keep_issued(self, managed: Managed, member: Member, chain: tuple[Certificate, ...]) -> None:
        self._put(managed.name, replace(member, state=MemberState.ISSUED), self._clock.now())
        self._store.keep_chain(member.name, chain)
        self._changes.signing_wanted()

    def _has_caught_up(self, managed: Managed, member: Member) -> bool:
        """True when its request has ended and this room could not be told."""
        outcome = missed(self._signing, member)
        if isinstance(outcome, str):
            self._fail(managed, member, outcome or "Its request to the authority ended.")
        elif outcome is not None:
            self._keep_issued(managed, member, outcome)
        return outcome is not None

    def _serve(self, managed: Managed, member: Member, offer: Offer) -> None:
        now = self._clock.now()
        asked_by = f"managed server certificate {managed.name}"
        self._trust.serve(member.name, offer, is_enabled=self._is_enabled(member.name), asked_by=asked_by)
        ends = min(one.not_after for one in offer.chain)
        placed = replace(
            member,
            state=MemberState.IN_PLACE,
            wanted_at=None,
            reason=None,
            attempts=0,
            fingerprint=offer.chain[0].fingerprint,
            placed_at=now,
            not_after=ends,
            renew_at=renewal(managed.wish, placed_at=now, not_after=ends),
            again_at=None,
        )
        self._put(managed.name, placed, now)
        unfit = troubles.unfit_life(member, managed.wish, ends=ends, now=now)
        if unfit is not None:
            self._alarm(member, Level.WARNING, unfit)
        else:
            self._alarms.end(Topic.SERVER_CERTIFICATE, member.name)

    def _is_enabled(self, name: str) -> bool:
        """What an operator has disabled stays so when it is renewed."""
        try:
            return self._trust.server_certificate(name).is_enabled
        except DomainError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return True

    def _fail(self, managed: Managed, member: Member, sentence: str) -> None:
        now = self._clock.now()
        again = now + retry_after(member.attempts, is_fast=managed.wish.is_fast)
        failed = replace(
            member,
            state=MemberState.FAILED,
            signing=None,
            reason=sentence,
            attempts=member.attempts + 1,
            again_at=again,
        )
        self._put(managed.name, failed, now)
        self._alarm(member, level_of(member, now) or Level.WARNING, troubles.failed(member, sentence, again))

    def _tell_if_late(self, member: Member, now: datetime) -> None:
        level = level_of(member, now)
        if level is not None:
            self._alarm(member, level, troubles.late(member))

    def _alarm(self, member: Member, level: Level, sentence: str) -> None:
        self._alarms.raise_(Topic.SERVER_CERTIFICATE, member.name, level, sentence)

    def _cancel(self, managed: Managed | None, reason: str) -> None:
        for member in () if managed is None else managed.members:
            if member.signing is not None:
                self._taken_back.add(member.signing)
                cancelled(self._signing, member, reason)
                self._taken_back.discard(member.signing)


def _new_member(name: str, family: KeyFamily) -> Member:
    return Member(name=member_name(name, family), family=family, state=MemberState.WANTED, round=0)


def _no(name: str) -> DomainError:
    return not_found("There is no managed server certificate {!r}.", name)
