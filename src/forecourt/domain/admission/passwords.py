"""The passwords of stations: set by hand, and changed over OCPP (security whitepaper A01)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.admission.endings import Ending, ending_of
from forecourt.domain.admission.keys import LEAST_BYTES, MOST_BYTES, GeneratedKey, is_same_fast, written
from forecourt.domain.admission.ledger import Ledger
from forecourt.domain.admission.model import (
    Access,
    Password,
    PasswordNumber,
    PasswordState,
    Verdict,
    promoted,
    withdrawn,
    without_oldest,
)
from forecourt.domain.admission.preparing import PreparedPassword, Preparer
from forecourt.domain.errands.intents import ChangePassword
from forecourt.domain.errands.model import Draft, Errand, ErrandNumber, ErrandState, Failure, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import Sentence, conflict, invalid, not_found
from forecourt.domain.provisioning.model import Station
from forecourt.domain.security_log.model import Kind

CHANGE_PASSWORD: Final = "ChangePassword"
"""The name of the operation."""

MAX_UNDECIDED: Final = 3
"""How many passwords may wait for their first use. Each is one more that is let in, and one more to be checked."""

_UNSETTLED: Final = (PasswordState.OFFERED, PasswordState.DOUBTFUL)
_ON_NO_RECORD: Final = (
    "The station took an AuthorizationKey that is on record nowhere, because no station can have it as a password, or"
    " it was forgotten before the answer came. It is not known which password the station has now: give it another"
    " one, or set it by hand."
)
_UNDECIDED: Final = (PasswordState.DOUBTFUL, PasswordState.AWAITS_RESTART)


@dataclass(frozen=True, slots=True)
class SetPassword:
    """A password that was set by hand."""

    number: PasswordNumber
    key: GeneratedKey | None
    """What was made here, to be shown once; None for a password that was given."""
    warnings: tuple[Sentence, ...] = ()


class Passwords:
    """Everything that can happen to the passwords of stations, but for their use at the door."""

    def __init__(self, ledger: Ledger, errands: Errands, hasher: PasswordHasher, clock: Clock) -> None:
        self._ledger = ledger
        self._store = ledger.store
        self._errands = errands
        self._preparer = Preparer(hasher)
        self._clock = clock
        errands.watch(ChangePassword, self._not_carried)

    @property
    def preparer(self) -> Preparer:
        """What makes the passwords for :meth:`set`, outside of any unit of work."""
        return self._preparer

    # What operators do

    def set(self, station: Station, prepared: PreparedPassword, asked_by: str) -> SetPassword:
        """Set the password by hand, for a station that is given it in another way than OCPP. It counts at once, and
        no other one does; a connection that another one opened is closed. Raises DomainError CONFLICT while an errand
        brings another one."""
        before = self._held(station)
        added = self._add(station, before, prepared, PasswordState.CURRENT, asked_by)
        number = added.passwords[-1].number
        passwords = withdrawn(before, promoted(added.passwords, number))
        self._ledger.keep(station.key, added, replace(added, passwords=passwords))
        origin = "was given" if prepared.key is None else "was made here"
        reason = f"Password {number} {origin}, and counts from now on."
        self._ledger.note(Kind.PASSWORD_SET, station.identity, reason, asked_by)
        self._ledger.ring(station.identity)
        return SetPassword(number, prepared.key, () if prepared.key is not None else _doubts(prepared.secret))

    def change(self, station: Station, secret: bytes | None, order: Order, *, said: Draft | None = None) -> Errand:
        """Have the station take a new password; without one it is made here and shown to nobody. ``said`` is the
        request as an operator wrote it.

        The hash is kept before anything is sent: the station may come with its new password within milliseconds of
        its answer. Raises DomainError INVALID, or CONFLICT while another one is under way, and for the password that
        the station has, where that is known at once.
        """
        if secret is not None and order.batch is not None:
            raise invalid(
                "Every station needs a password of its own (A01.FR.06), so one cannot be given to many. {} without a "
                "password makes one for each.",
                CHANGE_PASSWORD,
            )
        if secret is not None and said is None and not LEAST_BYTES <= len(secret) <= MOST_BYTES:
            raise invalid(
                "A station takes {} to {} bytes (A00.FR.205); this password has {}.",
                LEAST_BYTES,
                MOST_BYTES,
                len(secret),
            )
        before = self._held(station)
        if sum(one.state in _UNDECIDED for one in before.passwords) >= MAX_UNDECIDED:
            raise conflict(
                "{} new passwords of the station {!r} were never used so far. Decide which one it has, or set one by "
                "hand.",
                MAX_UNDECIDED,
                station.identity,
            )
        if secret is not None and before.current is not None and is_same_fast(before.current.hashed, secret):
            raise conflict("The station {!r} has this password already; a new one has to be another.", station.identity)
        prepared = self._preparer.prepare(secret)
        offered = self._add(station, before, prepared, PasswordState.OFFERED, order.asked_by)
        number = offered.passwords[-1].number
        intent = ChangePassword(written(prepared.secret))
        draft = Draft(operation=CHANGE_PASSWORD, intent=intent, shown=None) if said is None else said
        errand = self._errands.ask(station, draft, order)
        if errand.state is ErrandState.FAILED:  # at once
            self._ledger.keep(station.key, offered, _without(offered, number))
            return errand
        self._ledger.keep(station.key, offered, _with(offered, number, errand=errand.number))
        reason = f"Password {number} goes to the station with the errand {errand.number}; both count until it is known."
        self._ledger.note(Kind.PASSWORD_OFFERED, station.identity, reason, order.asked_by)
        return errand

    def decide(self, station: Station, number: PasswordNumber, *, keep: bool, asked_by: str) -> Access:
        """Say what is not known: that this is the password that the station has, or that it is not. Keeping a former
        one brings it back, for a station that accepted a new one and goes on with the old; one that is dropped is a
        former one until it is dropped again. A connection that was opened by what counts no more is closed.

        Raises DomainError NOT_FOUND, or CONFLICT for what needs no decision or is under way.
        """
        before = self._held(station)
        password = before.find_password(number)
        if password is None:
            raise not_found("The station {!r} has no password {}.", station.identity, number)
        if password.state is PasswordState.CURRENT:
            if keep:
                raise conflict("Password {} is the one that counts.", number)
            raise conflict("Password {} is the one that counts. Set another one instead of dropping it.", number)
        if keep:
            after = _only(before, number)
        elif password.state is PasswordState.FORMER:
            after = _without(before, number)
        else:
            after = _dropped(before, number)
        after = replace(after, passwords=withdrawn(before, after.passwords))
        self._ledger.keep(station.key, before, after)
        self._ledger.ring(station.identity)
        kind = Kind.PASSWORD_SET if keep else Kind.PASSWORD_REFUSED
        reason = f"Password {number} was {password.state.value}; an operator decided that it {_decision(keep)}."
        self._ledger.note(kind, station.identity, reason, asked_by)
        return after

    # What stations answer

    def answered(self, station: Station, errand: ErrandNumber, verdict: Verdict, *, status: str) -> None:
        """The station answered, in time or late.

        A password that was used before its answer was read counts whatever the answer says, and an answer about one
        that was replaced since says nothing any more. One that was only dropped counts after all when the station says
        that it took it.
        """
        before = self._store.hold(station.key)
        password = before.password_of(errand)
        if password is None:
            if verdict is not Verdict.REFUSED:
                self._ledger.note(Kind.PASSWORD_DOUBTFUL, station.identity, _ON_NO_RECORD)
            return
        number = password.number
        if password.state not in _UNSETTLED and (verdict is Verdict.REFUSED or not _is_dropped(before, password)):
            return
        if verdict is Verdict.TAKEN:
            after = replace(before, passwords=promoted(before.passwords, number))
            kind = Kind.PASSWORD_CHANGED
            reason = f"The station took password {number}; the one before is refused from now on (A01.FR.03)."
        elif verdict is Verdict.TAKEN_AT_RESTART:
            after = _with(before, number, state=PasswordState.AWAITS_RESTART)
            kind = Kind.PASSWORD_OFFERED
            reason = f"The station takes password {number} at its next start; the one before counts until then."
        else:
            after = _without(before, number)
            kind = Kind.PASSWORD_REFUSED
            reason = f"The station answered {status} to password {number}; the one before counts (A01.FR.04)."
        self._ledger.keep(station.key, before, after)
        self._ledger.note(kind, station.identity, reason)

    def _not_carried(self, station_key: int, errand: ErrandNumber, _intent: ChangePassword, failure: Failure) -> None:
        before = self._store.hold(station_key)
        password = before.password_of(errand)
        if password is None or password.state not in _UNSETTLED:
            return  # among others it failed in the moment in which it was asked for
        self._ended(self._store.identity(station_key), station_key, before, password, ending_of(failure))

    def _ended(self, identity: str, station_key: int, before: Access, password: Password, ending: Ending) -> Access:
        """Without an answer that was taken in. What a station said is in its errand, and not repeated here: it may
        hold what it was told."""
        number, errand = password.number, f"the errand {password.errand}"
        kind = Kind.PASSWORD_REFUSED
        match ending:
            case Ending.UNKNOWN:
                after = _with(before, number, state=PasswordState.DOUBTFUL)
                kind = Kind.PASSWORD_DOUBTFUL
                reason = (
                    f"It is not known whether the station took password {number}, which {errand} brought: its first"
                    " use decides, or you do."
                )
            case Ending.UNSENT:
                after = _without(before, number)
                reason = f"Password {number} was not sent to the station, see {errand}; the one before counts."
            case Ending.REFUSED:
                after = _without(before, number)
                reason = f"The station refused password {number}, see {errand}; the one before counts (A01.FR.04)."
            case _:  # UNDONE
                after = _dropped(before, number)
                reason = (
                    f"The station answered with an error to password {number}, see {errand}; the one before counts."
                )
        self._ledger.keep(station_key, before, after)
        self._ledger.note(kind, identity, reason)
        return after

    # Inside

    def _held(self, station: Station) -> Access:
        """The access with nothing under way. Raises DomainError CONFLICT."""
        access = self._store.hold(station.key)
        offered = access.offered
        if offered is None or offered.errand is None:
            return access
        errand = self._errands.get(offered.errand)
        if not errand.state.is_final:
            raise conflict(
                "The errand {} is bringing the station {!r} a new password. Wait for its end, or cancel it.",
                errand.number,
                station.identity,
            )
        # Its end came to nothing here.
        return self._ended(station.identity, station.key, access, offered, ending_of(errand))

    def _add(
        self, station: Station, before: Access, prepared: PreparedPassword, state: PasswordState, asked_by: str
    ) -> Access:
        password = Password(
            number=PasswordNumber(0),
            hashed=prepared.hashed,
            state=state,
            is_generated=prepared.key is not None,
            form=None,
            made_at=self._clock.now(),
            errand=None,
            asked_by=asked_by,
        )
        number = self._store.add_password(station.key, password)
        return replace(before, passwords=(*before.passwords, replace(password, number=number)))


def _with(
    access: Access, number: PasswordNumber, *, state: PasswordState | None = None, errand: ErrandNumber | None = None
) -> Access:
    return replace(
        access,
        passwords=tuple(
            replace(one, state=state or one.state, errand=errand or one.errand, is_withdrawn=False)
            if one.number == number
            else one
            for one in access.passwords
        ),
    )


def _only(access: Access, number: PasswordNumber) -> Access:
    """This one counts, and no other."""
    others = tuple(
        one if one.number == number else replace(one, state=PasswordState.FORMER) for one in access.passwords
    )
    return replace(access, passwords=promoted(others, number))


def _without(access: Access, number: PasswordNumber) -> Access:
    return replace(access, passwords=tuple(one for one in access.passwords if one.number != number))


def _dropped(access: Access, number: PasswordNumber) -> Access:
    """It is not accepted, and still recognised."""
    former = _with(access, number, state=PasswordState.FORMER)
    return replace(former, passwords=without_oldest(former.passwords))


def _is_dropped(access: Access, password: Password) -> bool:
    """True for a former one that no newer one replaced."""
    current = access.current
    return password.state is PasswordState.FORMER and (current is None or current.number < password.number)


def _doubts(secret: bytes) -> tuple[Sentence, ...]:
    size = len(secret)
    if size < LEAST_BYTES:
        few = Sentence("The password has {} bytes, and should have at least {} (A00.FR.205).", size, LEAST_BYTES)
        return (few,)
    if size > MOST_BYTES:
        many = Sentence(
            "The password has {} bytes; over OCPP a station takes {} at most (A00.FR.205).", size, MOST_BYTES
        )
        return (many,)
    return ()


def _decision(keep: bool) -> str:
    return "is what the station has" if keep else "counts no more"
