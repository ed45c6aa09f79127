"""One station of a plan: what comes next for it, and what the end of its errand means.

Nothing is kept in memory. What a station has is what it reported or took (`Roots`), and how its errand ended is in the
errand, so that a plan goes on after a restart, and whoever looks at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errands.model import Delivery, ErrandNumber, ErrandState, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.model import Station
from forecourt.domain.rollovers.model import ERRAND_LIFE, MAX_TRIES, RETRY_AFTER, Ended, StationStep, Step
from forecourt.domain.rollovers.store import RolloverStore
from forecourt.domain.rollovers.switchboard import Scene
from forecourt.domain.roots.model import Learned
from forecourt.domain.roots.service import READ, Roots
from forecourt.domain.roots.survey import Survey
from forecourt.domain.trust.held import Use
from forecourt.pki.certificate import Certificate

_USE: Final = Use.CENTRAL_SYSTEM_ROOT
_UNSUPPORTED: Final = frozenset({"NotImplemented", "NotSupported"})
_BY_ITSELF: Final = "It gives the old root up by itself (M05.FR.12)."
_AGAIN_AFTER_GUARD: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Case:
    """A station of a plan, with what is known of it at this moment."""

    step: StationStep
    station: Station
    survey: Survey

    def has(self, root: Certificate) -> bool:
        """Be it that its hashes alone tell so, because the certificate is in no store any more."""
        return self.survey.entry(self.station, _USE, root) is not None

    def has_one_of(self, roots: Sequence[Certificate]) -> bool:
        return not set(roots).isdisjoint(self.survey.known(self.station, _USE).certificates)

    def has_reported_one_of(self, roots: Sequence[Certificate]) -> bool:
        known = self.survey.known(self.station, _USE).roots
        return any(one.learned is Learned.REPORTED and one.certificate in roots for one in known)


class StationSteps:
    """Moves the stations of plans on. What follows for a station is returned, and the caller keeps it."""

    def __init__(self, store: RolloverStore, clock: Clock, *, roots: Roots, errands: Errands) -> None:
        self._store = store
        self._clock = clock
        self._roots = roots
        self._errands = errands

    def cases(self, scene: Scene, steps: Sequence[StationStep], *, to_change: bool = False) -> list[Case]:
        """What is known of these stations; nobody else writes about their roots, if that is ``to_change`` something."""
        if not steps:
            return []
        stations = self._store.stations([step.station_key for step in steps])
        survey = self._roots.survey(list(stations.values()), to_change=to_change, presented=scene.presented)
        return [Case(step, stations[step.station_key], survey) for step in steps]

    def begin(self, scene: Scene, case: Case) -> StationStep:
        """Give it the new root, unless it has reported that it has it."""
        step = case.step
        if case.has_one_of(scene.forms):
            return self._read(scene, case)
        forms = [form for form in scene.forms if form.fingerprint not in step.tried] or scene.forms
        errand, sent = self._roots.give(case.station, _USE, forms, self._order(scene), survey=case.survey)
        given = replace(step, sent=sent.fingerprint)
        return self._moved(given, Step.INSTALLING, errand=errand.number, attempts=step.attempts)

    def ask_again(self, scene: Scene, case: Case) -> StationStep:
        """It was ready, and that is to be known for certain before the switch."""
        return self._read(scene, case)

    def ended(self, scene: Scene, case: Case, errand: Ended) -> StationStep:
        """Its errand has ended."""
        step = case.step
        if step.step is Step.DELETING and not errand.was_sent and errand.state is not ErrandState.CANCELLED:
            return self._again(step, Step.READY, "It went off line.", attempts=step.attempts, at_once=True)
        if errand.state is ErrandState.EXPIRED:
            return self._again(
                step, step.step, "It was off line for a month, and is asked again.", attempts=step.attempts
            )
        if errand.state is ErrandState.CANCELLED:
            return self.failed(step, f"The errand {errand.number} was cancelled.")
        match step.step:
            case Step.INSTALLING:
                return self._install_ended(scene, case, errand)
            case Step.READING:
                return self._read_ended(scene, case, errand)
            case _:
                return self._delete_ended(scene, case, errand)

    def came_back(self, scene: Scene, case: Case, *, is_ours: bool) -> StationStep:
        """It has the new root, and is on line over the new chain; ``is_ours`` when this system did the TLS."""
        step, station = case.step, case.station
        if not is_ours:
            reason = "It does not connect with the TLS of this system, so that the old root stays on it."
            return self._moved(step, Step.LEFT, reason=reason)
        if not scene.plan.deletes_old:
            reason = "It connected over the new chain; the old root stays, as was said."
            return self._moved(step, Step.LEFT, reason=reason)
        old = case.survey.entry(station, _USE, scene.plan.old_root)
        if old is None:
            return self._moved(step, Step.DONE)
        if case.survey.of(station).checks:
            errand = self._roots.read(station, (_USE,), self._order(scene))
            return self._moved(step, Step.DELETING, reason=_BY_ITSELF, errand=errand.number, attempts=step.attempts)
        if not self._can_lose(scene, case):
            return self._stays(step)
        order = replace(self._order(scene), delivery=Delivery.NOW, expires_at=None)
        errand = self._roots.delete(station, _USE, order, number=old.number, survey=case.survey)
        return self._moved(step, Step.DELETING, errand=errand.number, attempts=step.attempts)

    def looked_at_again(self, scene: Scene, case: Case) -> StationStep:
        """A deletion waits for its turn: it is taken back if the station needs the old root by now."""
        if scene.is_switched and self._can_lose(scene, case):
            return case.step
        try:
            self._errands.cancel(case.step.errand or ErrandNumber(0))
        except DomainError:
            return case.step  # it was sent just now
        return self._stays(case.step)

    def failed(self, step: StationStep, reason: str) -> StationStep:
        """A person has to see to it."""
        return self._moved(step, Step.FAILED, reason=reason)

    def left(self, step: StationStep, reason: str) -> StationStep:
        """Nothing more is done with it, and what waits for it is taken back."""
        self.take_back(step)
        return self._moved(step, Step.LEFT, reason=reason)

    def take_back(self, step: StationStep) -> None:
        """What waits for the station is not sent any more. If it was sent, its answer is taken in all the same."""
        if step.step in (Step.INSTALLING, Step.READING, Step.DELETING):
            with suppress(DomainError):
                self._errands.cancel(step.errand or ErrandNumber(0))

    def begun_again(self, step: StationStep) -> StationStep:
        return self._moved(replace(step, tried=frozenset(), sent=None), Step.PENDING)

    # Inside

    def _install_ended(self, scene: Scene, case: Case, errand: Ended) -> StationStep:
        step = case.step
        if errand.state is ErrandState.ANSWERED or errand.is_outcome_unknown:
            return self._read(scene, case)
        if errand.state is ErrandState.REFUSED and case.has_one_of(scene.forms):
            return self._read(scene, case)  # an earlier answer came late, and it does not take a root twice
        if errand.state is ErrandState.REFUSED:
            tried = replace(step, tried=step.tried | {step.sent or ""})
            if any(form.fingerprint not in tried.tried for form in scene.forms):
                reason = f"{errand.reason} It is tried in another form, signed by another root."
                return self._again(tried, Step.PENDING, reason, attempts=0, at_once=True)
            return self.failed(tried, f"{errand.reason} See the errand {errand.number}.")
        return self._tried_again(step, Step.PENDING, errand)

    def _read_ended(self, scene: Scene, case: Case, errand: Ended) -> StationStep:
        step, has_new = case.step, case.has_one_of(scene.forms)
        if errand.state is ErrandState.ANSWERED:
            if case.has_reported_one_of(scene.forms):
                return self._moved(step, Step.READY)
            if step.attempts + 1 >= MAX_TRIES:
                reason = "It takes the new root, and does not report it: see what it has with its maker."
                return self.failed(step, reason)
            again = replace(step, attempts=step.attempts + 1)
            if has_new:  # its list was older than what it took, and said nothing
                return self._read(scene, replace(case, step=again))
            reason, is_first = "It does not report the new root, and is given it again.", not step.attempts
            return self._again(again, Step.PENDING, reason, attempts=again.attempts, at_once=is_first)
        if errand.code in _UNSUPPORTED and has_new:
            reason = "It took the new root, and cannot tell which roots it has."
            return self._moved(step, Step.READY, reason=reason)
        return self._tried_again(step, Step.PENDING, errand)

    def _delete_ended(self, scene: Scene, case: Case, errand: Ended) -> StationStep:
        step = case.step
        if not case.has(scene.plan.old_root):
            return self._moved(step, Step.DONE)
        if errand.operation == READ:
            return self._moved(step, Step.DONE, reason=_BY_ITSELF)
        if errand.state is ErrandState.REFUSED:
            in_use = "a root in use is not removed (M04.FR.06)"
            return self.failed(
                step, f"{errand.reason} It has the old root still; {in_use}. See the errand {errand.number}."
            )
        return self._tried_again(step, Step.READY, errand)

    def _can_lose(self, scene: Scene, case: Case) -> bool:
        """Whether it can check without the old root everything that it can check with it, and that is something."""
        old = scene.plan.old_root
        roots = case.survey.known(case.station, _USE).roots
        left = {one.certificate for one in roots if one.certificate is not None and not one.is_going} - {old}
        kept = scene.presented.checked_by(left)
        return bool(kept) and kept >= scene.presented.checked_by(left | {old})

    def _stays(self, step: StationStep) -> StationStep:
        reason = "What the listeners present leads to no other root of the station, so that the old one stays now."
        return self._again(step, Step.READY, reason, attempts=step.attempts, after=_AGAIN_AFTER_GUARD)

    def _read(self, scene: Scene, case: Case) -> StationStep:
        errand = self._roots.read(case.station, (_USE,), self._order(scene))
        return self._moved(case.step, Step.READING, errand=errand.number, attempts=case.step.attempts)

    def _order(self, scene: Scene) -> Order:
        return Order(
            asked_by=scene.plan.asked_by,
            delivery=Delivery.WHEN_ONLINE,
            expires_at=self._clock.now() + ERRAND_LIFE,
        )

    def _tried_again(self, step: StationStep, back: Step, errand: Ended) -> StationStep:
        if step.attempts + 1 >= MAX_TRIES:
            return self.failed(step, f"{errand.reason or 'It came to nothing.'} See the errand {errand.number}.")
        return self._again(step, back, errand.reason or "", attempts=step.attempts + 1)

    def _again(
        self,
        step: StationStep,
        back: Step,
        reason: str,
        *,
        attempts: int,
        at_once: bool = False,
        after: timedelta = RETRY_AFTER,
    ) -> StationStep:
        back = {Step.INSTALLING: Step.PENDING, Step.READING: Step.PENDING, Step.DELETING: Step.READY}.get(back, back)
        again_at = None if at_once else self._clock.now() + after
        return self._moved(replace(step, attempts=attempts), back, reason=reason, attempts=attempts, again_at=again_at)

    def _moved(
        self,
        step: StationStep,
        to: Step,
        *,
        reason: str | None = None,
        errand: ErrandNumber | None = None,
        attempts: int = 0,
        again_at: datetime | None = None,
    ) -> StationStep:
        return replace(
            step,
            step=to,
            reason=reason,
            errand=errand if errand is not None else step.errand,
            attempts=attempts,
            again_at=again_at,
            changed_at=self._clock.now(),
        )
