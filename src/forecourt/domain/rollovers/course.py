"""How plans go on while time passes, one at a time, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errors import DomainError, Kind, Sentence, paragraph
from forecourt.domain.events.service import Events
from forecourt.domain.rollovers.alarms import RolloverAlarms
from forecourt.domain.rollovers.model import (
    FRESH_FOR,
    LOOKED_AT_EVERY,
    SETTLED_AFTER,
    STATIONS_AT_ONCE,
    Progress,
    Rollover,
    RolloverState,
    StationStep,
    Step,
    moved,
    note_of,
)
from forecourt.domain.rollovers.steps import Case, StationSteps
from forecourt.domain.rollovers.store import RolloverStore
from forecourt.domain.rollovers.switchboard import Scene, Switchboard
from forecourt.domain.rollovers.telling import tell_end
from forecourt.domain.security_log.service import SecurityLog
from forecourt.pki.errors import PkiError

_SOON: Final = timedelta(seconds=1)
_WHILE_UNDER_WAY: Final = timedelta(seconds=3)
_WHEN_BROKEN: Final = timedelta(minutes=1)


class RolloverCourse:
    """Moves plans on."""

    def __init__(
        self,
        store: RolloverStore,
        clock: Clock,
        *,
        switchboard: Switchboard,
        steps: StationSteps,
        alarms: RolloverAlarms,
        log: SecurityLog,
        events: Events,
    ) -> None:
        self._store = store
        self._clock = clock
        self._switchboard = switchboard
        self._steps = steps
        self._alarms = alarms
        self._log = log
        self._events = events

    def is_due(self) -> bool:
        return self._store.next_due(self._clock.now()) is not None or self._store.cancelled_under_way() is not None

    def settle(self) -> None:
        """Move the plan on that has waited for longest."""
        cancelled = self._store.cancelled_under_way()
        if cancelled is not None and self._store.lock(cancelled) is not None:
            steps = self._store.under_way(cancelled, STATIONS_AT_ONCE)
            said = "The plan was cancelled while it was"
            self._store.put_steps([self._steps.left(step, f"{said} {step.step.value}.") for step in steps])
        now = self._clock.now()
        number = self._store.next_due(now)
        if number is None:
            return
        try:
            plan = self._store.lock(number)
            if plan is not None and plan.state.is_open and plan.look_at <= now:  # nobody else was here meanwhile
                self._go_on(plan, now)
        except (DomainError, PkiError) as error:
            fault = _sentence(error)
            self._store.put_off(number, fault, now + _WHEN_BROKEN)
            self._alarms.broken(number, fault)

    def _go_on(self, plan: Rollover, now: datetime) -> None:
        scene = self._switchboard.scene(plan)
        if plan.state.is_after_switch:
            scene = replace(scene, plan=self._since(scene, now))
        self._each(self._store.deletions(plan.number, STATIONS_AT_ONCE), scene, self._steps.looked_at_again)
        if plan.is_paused or plan.state is RolloverState.PREPARING:
            self._store.put(replace(scene.plan, look_at=now + LOOKED_AT_EVERY))
            self._alarms.tell(self._switchboard.progress(scene), locks_out=scene.locks_out)
            return
        fault = self._switchboard.fault(plan) if plan.state.is_before_switch else None
        is_more = self._move_stations(scene, now)
        progress = self._switchboard.progress(scene)
        after = self._advanced(scene, progress, fault)
        under_way = sum(progress.counts[step] for step in (Step.INSTALLING, Step.READING, Step.DELETING))
        look_at = now + (_WHILE_UNDER_WAY if under_way else LOOKED_AT_EVERY)
        if is_more or after.state is not plan.state:
            look_at = now + _SOON
        elif after.state is RolloverState.SWITCHED and after.switched_at is not None:
            look_at = min(look_at, after.switched_at + SETTLED_AFTER)
        self._store.put(replace(after, look_at=look_at))
        if after.state.is_open:
            self._alarms.tell(replace(progress, rollover=after), locks_out=scene.locks_out, fault=fault)
        else:
            self._alarms.end(after)

    def _move_stations(self, scene: Scene, now: datetime) -> bool:
        """What is to be done with stations, up to a limit; True when there may be more."""
        plan, room = scene.plan, STATIONS_AT_ONCE
        ended = self._store.errands_ended(plan.number, room)
        hows = {step.station_key: how for step, how in ended}
        room -= self._each(
            [step for step, _ in ended],
            scene,
            lambda scene, case: self._steps.ended(scene, case, hows[case.step.station_key]),
        )
        again = self._store.fall_back(plan.number, scene.fingerprints, now)
        if plan.state.is_before_switch and not scene.is_switched:
            stale = self._store.stale(plan.number, now - FRESH_FOR, room)
            room -= self._each(stale, scene, self._steps.ask_again)
        room -= self._each(self._store.pending(plan.number, now, room), scene, self._steps.begin)
        if plan.state is RolloverState.CLEANING and plan.switched_at is not None:
            found = self._store.came_back(plan.number, plan.switched_at + SETTLED_AFTER, now, room)
            ours = {step.station_key: is_ours for step, is_ours in found}
            room -= self._each(
                [step for step, _ in found],
                scene,
                lambda scene, case: self._steps.came_back(scene, case, is_ours=ours[case.step.station_key]),
                to_change=True,
            )
        return room < STATIONS_AT_ONCE or again > 0

    def _each(
        self,
        steps: Sequence[StationStep],
        scene: Scene,
        move: Callable[[Scene, Case], StationStep],
        *,
        to_change: bool = False,
    ) -> int:
        """Everything is read for all of them at once, and written at once."""
        moved_on = []
        for case in self._steps.cases(scene, steps, to_change=to_change):
            try:
                after = move(scene, case)
            except (DomainError, PkiError) as error:
                after = self._steps.failed(case.step, _sentence(error))
            if after != case.step:
                moved_on.append(after)
        self._store.put_steps(moved_on)
        return len(steps)

    def _since(self, scene: Scene, now: datetime) -> Rollover:
        """The plan with the moment since which nothing but the new chain is presented. Any change of what is presented
        begins it anew, since nobody knows what a station saw in between."""
        plan = scene.plan
        if not scene.is_switched:
            reason = "The listeners do not present the new chain, or present the former one too: nothing is deleted."
            return replace(moved(plan, RolloverState.SWITCHED, now, reason=reason), switched_at=None)
        since = max(filter(None, [plan.switched_at or now, self._switchboard.changed_at()]))
        if since == plan.switched_at:
            return plan
        return replace(moved(plan, RolloverState.SWITCHED, now), switched_at=since)

    def _advanced(self, scene: Scene, progress: Progress, fault: str | None) -> Rollover:
        """The plan in the state that follows, if its time has come."""
        plan, now = scene.plan, self._clock.now()
        if plan.state.is_before_switch:
            return self._before_switch(scene, progress, fault)
        if plan.state is RolloverState.SWITCHED:
            if plan.switched_at is None or now < plan.switched_at + SETTLED_AFTER:
                return plan
            return moved(plan, RolloverState.CLEANING, now)
        if all(step.is_final for step, count in progress.counts.items() if count):
            self._log.note(note_of(plan, "is done", None))
            done = moved(plan, RolloverState.DONE, now, ended=True)
            tell_end(self._events, done)
            return done
        return replace(plan, reason=_waits_for(progress))

    def _before_switch(self, scene: Scene, progress: Progress, fault: str | None) -> Rollover:
        plan, now = scene.plan, self._clock.now()
        if scene.is_switched:
            said = "goes on, because the listeners present what leads to the new root, and nothing of the old one"
            self._log.note(note_of(plan, said, None))
            return replace(moved(plan, RolloverState.SWITCHED, now), switched_at=now)
        if not progress.total:
            reason = "No station of the plan is registered any more: cancel it."
            return moved(plan, RolloverState.INSTALLING, now, reason=reason)
        if not _is_enough(progress):
            return moved(plan, RolloverState.INSTALLING, now, reason=fault or _waits_for(progress))
        if fault is not None:
            return moved(plan, RolloverState.READY, now, reason=fault)
        if plan.switch_percent is None:
            reason = "It waits for the switch: say so, or give the listeners what leads to the new root."
            return moved(plan, RolloverState.READY, now, reason=reason)
        return self._switched_by_itself(scene, progress)

    def _switched_by_itself(self, scene: Scene, progress: Progress) -> Rollover:
        """Stations that the operator's percentage leaves out are accepted; others that nobody has spoken of are not."""
        ready = moved(scene.plan, RolloverState.READY, self._clock.now())
        others = list(self._switchboard.others(scene))
        if others:
            return replace(ready, reason=str(paragraph(others)))
        missing = progress.missing
        accepted = [Sentence("{} stations do not have it yet.", missing)] if missing else []
        return self._switchboard.switch(replace(scene, plan=ready), ready.asked_by, accepted)


def _sentence(error: DomainError | PkiError) -> str:
    if isinstance(error, DomainError):
        if error.kind is Kind.UNAVAILABLE:
            raise error
        return error.sentence
    return str(error)


def _is_enough(progress: Progress) -> bool:
    if not progress.missing:
        return progress.ready > 0
    percent = progress.rollover.switch_percent
    return percent is not None and progress.ready * 100 >= percent * progress.total


def _waits_for(progress: Progress) -> str:
    words = {
        Step.PENDING: "to be begun with",
        Step.INSTALLING: "being given the new root",
        Step.READING: "being asked for what they have",
        Step.READY: "to come back over the new chain",
        Step.DELETING: "losing the old root",
        Step.FAILED: "failed",
    }
    is_before = progress.rollover.state.is_before_switch
    parts = [
        f"{count} {words[step]}"
        for step, count in progress.counts.items()
        if count and step in words and not (is_before and step is Step.READY)
    ]
    return f"Stations: {', '.join(parts)}." if parts else ""
