"""Certificates of stations from request to renewal (security whitepaper A02, A03).

Old and new are both accepted until the station has connected with the new one (A02.FR.08–10): nothing is revoked
before, and nothing that a station may have is revoked as long as that is not known.
"""

from __future__ import annotations

from dataclasses import replace

from forecourt.clock import Clock
from forecourt.domain.alarms.model import Topic
from forecourt.domain.certificates.calendar import renewal_time
from forecourt.domain.certificates.model import (
    Awaited,
    CalendarEntry,
    CalendarFilter,
    CertificateOrder,
    OrderFilter,
    OrderNumber,
    OrderState,
    Seen,
    Sheet,
    Shown,
    Taken,
)
from forecourt.domain.certificates.neighbours import Rooms
from forecourt.domain.certificates.renewals import Renewals
from forecourt.domain.certificates.store import CertificateStore
from forecourt.domain.errands.intents import AskForCsr, DeliverCertificate
from forecourt.domain.errands.model import ErrandState
from forecourt.domain.errors import conflict
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.signing.model import Use
from forecourt.pki.certificate import Certificate


class Certificates(Renewals):
    """Everything that can happen to certificates of stations."""

    def __init__(self, store: CertificateStore, clock: Clock, rooms: Rooms, *, is_quiet: bool = False) -> None:
        """``is_quiet`` sends nothing that nobody asked for."""
        super().__init__(store, clock, rooms, is_quiet=is_quiet)
        rooms.admissions.watch(self)
        rooms.errands.watch(AskForCsr, self._not_asked)
        rooms.errands.watch(DeliverCertificate, self._not_delivered)
        rooms.signing.watch(Use.STATION, self._signed)

    # What stations show

    def presented(self, station: Station, certificate: Certificate) -> None:
        """The station is let in with a certificate that it had not shown when it was last let in. One that was ordered
        here is used from now on; those that were ordered before it are revoked when the station has stayed connected.
        One that was not, one that it used before, and one that was revoked meanwhile, change nothing but the
        calendar."""
        sheet = self._store.hold(station.key)
        order = self._store.with_certificate(station.key, certificate.fingerprint)
        sheet = replace(sheet, shown=self._shown(certificate, Seen.PRESENTED, None if order is None else order.number))
        if order is None or order.is_revoked or order.state is OrderState.USED:
            self._store.put(self._recomputed(sheet, station.identity))
            return
        has_former = bool(self._store.former(station.key, order.number, self._clock.now()))
        awaited = Awaited.REVOCATION if has_former else None
        self._keep(replace(order, state=OrderState.USED, taken=Taken.YES, awaited=awaited, reason=None))
        self._succeed(sheet, station.identity)

    def removed(self, station: Station) -> None:
        """The station was taken off the register: nothing has to be done for it any more."""
        for topic in (Topic.CERTIFICATE_EXPIRES, Topic.CERTIFICATE_ORDER):
            self._rooms.alarms.end(topic, station.identity)

    def _shown(self, certificate: Certificate, seen: Seen, order: OrderNumber | None) -> Shown:
        return Shown(
            fingerprint=certificate.fingerprint,
            subject=certificate.subject,
            issuer=certificate.issuer,
            issuer_hash=certificate.issuer_hash,
            serial=certificate.serial,
            key_kind=certificate.key_kind,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
            seen=seen,
            seen_at=self._clock.now(),
            order=order,
        )

    def _succeed(self, sheet: Sheet, identity: str) -> None:
        """A station that shows none, because its profile does not ask for one, has the newest that it took."""
        shown = sheet.shown
        if shown is None or shown.seen is Seen.DELIVERED:
            newest = self._store.newest_installed(sheet.station_key, OrderNumber(0))
            if newest is not None and newest.leaf is not None:
                sheet = replace(sheet, shown=self._shown(newest.leaf, Seen.DELIVERED, newest.number))
        super()._succeed(sheet, identity)

    # What operators do

    def cancel(self, number: OrderNumber, asked_by: str) -> CertificateOrder:
        """Give an order up. A certificate that was not sent is revoked; one that the station may have is not.

        Raises DomainError NOT_FOUND, or CONFLICT for an order that has ended, and for a certificate that was sent and
        whose answer is awaited.
        """
        order = self.get(number)
        if order.state is OrderState.ASKED:
            self._take_back_errand(order.ask_errand)
        elif order.state is OrderState.DELIVERING:
            self._take_back_errand(order.deliver_errand)
        order = self._held(order)
        if not order.state.is_open:
            raise conflict("The certificate order {} has ended already: it is {}.", number, order.state.value)
        if order.state is OrderState.DELIVERING and self._is_sent(order):
            raise conflict(
                "The certificate of the order {} was sent to the station already; its answer says what becomes of it.",
                number,
            )
        return self._give_up(order, OrderState.CANCELLED, f"It was cancelled by {asked_by}.")

    def _is_sent(self, order: CertificateOrder) -> bool:
        if order.deliver_errand is None:
            return False
        return self._errands.get(order.deliver_errand).state in (ErrandState.SENT, ErrandState.ANSWERED)

    # Questions

    def orders(self, wanted: OrderFilter, page: PageRequest) -> Page[CertificateOrder]:
        """Newest first."""
        return self._store.list(wanted, page)

    def calendar(self, wanted: CalendarFilter, page: PageRequest) -> Page[CalendarEntry]:
        """Every station that asked for a certificate or has shown one; what ends first, first."""
        policy = self._rooms.trust.policy()
        found = self._store.calendar(wanted, page)
        return replace(found, items=[replace(one, renew_at=renewal_time(one.sheet, policy)) for one in found.items])
