"""What an operator is told of a plan that does not go on by itself."""

from __future__ import annotations

from typing import Final

from forecourt.clock import Clock
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.paging import PageRequest
from forecourt.domain.rollovers.model import (
    NEAR_ITS_END,
    STRAGGLES_AFTER,
    Progress,
    Rollover,
    RolloverNumber,
    Step,
    StepFilter,
)
from forecourt.domain.rollovers.store import RolloverStore
from forecourt.pki.wording import quoted

_NAMED: Final = 5
"""How many stations an alarm names."""
_BEFORE: Final = frozenset({Step.PENDING, Step.INSTALLING, Step.READING, Step.FAILED})


class RolloverAlarms:
    """The alarms of all plans."""

    def __init__(self, store: RolloverStore, clock: Clock, alarms: Alarms) -> None:
        self._store = store
        self._clock = clock
        self._alarms = alarms

    def end(self, plan: Rollover) -> None:
        self._alarms.end(Topic.ROOT_ROLLOVER, str(plan.number))

    def tell(self, progress: Progress, *, locks_out: bool = False, fault: str | None = None) -> None:
        """Raise the alarm of a plan, or end it. ``locks_out`` when the listeners present what stations with the old
        root alone cannot check; ``fault`` is what keeps the plan from going on."""
        plan, now, subject = progress.rollover, self._clock.now(), str(progress.rollover.number)
        missing = progress.missing
        name = f"The replacement of {quoted(plan.old_root.subject)} (plan {plan.number})"
        if locks_out and missing:
            sentence = (
                f"{name}: the listeners present what leads to the new root, and {missing} stations do not have it"
            )
            self._alarms.raise_(
                Topic.ROOT_ROLLOVER, subject, Level.CRITICAL, f"{sentence}: {self._names(plan, _BEFORE)}."
            )
        elif (
            plan.state.is_open
            and not plan.state.is_after_switch
            and missing
            and plan.old_root.not_after - now < NEAR_ITS_END
        ):
            ends = f"the old root expires on {plan.old_root.not_after:%Y-%m-%d}"
            sentence = f"{name} is not finished: {missing} stations do not have the new root, and {ends}."
            self._alarms.raise_(Topic.ROOT_ROLLOVER, subject, Level.CRITICAL, sentence)
        elif fault is not None:
            self._alarms.raise_(Topic.ROOT_ROLLOVER, subject, Level.WARNING, f"{name} does not go on: {fault}")
        elif progress.counts[Step.FAILED]:
            sentence = f"{name} needs a person for {self._names(plan, frozenset({Step.FAILED}))}."
            self._alarms.raise_(Topic.ROOT_ROLLOVER, subject, Level.WARNING, sentence)
        elif plan.state.is_open and now - plan.changed_at >= STRAGGLES_AFTER:
            late = frozenset(
                step for step in Step if not step.is_final and not (plan.state.is_before_switch and step.is_ready)
            )
            names = self._names(plan, late)
            state = f"{plan.state.value}{' and paused' if plan.is_paused else ''}"
            sentence = f"{name} has been {state} for a week. {plan.reason or ''} It waits for {names}."
            self._alarms.raise_(Topic.ROOT_ROLLOVER, subject, Level.WARNING, " ".join(sentence.split()))
        else:
            self._alarms.end(Topic.ROOT_ROLLOVER, subject)

    def broken(self, number: RolloverNumber, fault: str) -> None:
        """The plan cannot even be looked at."""
        sentence = f"The replacement of a root (plan {number}) does not go on: {fault}"
        self._alarms.raise_(Topic.ROOT_ROLLOVER, str(number), Level.WARNING, sentence)

    def _names(self, plan: Rollover, steps: frozenset[Step]) -> str:
        page = self._store.steps(StepFilter(rollover=plan.number, steps=steps), PageRequest(_NAMED))
        names = ", ".join(repr(one.station) for one in page.items) or "an operator"
        return f"{names} and others" if page.next_after is not None else names
