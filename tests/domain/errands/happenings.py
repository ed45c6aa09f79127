"""What happens to errands, in one word each."""

from __future__ import annotations

from datetime import timedelta

from forecourt.domain.errands.model import (
    Claim,
    ErrandState,
)
from tests.domain.errands.errands import ErrandWorld, send

FINAL = [state for state in ErrandState if state.is_final]


def send_it(world: ErrandWorld, claim: Claim) -> None:
    send(world.services, claim, world.line)


def put_back(world: ErrandWorld, claim: Claim) -> None:
    world.errands.lost(claim, "The link ended.", is_repeatable=False, was_sent=False)


def lose_repeatable(world: ErrandWorld, claim: Claim) -> None:
    world.errands.lost(claim, "The link ended.", is_repeatable=True)


def expire(world: ErrandWorld, claim: Claim) -> None:
    world.clock.advance(timedelta(days=1))
    world.errands.settle()
