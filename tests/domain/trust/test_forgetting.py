"""Tests of what becomes of revoked certificates that have ended: they let nobody in, and need not be remembered."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust import revocations
from tests.domain.trust.trusting import Vicinity
from tests.domain.world import ALL
from tests.support.clock import NOON

ISSUER = "ab" * 32
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
KEPT_AFTER_END = 7 * DAY


def revoke(world: Vicinity, serial: str, not_after: datetime | None) -> None:
    world.trust.revoke(issuer_hash=ISSUER, serial=serial, reason="", asked_by="admin", not_after=not_after)


def known(world: Vicinity) -> list[str]:
    """The serial numbers in the register, oldest first."""
    return [one.serial for one in reversed(world.trust.revocations(ALL).items)]


def test_a_revoked_certificate_is_forgotten_a_while_after_its_end(world: Vicinity) -> None:
    """Clocks may be wrong: a door whose clock is late would let it in once more."""
    revoke(world, "A", NOON + DAY)
    revoke(world, "B", NOON + 2 * DAY)
    world.clock.advance(DAY + KEPT_AFTER_END)
    assert not world.trust.is_due()
    with world.changes_nothing():
        world.trust.settle()
    world.clock.advance(MOMENT)
    assert world.trust.is_due()
    notes = world.notes(Kind.REVOCATION_CHANGED)
    with world.counts():
        world.trust.settle()
    assert known(world) == ["B"]
    assert (world.trust.is_revoked(ISSUER, "A"), world.trust.is_revoked(ISSUER, "B")) == (False, True)
    assert world.notes(Kind.REVOCATION_CHANGED) == notes, "nobody has to be told"
    assert not world.trust.is_due()


def test_one_whose_end_is_not_known_is_never_forgotten(world: Vicinity) -> None:
    revoke(world, "A", None)
    world.clock.advance(10_000 * DAY)
    assert not world.trust.is_due()
    with world.changes_nothing():
        world.trust.settle()
    assert known(world) == ["A"]


def test_what_another_node_forgot_just_now_changes_nothing(world: Vicinity) -> None:
    """Every process looks; a version that rose for nothing would have every gateway read all anew."""
    revoke(world, "A", NOON)
    world.clock.advance(KEPT_AFTER_END + MOMENT)
    world.trust.settle()
    with world.changes_nothing():
        world.trust.settle()


def test_many_are_forgotten_some_at_a_time_and_the_oldest_first(
    world: Vicinity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocations, "MAX_PRUNED", 2)
    for serial, days in (("A", 3), ("B", 1), ("C", 2)):
        revoke(world, serial, NOON + days * DAY)
    world.clock.advance(100 * DAY)
    world.trust.settle()
    assert known(world) == ["A"]
    assert world.trust.is_due()
    world.trust.settle()
    assert known(world) == []


def test_only_changes_to_certificates_are_told_to_those_who_watch_them(world: Vicinity) -> None:
    told = []
    world.trust.watch(lambda: told.append("told"))
    revoke(world, "A", NOON)
    world.trust.unrevoke(ISSUER, "A", asked_by="admin")
    assert told == [], "what is revoked comes by the thousand"
    world.trusts(world.root)
    assert told == ["told"]
