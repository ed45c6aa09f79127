"""Tests of the clerk: what waits is signed, what is signed is recorded, and nothing that hangs or fails keeps the
rest."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from forecourt.clerk import clerk as module
from forecourt.clerk.clerk import OUTSIDE_AT_ONCE, Clerk
from forecourt.clerk.work import ChosenSigner
from forecourt.domain.authorities.model import AuthorityKind
from forecourt.domain.services import Services
from forecourt.domain.signing.model import (
    Assignment,
    Issued,
    OpenedAuthority,
    Signer,
    SigningNumber,
    SigningRefused,
    SigningResult,
    SigningState,
    SigningUnavailable,
    Waiting,
    Wanted,
)
from tests.support.authority import Authority
from tests.support.signings import a_wanted, answer
from tests.support.workspace import MemoryWorkspace

CA = Authority.root().sub()
DEADLINE = 30.0


class Signing:
    """A Signer and the Signers that know only it: ``answers`` says what it does, and ``asked`` what it was asked."""

    def __init__(self, answers: Callable[[Assignment], SigningResult] | None = None) -> None:
        self.answers = answers or (lambda assignment: Issued(answer(CA, assignment.wanted)))
        self.asked: list[Assignment] = []
        self.is_ready = True
        self.hangs_for: str | None = None
        """An authority that is never ready."""

    async def ready(self, authority: str) -> ChosenSigner:
        if authority == self.hangs_for:
            await asyncio.Event().wait()
        if not self.is_ready:
            raise RuntimeError("no keys")
        return self._chosen

    def _chosen(self, _authority: OpenedAuthority) -> Signer:
        return self

    def sign(self, assignment: Assignment) -> SigningResult:
        self.asked.append(assignment)
        return self.answers(assignment)


def asks(workspace: MemoryWorkspace, wanted: Wanted | None = None, authority: str = "own") -> SigningNumber:
    return workspace.services.signing.ask(wanted or a_wanted(), authority)


def state(workspace: MemoryWorkspace, number: SigningNumber) -> SigningState:
    return workspace.services.signing.get(number).state


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def at_work(workspace: MemoryWorkspace, signing: Signing, node: str = "a") -> AsyncIterator[Clerk]:
    clerk = Clerk(workspace, signing, node=node)
    running = asyncio.get_running_loop().create_task(clerk.run())
    try:
        yield clerk
    finally:
        running.cancel()
        await clerk.close()


async def _signs(workspace: MemoryWorkspace, signing: Signing, *numbers: SigningNumber) -> None:
    async with at_work(workspace, signing):
        await until(lambda: all(state(workspace, one) is not SigningState.WAITING for one in numbers))


def test_what_waits_is_signed_and_recorded() -> None:
    workspace = MemoryWorkspace()
    numbers = [asks(workspace, a_wanted(f"CP-{n}")) for n in range(5)]
    asyncio.run(_signs(workspace, Signing(), *numbers))
    assert {state(workspace, number) for number in numbers} == {SigningState.ISSUED}
    assert len(workspace.services.signing.issued_of("CP-3")) == 1


def test_what_is_refused_is_recorded_with_its_reason() -> None:
    def refuses(_: Assignment) -> SigningResult:
        raise SigningRefused("Not for you.")

    workspace = MemoryWorkspace()
    number = asks(workspace)
    asyncio.run(_signs(workspace, Signing(refuses), number))
    assert workspace.services.signing.get(number).reason == "Not for you."
    assert state(workspace, number) is SigningState.REFUSED


@pytest.mark.parametrize(
    ("error", "reason"),
    [(SigningUnavailable("No route."), "No route."), (ZeroDivisionError(), "by a mistake of this system")],
)
def test_what_fails_waits_and_is_tried_again(error: Exception, reason: str) -> None:
    def fails(_: Assignment) -> SigningResult:
        raise error

    async def scenario() -> None:
        async with at_work(workspace, Signing(fails)):
            await until(lambda: workspace.services.signing.get(number).attempts == 1)

    workspace = MemoryWorkspace()
    number = asks(workspace)
    asyncio.run(scenario())
    found = workspace.services.signing.get(number)
    assert found.state is SigningState.WAITING
    assert reason in (found.reason or "")


def test_signers_that_cannot_be_made_ready_keep_nothing_for_good() -> None:
    async def scenario() -> None:
        signing.is_ready = False
        async with at_work(workspace, signing) as clerk:
            await until(lambda: workspace.services.signing.get(number).attempts == 1)
            signing.is_ready = True
            await workspace.write(lambda services: services.signing.retry(number))
            clerk.rung()
            await until(lambda: state(workspace, number) is SigningState.ISSUED)

    workspace, signing = MemoryWorkspace(), Signing()
    number = asks(workspace)
    asyncio.run(scenario())


def test_an_authority_that_hangs_holds_up_no_other() -> None:
    hanging = threading.Event()

    def hangs(assignment: Assignment) -> SigningResult:
        if assignment.authority.name == "city":
            hanging.wait(DEADLINE)
        return Issued(answer(CA, assignment.wanted))

    async def scenario() -> None:
        async with at_work(workspace, signing):
            await until(lambda: state(workspace, own) is SigningState.ISSUED)
            assert at_city() <= OUTSIDE_AT_ONCE
            await until(lambda: at_city() == OUTSIDE_AT_ONCE)
            hanging.set()
            await until(lambda: all(state(workspace, one) is SigningState.ISSUED for one in slow))

    def at_city() -> int:
        return sum(one.authority.name == "city" for one in signing.asked)

    workspace, signing = MemoryWorkspace(), Signing(hangs)
    there = {"url": "https://est.example.com"}
    workspace.services.authorities.add("city", AuthorityKind.EST, there, asked_by="test")
    slow = [asks(workspace, a_wanted(f"CP-{n}"), "city") for n in range(OUTSIDE_AT_ONCE + 2)]
    own = asks(workspace)
    asyncio.run(scenario())


def test_a_signer_that_never_ends_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WORK_SECONDS", 0.05)
    monkeypatch.setattr(module, "STOP_SECONDS", 0.05)
    hanging = threading.Event()

    def hangs(assignment: Assignment) -> SigningResult:
        hanging.wait(DEADLINE)
        return Issued(answer(CA, assignment.wanted))

    async def scenario() -> None:
        async with at_work(workspace, Signing(hangs)):
            await until(lambda: workspace.services.signing.get(number).attempts == 1)
        hanging.set()

    workspace = MemoryWorkspace()
    number = asks(workspace)
    asyncio.run(scenario())
    assert "took longer" in (workspace.services.signing.get(number).reason or "")
    assert state(workspace, number) is SigningState.WAITING


def test_what_is_signed_while_the_database_is_away_is_recorded_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)

    def goes_away(assignment: Assignment) -> SigningResult:
        workspace.is_available = False
        return Issued(answer(CA, assignment.wanted))

    async def scenario() -> None:
        async with at_work(workspace, signing):
            await until(lambda: not workspace.is_available)
            await asyncio.sleep(0.05)
            workspace.is_available = True
            await until(lambda: state(workspace, number) is SigningState.ISSUED)

    workspace, signing = MemoryWorkspace(), Signing(goes_away)
    number = asks(workspace)
    asyncio.run(scenario())
    assert len(signing.asked) == 1, "it was signed twice"


def test_another_process_goes_on_with_the_progress_of_the_one_before() -> None:
    def steps(assignment: Assignment) -> SigningResult:
        if assignment.progress is None:
            return Waiting("order 7", 0, "It was placed.")
        return Issued(answer(CA, assignment.wanted))

    async def first() -> None:
        claimed = await workspace.write(lambda services: services.signing.claim("a", 1))
        assert await workspace.write(lambda services: _waits(services, claimed[0]))
        workspace.services.signing.retry(number)
        await workspace.write(lambda services: services.signing.claim("a", 1))  # and it ends here, without a word

    workspace, signing = MemoryWorkspace(), Signing(steps)
    number = asks(workspace)
    asyncio.run(first())
    asyncio.run(_signs(workspace, signing, number))
    assert [one.progress for one in signing.asked] == ["order 7"]
    assert state(workspace, number) is SigningState.ISSUED


def _waits(services: Services, assignment: Assignment) -> bool:
    return services.signing.ended(assignment.number, "a", Waiting("order 7", 0, "It was placed."))


def test_a_stop_gives_back_what_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.05)
    hanging, begun = threading.Event(), threading.Event()

    def hangs(assignment: Assignment) -> SigningResult:
        begun.set()
        hanging.wait(DEADLINE)
        return Issued(answer(CA, assignment.wanted))

    async def scenario() -> None:
        async with at_work(workspace, Signing(hangs)):
            await until(begun.is_set)

    workspace = MemoryWorkspace()
    number = asks(workspace)
    asyncio.run(scenario())
    hanging.set()
    assert [one.number for one in workspace.services.signing.claim("b", 1)] == [number]


async def _with_two(workspace: MemoryWorkspace, signing: Signing, ended: SigningNumber) -> None:
    async with at_work(workspace, signing):
        await until(lambda: state(workspace, ended) is not SigningState.WAITING)


def _two_authorities(workspace: MemoryWorkspace) -> tuple[SigningNumber, SigningNumber]:
    there = {"url": "https://est.example.com"}
    workspace.services.authorities.add("city", AuthorityKind.EST, there, asked_by="test")
    return asks(workspace, a_wanted("CP-1")), asks(workspace, a_wanted("CP-2"), "city")


def test_an_authority_that_is_never_ready_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the own one whose keys are in a device that does not answer."""
    monkeypatch.setattr(module, "STOP_SECONDS", 0.05)
    workspace, signing = MemoryWorkspace(), Signing()
    own, city = _two_authorities(workspace)
    signing.hangs_for = "own"
    asyncio.run(_with_two(workspace, signing, city))
    assert state(workspace, city) is SigningState.ISSUED
    (again,) = workspace.services.signing.claim("b", 1)
    assert again.number == own, "it was claimed before it could be signed"


