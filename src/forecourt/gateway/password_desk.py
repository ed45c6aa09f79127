"""Checks the passwords that stations show: quickly where it can, bounded where it must be slow.

A station whose password is right gets in, whatever others do: hashes of generated passwords are checked at once, and a
right password that took long to check is remembered. What is left for whoever guesses, and for the first login with a
password that a person made up, is a short queue before a slow hash, and a few attempts.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import math
import secrets
from collections import Counter, OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.admission.keys import as_text, candidates, check_fast, is_fast
from forecourt.domain.admission.model import KeyForm, Password, PasswordState
from forecourt.gateway.credentials import PasswordProof, PasswordVerdict
from forecourt.gateway.sources import Source, source_of

HASHES_AT_ONCE: Final = 2
"""Slow hashes take a core and some 50 MB each."""

HASHES_WAITING: Final = 32
"""Passwords that may wait for a slow hash. With these, the last one waits for about a second."""

REMEMBERED: Final = 50_000
BUCKETS_KEPT: Final = 50_000

BUSY_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Attempts:
    """How many wrong passwords are looked at: so many at once, and one more after each time."""

    at_once: int
    seconds: float


PER_STATION: Final = Attempts(10, 30.0)
"""From one address for one identity: two guesses a minute are no way to a password."""

PER_ADDRESS: Final = Attempts(200, 1.0)
"""From one address for all identities: many stations may share one, and a mistake in setting them up."""


class PasswordDesk:
    """Looks at passwords, and remembers who failed how often."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._executor = ThreadPoolExecutor(HASHES_AT_ONCE, "password")
        self._open: Counter[str] = Counter()
        """Slow hashes that are being computed or wait for it, by address."""
        self._key = secrets.token_bytes(32)
        self._remembered: OrderedDict[bytes, KeyForm] = OrderedDict()
        self._of_stations = _Buckets(PER_STATION)
        self._of_addresses = _Buckets(PER_ADDRESS)

    async def check(
        self, presented: bytes, passwords: Sequence[Password], *, identity: str, address: str, is_needed: bool
    ) -> PasswordProof:
        """What a password proves for a station with these passwords.

        With ``is_needed`` False, because the station's profile demands no password, nothing slow is done while others
        wait, and nothing is counted: a station that shows a wrong one where none is asked for has done no harm.
        """
        if not passwords:
            return PasswordProof(PasswordVerdict.NONE_KNOWN)
        ordered = sorted(passwords, key=lambda one: one.state is not PasswordState.CURRENT)
        forms = candidates(presented)
        former: PasswordProof | None = None
        slow: list[Password] = []
        for password in ordered:
            if not is_fast(password.hashed):
                form = self._recall(self._digest(password, presented))
                slow.append(password)
            else:
                form = next((form for form, one in forms if check_fast(password.hashed, one)), None)
            if form is not None and password.state.is_accepted:
                return PasswordProof(PasswordVerdict.RIGHT, password, form)
            if form is not None:
                former = former or PasswordProof(PasswordVerdict.FORMER, password, form)
        if former is not None:
            slow = [one for one in slow if one.state.is_accepted]  # the same text may be right again
        if not is_needed:
            return await self._look_if_idle(presented, slow, former, address)
        site = source_of(address)
        attempt = self._take(identity, site)
        if isinstance(attempt, int):
            return PasswordProof(PasswordVerdict.THROTTLED, retry_seconds=attempt)
        proof = await self._look(presented, slow, address) if slow else None
        if proof is not None and proof.verdict in (PasswordVerdict.RIGHT, PasswordVerdict.BUSY):
            attempt.give_back()
            return proof
        return former or proof or PasswordProof(PasswordVerdict.WRONG)

    async def _look_if_idle(
        self, presented: bytes, slow: list[Password], former: PasswordProof | None, address: str
    ) -> PasswordProof:
        if slow and self._open.total() >= HASHES_AT_ONCE - 1:
            return PasswordProof(PasswordVerdict.NOT_CHECKED)
        proof = await self._look(presented, slow, address) if slow else None
        if proof is not None and proof.is_right:
            return proof
        return former or proof or PasswordProof(PasswordVerdict.WRONG)

    async def _look(self, presented: bytes, slow: list[Password], address: str) -> PasswordProof:
        """Compute slow hashes, in a thread. Nobody takes more of the room than is left for others."""
        site = source_of(address)
        if HASHES_AT_ONCE + HASHES_WAITING - self._open.total() <= self._open[site]:
            return PasswordProof(PasswordVerdict.BUSY, retry_seconds=BUSY_SECONDS)
        self._open[site] += 1
        looking = asyncio.get_running_loop().run_in_executor(self._executor, self._match, presented, slow)
        looking.add_done_callback(functools.partial(self._looked, site))
        found = await asyncio.shield(looking)
        if found is None:
            return PasswordProof(PasswordVerdict.WRONG)
        password, form = found
        if not password.state.is_accepted:
            return PasswordProof(PasswordVerdict.FORMER, password, form)
        self._remember(self._digest(password, presented), form)
        return PasswordProof(PasswordVerdict.RIGHT, password, form)

    def _looked(self, site: str, looking: asyncio.Future[tuple[Password, KeyForm] | None]) -> None:
        """Counted when it ends and not when somebody stops waiting for it: the thread goes on either way."""
        self._open[site] -= 1
        if not self._open[site]:
            del self._open[site]
        if not looking.cancelled():
            looking.exception()

    def _match(self, presented: bytes, slow: list[Password]) -> tuple[Password, KeyForm] | None:
        for password in sorted(slow, key=lambda one: not one.state.is_accepted):
            for form, candidate in candidates(presented):
                if self._hasher.is_match(password.hashed, as_text(candidate)):
                    return password, form
        return None

    # What is remembered

    def _digest(self, password: Password, presented: bytes) -> bytes:
        """Bound to the hash, so that nothing is remembered of a password that was replaced; worth nothing to whoever
        reads it without the key of this process."""
        return hmac.digest(self._key, password.hashed.encode() + b"\0" + presented, "sha256")

    def _recall(self, digest: bytes) -> KeyForm | None:
        """What is used stays longest."""
        form = self._remembered.get(digest)
        if form is not None:
            self._remembered.move_to_end(digest)
        return form

    def _remember(self, digest: bytes, form: KeyForm) -> None:
        self._remembered[digest] = form
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    # Who failed how often

    def _take(self, identity: str, site: Source) -> _Attempt | int:
        """Count an attempt before it is looked at, so that many at once are many; or the seconds to wait.

        A station that has not failed itself has one attempt although others at its address failed too often: it may
        share that address with all of a provider's customers.
        """
        now = asyncio.get_running_loop().time()
        own, others = self._of_stations.wait((identity, site), now), self._of_addresses.wait(site, now)
        is_innocent = self._of_stations.is_full((identity, site), now)
        if own > 0 or (others > 0 and not is_innocent):
            return math.ceil(max(own, others))
        taken: list[tuple[_Buckets, object]] = [(self._of_stations, (identity, site))]
        if others <= 0:
            taken.append((self._of_addresses, site))
        for buckets, key in taken:
            buckets.take(key, now)
        return _Attempt(taken)

    def close(self) -> None:
        """Forget who waits."""
        self._executor.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An attempt that was counted, and where."""

    taken: list[tuple[_Buckets, object]]

    def give_back(self) -> None:
        """It was none."""
        for buckets, key in self.taken:
            buckets.give_back(key)


class _Buckets:
    """For each key, the attempts that it has left: kept as the time at which it will have all of them again."""

    def __init__(self, attempts: Attempts) -> None:
        self._seconds = attempts.seconds
        self._depth = attempts.at_once * attempts.seconds
        self._full_at: OrderedDict[object, float] = OrderedDict()

    def wait(self, key: object, now: float) -> float:
        """Seconds until there is an attempt; 0 when there is one."""
        return max(0.0, self._full_at.get(key, now) - now + self._seconds - self._depth)

    def is_full(self, key: object, now: float) -> bool:
        """Whether it has all its attempts."""
        return self._full_at.get(key, now) <= now

    def take(self, key: object, now: float) -> None:
        self._full_at[key] = max(self._full_at.get(key, now), now) + self._seconds
        self._full_at.move_to_end(key)
        while len(self._full_at) > BUCKETS_KEPT:
            self._full_at.popitem(last=False)

    def give_back(self, key: object) -> None:
        if key in self._full_at:
            self._full_at[key] -= self._seconds
