"""What the own authority has to make next, decided from what it has: pure, so that every case can be tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from forecourt.domain.authorities.model import KeyFamily, OwnCertificate, OwnList, OwnPolicy, Phase, Rank

RESPONDER_LIFE: Final = timedelta(days=30)
"""Of the certificate of an OCSP responder, which nobody asks about (RFC 6960 §4.2.2.2.1): short."""
RESPONDER_LEFT: Final = timedelta(days=10)
"""So long before its end a new one is made."""
SHORTEST: Final = timedelta(hours=1)
"""A CA that ends sooner gets no new responder."""
SIGNIFICANT: Final = timedelta(days=1)
"""A new certificate that would end less than this after the old one is not worth making."""
MARGIN: Final = timedelta(days=30)
"""So long before it would cut short what it signs, a CA is replaced; a quarter of its own life at most."""
SHARE: Final = 3 / 4
"""Of its life, at the beginning, in which no CA is replaced because it is old: a new one would be no better."""
KEPT: Final = timedelta(days=1)
"""How long a responder that was replaced is kept: a process may be about to sign with it."""
APART: Final = timedelta(seconds=10)
"""Between two lists of a CA: what is revoked meanwhile is in the next one, so that a fleet which renews its
certificates makes few. Listeners wait for none of them, because they read the register."""
APART_URGENT: Final = timedelta(seconds=1)
"""The same when a key was compromised. No two lists are of one second, which is what HTTP tells them apart by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeRoot:
    """A root: the first one of its family, or the next one, which the one before vouches for."""

    family: KeyFamily
    previous: OwnCertificate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activate:
    """The next root takes over, because the one before it has ended or would cut short what is signed below it."""

    root: OwnCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeIssuing:
    """An issuing CA below a root, in place of the one that is there."""

    family: KeyFamily
    root: OwnCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeResponder:
    """An OCSP responder that answers for a CA."""

    issuer: OwnCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeList:
    """The list of what a CA has revoked (CRL)."""

    issuer: OwnCertificate
    number: int
    """RFC 5280 §5.2.3: every list has a higher one than the list before."""
    since: datetime | None = None
    """When the list before began: this one begins no earlier."""
    is_last: bool = False
    """Of a CA that was retired: good until the CA ends, because nobody can sign another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TidyUp:
    """Forget what has expired and is needed no more."""

    certificates: tuple[OwnCertificate, ...]


Task: TypeAlias = MakeRoot | Activate | MakeIssuing | MakeResponder | MakeList | TidyUp


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnState:
    """All that the own authority is made of, at one moment."""

    policy: OwnPolicy
    certificates: Sequence[OwnCertificate]
    """Oldest first."""
    lists: Mapping[str, OwnList]
    """By the address of their CA."""
    is_wanted: bool = False
    """Somebody asked for a hierarchy, or waits for a certificate of it."""
    has_name: bool = True
    """It is known whose name CA certificates bear."""
    rolls: frozenset[tuple[KeyFamily, Rank]] = frozenset()
    revoked: frozenset[str] = frozenset()
    """Fingerprints of its own certificates, and of what roots signed for others, that are revoked."""

    def in_force(self, family: KeyFamily, rank: Rank, phase: Phase = Phase.ACTIVE) -> OwnCertificate | None:
        found = (one for one in self.certificates if (one.family, one.rank, one.phase) == (family, rank, phase))
        return next(found, None)


def tasks(state: OwnState, at: datetime) -> list[Task]:
    """What has to be made, in the order in which it is made. What follows from a new certificate is told when it is
    there: ask again."""
    return [
        *_roots(state, at),
        *_issuing(state, at),
        *_responders(state, at),
        *_lists(state, at),
        *_tidying(state, at),
    ]


def _roots(state: OwnState, at: datetime) -> Iterator[MakeRoot | Activate]:
    for family in families_of(state):
        before = state.in_force(family, Rank.ROOT)
        active = still_good(before, at)
        following = still_good(state.in_force(family, Rank.ROOT, Phase.NEXT), at)
        left = timedelta(0) if active is None else active.certificate.not_after - at
        if following is not None:
            if left < state.policy.longest_leaf:
                yield Activate(root=following)
        elif active is None:
            if state.has_name and (before is not None or state.is_wanted):
                yield MakeRoot(family=family, previous=None)
        elif left < root_lead(state.policy) or (family, Rank.ROOT) in state.rolls:
            yield MakeRoot(family=family, previous=active)


def still_good(own: OwnCertificate | None, at: datetime) -> OwnCertificate | None:
    """None for one that has ended, whatever its phase says yet."""
    return None if own is None or own.certificate.has_ended(at) else own


def root_lead(policy: OwnPolicy) -> timedelta:
    """So long before a root ends the next one is made: no issuing CA is cut short, and all stations can learn of it."""
    return timedelta(days=min(max(policy.issuing_days, policy.overlap_days), policy.root_days * SHARE))


def issuing_lead(policy: OwnPolicy) -> timedelta:
    """So long before an issuing CA ends it is late to replace it: soon it would cut short what it signs."""
    return policy.longest_leaf + min(MARGIN, timedelta(days=policy.issuing_days / 4))


def _issuing(state: OwnState, at: datetime) -> Iterator[MakeIssuing]:
    for family in families_of(state):
        root, issuing = still_good(state.in_force(family, Rank.ROOT), at), state.in_force(family, Rank.ISSUING)
        if root is None:
            continue
        if (
            issuing is None
            or issuing.issuer != root.fingerprint
            or issuing.fingerprint in state.revoked
            or (family, Rank.ISSUING) in state.rolls
            or _is_to_be_replaced(issuing, root, state.policy, at)
        ):
            yield MakeIssuing(family=family, root=root)


def _is_to_be_replaced(issuing: OwnCertificate, root: OwnCertificate, policy: OwnPolicy, at: datetime) -> bool:
    ends_at = issuing.certificate.not_after
    lead = min(
        max(issuing_lead(policy), timedelta(days=policy.overlap_days)), timedelta(days=policy.issuing_days * SHARE)
    )
    return ends_at - at < lead and root.certificate.not_after - ends_at > SIGNIFICANT


def _responders(state: OwnState, at: datetime) -> Iterator[MakeResponder]:
    for issuer in _authorities(state, at):
        ends = [
            one.certificate.not_after
            for one in state.certificates
            if one.rank is Rank.RESPONDER and one.issuer == issuer.fingerprint and one.fingerprint not in state.revoked
        ]
        last = max(ends, default=at)
        if last - at < RESPONDER_LEFT and issuer.certificate.not_after - last > SHORTEST:
            yield MakeResponder(issuer=issuer)


def _lists(state: OwnState, at: datetime) -> Iterator[MakeList]:
    for issuer in state.certificates:
        if not issuer.is_authority or not issuer.has_key or issuer.certificate.has_ended(at):
            continue
        known, is_last = state.lists.get(issuer.address), issuer.phase is Phase.RETIRED
        if known is None:
            yield MakeList(issuer=issuer, number=1, is_last=is_last)
        elif is_last or _is_list_due(known, state.policy, at):
            yield MakeList(issuer=issuer, number=known.number + 1, since=known.this_update, is_last=is_last)


def _is_list_due(known: OwnList, policy: OwnPolicy, at: datetime) -> bool:
    if known.next_update - at <= timedelta(hours=policy.crl_hours / 2):
        return True
    apart = APART_URGENT if known.is_urgent else APART
    is_fresh = known.made_at is not None and timedelta(0) <= at - known.made_at < apart  # not by a clock set back
    return known.is_behind and not is_fresh


def _tidying(state: OwnState, at: datetime) -> Iterator[TidyUp]:
    ended = tuple(
        one for one in state.certificates if one.phase is not Phase.RETIRED and one.certificate.has_ended(at - KEPT)
    )
    if ended:
        yield TidyUp(certificates=ended)


def families_of(state: OwnState) -> list[KeyFamily]:
    """Those that the policy has, in one order."""
    return [family for family in KeyFamily if family in state.policy.families]


def _authorities(state: OwnState, at: datetime) -> Iterator[OwnCertificate]:
    """Those that still answer for what they have signed, whether or not they sign any more."""
    for one in state.certificates:
        if one.is_authority and one.phase is not Phase.RETIRED and not one.certificate.has_ended(at):
            yield one
