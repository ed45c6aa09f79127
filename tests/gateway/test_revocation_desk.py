"""What CAs say of certificates, and what counts while they do not (A00.FR.704)."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from datetime import timedelta
from typing import Final

import pytest

from forecourt.domain.trust.model import Policy, RevocationMode
from forecourt.gateway.guard import Guard
from forecourt.gateway.revocation_desk import RETRY_SECONDS, Finding, RevocationDesk, State
from forecourt.pki.certificate import Certificate
from forecourt.pki.revocation import Crl, read_crl
from tests.gateway.desk import Watch, a_trusting, until
from tests.gateway.knocking import ders
from tests.support.authority import EXPIRED, Authority, Issued
from tests.support.clock import NOON, FakeClock

CRL_URL: Final = "http://ca.example/list.crl"
OCSP_URL: Final = "http://ca.example/ocsp"

SOFT: Final = Policy(revocation=RevocationMode.SOFT)
HARD: Final = Policy(revocation=RevocationMode.HARD)
OFF: Final = Policy(revocation=RevocationMode.OFF)

ROOT: Final = Authority.root(now=NOON)


class Desk(Watch):
    """A desk, and a store that trusts one root."""

    def __init__(self, *crls: bytes, policy: Policy = HARD) -> None:
        self.time = FakeClock()
        super().__init__(clock=self.time)
        self.news = 0
        self.revocation.on_news(self.heard)
        self.trust(*crls, policy=policy)

    def heard(self) -> None:
        self.news += 1

    def trust(self, *crls: bytes, policy: Policy = HARD) -> None:
        read: list[Crl] = [read_crl(crl) for crl in crls]
        self.trusting = a_trusting(stations=[ROOT.certificate], crls=read, policy=policy)

    async def look(self, *path: Certificate, may_fetch: bool = True) -> Finding:
        return await self.revocation.look(path or (), self.trusting, may_fetch=may_fetch)

    async def state(self, issued: Issued) -> State:
        return (await self.look(issued.certificate, ROOT.certificate)).state

    async def fetched(self) -> None:
        """What was begun is done."""
        await until(lambda: not self.revocation._fetching)

    async def settled(self, issued: Issued) -> State:
        """What is known once the CA was asked."""
        await self.state(issued)
        await self.fetched()
        return await self.state(issued)


def run(story: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 20))


def test_a_ca_that_publishes_nothing_leaves_it_to_our_own_register() -> None:
    async def story() -> None:
        desk = Desk()
        assert await desk.state(ROOT.leaf("SN-1")) is State.GOOD
        assert desk.fetcher.asked == []

    run(story())


# Lists in the store


def test_a_list_in_the_store_decides() -> None:
    async def story() -> None:
        good, bad = ROOT.leaf("SN-1"), ROOT.leaf("SN-2")
        desk = Desk(ROOT.crl(bad.certificate))
        assert await desk.state(good) is State.GOOD
        finding = await desk.look(bad.certificate, ROOT.certificate)
        assert finding.state is State.REVOKED
        assert "SN-2" in finding.sentence

    run(story())


def test_a_ca_below_the_root_is_looked_up_as_well() -> None:
    async def story() -> None:
        sub = ROOT.sub()
        leaf = sub.leaf("SN-1")
        desk = Desk(ROOT.crl(sub.certificate))
        assert (await desk.look(leaf.certificate, sub.certificate, ROOT.certificate)).state is State.REVOKED

    run(story())


def test_a_list_that_is_out_of_date_still_revokes_and_clears_nobody() -> None:
    async def story() -> None:
        good, bad = ROOT.leaf("SN-1"), ROOT.leaf("SN-2")
        desk = Desk(ROOT.crl(bad.certificate, validity=EXPIRED))
        assert await desk.state(bad) is State.REVOKED
        finding = await desk.look(good.certificate, ROOT.certificate)
        assert finding.state is State.UNKNOWN
        assert "out of date" in finding.sentence

    run(story())


def test_a_list_that_its_ca_did_not_sign_says_nothing() -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1")
        forged = Authority.root("Another", now=NOON).signing_key
        desk = Desk(ROOT.crl(leaf.certificate, signed_by=forged))
        finding = await desk.look(leaf.certificate, ROOT.certificate)
        assert finding.state is State.UNKNOWN
        assert "not signed" in finding.sentence

    run(story())


def test_where_revocation_is_off_nobody_is_asked() -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1", crl_urls=[CRL_URL])
        desk = Desk(ROOT.crl(leaf.certificate), policy=OFF)
        assert await desk.state(leaf) is State.GOOD
        assert desk.fetcher.asked == []

    run(story())


# Lists that are fetched


def test_a_list_is_fetched_for_the_next_time() -> None:
    async def story() -> None:
        good, bad = ROOT.leaf("SN-1", crl_urls=[CRL_URL]), ROOT.leaf("SN-2", crl_urls=[CRL_URL])
        desk = Desk()
        desk.fetcher.answers[CRL_URL] = ROOT.crl(bad.certificate)
        assert await desk.state(good) is State.UNKNOWN
        await desk.fetched()
        assert await desk.state(good) is State.GOOD
        assert await desk.state(bad) is State.REVOKED
        assert desk.fetcher.asked == [CRL_URL], "once for all"
        assert desk.news == 1

    run(story())


def test_a_list_is_fetched_again_after_an_hour_and_news_are_told() -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1", crl_urls=[CRL_URL])
        desk = Desk()
        desk.fetcher.answers[CRL_URL] = ROOT.crl()
        assert await desk.settled(leaf) is State.GOOD
        desk.time.advance(timedelta(minutes=59))
        assert await desk.settled(leaf) is State.GOOD
        assert len(desk.fetcher.asked) == 1
        desk.fetcher.answers[CRL_URL] = ROOT.crl(leaf.certificate)
        desk.time.advance(timedelta(minutes=2))
        _forget_attempts(desk)
        assert await desk.state(leaf) is State.GOOD, "what is at hand decides"
        await desk.fetched()
        assert await desk.state(leaf) is State.REVOKED
        assert desk.news == 2

    run(story())


def test_a_ca_that_does_not_answer_is_not_asked_at_every_handshake() -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1", crl_urls=[CRL_URL])
        desk = Desk()
        for _ in range(5):
            assert await desk.settled(leaf) is State.UNKNOWN
        assert desk.fetcher.asked == [CRL_URL]
        finding = await desk.look(leaf.certificate, ROOT.certificate)
        assert "did not answer" in finding.sentence
        desk.fetcher.answers[CRL_URL] = ROOT.crl()
        _forget_attempts(desk)
        assert await desk.settled(leaf) is State.GOOD

    run(story())


@pytest.mark.parametrize("answer", [b"", b"<html>", b"\x30\x80", Authority.root("Another", now=NOON).crl()])
def test_an_answer_that_is_no_list_of_the_ca_clears_nobody(answer: bytes) -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1", crl_urls=[CRL_URL])
        desk = Desk()
        desk.fetcher.answers[CRL_URL] = answer
        assert await desk.settled(leaf) is State.UNKNOWN

    run(story())


def test_nothing_is_fetched_for_a_certificate_that_is_not_needed() -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1", crl_urls=[CRL_URL], ocsp_urls=[OCSP_URL])
        desk = Desk()
        await desk.look(leaf.certificate, ROOT.certificate, may_fetch=False)
        await desk.fetched()
        assert desk.fetcher.asked == []

    run(story())


# OCSP


@pytest.mark.parametrize(("is_revoked", "state"), [(False, State.GOOD), (True, State.REVOKED), (None, State.UNKNOWN)])
def test_a_responder_is_asked_for_one_certificate(is_revoked: bool | None, state: State) -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1", ocsp_urls=[OCSP_URL])
        desk = Desk()
        desk.fetcher.answers[OCSP_URL] = ROOT.ocsp(leaf.certificate, revoked=is_revoked)
        assert await desk.settled(leaf) is state
        assert desk.fetcher.asked == [OCSP_URL]
        assert desk.news == (1 if is_revoked else 0)

    run(story())


def test_an_answer_holds_until_it_says_so() -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1", ocsp_urls=[OCSP_URL])
        desk = Desk()
        desk.fetcher.answers[OCSP_URL] = ROOT.ocsp(leaf.certificate)
        assert await desk.settled(leaf) is State.GOOD
        del desk.fetcher.answers[OCSP_URL]
        desk.time.advance(timedelta(hours=23))
        assert await desk.settled(leaf) is State.GOOD
        desk.time.advance(timedelta(hours=2))
        assert await desk.settled(leaf) is State.UNKNOWN

    run(story())


def test_the_answer_for_another_certificate_or_of_another_ca_says_nothing() -> None:
    async def story() -> None:
        leaf, other = ROOT.leaf("SN-1", ocsp_urls=[OCSP_URL]), ROOT.leaf("SN-2")
        for answer in (ROOT.ocsp(other.certificate), Authority.root(now=NOON).ocsp(leaf.certificate), b"nonsense"):
            desk = Desk()
            desk.fetcher.answers[OCSP_URL] = answer
            assert await desk.settled(leaf) is State.UNKNOWN

    run(story())


def test_a_list_stands_in_for_a_responder_that_does_not_answer() -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1", ocsp_urls=[OCSP_URL], crl_urls=[CRL_URL])
        desk = Desk()
        desk.fetcher.answers[CRL_URL] = ROOT.crl()
        assert await desk.settled(leaf) is State.UNKNOWN
        assert await desk.settled(leaf) is State.GOOD
        assert desk.fetcher.asked == [OCSP_URL, CRL_URL]

    run(story())


def test_the_second_responder_is_asked_when_the_first_does_not_answer() -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1", ocsp_urls=[OCSP_URL, f"{OCSP_URL}/2"])
        desk = Desk()
        desk.fetcher.answers[f"{OCSP_URL}/2"] = ROOT.ocsp(leaf.certificate)
        assert await desk.settled(leaf) is State.GOOD
        assert desk.fetcher.asked == [OCSP_URL, f"{OCSP_URL}/2"]

    run(story())


# What it costs


def test_a_host_is_asked_for_one_thing_at_a_time_and_holds_up_no_other() -> None:
    async def story() -> None:
        slow, other = "http://slow.example/", "http://ca.example/"
        urls = [f"{slow}{number}" for number in range(10)]
        desk = Desk()
        gate, begun = asyncio.Event(), list[str]()

        class Slow:
            async def fetch(self, url: str, *, body: bytes | None, kind: str, limit: int) -> bytes:
                begun.append(url)
                if url.startswith(slow):
                    await gate.wait()
                return ROOT.crl()

        desk.revocation = RevocationDesk(Slow(), desk.time)
        await desk.state(ROOT.leaf("SN-1", crl_urls=urls))
        leaf = ROOT.leaf("SN-2", crl_urls=[f"{other}list"])
        await desk.state(leaf)
        await until(lambda: f"{other}list" in begun and len(desk.revocation._fetching) == len(urls))
        assert begun == [urls[0], f"{other}list"]
        assert await desk.state(leaf) is State.GOOD
        gate.set()
        await desk.fetched()
        assert len(begun) == 11
        assert len(desk.revocation._hosts) == 0, "nothing is kept of hosts"

    run(story())


def test_nothing_keeps_a_list_in_memory_that_is_no_longer_the_stores() -> None:
    async def story() -> None:
        desk = Desk(ROOT.crl())
        assert await desk.state(ROOT.leaf("SN-1")) is State.GOOD
        [crls] = desk.trusting.crls.values()
        assert set(desk.revocation._proven) == {(crls[0].digest, ROOT.certificate.fingerprint)}

        def is_let_go() -> bool:
            return not [one for one in gc.get_referrers(crls[0]) if isinstance(one, tuple) and one is not crls]

        await until(is_let_go)  # the thread that proved it holds it a moment longer

    run(story())


# What the policy makes of it


async def proven_by(guard: Guard, desk: Desk, issued: Issued) -> tuple[str, bool]:
    proof = await guard.prove(ders(issued), desk.trusting, is_needed=True)
    return proof.verdict.value, proof.doubt is not None


@pytest.mark.parametrize(
    ("policy", "before", "after"),
    [
        (SOFT, ("good", True), ("revoked", False)),
        (HARD, ("unknown", False), ("revoked", False)),
        (OFF, ("good", False), ("good", False)),
    ],
)
def test_what_is_not_known_counts_as_the_policy_says(
    policy: Policy, before: tuple[str, bool], after: tuple[str, bool]
) -> None:
    async def story() -> None:
        leaf = ROOT.leaf("SN-1", crl_urls=[CRL_URL])
        desk = Desk(policy=policy)
        desk.fetcher.answers[CRL_URL] = ROOT.crl(leaf.certificate)
        assert await proven_by(desk.guard, desk, leaf) == before
        await desk.fetched()
        assert await proven_by(desk.guard, desk, leaf) == after

    run(story())


def _forget_attempts(desk: Desk) -> None:
    """As if the time between attempts had passed."""
    for one in desk.revocation._lists.all():
        one.tried_at = None if one.tried_at is None else one.tried_at - RETRY_SECONDS
    for each in desk.revocation._answers.all():
        each.tried_at = None if each.tried_at is None else each.tried_at - RETRY_SECONDS
