"""What this process trusts: read at the start, read again when the bell rings, and also when it was not heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from structlog.testing import capture_logs

from forecourt.domain.services import Services
from forecourt.domain.trust.model import Policy, Purpose
from forecourt.gateway import trust as module
from forecourt.gateway.trust import TrustDesk, Trusting
from forecourt.pki.errors import PathRefused
from forecourt.pki.path import verify_path
from forecourt.pki.revocation import read_crl
from tests.gateway.desk import FakeOffice, a_trusting, until
from tests.support.authority import Authority
from tests.support.clock import NOON


def a_root(name: str = "Operator Root", organisation: str = "Forecourt Power") -> Authority:
    return Authority.root(name, organisation=organisation, now=NOON)


def add(services: Services, authority: Authority, purpose: Purpose = Purpose.STATION) -> None:
    [outcome] = services.trust.import_bundle(authority.pem, frozenset({purpose}), None, "tests")
    assert outcome.fate.value == "added", outcome.sentence


@asynccontextmanager
async def at_work(office: FakeOffice) -> AsyncIterator[TrustDesk]:
    desk = TrustDesk(office)
    await desk.load()
    following = asyncio.ensure_future(desk.run())
    try:
        yield desk
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.02)


@pytest.fixture
def never_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 1000.0)


def test_nothing_is_trusted_before_the_store_was_read() -> None:
    with pytest.raises(RuntimeError, match="before the store was read"):
        TrustDesk(FakeOffice()).current.version  # noqa: B018  # reading it is what is refused


def test_a_change_is_read_without_the_bell(quick: None) -> None:
    async def main() -> None:
        office = FakeOffice()
        async with at_work(office) as desk:
            before = desk.current
            await office.write(lambda services: add(services, a_root()))
            await until(lambda: desk.current.version > before.version)
            assert before.client_certificates == ()
            assert [one.subject for one in desk.current.client_certificates] == ["CN=Operator Root,O=Forecourt Power"]

    asyncio.run(main())


def test_a_change_is_read_at_once_when_the_bell_rings(never_asks: None) -> None:
    async def main() -> None:
        office = FakeOffice()
        async with at_work(office) as desk:
            await office.write(lambda services: add(services, a_root()))
            desk.rung(None)
            await until(lambda: len(desk.current.client_certificates) == 1)

    asyncio.run(main())


def test_the_bell_without_a_change_reads_nothing_anew(never_asks: None) -> None:
    async def main() -> None:
        async with at_work(FakeOffice()) as desk:
            before = desk.current
            told: list[Trusting] = []

            async def follow(trusting: Trusting) -> None:
                told.append(trusting)

            desk.on_change(follow)
            for _ in range(3):
                desk.rung(None)
                await until(lambda: not desk._rung.is_set())
            assert desk.current is before
            assert told == []

    asyncio.run(main())


def test_every_follower_is_told_although_one_fails(quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        office = FakeOffice()
        told: list[tuple[str, int]] = []
        async with at_work(office) as desk:

            async def fail(trusting: Trusting) -> None:
                told.append(("first", trusting.version))
                raise ZeroDivisionError

            async def follow(trusting: Trusting) -> None:
                assert desk.current is trusting, "what is decided meanwhile is decided by what is new"
                told.append(("second", trusting.version))

            desk.on_change(fail)
            desk.on_change(follow)
            await office.write(lambda services: add(services, a_root()))
            await until(lambda: len(told) == 2)
            await office.write(lambda services: add(services, a_root("Another")))
            await until(lambda: len(told) == 4)
        assert [name for name, _ in told] == ["first", "second"] * 2

    asyncio.run(main())
    assert "trust_not_followed" in capsys.readouterr().out


def test_while_the_database_is_out_of_reach_what_was_read_last_holds(quick: None) -> None:
    async def main() -> None:
        office = FakeOffice()
        await office.write(lambda services: add(services, a_root()))
        async with at_work(office) as desk:
            known = desk.current
            office.is_available = False
            with capture_logs() as logs:
                await until(lambda: any(line["event"] == "trust_not_read" for line in logs))
            assert desk.current is known
            office.is_available = True
            await office.write(lambda services: add(services, a_root("Another")))
            await until(lambda: len(desk.current.client_certificates) == 2)

    asyncio.run(main())


def test_each_purpose_has_its_own_anchors() -> None:
    """A00.FR.406: the maker's certificates are good for the first connections only."""

    async def main() -> None:
        office = FakeOffice()
        operator, maker, others = a_root(), a_root("Maker Root", "Maker"), a_root("Firmware Root")

        def fill(services: Services) -> None:
            add(services, operator)
            add(services, maker, Purpose.ONBOARDING)
            add(services, others, Purpose.FIRMWARE)

        await office.write(fill)
        async with at_work(office) as desk:
            current = desk.current
            assert len(current.client_certificates) == 2, "nobody comes in with what signs firmware"
            for anchors, good, bad in (
                (current.station_anchors, operator, maker),
                (current.onboarding_anchors, maker, operator),
            ):
                leaf = good.leaf("SN-1").certificate
                assert verify_path(leaf, (), anchors, NOON)[0] == leaf
                for other in (bad, others):
                    with pytest.raises(PathRefused):
                        verify_path(other.leaf("SN-1").certificate, (), anchors, NOON)

    asyncio.run(main())


def test_an_intermediate_is_for_building_a_path_and_ends_none() -> None:
    root = a_root()
    below = root.sub()
    leaf = below.leaf("SN-1").certificate
    whole = a_trusting(stations=[root.certificate, below.certificate])
    assert len(verify_path(leaf, (), whole.station_anchors, NOON)) == 3
    without_root = a_trusting(stations=[below.certificate])
    with pytest.raises(PathRefused):
        verify_path(leaf, (), without_root.station_anchors, NOON)


def test_revocations_lists_and_the_policy_come_with_it() -> None:
    root = a_root()
    leaf = root.leaf("SN-1").certificate
    lists = [read_crl(root.crl(leaf)), read_crl(a_root("Another").crl())]
    current = a_trusting(stations=[root.certificate], revoked=[leaf], crls=lists, policy=Policy(cpo_name="Power"))
    assert (leaf.issuer_hash, leaf.serial) in current.revoked
    assert current.crls[leaf.issuer_hash] == (lists[0],)
    assert len(current.crls) == 2
    assert current.policy.cpo_name == "Power"
