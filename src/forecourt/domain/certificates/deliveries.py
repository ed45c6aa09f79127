"""From the certificate that an authority issued to the station that uses it (CertificateSigned; A02, A03)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from forecourt.domain.admission.endings import Ending, ending_of
from forecourt.domain.certificates.model import MAX_DELIVERIES, Awaited, CertificateOrder, OrderState, Taken
from forecourt.domain.certificates.order_book import OrderBook, still_awaited
from forecourt.domain.certificates.subjects import subject_of
from forecourt.domain.errands.intents import DeliverCertificate
from forecourt.domain.errands.model import (
    LONGEST_WAIT,
    Delivery,
    Draft,
    Errand,
    ErrandNumber,
    ErrandState,
    Failure,
    Order,
    Priority,
)
from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.model import Station
from forecourt.domain.security_log.model import Kind
from forecourt.domain.signing.model import Ended, Issued, SigningNumber, SigningState
from forecourt.pki.certificate import Certificate
from forecourt.pki.errors import PkiError
from forecourt.pki.issued import bounded

DELIVER_CERTIFICATE: Final = "DeliverCertificate"
"""What its errands are called."""

MAX_CHAIN: Final = 10_000
"""Characters of ``certificateChain``; stations may take less (``CertificateSignedMaxChainSize``)."""

_MAX_CHAIN_KEY: Final = "CertificateSignedMaxChainSize"
_HAS_ITS_OWN_END: Final = frozenset({OrderState.USED, OrderState.INSTALLED, OrderState.REJECTED})
_ENDS: Final = {
    SigningState.REFUSED: OrderState.REFUSED,
    SigningState.GIVEN_UP: OrderState.FAILED,
    SigningState.CANCELLED: OrderState.CANCELLED,
}


class Deliveries(OrderBook):
    """Everything that can happen from the moment in which an authority has answered."""

    # What authorities do

    def _signed(self, number: SigningNumber, _owner: str, outcome: Issued | Ended) -> None:
        order = self._store.signed_with(number)
        if order is None:
            return
        if isinstance(outcome, Issued):
            self._issued(self._held(order), outcome.chain)
        elif order.state is OrderState.RECEIVED:  # else nobody waits for it, and nothing has to be held
            self._not_issued(self._held(order), outcome.state, outcome.reason)

    def _issued(self, order: CertificateOrder, chain: tuple[Certificate, ...]) -> None:
        issued = replace(order, chain=chain)
        if order.state is OrderState.RECEIVED:
            self._deliver(issued)
        else:  # nobody waits for it any more, and nobody has it
            self._keep(self._revoked(replace(issued, awaited=None), "It was issued when nobody wanted it any more."))

    def _not_issued(self, order: CertificateOrder, state: SigningState, reason: str) -> None:
        if order.state is OrderState.RECEIVED:
            told = f"The authority {order.authority!r} did not issue the certificate: {reason}"
            self._fail(order, _ENDS.get(state, OrderState.FAILED), told)

    def _untold(self, order: CertificateOrder) -> None:
        """The request to the authority has ended, and this room could not be told."""
        order = self._held(order)
        if order.state is not OrderState.RECEIVED or order.signing is None:
            return
        signing = self._rooms.signing.get(order.signing)
        if signing.state is not SigningState.ISSUED or signing.fingerprint is None:
            self._not_issued(order, signing.state, signing.reason or "It ended without a reason.")
            return
        try:
            self._issued(order, self._rooms.signing.issued(signing.fingerprint).chain)
        except DomainError as error:
            self._not_issued(order, signing.state, error.sentence)

    # Sending

    def _deliver(self, order: CertificateOrder) -> CertificateOrder:
        """Write the errand that brings the certificate. The station is held."""
        station = self._store.find_station(order.station_key)
        if station is None:
            return self._give_up(order, OrderState.CANCELLED, "The station was taken off the register.")
        now = self._clock.now()
        if order.chain[0].not_after <= now:
            return self._fail(order, OrderState.FAILED, "The certificate ended before it was delivered.")
        try:
            subject_of(station, self._rooms).check_issued(order.chain[0])
        except DomainError as error:
            return self._fail(self._dropped(order), OrderState.FAILED, f"It was not delivered: {error.sentence}")
        try:
            chain, left_out = bounded(order.chain, self._most_characters(station))
        except PkiError as error:
            advice = f"If the station can take longer ones, raise its {_MAX_CHAIN_KEY}; then order another."
            return self._fail(self._dropped(order), OrderState.FAILED, f"{error} {advice}", is_tried_again=False)
        draft = Draft(
            operation=DELIVER_CERTIFICATE,
            intent=DeliverCertificate(order.number, "".join(one.pem for one in chain)),
            shown=None,
            warnings=_warnings(left_out),
        )
        how = Order(
            asked_by=order.asked_by,
            delivery=Delivery.WHEN_ONLINE,
            expires_at=min(order.chain[0].not_after, now + LONGEST_WAIT),
            priority=Priority.HIGH,
        )
        errand = self._errands.ask(station, draft, how)
        sent = replace(
            order,
            former_errand=order.deliver_errand,
            deliver_errand=errand.number,
            deliveries=order.deliveries + 1,
        )
        if errand.state is ErrandState.FAILED:  # at once
            return self._not_delivered_yet(sent, errand.reason or "It could not be sent.")
        return self._keep(replace(sent, state=OrderState.DELIVERING, awaited=Awaited.ERRAND, reason=None))

    def _dropped(self, order: CertificateOrder) -> CertificateOrder:
        """One that is not delivered now, nor later: nobody else is to have it."""
        why = f"The certificate of the order {order.number} was not delivered."
        return order if self._may_have_it(order) else self._revoked(replace(order, awaited=None), why)

    def _most_characters(self, station: Station) -> int:
        most = self._rooms.configuration.number(station, _MAX_CHAIN_KEY)
        return MAX_CHAIN if not most else min(most, MAX_CHAIN)

    # What stations answer

    def answered(self, station: Station, errand: ErrandNumber, *, status: str, is_accepted: bool) -> None:
        """The station answered to the certificate, in time or late.

        One that it showed before its answer was read is used, whatever the answer says. A refusal ends the order only
        when the station cannot have taken the certificate before.
        """
        order = self._store.delivered_with(errand)
        if order is None:
            return
        order = self._held(order)
        if is_accepted:
            self._accepted(order)
        elif order.deliver_errand == errand:
            self._rejected(order, f"The station answered {status} to the certificate (A02.FR.07).")

    def _accepted(self, order: CertificateOrder) -> None:
        if order.state is OrderState.USED:
            return
        if order.is_revoked:
            reason = "The station took the certificate, which was revoked already: renew it."
            state = OrderState.FAILED if order.state.is_open else order.state
            self._fail(replace(order, taken=Taken.YES), state, reason)
            return
        taken = replace(order, taken=Taken.YES)
        if order.former_errand is not None and self._is_under_way(order):
            self._keep(taken)  # the answer to the delivery before this one came late
            return
        is_late = order.state in (OrderState.SUPERSEDED, OrderState.CANCELLED)
        told = f"The station took it after the order was {order.state.value}." if is_late else None
        self._keep(replace(taken, state=OrderState.INSTALLED, awaited=None, reason=told))
        self._succeed(self._store.sheet(order.station_key), order.station)

    def _is_under_way(self, order: CertificateOrder) -> bool:
        if order.state is not OrderState.DELIVERING or order.deliver_errand is None:
            return False
        return not self._errands.get(order.deliver_errand).state.is_final

    def _rejected(self, order: CertificateOrder, reason: str) -> None:
        """It says that it does not have it, and cannot be wrong only where it never had the chance to take it."""
        if order.state in _HAS_ITS_OWN_END:
            return
        if _may_have_been_taken_before(order):
            self._settled_by_before(order, f"{reason} It may have taken it when it was sent before.")
            return
        rejected = self._revoked(order, reason)
        if order.state is OrderState.DELIVERING or order.state is OrderState.DOUBTFUL:
            self._fail(rejected, OrderState.REJECTED, f"{reason} It was revoked, and the one before counts.")
        else:  # superseded, cancelled or failed meanwhile
            self._keep(replace(rejected, state=OrderState.REJECTED, reason=reason, awaited=still_awaited(rejected)))

    def _settled_by_before(self, order: CertificateOrder, reason: str) -> None:
        """What is known from an earlier delivery stands."""
        if order.state not in (OrderState.DELIVERING, OrderState.DOUBTFUL, OrderState.FAILED):
            self._keep(replace(order, reason=reason))
        elif order.taken is Taken.YES:
            self._keep(replace(order, state=OrderState.INSTALLED, awaited=None, reason=reason))
            self._succeed(self._store.sheet(order.station_key), order.station)
        else:
            told = f"{reason} It is not known whether the station has it; it counts as soon as it is shown."
            self._fail(order, OrderState.FAILED, told)

    def _not_delivered(
        self, _station_key: int, errand: ErrandNumber, _intent: DeliverCertificate, failure: Failure
    ) -> None:
        order = self._store.delivered_with(errand)
        if order is None or errand in self._taking_back or order.deliver_errand != errand:
            return  # among others it failed in the moment in which it was asked for
        self._delivery_ended(self._held(order), failure)

    def _delivery_ended(self, order: CertificateOrder, end: Errand | Failure) -> None:
        """Without an answer that was taken in."""
        reason = end.reason or "The delivery ended without an answer."
        ending = ending_of(end)
        if ending is Ending.REFUSED:
            self._rejected(order, reason)
        elif ending is Ending.UNKNOWN:
            self._doubted(order, reason, is_lost=end.code is None)
        elif order.state is OrderState.DOUBTFUL and not _may_have_been_taken_before(order):
            self._not_delivered_yet(replace(order, taken=Taken.NO), reason)  # it was answered late
        elif order.state is not OrderState.DELIVERING:
            return  # it was given up, and the station does not have it
        elif order.deliver_errand is not None and self._is_cancelled(order.deliver_errand):
            self._recalled(order)
        else:
            is_unsupported = end.code in ("NotImplemented", "NotSupported")
            self._not_delivered_yet(order, reason, is_supported=not is_unsupported)

    def _is_cancelled(self, errand: ErrandNumber) -> bool:
        return self._errands.get(errand).state is ErrandState.CANCELLED

    def _recalled(self, order: CertificateOrder) -> None:
        """Somebody cancelled the errand itself."""
        reason = f"The errand {order.deliver_errand} was cancelled."
        if order.taken is Taken.NO:
            self._give_up(order, OrderState.CANCELLED, reason)
        else:
            self._settled_by_before(order, reason)

    def _doubted(self, order: CertificateOrder, reason: str, *, is_lost: bool) -> None:
        """The station may have it. After an answer that was lost the next connection tells; after an error it is sent
        again, because most that answer so do not have it."""
        before = order.taken
        perhaps = replace(order, taken=Taken.PERHAPS) if before is Taken.NO else order
        if order.state is not OrderState.DELIVERING:
            self._keep(perhaps)
        elif not is_lost:
            self._not_delivered_yet(perhaps, reason)
        elif before is not Taken.NO:
            self._settled_by_before(order, reason)
        else:
            told = f"{reason} The next connection of the station decides."
            self._keep(replace(perhaps, state=OrderState.DOUBTFUL, awaited=Awaited.RETURN, reason=told))
            self._note(Kind.CERTIFICATE_NOT_DELIVERED, order.station, told)

    def _not_delivered_yet(
        self, order: CertificateOrder, reason: str, *, is_supported: bool = True
    ) -> CertificateOrder:
        """It is sent again when the station has booted, a few times."""
        if order.taken is Taken.YES:
            self._settled_by_before(replace(order, state=OrderState.DELIVERING), reason)
            return order
        again = is_supported and order.deliveries < MAX_DELIVERIES
        told = f"The certificate was not delivered: {reason}"
        if again:
            told = f"{told} It is sent again after the next boot."
        awaited = Awaited.BOOT if again else None
        return self._fail(order, OrderState.FAILED, told, awaited=awaited, is_tried_again=is_supported)


def _may_have_been_taken_before(order: CertificateOrder) -> bool:
    """What the newest delivery brought proves nothing against one before it."""
    return order.taken is Taken.YES or (order.taken is Taken.PERHAPS and order.deliveries > 1)


def _warnings(left_out: tuple[Certificate, ...]) -> tuple[str, ...]:
    if not left_out:
        return ()
    return (f"The station takes short chains only: {len(left_out)} certificates of issuers are left out.",)
