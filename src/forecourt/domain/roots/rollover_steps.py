"""One station of a plan: what comes next for it, and what the end of its errand means.

Nothing is kept in memory. What a station has is what it reported or took (`Roots`), and how its errand ended is in the
errand, so that a plan goes on after a restart, and whoever looks at it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errands.model import Delivery, Errand, ErrandNumber, ErrandState, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.model import Station
from forecourt.domain.roots.rollover import ERRAND_LIFE, MAX_TRIES, RETRY_AFTER, StationStep, Step
from forecourt.domain.roots.rollover_store import RolloverStore
from forecourt.domain.roots.rollover_switch import Scene
from forecourt.domain.roots.service import READ, Roots
from forecourt.domain.trust.held import Use

_USE: Final = Use.CENTRAL_SYSTEM_ROOT
_UNSUPPORTED: Final = frozenset({"NotImplemented", "NotSupported"})
_BY_ITSELF: Final = "It gives the old root up by itself (M05.FR.12)."
_AGAIN_AFTER_GUARD: Final = timedelta(minutes=1)


class StationSteps:
    """Moves the stations of plans on."""

    def __init__(self, store: RolloverStore, clock: Clock, *, roots: Roots, errands: Errands) -> None:
        self._store = store
        self._clock = clock
        self._roots = roots
        self._errands = errands

    def begin(self, scene: Scene, step: StationStep) -> None:
        """Give it the new root, unless it has reported that it has it."""
        station = self._store.station(step.station_key)
        if self._has_new(scene, station):
            self._read(scene, step, station)
            return
        forms = [form for form in scene.forms if form.fingerprint not in step.tried] or scene.forms
        errand, sent = self._roots.give(station, _USE, forms, self._order(scene))
        given = replace(step, sent=sent.fingerprint)
        self._move(given, Step.INSTALLING, errand=errand.number, attempts=step.attempts)

    def ask_again(self, scene: Scene, step: StationStep) -> None:
        """It was ready, and that is to be known for certain before the switch."""
        self._read(scene, step, self._store.station(step.station_key))

    def ended(self, scene: Scene, step: StationStep) -> None:
        """Its errand has ended."""
        station = self._store.station(step.station_key)
        errand = self._errands.get(step.errand or ErrandNumber(0))
        if step.step is Step.DELETING and errand.sent_at is None and errand.state is not ErrandState.CANCELLED:
            self._again(step, Step.READY, "It went off line.", attempts=step.attempts, at_once=True)
            return
        if errand.state is ErrandState.EXPIRED:
            self._again(step, step.step, "It was off line for a month, and is asked again.", attempts=step.attempts)
            return
        if errand.state is ErrandState.CANCELLED:
            self.fail(step, f"The errand {errand.number} was cancelled.")
            return
        match step.step:
            case Step.INSTALLING:
                self._install_ended(scene, step, station, errand)
            case Step.READING:
                self._read_ended(scene, step, station, errand)
            case _:
                self._delete_ended(scene, step, station, errand)

    def came_back(self, scene: Scene, step: StationStep, *, is_ours: bool) -> None:
        """It has the new root, and is on line over the new chain; ``is_ours`` when this system did the TLS."""
        station = self._store.station(step.station_key)
        if not is_ours:
            reason = "It does not connect with the TLS of this system, so that the old root stays on it."
            self._move(step, Step.LEFT, reason=reason)
        elif not scene.plan.deletes_old:
            self._move(step, Step.LEFT, reason="It connected over the new chain; the old root stays, as was said.")
        elif not self._has_old(scene, station):
            self._move(step, Step.DONE)
        elif self._roots.has_additional_check(station):
            errand = self._roots.read(station, (_USE,), self._order(scene))
            self._move(step, Step.DELETING, reason=_BY_ITSELF, errand=errand.number, attempts=step.attempts)
        elif not self._can_lose(scene, station):
            self._stays(step)
        else:
            order = replace(self._order(scene), delivery=Delivery.NOW, expires_at=None)
            errand = self._roots.delete(station, _USE, order, fingerprint=scene.plan.old_root.fingerprint)
            self._move(step, Step.DELETING, errand=errand.number, attempts=step.attempts)

    def looked_at_again(self, scene: Scene, step: StationStep) -> None:
        """A deletion waits for its turn: it is taken back if the station needs the old root by now."""
        if scene.is_switched and self._can_lose(scene, self._store.station(step.station_key)):
            return
        try:
            self._errands.cancel(step.errand or ErrandNumber(0))
        except DomainError:
            return  # it was sent just now
        self._stays(step)

    def fail(self, step: StationStep, reason: str) -> None:
        """A person has to see to it."""
        self._move(step, Step.FAILED, reason=reason)

    def leave(self, step: StationStep, reason: str) -> None:
        """Nothing more is done with it, and what waits for it is taken back."""
        if step.step in (Step.INSTALLING, Step.READING, Step.DELETING):
            with suppress(DomainError):  # if it was sent, its answer is taken in all the same
                self._errands.cancel(step.errand or ErrandNumber(0))
        self._move(step, Step.LEFT, reason=reason)

    def retry(self, step: StationStep) -> None:
        """It begins again."""
        self._move(replace(step, tried=frozenset(), sent=None), Step.PENDING)

    # Inside

    def _install_ended(self, scene: Scene, step: StationStep, station: Station, errand: Errand) -> None:
        if errand.state is ErrandState.ANSWERED or errand.is_outcome_unknown:
            self._read(scene, step, station)
            return
        if errand.state is ErrandState.REFUSED:
            tried = replace(step, tried=step.tried | {step.sent or ""})
            if any(form.fingerprint not in tried.tried for form in scene.forms):
                reason = f"{errand.reason} It is tried in another form, signed by another root."
                self._again(tried, Step.PENDING, reason, attempts=0, at_once=True)
                return
            self.fail(tried, f"{errand.reason} See the errand {errand.number}.")
            return
        self._try_again(step, Step.PENDING, errand)

    def _read_ended(self, scene: Scene, step: StationStep, station: Station, errand: Errand) -> None:
        if errand.state is ErrandState.ANSWERED:
            if self._has_new(scene, station):
                self._move(step, Step.READY)
            elif step.attempts + 1 < MAX_TRIES:
                reason = "It does not report the new root, and is given it again."
                is_first = not step.attempts
                self._again(step, Step.PENDING, reason, attempts=step.attempts + 1, at_once=is_first)
            else:
                self.fail(step, "It takes the new root, and does not report it: see what it has with its maker.")
            return
        if errand.code in _UNSUPPORTED and self._has_new(scene, station):
            reason = "It took the new root, and cannot tell which roots it has."
            self._move(step, Step.READY, reason=reason)
            return
        self._try_again(step, Step.PENDING, errand)

    def _delete_ended(self, scene: Scene, step: StationStep, station: Station, errand: Errand) -> None:
        if not self._has_old(scene, station):
            self._move(step, Step.DONE)
        elif errand.operation == READ:
            self._move(step, Step.DONE, reason=_BY_ITSELF)
        elif errand.state is ErrandState.REFUSED:
            in_use = "a root in use is not removed (M04.FR.06)"
            self.fail(step, f"{errand.reason} It has the old root still; {in_use}. See the errand {errand.number}.")
        else:
            self._try_again(step, Step.READY, errand)

    def _can_lose(self, scene: Scene, station: Station) -> bool:
        """Whether it can check without the old root everything that it can check with it, and that is something."""
        old = scene.plan.old_root
        known = self._roots.roots_of(station, _USE)
        left = {one.certificate for one in known if one.certificate is not None and not one.is_going} - {old}
        kept = scene.presented.checked_by(left)
        return bool(kept) and kept >= scene.presented.checked_by(left | {old})

    def _stays(self, step: StationStep) -> None:
        reason = "What the listeners present leads to no other root of the station, so that the old one stays now."
        self._again(step, Step.READY, reason, attempts=step.attempts, after=_AGAIN_AFTER_GUARD)

    def _read(self, scene: Scene, step: StationStep, station: Station) -> None:
        errand = self._roots.read(station, (_USE,), self._order(scene))
        self._move(step, Step.READING, errand=errand.number, attempts=step.attempts)

    def _has_new(self, scene: Scene, station: Station) -> bool:
        return any(one.certificate in scene.forms for one in self._roots.roots_of(station, _USE))

    def _has_old(self, scene: Scene, station: Station) -> bool:
        return any(one.certificate == scene.plan.old_root for one in self._roots.roots_of(station, _USE))

    def _order(self, scene: Scene) -> Order:
        return Order(
            asked_by=scene.plan.asked_by,
            delivery=Delivery.WHEN_ONLINE,
            expires_at=self._clock.now() + ERRAND_LIFE,
        )

    def _try_again(self, step: StationStep, back: Step, errand: Errand) -> None:
        if step.attempts + 1 >= MAX_TRIES:
            self.fail(step, f"{errand.reason or 'It came to nothing.'} See the errand {errand.number}.")
            return
        self._again(step, back, errand.reason or "", attempts=step.attempts + 1)

    def _again(
        self,
        step: StationStep,
        back: Step,
        reason: str,
        *,
        attempts: int,
        at_once: bool = False,
        after: timedelta = RETRY_AFTER,
    ) -> None:
        back = {Step.INSTALLING: Step.PENDING, Step.READING: Step.PENDING, Step.DELETING: Step.READY}.get(back, back)
        again_at = None if at_once else self._clock.now() + after
        self._move(replace(step, attempts=attempts), back, reason=reason, attempts=attempts, again_at=again_at)

    def _move(
        self,
        step: StationStep,
        to: Step,
        *,
        reason: str | None = None,
        errand: ErrandNumber | None = None,
        attempts: int = 0,
        again_at: datetime | None = None,
    ) -> None:
        self._store.put_step(
            replace(
                step,
                step=to,
                reason=reason,
                errand=errand if errand is not None else step.errand,
                attempts=attempts,
                again_at=again_at,
                changed_at=self._clock.now(),
            )
        )
