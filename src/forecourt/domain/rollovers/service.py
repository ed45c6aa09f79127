"""Everything that can happen to the replacement of a root at many stations (security whitepaper M05; M04).

The order is what keeps stations connected: first the new root is at the stations, by their own report; then the
listeners present what leads to it; and only a station that has connected over that loses the old root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forecourt.clock import Clock
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import DomainError, conflict, invalid, not_found, paragraph
from forecourt.domain.events.service import Events
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.rollovers.alarms import RolloverAlarms
from forecourt.domain.rollovers.course import RolloverCourse
from forecourt.domain.rollovers.model import (
    MAX_NAMES,
    Progress,
    Rollover,
    RolloverFilter,
    RolloverNumber,
    RolloverState,
    StationStep,
    Step,
    StepFilter,
    Wanted,
    moved,
    note_of,
)
from forecourt.domain.rollovers.steps import StationSteps
from forecourt.domain.rollovers.store import RolloverStore
from forecourt.domain.rollovers.switchboard import Switchboard
from forecourt.domain.rollovers.telling import tell_end
from forecourt.domain.roots.checks import check_is_root
from forecourt.domain.roots.service import Roots
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.trust.service import Trust
from forecourt.pki.certificate import Certificate
from forecourt.pki.wording import quoted


class Rollovers:
    """Plans, from the first station to the last."""

    def __init__(
        self,
        store: RolloverStore,
        clock: Clock,
        *,
        roots: Roots,
        trust: Trust,
        errands: Errands,
        alarms: Alarms,
        log: SecurityLog,
        events: Events,
    ) -> None:
        self._store = store
        self._clock = clock
        self._roots = roots
        self._trust = trust
        self._log = log
        self._events = events
        self._alarms = RolloverAlarms(store, clock, alarms)
        self._switchboard = Switchboard(store, clock, roots=roots, trust=trust, log=log)
        self._steps = StationSteps(store, clock, roots=roots, errands=errands)
        self._course = RolloverCourse(
            store,
            clock,
            switchboard=self._switchboard,
            steps=self._steps,
            alarms=self._alarms,
            log=log,
            events=events,
        )

    # What operators do

    def plan(self, wanted: Wanted, asked_by: str) -> Rollover:
        """Write a plan down, still without stations; :meth:`add_stations` and :meth:`begin` follow. Raises DomainError
        INVALID, NOT_FOUND, or CONFLICT for a root that is replaced already."""
        self._store.hold()
        old, new = self._root(wanted.old_root, "oldRoot"), self._root(wanted.new_root, "newRoot")
        now = self._clock.now()
        if old == new:
            raise invalid("The old root and the new one are the same certificate.", field="newRoot")
        if new.has_ended(now) or now < new.not_before:
            raise conflict(
                "The new root is valid from {:%Y-%m-%d %H:%M} to {:%Y-%m-%d %H:%M} UTC, and not now.",
                new.not_before,
                new.not_after,
                field="newRoot",
            )
        if wanted.switch_percent is not None and not 1 <= wanted.switch_percent <= 100:
            raise invalid("Between 1 and 100 per cent of the stations can be enough.", field="switchPercent")
        if len(wanted.server_certificates) > MAX_NAMES:
            raise invalid("At most {} server certificates can be named.", MAX_NAMES, field="serverCertificates")
        if wanted.switch_percent is not None and not wanted.server_certificates:
            raise invalid(
                "To switch by itself, a plan must be told which server certificates are to be presented then.",
                field="serverCertificates",
            )
        for other in self._store.open():
            if {old, new} & {other.old_root, other.new_root}:
                raise conflict(
                    "The plan {} is about one of these roots already: wait for its end, or cancel it.",
                    other.number,
                    field="oldRoot",
                )
        rollover = Rollover(
            number=RolloverNumber(0),
            state=RolloverState.PREPARING,
            is_paused=False,
            old_root=old,
            new_root=new,
            server_certificates=tuple(dict.fromkeys(wanted.server_certificates)),
            switch_percent=wanted.switch_percent,
            deletes_old=wanted.deletes_old,
            reason=None,
            asked_by=asked_by,
            asked_at=now,
            changed_at=now,
            look_at=now,
        )
        self._switchboard.chains(rollover)
        number = self._store.add(rollover)
        rollover = replace(rollover, number=number)
        said = f"{quoted(old.subject)} is to be replaced by {quoted(new.subject)} at stations"
        self._note(rollover, said, asked_by)
        return rollover

    def add_stations(self, number: RolloverNumber, identities: Sequence[str]) -> int:
        """Take stations into a plan that has not begun; how many were new. Raises DomainError."""
        plan = self._held(number)
        if plan.state is not RolloverState.PREPARING:
            raise conflict("The plan {} has begun; make another one for more stations.", number)
        return self._store.add_stations(number, identities, self._clock.now())

    def begin(self, number: RolloverNumber) -> Progress:
        """All stations are written down. Raises DomainError."""
        plan = self._held(number)
        if plan.state is not RolloverState.PREPARING:
            raise conflict("The plan {} has begun already.", number)
        if not any(self._store.counts(number).values()):
            raise conflict("The plan {} has no stations; name at least one.", number)
        self._store.put(moved(plan, RolloverState.INSTALLING, self._clock.now()))
        return self.get(number)

    def switch(self, number: RolloverNumber, asked_by: str, *, despite: bool = False) -> Progress:
        """Have the listeners present what leads to the new root, and nothing else. Raises DomainError CONFLICT while
        stations could not check it, unless that is accepted."""
        plan = self._held(number)
        if not plan.state.is_before_switch:
            raise conflict("The plan {} is {}; there is nothing to switch.", number, plan.state.value)
        if not plan.server_certificates:
            raise conflict(
                "The plan {} names no server certificates. Give the listeners new ones and disable the former ones: "
                "the plan goes on when nothing else is presented.",
                number,
            )
        if plan.is_paused:
            raise conflict("The plan {} is paused; continue it first.", number)
        scene = self._switchboard.scene(plan)
        blockers = list(self._switchboard.blockers(scene, self._switchboard.progress(scene)))
        if blockers and not despite:
            raise conflict(
                "{} They would be locked out. Say despite, if that is accepted.", paragraph(blockers), field="despite"
            )
        self._switchboard.switch(scene, asked_by, blockers)
        return self.get(number)

    def pause(self, number: RolloverNumber, asked_by: str) -> Progress:
        """Begin nothing more with stations, and do not switch. Raises DomainError."""
        plan = self._held_open(number)
        if not plan.is_paused:
            self._store.put(replace(plan, is_paused=True, look_at=self._clock.now()))
            self._note(plan, "was paused", asked_by)
        return self.get(number)

    def resume(self, number: RolloverNumber, asked_by: str) -> Progress:
        """Raises DomainError."""
        plan = self._held_open(number)
        if plan.is_paused:
            self._store.put(replace(plan, is_paused=False, look_at=self._clock.now()))
            self._note(plan, "goes on", asked_by)
        return self.get(number)

    def retry(self, number: RolloverNumber, asked_by: str) -> Progress:
        """Have the stations that failed begin again. Raises DomainError."""
        plan = self._held_open(number)
        count = self._store.retry(number, self._clock.now())
        if count:
            self._store.put(replace(plan, look_at=self._clock.now()))
            self._note(plan, f"begins again with {count} stations that had failed", asked_by)
        return self.get(number)

    def retry_station(self, number: RolloverNumber, identity: str, asked_by: str) -> StationStep:
        """Have one station begin again that failed or was left. Raises DomainError."""
        plan = self._held_open(number)
        step = self._step(number, identity)
        if step.step not in (Step.FAILED, Step.LEFT):
            raise conflict(
                "The station {!r} is {}; only what failed or was left begins again.", identity, step.step.value
            )
        self._store.put_steps([self._steps.begun_again(step)])
        self._store.put(replace(plan, look_at=self._clock.now()))
        self._note(plan, f"begins again with the station {identity!r}", asked_by)
        return self._step(number, identity)

    def leave(self, number: RolloverNumber, identity: str, asked_by: str) -> StationStep:
        """Wait for a station no longer: it keeps what it has, and does not hold the switch back. Raises DomainError."""
        plan = self._held_open(number)
        step = self._step(number, identity)
        if step.step.is_final:
            raise conflict("The station {!r} is {}; nothing waits for it.", identity, step.step.value)
        reason = f"{asked_by} left it as it was, while it was {step.step.value}."
        self._store.put_steps([self._steps.left(step, reason)])
        self._store.put(replace(plan, look_at=self._clock.now()))
        self._note(plan, f"leaves the station {identity!r} as it is", asked_by)
        return self._step(number, identity)

    def forget(self, station: Station) -> None:
        """Another device may stand there now: what waits for the one before it is taken back, and every open plan
        begins again. Whoever moves these plans on is waited for."""
        for step in self._store.hold_of(station.key):
            self._steps.take_back(step)
        self._store.begin_again(station.key, self._clock.now())

    def cancel(self, number: RolloverNumber, asked_by: str) -> Progress:
        """Stop for good. What stations have they keep, and what is presented stays. Raises DomainError."""
        plan = self._held_open(number)
        cancelled = moved(plan, RolloverState.CANCELLED, self._clock.now(), ended=True)
        self._store.put(cancelled)
        tell_end(self._events, cancelled)
        self._alarms.end(plan)
        self._note(plan, "was cancelled", asked_by)
        return self.get(number)

    # Questions

    def get(self, number: RolloverNumber) -> Progress:
        """Raises DomainError NOT_FOUND."""
        found = self._store.find(number)
        if found is None:
            raise _no(number)
        return self._switchboard.progress(self._switchboard.scene(found))

    def list(self, wanted: RolloverFilter, page: PageRequest) -> Page[Progress]:
        """Newest first."""
        found = self._store.list(wanted, page)
        scenes = (self._switchboard.scene(one) for one in found.items)
        return Page([self._switchboard.progress(one) for one in scenes], found.next_after)

    def stations(self, wanted: StepFilter, page: PageRequest) -> Page[StationStep]:
        """By station. Raises DomainError NOT_FOUND."""
        if self._store.find(wanted.rollover) is None:
            raise _no(wanted.rollover)
        return self._store.steps(wanted, page)

    # Time passes

    def is_due(self) -> bool:
        return self._course.is_due()

    def settle(self) -> None:
        self._course.settle()

    # Inside

    def _root(self, fingerprint: str, field: str) -> Certificate:
        try:
            certificate = self._trust.get(fingerprint).certificate
            check_is_root(certificate)
        except DomainError as error:
            raise DomainError(error.kind, error.said, field=field) from error
        return certificate

    def _held(self, number: RolloverNumber) -> Rollover:
        plan = self._store.lock(number)
        if plan is None:
            raise _no(number)
        return plan

    def _held_open(self, number: RolloverNumber) -> Rollover:
        plan = self._held(number)
        if not plan.state.is_open:
            raise conflict("The plan {} has ended: it is {}.", number, plan.state.value)
        return plan

    def _step(self, number: RolloverNumber, identity: str) -> StationStep:
        step = self._store.step(number, identity)
        if step is None:
            raise not_found("The station {!r} is not in the plan {}.", identity, number)
        return step

    def _note(self, plan: Rollover, what: str, asked_by: str) -> None:
        self._log.note(note_of(plan, what, asked_by))


def _no(number: RolloverNumber) -> DomainError:
    return not_found("There is no plan {} for the replacement of a root.", number)
