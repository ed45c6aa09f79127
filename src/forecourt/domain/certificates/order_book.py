"""What all parts of the service do with orders: keep what became of them, and tell who should know."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.admission.endings import Ending, ending_of
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.certificates.calendar import RETRY, Cover, bared, covered, regular_time
from forecourt.domain.certificates.model import (
    MAX_FAILURES,
    Awaited,
    CertificateOrder,
    OrderNumber,
    OrderState,
    Sheet,
    Taken,
)
from forecourt.domain.certificates.neighbours import Rooms
from forecourt.domain.certificates.store import CertificateStore
from forecourt.domain.errands.model import ErrandNumber, ErrandState
from forecourt.domain.errors import DomainError, not_found
from forecourt.domain.security_log.model import Kind, Note
from forecourt.domain.storable import storable

BY_ITSELF: Final = "certificate renewal"
"""Who asks for what no person asked for."""

MAX_REASON: Final = 1000
_OLDEST: Final = OrderNumber(0)


class OrderBook:
    """The orders, and the sheets of the stations."""

    def __init__(self, store: CertificateStore, clock: Clock, rooms: Rooms) -> None:
        self._store = store
        self._clock = clock
        self._rooms = rooms
        self._errands = rooms.errands
        self._taking_back: set[ErrandNumber] = set()

    def get(self, number: OrderNumber) -> CertificateOrder:
        """Raises DomainError NOT_FOUND."""
        order = self._store.find(number)
        if order is None:
            raise not_found("There is no certificate order {}.", number)
        return order

    # Orders

    def _held(self, order: CertificateOrder) -> CertificateOrder:
        """The order as it is, which nobody else changes until this unit of work ends."""
        self._store.hold(order.station_key)
        return self.get(order.number)

    def _keep(self, order: CertificateOrder) -> CertificateOrder:
        """The order has changed now."""
        changed = replace(
            order,
            changed_at=self._clock.now(),
            reason=None if order.reason is None else storable(order.reason, MAX_REASON),
        )
        self._store.change(changed)
        return changed

    def _fail(
        self,
        order: CertificateOrder,
        state: OrderState,
        reason: str,
        *,
        kind: Kind = Kind.CERTIFICATE_NOT_DELIVERED,
        awaited: Awaited | None = None,
        is_tried_again: bool = True,
    ) -> CertificateOrder:
        """It came to nothing: somebody is told, and one that failed is begun anew the next day."""
        failed = self._keep(replace(order, state=state, reason=reason, awaited=awaited or still_awaited(order)))
        self._note(kind, order.station, reason)
        self._rooms.alarms.raise_(
            Topic.CERTIFICATE_ORDER, order.station, Level.WARNING, f"Certificate order {order.number}: {reason}"
        )
        sheet = self._store.sheet(order.station_key)
        is_begun_anew = state is OrderState.FAILED and is_tried_again
        retry_at = self._next_try(sheet) if is_begun_anew else sheet.retry_at
        self._store.put(replace(sheet, retry_at=retry_at, failures=sheet.failures + 1))
        return failed

    def _give_up(self, order: CertificateOrder, state: OrderState, reason: str) -> CertificateOrder:
        """Nobody wants it any more. What was issued and never sent is revoked; what the station may have stays good
        until it has shown a newer one."""
        awaited = Awaited.WITHDRAWAL if order.state is OrderState.RECEIVED else None
        given_up = replace(order, state=state, reason=reason, awaited=awaited)
        if order.chain and not self._may_have_it(order):
            given_up = self._revoked(given_up, f"The certificate order {order.number} was {state.value}.")
        return self._keep(given_up)

    def _may_have_it(self, order: CertificateOrder) -> bool:
        if order.taken is not Taken.NO:
            return True
        if order.deliver_errand is None:
            return False
        errand = self._errands.get(order.deliver_errand)
        return errand.state is ErrandState.SENT or ending_of(errand) not in (Ending.UNSENT, Ending.UNDONE)

    def _revoked(self, order: CertificateOrder, why: str) -> CertificateOrder:
        """The order with its certificate revoked. What keeps that from being done is told, stops nothing, and is tried
        again."""
        leaf = order.leaf
        if leaf is None or order.is_revoked:
            return order
        fault = self._rooms.revoking.revoke(leaf, reason=why, asked_by=order.asked_by)
        if fault is None:
            return replace(order, is_revoked=True, awaited=None if still_awaited(order) else order.awaited)
        told = f"The certificate of the order {order.number} could not be revoked: {fault}"
        self._rooms.alarms.raise_(Topic.CERTIFICATE_ORDER, order.station, Level.WARNING, told)
        if not still_awaited(order):
            self._note(Kind.REVOCATION_CHANGED, order.station, told)
        return replace(order, awaited=Awaited.REVOCATION_AGAIN)

    def _take_back_errand(self, errand: ErrandNumber | None) -> bool:
        """Take back an errand of this room that was not sent yet. It comes before the station is held, because whatever
        ends an errand holds the station after it. False when it was sent, or has ended."""
        if errand is None:
            return False
        self._taking_back.add(errand)
        try:
            self._errands.cancel(errand)
        except DomainError:
            return False
        finally:
            self._taking_back.discard(errand)
        return True

    # Sheets

    def _cover(self, sheet: Sheet) -> Cover | None:
        """What the station gets by with: the newest certificate that it took, unless it went on showing the one before;
        or the one that it has shown. What is revoked counts for nothing."""
        shown = sheet.shown
        if shown is not None and self._rooms.revoking.is_revoked(shown.issuer_hash, shown.serial):
            shown = None
        last = _OLDEST if sheet.shown is None or sheet.shown.order is None else sheet.shown.order
        newest = self._store.newest_installed(sheet.station_key, last)
        if newest is not None and newest.leaf is not None and newest.leaf.not_after > self._clock.now():
            leaf, since = newest.leaf, newest.changed_at
            if shown is None or not self._store.was_shown_since(sheet.station_key, shown.fingerprint, since):
                ends = leaf.not_before, leaf.not_after
                return Cover(*ends, True, leaf.issuer_hash, leaf.serial, waits_for=newest.number)
        if shown is None:
            return None
        return Cover(shown.not_before, shown.not_after, shown.order is not None, shown.issuer_hash, shown.serial)

    def _next_try(self, sheet: Sheet) -> datetime | None:
        """When a station is asked again after an order that came to nothing: the next day as long as its certificate
        is due to be renewed, and a few times when it is not."""
        regular = regular_time(sheet, self._rooms.trust.policy())
        tomorrow = self._clock.now() + RETRY
        is_due = regular is not None and regular <= tomorrow
        return tomorrow if is_due or sheet.failures < MAX_FAILURES else None

    def _recomputed(self, sheet: Sheet, identity: str) -> Sheet:
        """The sheet with the times that follow from what the station has."""
        cover = self._cover(sheet)
        changed = bared(sheet) if cover is None else covered(sheet, cover, identity)
        if sheet.alarm_step and (changed.alarm_at is None or changed.alarm_at > self._clock.now()):
            self._rooms.alarms.end(Topic.CERTIFICATE_EXPIRES, identity)
        return changed

    def _succeed(self, sheet: Sheet, identity: str) -> None:
        """The station has a good certificate that it did not have before."""
        self._rooms.alarms.end(Topic.CERTIFICATE_ORDER, identity)
        self._store.put(replace(self._recomputed(sheet, identity), failures=0, retry_at=None))

    def _note(self, kind: Kind, identity: str, reason: str, asked_by: str | None = None) -> None:
        self._rooms.security_log.note(Note(kind=kind, reason=reason, station=identity, asked_by=asked_by))


def still_awaited(order: CertificateOrder) -> Awaited | None:
    """What has to be done whatever becomes of the order."""
    return order.awaited if order.awaited is Awaited.REVOCATION_AGAIN else None
