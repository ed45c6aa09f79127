"""The moment in which the listeners present what leads to a new root: who could not check it, and how it is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forecourt.clock import Clock
from forecourt.domain.errors import DomainError, Kind, Sentence, conflict, paragraph
from forecourt.domain.paging import PageRequest
from forecourt.domain.rollovers.model import Progress, Rollover, RolloverState, moved, note_of
from forecourt.domain.rollovers.store import RolloverStore
from forecourt.domain.roots.model import ROOT_USES
from forecourt.domain.roots.paths import Presented, leads
from forecourt.domain.roots.service import Roots
from forecourt.domain.security_log import model as log
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.trust.model import ServerChain
from forecourt.domain.trust.service import Trust
from forecourt.pki.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Scene:
    """A plan, and what holds for all of its stations at a moment."""

    plan: Rollover
    forms: Sequence[Certificate]
    """The new root, and other certificates of its name and key that are known now."""
    presented: Presented

    @property
    def former(self) -> frozenset[str]:
        """The names of what is presented and leads to the old root only."""
        return self.presented.checked_by([self.plan.old_root]) - self.presented.checked_by(self.forms)

    @property
    def is_switched(self) -> bool:
        """What leads to the new root is presented, and nothing of the old one. What leads to neither is not the
        concern of the plan."""
        return bool(self.presented.checked_by(self.forms)) and not self.former

    @property
    def locks_out(self) -> bool:
        """Who has the old root alone cannot check anything that is presented."""
        return self.is_switched and not self.presented.checked_by([self.plan.old_root])

    @property
    def fingerprints(self) -> Sequence[str]:
        return [one.fingerprint for one in self.forms]


class Switchboard:
    """What the listeners present, as far as plans are about it."""

    def __init__(self, store: RolloverStore, clock: Clock, *, roots: Roots, trust: Trust, log: SecurityLog) -> None:
        self._store = store
        self._clock = clock
        self._roots = roots
        self._trust = trust
        self._log = log

    def scene(self, plan: Rollover) -> Scene:
        forms = [one for one in self._roots.forms_of(plan.new_root) if one != plan.old_root]
        return Scene(plan, forms, self._roots.presented())

    def progress(self, scene: Scene) -> Progress:
        """How far a plan is, with what its switch would do besides."""
        plan = scene.plan
        ready, left = self._store.ready(plan.number, scene.fingerprints)
        warnings = () if not plan.state.is_before_switch else tuple(self._warnings(scene))
        return Progress(plan, self._store.counts(plan.number), ready, left, scene.forms[1:], warnings)

    def blockers(self, scene: Scene, progress: Progress) -> Iterator[Sentence]:
        """Who could not check what is to be presented. Raises DomainError for what cannot be presented."""
        if progress.missing and not self._old_is_enough(scene):
            yield Sentence(
                "{} of {} stations of the plan do not have the new root yet.", progress.missing, progress.total
            )
        yield from self.others(scene)

    def others(self, scene: Scene) -> Iterator[Sentence]:
        """The same of those of whom the plan does not speak."""
        chains = self._remaining(scene)
        if not self._old_is_enough(scene):
            remaining = Presented(chains, self._clock.now())
            known = dict.fromkeys([*scene.forms, *self._roots.at_stations(ROOT_USES[0])])
            good = [one.fingerprint for one in known if remaining.checked_by([one])]
            count = self._store.others_without(scene.plan.number, good)
            if count:
                yield Sentence(
                    "{} stations that use TLS are not in the plan, and are not known to have a root to which anything"
                    " leads that is presented then.",
                    count,
                )
        yield from self._kinds_lost(scene, chains)

    def fault(self, plan: Rollover) -> str | None:
        """Why what the plan names cannot be presented."""
        try:
            self.chains(plan)
        except DomainError as refusal:
            if refusal.kind is Kind.UNAVAILABLE:
                raise
            return refusal.sentence
        return None

    def switch(self, scene: Scene, asked_by: str, accepted: Sequence[Sentence]) -> Rollover:
        """Enable what the plan names, and disable what leads to the old root only. Raises DomainError."""
        chains = self.chains(scene.plan)
        for chain in chains:
            self._trust.enable_server_certificate(chain.name, is_enabled=True, asked_by=asked_by)
        for name in sorted(scene.former):
            self._trust.enable_server_certificate(name, is_enabled=False, asked_by=asked_by)
        now = self._clock.now()
        plan = replace(moved(scene.plan, RolloverState.SWITCHED, now), switched_at=now)
        self._store.put(plan)
        despite = f", although: {str(paragraph(accepted)).rstrip('.')}" if accepted else ""
        names = ", ".join(repr(one.name) for one in chains)
        self._log.note(note_of(plan, f"was switched to {names}{despite}", asked_by))
        return plan

    def chains(self, plan: Rollover) -> list[ServerChain]:
        """What is to be presented. Raises DomainError for what does not lead to the new root."""
        found = []
        now = self._clock.now()
        for name in plan.server_certificates:
            chain = self._trust.server_certificate(name)
            if not leads(chain.chain, [plan.new_root], now):
                raise conflict(
                    "The server certificate {!r} does not lead to the new root, or is not valid now. Give one that "
                    "the new root's authority issued.",
                    name,
                    field="serverCertificates",
                )
            found.append(chain)
        return found

    def changed_at(self) -> datetime | None:
        """When what the listeners present was changed last; None when that is not on record."""
        kinds = frozenset({log.Kind.SERVER_CERTIFICATE_CHANGED})
        last = self._log.list(log.NoteFilter(kinds=kinds), PageRequest(1)).items
        return last[0].at if last else None

    # Inside

    def _warnings(self, scene: Scene) -> Iterator[Sentence]:
        try:
            yield from self._kinds_lost(scene, self._remaining(scene))
        except DomainError as refusal:
            if refusal.kind is Kind.UNAVAILABLE:
                raise
            yield refusal.said

    def _remaining(self, scene: Scene) -> list[ServerChain]:
        """What is presented after the switch."""
        named = self.chains(scene.plan)
        names = {one.name for one in named} | scene.former
        return [*named, *(one for one in scene.presented.chains if one.name not in names)]

    def _old_is_enough(self, scene: Scene) -> bool:
        """With a cross-signed root in the chain, whoever has the old root can check it."""
        chains = self.chains(scene.plan)
        return bool(chains) and all(leads(one.chain, [scene.plan.old_root], self._clock.now()) for one in chains)

    def _kinds_lost(self, scene: Scene, remaining: Sequence[ServerChain]) -> Iterator[Sentence]:
        if not scene.plan.server_certificates:
            return
        now = self._clock.now()
        for kind in sorted(scene.presented.kinds - Presented(remaining, now).kinds):
            yield Sentence(
                "No server certificate with a key of the kind {} would be presented any more: stations that know only"
                " the suites of that kind could not connect (A00.FR.317). Name one more in a new plan.",
                kind,
            )
