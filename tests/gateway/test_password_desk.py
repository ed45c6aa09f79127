"""The passwords of stations: right ones always get in, wrong ones are slowed, and nobody pays for somebody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Final

import pytest

from forecourt.domain.admission.keys import as_text
from forecourt.domain.admission.model import KeyForm, Password, PasswordState
from forecourt.gateway import password_desk as module
from forecourt.gateway.credentials import PasswordProof, PasswordVerdict
from forecourt.gateway.password_desk import HASHES_AT_ONCE, HASHES_WAITING, PER_ADDRESS, PER_STATION, PasswordDesk
from tests.gateway.desk import until
from tests.gateway.knocking import SECRET, a_password

HERE: Final = "192.0.2.1"
TYPED: Final = b"typed by somebody"


class SlowHasher:
    """A PasswordHasher that counts, and waits until it may go on."""

    def __init__(self) -> None:
        self.checked = 0
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def hash(self, password: str) -> str:
        return f"slow:{password}"

    def is_match(self, hashed: str, password: str) -> bool:
        self.begun.set()
        self.gate.wait(10)
        self.checked += 1
        return hashed == self.hash(password)


class Desk:
    """A desk and its hasher."""

    def __init__(self) -> None:
        self.hasher = SlowHasher()
        self.desk = PasswordDesk(self.hasher)

    def typed(self, number: int = 1, state: PasswordState = PasswordState.CURRENT, secret: bytes = TYPED) -> Password:
        return a_password(number, state, hashed=self.hasher.hash(as_text(secret)))

    async def check(
        self,
        presented: bytes,
        passwords: Sequence[Password],
        *,
        identity: str = "CP-1",
        address: str = HERE,
        is_needed: bool = True,
    ) -> PasswordProof:
        return await self.desk.check(presented, passwords, identity=identity, address=address, is_needed=is_needed)

    async def verdict(self, presented: bytes, *passwords: Password, **where: str) -> PasswordVerdict:
        return (await self.check(presented, passwords, **where)).verdict  # type: ignore[arg-type]  # identity, address

    async def fail(self, times: int, *passwords: Password, **where: str) -> list[PasswordVerdict]:
        return [await self.verdict(b"wrong", *passwords, **where) for _ in range(times)]


def run(story: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 20))


@pytest.mark.parametrize(("presented", "form"), [(SECRET, KeyForm.BYTES), (SECRET.hex().encode(), KeyForm.HEX_TEXT)])
@pytest.mark.parametrize("is_typed", [False, True])
def test_both_forms_of_a_key_are_right_and_told_apart(presented: bytes, form: KeyForm, is_typed: bool) -> None:
    """OCPP-J 1.6 §6.2.2."""

    async def story() -> None:
        desk = Desk()
        password = desk.typed(secret=SECRET) if is_typed else a_password()
        assert await desk.check(presented, [password]) == PasswordProof(PasswordVerdict.RIGHT, password, form)

    run(story())


def test_any_byte_may_be_in_a_password() -> None:
    async def story() -> None:
        desk, secret = Desk(), bytes(range(236, 256))
        assert await desk.verdict(secret, desk.typed(secret=secret)) is PasswordVerdict.RIGHT
        assert await desk.verdict(secret, a_password(secret=secret)) is PasswordVerdict.RIGHT

    run(story())


@pytest.mark.parametrize("state", [state for state in PasswordState if state.is_accepted])
@pytest.mark.parametrize("is_typed", [False, True])
def test_a_password_on_its_way_is_right(state: PasswordState, is_typed: bool) -> None:
    """A01: a station may use it before its answer was read."""

    async def story() -> None:
        desk = Desk()
        old, new = a_password(1, secret=b"the one before it"), a_password(2, state)
        if is_typed:
            old, new = desk.typed(1, secret=b"the one before it"), desk.typed(2, state, SECRET)
        assert (await desk.check(SECRET, [old, new])).password == new

    run(story())


def test_a_password_that_is_current_and_offered_again_is_the_current_one() -> None:
    async def story() -> None:
        current = a_password(1)
        offered = a_password(2, PasswordState.OFFERED)
        assert (await Desk().check(SECRET, [offered, current])).password == current

    run(story())


@pytest.mark.parametrize("is_typed", [False, True])
def test_a_former_password_is_told_apart_from_a_wrong_one(is_typed: bool) -> None:
    """A01.FR.03."""

    async def story() -> None:
        desk = Desk()
        former = desk.typed(1, PasswordState.FORMER, SECRET) if is_typed else a_password(1, PasswordState.FORMER)
        known = [former, a_password(2, secret=b"another that is right")]
        assert await desk.verdict(SECRET, *known) is PasswordVerdict.FORMER
        assert await desk.verdict(b"wrong", *known) is PasswordVerdict.WRONG
        assert await desk.verdict(b"wrong") is PasswordVerdict.NONE_KNOWN

    run(story())


def test_a_right_password_is_hashed_slowly_once() -> None:
    async def story() -> None:
        desk = Desk()
        password = desk.typed()
        for _ in range(3):
            assert await desk.verdict(TYPED, password) is PasswordVerdict.RIGHT
        assert desk.hasher.checked == 1
        again = desk.typed(2)
        assert await desk.verdict(TYPED, again) is PasswordVerdict.RIGHT
        assert desk.hasher.checked == 1, "the same hash is the same password"
        former = desk.typed(1, PasswordState.FORMER)
        assert await desk.verdict(TYPED, former) is PasswordVerdict.FORMER, "what was right once is not right for ever"

    run(story())


def test_nothing_that_is_remembered_can_be_read_without_the_process() -> None:
    async def story() -> None:
        desk, other = Desk(), Desk()
        password = desk.typed()
        await desk.check(TYPED, [password])
        await other.check(TYPED, [password])
        kept, others = set(desk.desk._remembered), set(other.desk._remembered)
        assert len(kept) == len(others) == 1
        assert kept.isdisjoint(others)
        assert all(TYPED not in digest for digest in kept)

    run(story())


# Guesses


def test_guesses_are_cut_short_and_told_when_to_come_again() -> None:
    async def story() -> None:
        desk = Desk()
        password = a_password()
        assert await desk.fail(PER_STATION.at_once, password) == [PasswordVerdict.WRONG] * PER_STATION.at_once
        proof = await desk.check(b"wrong", [password])
        assert proof.verdict is PasswordVerdict.THROTTLED
        assert 0 < proof.retry_seconds <= PER_STATION.seconds

    run(story())


def test_a_right_password_gets_in_while_guesses_are_cut_short() -> None:
    async def story() -> None:
        desk = Desk()
        fast, typed = a_password(1), desk.typed(2, PasswordState.OFFERED)
        assert await desk.verdict(TYPED, fast, typed) is PasswordVerdict.RIGHT
        assert PasswordVerdict.THROTTLED in await desk.fail(PER_STATION.at_once + 1, fast, typed)
        checked = desk.hasher.checked
        assert await desk.verdict(SECRET, fast, typed) is PasswordVerdict.RIGHT, "a fast hash"
        assert await desk.verdict(TYPED, fast, typed) is PasswordVerdict.RIGHT, "a remembered one"
        assert desk.hasher.checked == checked

    run(story())


def test_failures_at_one_address_or_station_do_not_touch_another() -> None:
    async def story() -> None:
        desk = Desk()
        typed = desk.typed()
        await desk.fail(PER_STATION.at_once + 1, typed)
        assert await desk.verdict(TYPED, typed) is PasswordVerdict.THROTTLED, "a slow hash is not computed for guesses"
        assert await desk.verdict(TYPED, typed, address="192.0.2.2") is PasswordVerdict.RIGHT
        assert await desk.verdict(TYPED, desk.typed(2, secret=TYPED), identity="CP-2") is PasswordVerdict.RIGHT

    run(story())


async def use_up(desk: Desk) -> None:
    """All that one address has, by guesses at many stations."""
    for number in range(PER_ADDRESS.at_once):
        assert await desk.verdict(b"wrong", a_password(), identity=f"CP-{number}") is PasswordVerdict.WRONG


def test_guesses_at_many_stations_from_one_address_are_cut_short() -> None:
    async def story() -> None:
        desk = Desk()
        await use_up(desk)
        assert await desk.verdict(b"wrong", a_password(), identity="CP-0") is PasswordVerdict.THROTTLED

    run(story())


def test_a_right_password_that_was_never_seen_gets_in_whatever_others_do_at_its_address() -> None:
    """Many customers of one provider may share an address, and after a restart nothing is remembered."""

    async def story() -> None:
        desk = Desk()
        await use_up(desk)
        assert await desk.verdict(TYPED, desk.typed(), identity="SN-1") is PasswordVerdict.RIGHT
        other = desk.typed(2, secret=b"another one")
        assert await desk.verdict(b"wrong", other, identity="SN-2") is PasswordVerdict.WRONG, "it is looked at once"
        assert await desk.verdict(b"another one", other, identity="SN-2") is PasswordVerdict.THROTTLED
        assert await desk.verdict(b"wrong", a_password(), identity="CP-0") is PasswordVerdict.THROTTLED, "as before"

    run(story())


def test_what_is_used_is_remembered_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)

    async def story() -> None:
        desk = Desk()
        for name in (b"first", b"second", b"first", b"third", b"first"):
            assert await desk.verdict(name, desk.typed(1, secret=name)) is PasswordVerdict.RIGHT
        assert desk.hasher.checked == 3

    run(story())


def test_the_addresses_of_one_ipv6_site_count_as_one() -> None:
    async def story() -> None:
        desk = Desk()
        for number in range(PER_STATION.at_once):
            await desk.verdict(b"wrong", a_password(), address=f"2001:db8::{number:x}")
        assert await desk.verdict(b"wrong", a_password(), address="2001:db8::ffff") is PasswordVerdict.THROTTLED
        assert await desk.verdict(b"wrong", a_password(), address="2001:db8:0:1::1") is PasswordVerdict.WRONG

    run(story())


def test_attempts_come_back_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        desk = Desk()
        await desk.fail(PER_STATION.at_once + 1, a_password())
        began = loop.time()
        monkeypatch.setattr(loop, "time", lambda: began + PER_STATION.seconds)
        assert await desk.fail(2, a_password()) == [PasswordVerdict.WRONG, PasswordVerdict.THROTTLED]
        monkeypatch.undo()

    run(story())


def test_right_passwords_use_up_no_attempts() -> None:
    async def story() -> None:
        desk = Desk()
        for number in range(PER_STATION.at_once + 5):
            secret = b"secret %d" % number
            assert await desk.verdict(secret, desk.typed(1, secret=secret)) is PasswordVerdict.RIGHT

    run(story())


def test_what_is_remembered_of_failures_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUCKETS_KEPT", 10)
    monkeypatch.setattr(module, "REMEMBERED", 10)

    async def story() -> None:
        desk = Desk()
        for number in range(30):
            await desk.verdict(b"wrong", a_password(), identity=f"CP-{number}", address=f"192.0.2.{number}")
            await desk.verdict(b"%d" % number, desk.typed(1, secret=b"%d" % number), address=f"192.0.2.{number}")
        assert len(desk.desk._of_stations._full_at) <= 10
        assert len(desk.desk._of_addresses._full_at) <= 10
        assert len(desk.desk._remembered) == 10

    run(story())


# Many at once


def test_one_address_cannot_take_all_the_room_before_slow_hashes() -> None:
    async def story() -> None:
        desk = Desk()
        typed = desk.typed()
        desk.hasher.gate.clear()
        room = HASHES_AT_ONCE + HASHES_WAITING
        guesses = [
            asyncio.ensure_future(desk.check(b"wrong", [typed], identity=f"CP-{number}")) for number in range(room)
        ]
        await asyncio.sleep(0)
        busy = [guess for guess in guesses if guess.done()]
        assert {guess.result().verdict for guess in busy} == {PasswordVerdict.BUSY}
        assert len(busy) == room // 2
        other = asyncio.ensure_future(desk.check(TYPED, [typed], address="192.0.2.2"))
        assert await desk.verdict(SECRET, a_password()) is PasswordVerdict.RIGHT, "a fast one needs no room"
        desk.hasher.gate.set()
        assert (await other).verdict is PasswordVerdict.RIGHT
        assert {one.verdict for one in await asyncio.gather(*guesses)} == {PasswordVerdict.BUSY, PasswordVerdict.WRONG}

    run(story())


def test_the_loop_goes_on_while_a_slow_hash_is_computed_and_nobody_waits_for_it() -> None:
    async def story() -> None:
        desk = Desk()
        desk.hasher.gate.clear()
        asked = asyncio.ensure_future(desk.check(TYPED, [desk.typed()]))
        await asyncio.wait_for(asyncio.to_thread(desk.hasher.begun.wait), 10)
        assert not asked.done()
        asked.cancel()
        await asyncio.wait([asked])
        assert desk.desk._open.total() == 1, "the thread goes on"
        desk.hasher.gate.set()
        await until(lambda: desk.desk._open.total() == 0)

    run(story())


def test_a_password_that_nobody_asked_for_costs_others_nothing_and_is_not_counted() -> None:
    """At profile 0 a password is only worth knowing."""

    async def story() -> None:
        desk = Desk()
        typed = desk.typed()
        assert (await desk.check(TYPED, [typed], is_needed=False)).is_right
        for _ in range(PER_STATION.at_once + 5):
            assert (await desk.check(b"wrong", [typed], is_needed=False)).verdict is PasswordVerdict.WRONG
        desk.hasher.gate.clear()
        waiting = asyncio.ensure_future(desk.check(b"other", [typed]))
        await asyncio.sleep(0)
        proof = await desk.check(b"something", [typed], is_needed=False)
        assert proof.verdict is PasswordVerdict.NOT_CHECKED
        desk.hasher.gate.set()
        assert (await waiting).verdict is PasswordVerdict.WRONG

    run(story())
