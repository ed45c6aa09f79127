"""When a managed server certificate is renewed, tried again, and missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from forecourt.domain.alarms.model import Level
from forecourt.domain.listener_certificates.model import Member, MemberState, Wish
from forecourt.domain.signing.model import SILENCE

FIRST_RETRY: Final = timedelta(minutes=10)
LONGEST_RETRY: Final = timedelta(days=1)
LONGEST_FAST_RETRY: Final = timedelta(hours=1)
"""After an authority refused; the wait doubles each time."""

LOOKS_EVERY: Final = timedelta(minutes=10)
"""Between two looks at a request to an authority: the signing desk tells how it ended, unless it could not."""

SHORT_LIFE: Final = timedelta(hours=1)
"""What lives no longer cannot be renewed in peace."""

_DOUBLINGS: Final = 12
"""After so many the longest wait is reached."""


def renewal(wish: Wish, *, placed_at: datetime, not_after: datetime) -> datetime:
    """When to ask for the next one. Whatever is wished, a tenth of its life and FIRST_RETRY have to pass: an authority
    may give shorter ones than were thought of."""
    life = not_after - placed_at
    if wish.renew_before is None:
        wished = placed_at + (life / 4 if wish.is_fast else life * 2 / 3)
    else:
        wished = max(not_after - wish.renew_before, placed_at + life / 10)
    return max(wished, placed_at + FIRST_RETRY)


def retry_after(attempts: int, *, is_fast: bool) -> timedelta:
    longest = LONGEST_FAST_RETRY if is_fast else LONGEST_RETRY
    waits: timedelta = FIRST_RETRY * 2 ** min(attempts, _DOUBLINGS)
    return min(waits, longest)


def next_look(member: Member, now: datetime) -> datetime | None:
    """When somebody has to look at it, if nothing happens until then."""
    moments = [member.again_at, member.not_after, *(_doubtful_from(member) or ())]
    if member.state is MemberState.IN_PLACE:
        moments.append(member.renew_at)
    if member.state is MemberState.ASKED:
        moments.append(now + LOOKS_EVERY)
    if member.placed_at is None and member.wanted_at is not None:
        moments.append(member.wanted_at + SILENCE)
    return min((one for one in moments if one is not None and one > now), default=None)


def level_of(member: Member, now: datetime) -> Level | None:
    """How urgent it is that there is a new one; None while there is time."""
    moments = _doubtful_from(member)
    if moments is None:  # nothing is in place
        is_late = member.wanted_at is not None and member.wanted_at + SILENCE <= now
        return Level.CRITICAL if is_late or member.state is MemberState.FAILED else None
    warned, urgent = moments
    return None if now < warned else Level.WARNING if now < urgent else Level.CRITICAL


def _doubtful_from(member: Member) -> tuple[datetime, datetime] | None:
    """From when somebody should be told that it was not renewed, and from when it is urgent."""
    if member.placed_at is None or member.not_after is None or member.renew_at is None:
        return None
    life = member.not_after - member.placed_at
    warned = max(member.placed_at + life * 5 / 6, member.renew_at + (member.not_after - member.renew_at) / 2)
    return warned, max(warned, member.not_after - min(timedelta(days=1), life / 12))
