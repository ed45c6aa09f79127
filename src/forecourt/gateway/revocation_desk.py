"""What the CA of a certificate says of it: lists (CRL) and answers (OCSP), fetched beside the handshakes (A00.FR.704).

No handshake waits for a CA. What is at hand decides; what is not is fetched for the next time, and when it tells of a
revocation, links that are open are looked at again.
"""

from __future__ import annotations

import asyncio
import enum
import functools
import itertools
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, Protocol, TypeVar
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import structlog

from forecourt.clock import Clock
from forecourt.domain.trust.model import RevocationMode
from forecourt.gateway.errors import CannotFetch
from forecourt.gateway.trust import Trusting
from forecourt.pki.certificate import Certificate
from forecourt.pki.errors import PkiError
from forecourt.pki.revocation import MAX_CRL, Crl, OcspAnswer, check_crl, ocsp_request, read_crl, read_ocsp

MAX_OCSP: Final = 65_536
OCSP_TYPE: Final = "application/ocsp-request"

FRESH: Final = timedelta(hours=1)
"""After this time a list or an answer is fetched again, although it may be valid for days: what was revoked meanwhile
should not wait for its end."""

VALID: Final = timedelta(hours=24)
"""How long something holds that does not say how long it does."""

RETRY_SECONDS: Final = 60.0
"""After which a CA is asked again that did not answer."""

FETCHES_AT_ONCE: Final = 4
FETCHES_WAITING: Final = 500
LISTS_KEPT: Final = 200
ANSWERS_KEPT: Final = 20_000
PROVEN_KEPT: Final = 1_000

What = TypeVar("What")
Key = TypeVar("Key")
Value = TypeVar("Value")

_log = structlog.get_logger(__name__)


class Fetcher(Protocol):
    """The way to a CA. Raises CannotFetch."""

    async def fetch(self, url: str, *, body: bytes | None, kind: str, limit: int) -> bytes:
        """What is at an http or https URL, asked for by POST when there is a body; at most ``limit`` bytes."""
        ...


class State(enum.Enum):
    """What is known of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known, and how it is told to the operator."""

    state: State
    sentence: str = ""


_GOOD: Final = Finding(State.GOOD)


@dataclass(slots=True)
class _Fetched(Generic[What]):
    """What came from one place, the last time that something came."""

    what: What | None = None
    at: datetime | None = None
    tried_at: float | None = None
    fault: str | None = None
    """Why the last attempt brought nothing."""


