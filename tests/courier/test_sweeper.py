"""Time passes in every room, also after an outage, and costs nothing while nothing is due."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from forecourt.courier import sweeper
from forecourt.courier.sweeper import SHARES, sweep
from forecourt.domain.errands.model import ErrandState
from forecourt.domain.paging import PageRequest
from forecourt.domain.services import Services
from forecourt.domain.trust import revocations
from tests.courier.street import Street, in_street
from tests.gateway.desk import until
from tests.support.clock import NOON


def test_nothing_is_written_while_nothing_is_due() -> None:
    async def story(street: Street) -> None:
        street.asks(street.a_station())
        await sweep(street.office)
        assert street.office.writes == 0

    in_street(story)


def test_what_is_due_is_settled_once() -> None:
    async def story(street: Street) -> None:
        number = street.asks(street.a_station())
        street.clock.advance(timedelta(days=1))
        await sweep(street.office)
        assert street.state(number) is ErrandState.EXPIRED
        await sweep(street.office)
        assert street.office.writes == 1

    in_street(story)


def test_a_room_with_much_to_do_settles_some_of_it_several_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time in a unit of work of its own: what stations say comes in between."""
    monkeypatch.setattr(revocations, "MAX_PRUNED", 1)

    async def story(street: Street) -> None:
        def revoke(services: Services) -> None:
            for serial in range(1, SHARES + 3):
                services.trust.revoke(
                    issuer_hash="ab" * 32, serial=str(serial), reason="", asked_by="ada", not_after=NOON
                )

        def left(services: Services) -> int:
            return len(services.trust.revocations(PageRequest()).items)

        await street.office.write(revoke)
        street.clock.advance(timedelta(days=30))
        await sweep(street.office)
        assert await street.office.read(left) == 2
        await sweep(street.office)
        assert await street.office.read(left) == 0

    in_street(story)


def test_two_processes_may_sweep_at_once() -> None:
    async def story(street: Street) -> None:
        numbers = [street.asks(street.a_station(f"CP-{n}")) for n in range(5)]
        street.clock.advance(timedelta(days=1))
        await asyncio.gather(sweep(street.office), sweep(street.office))
        assert {street.state(number) for number in numbers} == {ErrandState.EXPIRED}

    in_street(story)


def test_it_goes_on_after_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "SWEEP_SECONDS", 0.01)

    async def story(street: Street) -> None:
        number = street.asks(street.a_station())
        street.clock.advance(timedelta(days=1))
        street.office.is_available = False
        sweeping = asyncio.ensure_future(sweeper.sweep_for_ever(street.office))
        await asyncio.sleep(0.1)
        assert not sweeping.done()
        street.office.is_available = True
        await until(lambda: street.state(number) is ErrandState.EXPIRED)
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping

    in_street(story)
