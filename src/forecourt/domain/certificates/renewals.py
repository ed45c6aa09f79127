"""What time brings: renewals, alarms, and deliveries that are tried once more."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

from forecourt.clock import Clock
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.certificates.calendar import (
    DAY,
    EXPIRED,
    RETRY,
    alarm_step,
    alarm_time,
    level_of,
    regular_time,
    renewal_time,
)
from forecourt.domain.certificates.model import (
    ASKED_FOR,
    MAX_ASKS,
    Awaited,
    CertificateOrder,
    Occasion,
    OrderState,
    Sheet,
    Taken,
)
from forecourt.domain.certificates.neighbours import Rooms
from forecourt.domain.certificates.order_book import BY_ITSELF, still_awaited
from forecourt.domain.certificates.requests import Requests
from forecourt.domain.certificates.store import CertificateStore
from forecourt.domain.errands.model import LONGEST_WAIT, Delivery, Order
from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.model import Station
from forecourt.domain.security_log.model import Kind

_Finder: TypeAlias = Callable[[int], Sequence[CertificateOrder] | Sequence[int]]

AT_ONCE: Final = 4
"""How much is done in one unit of work; the messages of stations wait for it, and each revocation is two dozen
statements."""

LOOKS_EVERY: Final = timedelta(seconds=5)
"""Between two looks of one process that find nothing."""

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_BACK_FOR: Final = timedelta(seconds=30)
"""So long a station is back, and an answer is lost, before the certificate is delivered once more."""

_STAYED_FOR: Final = timedelta(seconds=15)
"""So long a station is connected with a new certificate before those before it are revoked: while it connects, it may
never learn that it was let in, and come back with the one before."""

_PATIENCE: Final = timedelta(days=2)
"""A renewal that was begun may take so long before somebody is told that the certificate ends."""


@dataclass(frozen=True, slots=True)
class _Work:
    """Something that is due for one station."""

    name: tuple[str, int]
    """What it is, and the number of its order or the key of its station."""
    station_key: int
    do: Callable[[], None]


class Renewals(Requests):
    """Everything that happens by itself."""

    def __init__(self, store: CertificateStore, clock: Clock, rooms: Rooms, *, is_quiet: bool) -> None:
        super().__init__(store, clock, rooms)
        self._is_quiet = is_quiet
        self._looked_at: datetime | None = None
        self._judged = 0
        """The newest entry in the register of revoked certificates when no sheet was wrong."""
        self._put_off: dict[tuple[str, int], datetime] = {}
        """What failed, and until when it is left alone, so that the others get their turn."""

    def is_due(self) -> bool:
        now = self._clock.now()
        if self._looked_at is not None and now - self._looked_at < LOOKS_EVERY:
            return False
        if self._due(now, 1):
            return True
        self._looked_at = now
        return False

    def settle(self) -> None:
        """Do what is due, some of it. What sends something that nobody asked for is left when nothing may be sent so.
        Of many stations everybody holds the one with the lowest key first, and before what all stations share."""
        now = self._clock.now()
        for order in self._store.to_withdraw(AT_ONCE):
            self._cancel_signing(order)
        works = self._due(now, AT_ONCE)
        for station_key in sorted({work.station_key for work in works}):
            self._store.hold(station_key)
        for work in works:
            try:
                work.do()
            except Exception:
                self._put_off[work.name] = now + _MINUTE
                raise

    def _due(self, now: datetime, limit: int) -> list[_Work]:
        """What is due, so much of it at most."""
        self._put_off = {name: until for name, until in self._put_off.items() if until > now}
        works: list[_Work] = []
        for name, find, do in self._kinds(now):
            if len(works) >= limit:
                break
            for found in find(limit - len(works) + len(self._put_off)):
                key = found if isinstance(found, int) else found.station_key
                work = _Work((name, found if isinstance(found, int) else found.number), key, partial(do, found))
                if work.name not in self._put_off and len(works) < limit:
                    works.append(work)
        return works

    def _kinds(self, now: datetime) -> Iterator[tuple[str, _Finder, Callable[[Any], None]]]:  # Any: what it finds
        store = self._store
        yield "withdraw", store.to_withdraw, self._withdraw
        patience = ASKED_FOR * (2**MAX_ASKS - 1) if self._is_quiet else ASKED_FOR
        yield "requests", lambda limit: store.never_requested(now, patience, limit), self._unheard
        yield "deliveries", lambda limit: store.stranded(now - _MINUTE, limit), self._strand
        yield "signings", lambda limit: store.untold(now - _MINUTE, limit), self._untold
        yield "former ones", lambda limit: store.displaced(now - _STAYED_FOR, limit), self._displace
        yield "revocations", lambda limit: store.to_revoke_again(now - _HOUR, limit), self._revoke_again
        yield "judgements", self._misjudged, self._judge
        yield "kept", store.kept_old, self._judge_kept
        if not self._is_quiet:
            yield "returns", lambda limit: store.returned(now - _BACK_FOR, limit), self._again_at_return
            yield "boots", store.booted, self._again_at_boot
            yield "renewals", lambda limit: self._to_renew(now, limit), self._renew
        yield "alarms", lambda limit: store.to_tell_of(now, limit), self._tell_of

    def _misjudged(self, limit: int) -> Sequence[int]:
        """Stations whose sheets rest on what was revoked since, or leave out what is not revoked any more."""
        newest = self._store.newest_revocation()
        found = self._store.misjudged(self._judged, limit)
        if not found:
            self._judged = newest
        return found

    def _judge(self, station_key: int) -> None:
        sheet, station = self._store.hold(station_key), self._store.find_station(station_key)
        if station is not None:
            self._store.put(self._recomputed(sheet, station.identity))

    def _judge_kept(self, station_key: int) -> None:
        """The station took a newer certificate and goes on with the one before. It may still change to it: that is
        looked at the next day."""
        sheet, station = self._store.hold(station_key), self._store.find_station(station_key)
        if station is not None:
            judged, tomorrow = self._recomputed(sheet, station.identity), self._clock.now() + RETRY
            alarm_at = None if judged.alarm_at is None else max(judged.alarm_at, tomorrow)
            self._store.put(replace(judged, retry_at=self._next_try(judged), alarm_at=alarm_at))

    # Orders

    def _cancel_signing(self, order: CertificateOrder) -> None:
        """It comes before any station is held, because whatever ends a request to an authority holds it after that."""
        if order.signing is not None:
            with contextlib.suppress(DomainError):  # it has ended
                self._rooms.signing.cancel(order.signing, f"The certificate order {order.number} was given up.")

    def _withdraw(self, order: CertificateOrder) -> None:
        order = self._held(order)
        if order.awaited is Awaited.WITHDRAWAL:
            self._keep(replace(order, awaited=None))

    def _displace(self, order: CertificateOrder) -> None:
        """The station uses its certificate, and has stayed connected with it."""
        order = self._held(order)
        if order.awaited is not Awaited.REVOCATION:
            return
        why = f"It was replaced: the station connected with the certificate of the order {order.number}."
        for former in self._store.former(order.station_key, order.number, self._clock.now()):
            given_up = self._give_up(former, OrderState.SUPERSEDED, why) if former.state.is_open else former
            self._store.change(self._revoked(replace(given_up, awaited=still_awaited(given_up)), why))
        self._store.change(replace(order, awaited=None))

    def _revoke_again(self, order: CertificateOrder) -> None:
        order = self._held(order)
        if order.awaited is Awaited.REVOCATION_AGAIN:
            self._keep(self._revoked(order, f"The certificate order {order.number} is {order.state.value}."))

    def _unheard(self, found: CertificateOrder) -> None:
        order = self._held(found)
        if order.state is not OrderState.ASKED or order.asks != found.asks:
            return
        station = self._store.find_station(order.station_key)
        if station is None or order.asks >= MAX_ASKS or self._is_quiet:
            times = "once" if order.asks == 1 else f"{order.asks} times"
            self._fail(order, OrderState.FAILED, f"The station was asked {times} for a request, and sent none.")
            return
        until = self._asked_until(self._store.sheet(station.key))
        self._ask_again(station, order, until)

    def _strand(self, order: CertificateOrder) -> None:
        """Its errand has ended, and this room could not be told."""
        order = self._held(order)
        if order.state is not OrderState.DELIVERING or order.deliver_errand is None:
            return
        errand = self._errands.get(order.deliver_errand)
        if errand.state.is_final:
            self._delivery_ended(order, errand)

    def _again_at_return(self, order: CertificateOrder) -> None:
        self._again(order, OrderState.DOUBTFUL, Awaited.RETURN)

    def _again_at_boot(self, order: CertificateOrder) -> None:
        self._again(order, OrderState.FAILED, Awaited.BOOT)

    def _again(self, order: CertificateOrder, state: OrderState, awaited: Awaited) -> None:
        order = self._held(order)
        if order.state is not state or order.awaited is not awaited or order.taken is Taken.YES:
            return
        if order.is_revoked:
            self._fail(order, OrderState.FAILED, "It was revoked before it was known whether the station has it.")
        else:
            self._deliver(order)

    # Renewals

    def _to_renew(self, now: datetime, limit: int) -> Sequence[int]:
        policy = self._rooms.trust.policy()
        found = self._store.to_renew(now, timedelta(days=policy.renew_before_days), limit)
        if not found:
            return []
        places = policy.renewals_per_minute - self._store.begun_since(Occasion.RENEWAL, now - _MINUTE)
        return found[: max(0, places)]

    def _renew(self, station_key: int) -> None:
        now = self._clock.now()
        sheet = self._store.hold(station_key)
        station = self._store.find_station(station_key)
        due_at = renewal_time(sheet, self._rooms.trust.policy())
        if station is None or due_at is None or due_at > now:
            return
        self._store.put(replace(sheet, retry_at=None if sheet.covered_until is None else now + RETRY))
        if not self.is_idle(station):
            return  # it is looked at again the next day
        until = self._asked_until(sheet)
        order = Order(asked_by=BY_ITSELF, delivery=Delivery.WHEN_ONLINE, expires_at=until)
        try:
            self.renew(station, order, Occasion.RENEWAL)
        except DomainError as error:
            self._rooms.alarms.raise_(
                Topic.CERTIFICATE_ORDER, station.identity, Level.WARNING, f"It is not renewed: {error.sentence}"
            )

    def _asked_until(self, sheet: Sheet) -> datetime:
        """So long a station that is off line may still be asked when it is back."""
        now = self._clock.now()
        return min(max(sheet.covered_until or now, now + DAY), now + LONGEST_WAIT)

    # Alarms

    def _tell_of(self, station_key: int) -> None:
        now = self._clock.now()
        sheet = self._store.hold(station_key)
        station = self._store.find_station(station_key)
        if station is None or sheet.alarm_at is None or sheet.alarm_at > now:
            return
        cover = self._cover(sheet)
        if cover is None:
            self._store.put(self._recomputed(sheet, station.identity))
            return
        step = alarm_step(cover, now)
        later = self._first_alarm(sheet, station, now) if step == 1 else None
        if later is not None:
            self._store.put(replace(sheet, alarm_at=later))
            return
        if step > sheet.alarm_step:
            sentence = _told(station, sheet, cover.not_after, step)
            self._rooms.alarms.raise_(Topic.CERTIFICATE_EXPIRES, station.identity, level_of(step), sentence)
            self._note(Kind.CERTIFICATE_EXPIRES, station.identity, sentence)
        self._store.put(replace(sheet, alarm_step=step, alarm_at=alarm_time(cover, step)))

    def _first_alarm(self, sheet: Sheet, station: Station, now: datetime) -> datetime | None:
        """When it is looked again, for a certificate whose renewal is still to come or was begun lately."""
        regular = regular_time(sheet, self._rooms.trust.policy())
        if regular is None or self._is_quiet:
            return None
        if regular > now:
            return regular
        is_lately = any(now - order.asked_at < _PATIENCE for order in self._open(station))
        return now + DAY if is_lately else None


def _told(station: Station, sheet: Sheet, not_after: datetime, step: int) -> str:
    end = f"{not_after:%Y-%m-%d %H:%M} UTC"
    what = f"The certificate of the station {station.identity!r}"
    if step == EXPIRED:
        return f"{what} expired on {end}: with profile 3 it is refused. Deliver a new one while it is connected."
    advice = (
        "Its renewal has not come to an end: see its orders."
        if sheet.renew_end is not None
        else "It was not ordered here, so that it is not renewed by itself: use RenewCertificate."
    )
    return f"{what} expires on {end}. {advice}"