def test_what_is_never_ready_is_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READY_SECONDS", 0.05)

    async def scenario() -> None:
        async with at_work(workspace, signing):
            await until(lambda: workspace.services.signing.get(number).attempts == 1)

    workspace, signing = MemoryWorkspace(), Signing()
    signing.hangs_for = "own"
    number = asks(workspace)
    asyncio.run(scenario())
    assert "took too long" in (workspace.services.signing.get(number).reason or "")


def test_a_request_that_cannot_be_read_holds_up_no_other() -> None:
    workspace = MemoryWorkspace()
    own, city = _two_authorities(workspace)
    good = asks(workspace, a_wanted("CP-3"))
    workspace.unit.execute("UPDATE signing_request SET csr = 'rubbish' WHERE number = ?", (own,))
    asyncio.run(_signs(workspace, Signing(), own, city, good))
    assert [state(workspace, one) for one in (own, city, good)] == [
        SigningState.REFUSED,
        SigningState.ISSUED,
        SigningState.ISSUED,
    ]


def test_what_is_taken_on_again_by_the_same_node_is_recorded_once() -> None:
    """As after its authority was set up otherwise: what the first one signs is not used."""
    first, go_on = threading.Event(), threading.Event()

    def answers(assignment: Assignment) -> SigningResult:
        if not first.is_set():
            first.set()
            go_on.wait(DEADLINE)
            raise SigningRefused("From the first.")
        return Issued(answer(CA, assignment.wanted))

    async def scenario() -> None:
        async with at_work(workspace, signing) as clerk:
            await until(first.is_set)
            workspace.services.authorities.change("city", {"label": "other"}, asked_by="test")
            clerk.rung()
            await until(lambda: state(workspace, number) is SigningState.ISSUED)
            go_on.set()

    workspace, signing = MemoryWorkspace(), Signing(answers)
    _, number = _two_authorities(workspace)
    asyncio.run(scenario())
    assert state(workspace, number) is SigningState.ISSUED


def test_nothing_is_recorded_after_the_end_of_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEASE", timedelta())
    signed = threading.Event()

    def answers(assignment: Assignment) -> SigningResult:
        signed.set()
        return Issued(answer(CA, assignment.wanted))

    async def scenario() -> None:
        async with at_work(workspace, signing) as clerk:
            await until(signed.is_set)
            await until(lambda: clerk.is_idle)

    workspace, signing = MemoryWorkspace(), Signing(answers)
    number = asks(workspace)
    asyncio.run(scenario())
    assert state(workspace, number) is SigningState.WAITING
