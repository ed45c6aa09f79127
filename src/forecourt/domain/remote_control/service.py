"""Starting and stopping charging from here, and finding out what became of it (OCPP 1.6 §5.11, §5.12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.authorization.service import Authorization
from forecourt.domain.errands.intents import Intent, StartCharging, StopCharging
from forecourt.domain.errands.model import Draft, Errand, ErrandNumber, ErrandState, Failure, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import conflict, invalid, not_found
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.remote_control.model import (
    PATIENCE,
    RemoteRequest,
    RemoteRequestFilter,
    RequestKind,
    RequestState,
    check_accepted,
    start_request_of,
    stop_requests_of,
)
from forecourt.domain.remote_control.store import RemoteRequestStore
from forecourt.domain.remote_control.warnings import find_token, warnings_about
from forecourt.domain.smart_charging.model import Profile, Purpose
from forecourt.domain.transactions.model import StartReport, Transaction

_TOO_LATE: Final = "The station accepted it, and reported nothing that came of it within five minutes."
_UNHEARD_AFTER: Final = timedelta(minutes=10)
"""Longer than any errand is out."""

_UNHEARD: Final = "It ended without an answer that could be used."


class RemoteControl:
    """Everything that can happen to a remote request."""

    def __init__(self, store: RemoteRequestStore, errands: Errands, authorization: Authorization, clock: Clock) -> None:
        self._store = store
        self._errands = errands
        self._authorization = authorization
        self._clock = clock
        errands.watch(StartCharging, self._not_carried)
        errands.watch(StopCharging, self._not_carried)

    # What operators do

    def start(
        self, station: Station, *, evse: Place | None, id_token: str, profile: Profile | None, order: Order
    ) -> Errand:
        """Ask a station to start charging. Raises DomainError for a station that may not be asked, and for a
        charging profile that no new transaction can have. What is wrong with the id tag is a warning only."""
        check_accepted(station)
        if profile is not None:
            if profile.purpose is not Purpose.TRANSACTION:
                raise invalid(
                    "Only a TxProfile can go with a remote start (OCPP 1.6 §5.11), not a {}.",
                    profile.purpose.value,
                    field="chargingProfile",
                )
            profile = replace(profile, transaction_id=None)
        errand = self._ask(station, StartCharging(evse, id_token, profile), order, self.warnings_about(id_token))
        self._store.add(station.key, replace(_request(errand, RequestKind.START), evse=evse, id_token=id_token))
        return errand

    def stop(self, station: Station, transaction: Transaction | None, order: Order) -> Errand:
        """Ask a station to end a transaction, None when there is none with that number. Raises DomainError INVALID for
        one that is not this station's, and CONFLICT for one that has ended."""
        check_accepted(station)
        if transaction is None or transaction.station != station.identity:
            raise invalid(
                "The station {!r} has no such transaction. To send the number all the same, use RemoteStopTransaction.",
                station.identity,
                field="transactionId",
            )
        if not transaction.is_active:
            raise conflict("The transaction {} has ended already.", transaction.transaction_id, field="transactionId")
        errand = self._ask(station, StopCharging(transaction.transaction_id), order)
        request = replace(_request(errand, RequestKind.STOP), transaction_id=transaction.transaction_id)
        self._store.add(station.key, request)
        return errand

    def _ask(self, station: Station, intent: Intent, order: Order, warnings: tuple[str, ...] = ()) -> Errand:
        draft = Draft(operation=type(intent).__name__, intent=intent, shown=None, warnings=warnings)
        return self._errands.ask(station, draft, order)

    def warnings_about(self, id_token: str) -> tuple[str, ...]:
        """What looks wrong about starting for an id tag, in sentences."""
        return warnings_about(id_token, find_token(self._authorization, id_token), self._clock.now())

    # What stations answer

    def answered(self, errand: ErrandNumber, status: str, *, is_accepted: bool) -> None:
        """A station answered a remote start or stop. One that was sent raw has no record, and is of no interest."""
        request = self._store.find(errand)
        if request is None or not request.may_be_answered:
            return
        now = self._clock.now()
        self._store.change(
            replace(
                request,
                state=RequestState.ACCEPTED if is_accepted else RequestState.REFUSED,
                status=status,
                reason=None,
                is_outcome_unknown=False,
                answered_at=now,
                ended_at=None if is_accepted else now,
                waits_until=now + PATIENCE,
            )
        )

    def _not_carried(
        self, _station_key: int, number: ErrandNumber, _intent: StartCharging | StopCharging, failure: Failure
    ) -> None:
        """What may have been done all the same stays open for its transaction."""
        request = self._store.find(number)
        if request is None or not request.is_open:
            return  # it ended in the moment in which it was asked for, before there was a record
        now = self._clock.now()
        self._store.change(
            replace(
                request,
                state=RequestState.FAILED,
                reason=failure.reason,
                is_outcome_unknown=failure.is_outcome_unknown,
                ended_at=None if failure.is_outcome_unknown else now,
                waits_until=now + PATIENCE,
            )
        )

    # What transactions tell

    def find_start(self, station: Station, report: StartReport) -> RemoteRequest | None:
        """The request from which a start comes, or None."""
        return start_request_of(self._store.open(station.key), report)

    def started(self, request: RemoteRequest, transaction_id: int) -> None:
        self._done(replace(request, state=RequestState.STARTED, transaction_id=transaction_id))

    def stopped(self, station: Station, transaction_id: int) -> ErrandNumber | None:
        """A transaction ended, and with it every request to stop it that reached the station. Returns the one from
        which the stop comes, or None."""
        requests = stop_requests_of(self._store.open(station.key), transaction_id)
        for request in requests:
            self._done(replace(request, state=RequestState.STOPPED))
        return requests[0].errand if requests else None

    def _done(self, request: RemoteRequest) -> None:
        self._store.change(replace(request, reason=None, is_outcome_unknown=False, ended_at=self._clock.now()))

    # Time passes

    def is_due(self) -> bool:
        return self._store.is_overdue(self._clock.now())

    def settle(self) -> None:
        """Give up what waits in vain."""
        now = self._clock.now()
        for request in self._store.overdue(now):
            match request.state:
                case RequestState.ACCEPTED:
                    ended = replace(request, state=RequestState.TIMED_OUT, reason=_TOO_LATE)
                case RequestState.REQUESTED:
                    ended = replace(request, state=RequestState.FAILED, reason=_UNHEARD, is_outcome_unknown=True)
                case _:
                    ended = request
            self._store.change(replace(ended, ended_at=now))

    # Questions

    def get(self, number: ErrandNumber) -> RemoteRequest:
        request = self._store.find(number)
        if request is None:
            raise not_found("No remote request has the errand {}.", number)
        return request

    def list(self, wanted: RemoteRequestFilter, page: PageRequest) -> Page[RemoteRequest]:
        return self._store.list(wanted, page)


def _request(errand: Errand, kind: RequestKind) -> RemoteRequest:
    """The record of a request that was just asked for; what cannot be sent has failed already. Should its end never
    be heard of, it is given up some time after it could have been sent."""
    is_failed = errand.state is ErrandState.FAILED
    return RemoteRequest(
        errand=errand.number,
        station=errand.station,
        kind=kind,
        state=RequestState.FAILED if is_failed else RequestState.REQUESTED,
        asked_by=errand.asked_by,
        reason=errand.reason if is_failed else None,
        requested_at=errand.queued_at,
        ended_at=errand.ended_at if is_failed else None,
        waits_until=errand.expires_at + _UNHEARD_AFTER,
    )