class _Shelf(Generic[What]):
    """What was fetched last, by where it came from or what it is about; so much of it at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, _Fetched[What]] = OrderedDict()

    def get(self, key: str) -> _Fetched[What]:
        """Empty when nothing was fetched yet."""
        return self._kept.get(key) or _Fetched()

    def keep(self, key: str, fetched: _Fetched[What]) -> None:
        _keep(self._kept, key, fetched, self._most)

    def all(self) -> list[_Fetched[What]]:
        return list(self._kept.values())


class RevocationDesk:
    """Looks things up, and has them fetched."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._lists: _Shelf[Crl] = _Shelf(LISTS_KEPT)
        """By URL."""
        self._answers: _Shelf[OcspAnswer] = _Shelf(ANSWERS_KEPT)
        """By the fingerprint of the certificate."""
        self._proven: OrderedDict[tuple[str, str], str | None] = OrderedDict()
        """By the digest of a list and the fingerprint of its issuer; it keeps neither of them in memory."""
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(FETCHES_AT_ONCE)
        self._hosts: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._followers: list[Callable[[], None]] = []

    def on_news(self, follower: Callable[[], None]) -> None:
        """Have somebody told when a CA said something that may end a link."""
        self._followers.append(follower)

    async def look(self, path: tuple[Certificate, ...], trusting: Trusting, *, may_fetch: bool) -> Finding:
        """What is known of a path, leaf first. Waits for nothing but the proof of a list that is at hand."""
        if trusting.policy.revocation is RevocationMode.OFF:
            return _GOOD
        doubt: Finding | None = None
        for certificate, issuer in itertools.pairwise(path):
            finding = await self._look(certificate, issuer, trusting, may_fetch=may_fetch)
            if finding.state is State.REVOKED:
                return finding
            if finding.state is State.UNKNOWN:
                doubt = doubt or finding
        return doubt or _GOOD

    async def _look(
        self, certificate: Certificate, issuer: Certificate, trusting: Trusting, *, may_fetch: bool
    ) -> Finding:
        now = self._clock.now()
        stored = trusting.crls.get(certificate.issuer_hash, ())
        faults: list[str] = []
        is_good = False
        fetched = [self._lists.get(url) for url in certificate.crl_urls]
        for crl in [*stored, *(one.what for one in fetched if one.what is not None)]:
            fault = await self._fault_of(crl, issuer)
            if fault is None and crl.is_revoked(certificate):
                return Finding(State.REVOKED, f"The CA {issuer.subject!r} lists {_named(certificate)} as revoked.")
            if fault is None and not crl.covers(certificate):
                continue
            if fault is None and now > (crl.next_update or crl.this_update + VALID):
                fault = f"The list of revoked certificates of {issuer.subject!r} is out of date."
            is_good = is_good or fault is None
            faults += [] if fault is None else [fault]
        answer = self._answers.get(certificate.fingerprint)
        if answer.what is not None:
            if answer.what.status == "revoked":
                return Finding(State.REVOKED, f"The CA {issuer.subject!r} says that {_named(certificate)} is revoked.")
            is_current = now <= (answer.what.next_update or answer.what.this_update + VALID)
            is_good = is_good or (answer.what.status == "good" and is_current)
        if not (stored and is_good) and may_fetch:
            self._ask(certificate, issuer, now)
        if is_good or not (stored or certificate.crl_urls or certificate.ocsp_urls):
            return _GOOD
        faults += [fault for fault in (answer.fault, *(one.fault for one in fetched)) if fault is not None]
        reason = faults[0] if faults else "its CA is being asked."
        return Finding(State.UNKNOWN, f"Whether {_named(certificate)} was revoked is not known: {reason}")

    async def _fault_of(self, crl: Crl, issuer: Certificate) -> str | None:
        """Why nothing follows from a list, whatever its age. Each is proven once, in a thread: it may be large."""
        key = (crl.digest, issuer.fingerprint)
        if key not in self._proven:
            fault = await asyncio.to_thread(_prove, crl, issuer, self._clock.now())
            _keep(self._proven, key, fault, PROVEN_KEPT)
            return fault
        return self._proven[key]

    # What has to be fetched

    def _ask(self, certificate: Certificate, issuer: Certificate, now: datetime) -> None:
        """OCSP where it is offered, for it is newer; a list where it is not, or brought nothing."""
        answer = self._answers.get(certificate.fingerprint)
        if certificate.ocsp_urls and _is_old(answer, now):
            fetch = functools.partial(self._fetch_answer, certificate, issuer)
            self._start(certificate.fingerprint, self._answers, fetch, _is_bad_news)
        is_answered = answer.what is not None and answer.what.status != "unknown" and answer.fault is None
        if certificate.ocsp_urls and (is_answered or answer.tried_at is None):
            return
        for url in certificate.crl_urls:
            if _is_old(self._lists.get(url), now):
                self._start(url, self._lists, functools.partial(self._fetch_list, url), _is_another)

    def _start(
        self,
        key: str,
        shelf: _Shelf[What],
        fetch: Callable[[], Awaitable[What]],
        is_news: Callable[[What | None, What], bool],
    ) -> None:
        loop = asyncio.get_running_loop()
        tried_at = shelf.get(key).tried_at
        is_early = tried_at is not None and loop.time() - tried_at < RETRY_SECONDS
        if key in self._fetching or is_early or len(self._fetching) >= FETCHES_WAITING:
            return
        task = loop.create_task(self._fetch(key, shelf, fetch, is_news))
        self._fetching[key] = task
        task.add_done_callback(lambda _: self._fetching.pop(key, None))

    async def _fetch(
        self,
        key: str,
        shelf: _Shelf[What],
        fetch: Callable[[], Awaitable[What]],
        is_news: Callable[[What | None, What], bool],
    ) -> None:
        before = shelf.get(key)
        found, has_news = _Fetched(before.what, before.at), False
        try:
            what = await fetch()
            has_news = is_news(before.what, what)
            found.what, found.at = what, self._clock.now()
        except (CannotFetch, PkiError) as error:
            found.fault = str(error)
            _log.warning("revocation_not_fetched", about=key, reason=found.fault)
        except Exception as error:  # noqa: BLE001  # what a server sends must not end more than its own fetch
            found.fault = f"The answer could not be read: {type(error).__name__}."
            _log.exception("revocation_not_read", about=key)
        found.tried_at = asyncio.get_running_loop().time()
        shelf.keep(key, found)
        if has_news:
            for follower in self._followers:
                follower()

    async def _fetch_list(self, url: str) -> Crl:
        data = await self._get(url, body=None, kind="", limit=MAX_CRL)
        return await asyncio.to_thread(read_crl, data)

    async def _fetch_answer(self, certificate: Certificate, issuer: Certificate) -> OcspAnswer:
        """Of the first responder that gives one."""
        request = ocsp_request(certificate, issuer)
        fault: Exception | None = None
        for url in certificate.ocsp_urls:
            try:
                data = await self._get(url, body=request, kind=OCSP_TYPE, limit=MAX_OCSP)
                return read_ocsp(data, certificate, issuer, self._clock.now())
            except (CannotFetch, PkiError) as error:
                fault = fault or error
        raise fault or CannotFetch("It names no responder.")

    async def _get(self, url: str, *, body: bytes | None, kind: str, limit: int) -> bytes:
        """One at a time of each host, so that one that is slow does not take the places of the others."""
        host = urlsplit(url).netloc.lower()
        turn = self._hosts.setdefault(host, asyncio.Lock())
        async with turn, self._places:
            return await self._fetcher.fetch(url, body=body, kind=kind, limit=limit)

    async def close(self) -> None:
        """Stop fetching."""
        for task in list(self._fetching.values()):
            task.cancel()
        await asyncio.gather(*self._fetching.values(), return_exceptions=True)


def _prove(crl: Crl, issuer: Certificate, at: datetime) -> str | None:
    try:
        # As of the time it speaks of, because it is kept longer than it is current; in the future, it proves nothing.
        check_crl(crl, issuer, min(at, crl.this_update))
    except PkiError as error:
        return str(error)
    return None


def _is_old(fetched: _Fetched[What], now: datetime) -> bool:
    return fetched.at is None or fetched.fault is not None or now - fetched.at >= FRESH


def _is_another(before: Crl | None, after: Crl) -> bool:
    return before is None or before.digest != after.digest


def _is_bad_news(_before: OcspAnswer | None, after: OcspAnswer) -> bool:
    return after.status == "revoked"


def _named(certificate: Certificate) -> str:
    return f"the certificate of {certificate.subject!r}"


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
