"""Tells the outside that a plan has ended."""

from __future__ import annotations

from forecourt.domain.events.kinds import Kind as Told
from forecourt.domain.events.model import Value
from forecourt.domain.events.service import Events
from forecourt.domain.rollovers.model import Rollover


def tell_end(events: Events, plan: Rollover) -> None:
    data: dict[str, Value] = {
        "plan": int(plan.number),
        "oldRoot": plan.old_root.subject,
        "newRoot": plan.new_root.subject,
        "outcome": plan.state.value,
    }
    events.tell(Told.ROOT_ROLLOVER_ENDED, f"plan {plan.number}", data)
