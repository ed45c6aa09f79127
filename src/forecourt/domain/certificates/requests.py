"""Requests of stations (SignCertificate; A02, A03), and having a station send one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from forecourt.domain.certificates.deliveries import Deliveries
from forecourt.domain.certificates.model import (
    MAX_REQUESTS,
    REQUESTS_WITHIN,
    Awaited,
    CertificateOrder,
    Occasion,
    OrderNumber,
    OrderState,
    Sheet,
)
from forecourt.domain.certificates.subjects import Subject, doubts, proves_nothing, subject_of
from forecourt.domain.errands.intents import AskForCsr
from forecourt.domain.errands.model import Delivery, Draft, Errand, ErrandNumber, ErrandState, Failure, Order
from forecourt.domain.errors import DomainError, Kind, conflict
from forecourt.domain.provisioning.model import Registration, Station
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.domain.signing.model import Use, Wanted
from forecourt.pki.csr import SigningRequest, read_csr
from forecourt.pki.errors import PkiError

RENEW_CERTIFICATE: Final = "RenewCertificate"
"""The name of the operation."""

_REPEATED_WITHIN: Final = timedelta(days=1)
"""A request that comes again within this time after its certificate was installed wants the same certificate."""

_UNDER_WAY: Final = (OrderState.RECEIVED, OrderState.DELIVERING)
_NO_NUMBER: Final = OrderNumber(0)


class Requests(Deliveries):
    """Everything that can happen up to the moment in which an authority is asked."""

    # What stations send

    def receive_csr(self, station: Station, csr: str) -> bool:
        """A station asks for a certificate. True when it will get one later (A02.FR.11), False when it will not
        (A02.FR.12); the reason is told to operators, because OCPP has no words for it.

        A request may come any number of times and means one order. Raises DomainError REFUSED for a station that is
        Rejected.
        """
        if station.registration is Registration.REJECTED:
            raise DomainError(Kind.REFUSED, "The station is Rejected; only BootNotification is taken from it.")
        request, fault = _read(csr)
        known = None if request is None else self._store.with_request(station.key, request.digest)
        if known is not None and known.state in _UNDER_WAY:
            return True
        if self._is_over_limit(self._store.sheet(station.key)):
            return self._turn_away(station)
        if request is None:
            return self._refuse(station, None, fault)
        if known is not None and self._delivered_again(station, known):
            return True
        try:
            subject = subject_of(station, self._rooms)
            subject.check(request)
            self._check_key(station, request)
        except (DomainError, PkiError) as error:
            return self._refuse(station, request, str(error))
        return self._take(station, request, subject)

    def _delivered_again(self, station: Station, known: CertificateOrder) -> bool:
        """A request that came before wants the same certificate. False when a new order has to be begun for it."""
        sheet = self._store.hold(station.key)
        known = self.get(known.number)
        if known.state in _UNDER_WAY:
            return True
        if not self._may_be_delivered_again(known) or self._asked(station) is not None:
            return False
        self._count(sheet)
        self._deliver(known)
        return True

    def _check_key(self, station: Station, request: SigningRequest) -> None:
        """Raises DomainError CONFLICT for the key of another station."""
        other = self._store.other_with_key(station.key, request.key_digest)
        if other is not None:
            raise conflict(
                "Its key is that of the station {!r}: with one key each could pass for the other (A02.FR.02). It has "
                "to make a key of its own.",
                other,
            )
        if self._store.uses_key(station.key, request.key_digest):
            sentence = "The request was taken, although its key is that of a certificate that the station has used"
            self._note(Noted.CSR_REFUSED, station.identity, f"{sentence}: it should make a new one (A02.FR.02).")

    def _may_be_delivered_again(self, order: CertificateOrder) -> bool:
        leaf = order.leaf
        if leaf is None or order.is_revoked or leaf.not_after <= self._clock.now():
            return False
        if order.state is OrderState.INSTALLED:
            return self._clock.now() - order.changed_at < _REPEATED_WITHIN
        return order.state in (OrderState.DOUBTFUL, OrderState.FAILED)

    def _take(self, station: Station, request: SigningRequest, subject: Subject) -> bool:
        """The request is good: what was under way is superseded, and an authority is asked."""
        for order in self._store.unsettled(station.key):
            if order.state is OrderState.DELIVERING and order.csr_digest != request.digest:
                self._take_back_errand(order.deliver_errand)
        sheet = self._store.hold(station.key)
        known = self._store.with_request(station.key, request.digest)
        if known is not None and known.state in _UNDER_WAY:
            return True  # another node took it just now
        asked = self._asked(station)
        if asked is None and proves_nothing(station, self._rooms):
            sentence = "The station has profile 0, so that anybody could have sent this request in its name. Give it a"
            return self._refuse(station, request, f"{sentence} password first, or ask it with RenewCertificate.")
        try:
            authority = self._rooms.authorities.authority_for(Use.STATION, self._store.group(station.key))
        except DomainError as error:
            return self._refuse(station, request, error.sentence)
        for order in self._store.unsettled(station.key):
            if order.state is not OrderState.ASKED:
                self._supersede(order, "The station sent another request meanwhile.")
        order = asked or self._new(station, Occasion.STATION, f"station {station.identity}")
        wanted = Wanted(
            use=Use.STATION,
            csr=request,
            common_name=subject.serial_number,
            organisation=subject.organisation,
            owner=station.identity,
            asked_by=order.asked_by,
        )
        received = replace(
            order,
            state=OrderState.RECEIVED,
            signing=self._rooms.signing.ask(wanted, authority),
            authority=authority,
            csr_digest=request.digest,
            key_digest=request.key_digest,
            awaited=Awaited.SIGNING,
            reason=None,
        )
        self._count(sheet)
        self._keep(received) if asked is not None else self._store.add(received)
        return True

    def _supersede(self, order: CertificateOrder, why: str) -> None:
        if order.state.is_open:
            self._give_up(order, OrderState.SUPERSEDED, why)
        elif order.awaited is Awaited.BOOT:
            self._keep(replace(order, awaited=None))

    # What the certificates would name changes

    def before_other_name(self, station: Station) -> None:
        """What the certificate of the station has to name is about to change: what is not sent yet is taken back. It
        comes before anything of the station is held, because whatever ends an errand holds the station after it."""
        for order in self._store.unsettled(station.key):
            if order.state is OrderState.DELIVERING:
                self._take_back_errand(order.deliver_errand)

    def has_other_name(self, station: Station) -> None:
        """It has changed: what is under way names something else. A request that the station was asked for is looked at
        when it comes."""
        self._store.hold(station.key)
        for order in self._store.unsettled(station.key):
            if order.state is not OrderState.ASKED:
                self._supersede(order, "The serial number of the station, or its device, was changed meanwhile.")

    # Refusals

    def _refuse(self, station: Station, request: SigningRequest | None, reason: str) -> bool:
        """It is Rejected (A02.FR.12). What was under way goes on."""
        sheet = self._store.hold(station.key)
        asked = self._asked(station)
        order = asked or self._store.add(self._new(station, Occasion.STATION, f"station {station.identity}"))
        self._count(sheet)
        if request is not None:
            order = replace(order, csr_digest=request.digest)
        told = f"The request of the station was refused: {reason}"
        self._fail(order, OrderState.REFUSED, told, kind=Noted.CSR_REFUSED)
        return False

    def _turn_away(self, station: Station) -> bool:
        """Told once, however often it tries."""
        sheet = self._store.hold(station.key)
        if sheet.requests == MAX_REQUESTS:
            self._count(sheet)
            sentence = f"The station sent {MAX_REQUESTS} requests within a day; more are refused until the day is over."
            self._note(Noted.CSR_REFUSED, station.identity, f"{sentence} RenewCertificate lets it try at once.")
        return False

    def _is_over_limit(self, sheet: Sheet) -> bool:
        return sheet.requests >= MAX_REQUESTS and not self._is_counted_anew(sheet)

    def _is_counted_anew(self, sheet: Sheet) -> bool:
        return sheet.requests_since is None or self._clock.now() - sheet.requests_since >= REQUESTS_WITHIN

    def _count(self, sheet: Sheet) -> None:
        if self._is_counted_anew(sheet):
            self._store.put(replace(sheet, requests=1, requests_since=self._clock.now()))
        else:
            self._store.put(replace(sheet, requests=sheet.requests + 1))

    # What operators ask, and renewals

    def renew(
        self, station: Station, order: Order, occasion: Occasion = Occasion.OPERATOR, *, said: Draft | None = None
    ) -> Errand:
        """Have the station make a key and ask for a certificate (A02). ``said`` is the request as an operator wrote it.

        Raises DomainError CONFLICT while an order is under way, and when it is not known what the certificate has to
        say.
        """
        subject = subject_of(station, self._rooms)
        sheet = self._store.hold(station.key)
        self._check_idle(station)
        draft = said or Draft(operation=RENEW_CERTIFICATE, intent=AskForCsr(), shown=None)
        draft = replace(draft, warnings=(*draft.warnings, *doubts(station, self._rooms, subject)))
        errand = self._errands.ask(station, draft, order)
        if errand.state is ErrandState.FAILED:  # at once
            return errand
        asked = self._new(station, occasion, order.asked_by)
        self._store.add(replace(asked, ask_errand=errand.number, asks=1, awaited=Awaited.ERRAND))
        self._store.put(replace(sheet, requests=0))
        return errand

    def _ask_again(self, station: Station, order: CertificateOrder, until: datetime) -> None:
        """Its request was lost, or refused with an error, or it is slow: its answer to the same order is awaited."""
        how = Order(asked_by=order.asked_by, delivery=Delivery.WHEN_ONLINE, expires_at=until)
        errand = self._errands.ask(station, Draft(operation=RENEW_CERTIFICATE, intent=AskForCsr(), shown=None), how)
        asked = replace(order, ask_errand=errand.number, asks=order.asks + 1)
        if errand.state is ErrandState.FAILED:  # at once
            self._fail(asked, OrderState.FAILED, f"The station could not be asked again for a request: {errand.reason}")
        else:
            self._keep(asked)

    def is_idle(self, station: Station) -> bool:
        """True when :meth:`renew` would find nothing under way."""
        return all(order.state is OrderState.DOUBTFUL for order in self._open(station))

    def _check_idle(self, station: Station) -> None:
        for order in self._open(station):
            if order.state is not OrderState.DOUBTFUL:
                raise conflict(
                    "The certificate order {} of the station {!r} is under way: it is {}. Wait for its end, or cancel "
                    "it.",
                    order.number,
                    station.identity,
                    order.state.value,
                )

    def _open(self, station: Station) -> list[CertificateOrder]:
        return [order for order in self._store.unsettled(station.key) if order.state.is_open]

    def ask_answered(self, station: Station, errand: ErrandNumber, *, status: str, is_accepted: bool) -> None:
        """The station answered whether it will send a request. One that it sent meanwhile says more; and one that
        promised a request when it was asked before may be busy with that, so that its refusal changes nothing."""
        order = self._store.asked_with(errand)
        if order is None:
            return
        order = self._held(order)
        if order.state is not OrderState.ASKED or order.is_promised:
            return
        if is_accepted:
            self._store.change(replace(order, is_promised=True))
        else:
            reason = f"The station answered {status} when it was asked for a request (A02)."
            self._fail(order, OrderState.FAILED, reason, is_tried_again=status != "NotImplemented")

    def _not_asked(self, _station_key: int, errand: ErrandNumber, _intent: AskForCsr, failure: Failure) -> None:
        order = self._store.asked_with(errand)
        if order is None or errand in self._taking_back:
            return  # among others it failed in the moment in which it was asked for
        order = self._held(order)
        if order.state is not OrderState.ASKED or failure.is_outcome_unknown:
            return  # it may have been asked all the same: its request is awaited for a while
        if self._errands.get(errand).state is ErrandState.CANCELLED:
            self._give_up(order, OrderState.CANCELLED, f"The errand {errand} was cancelled.")
            return
        if order.is_promised:
            return  # when it was asked before
        reason = f"The station could not be asked for a request: {failure.reason}"
        self._fail(order, OrderState.FAILED, reason, is_tried_again=not failure.is_unsupported)

    # Inside

    def _asked(self, station: Station) -> CertificateOrder | None:
        """The order whose request is awaited. Asked with the station held."""
        return next((one for one in self._store.unsettled(station.key) if one.state is OrderState.ASKED), None)

    def _new(self, station: Station, occasion: Occasion, asked_by: str) -> CertificateOrder:
        now = self._clock.now()
        return CertificateOrder(
            number=_NO_NUMBER,
            station=station.identity,
            station_key=station.key,
            occasion=occasion,
            state=OrderState.ASKED,
            asked_by=asked_by,
            asked_at=now,
            changed_at=now,
        )


def _read(csr: str) -> tuple[SigningRequest | None, str]:
    """The request, or why it cannot be read."""
    try:
        return read_csr(csr), ""
    except PkiError as error:
        return None, str(error)
