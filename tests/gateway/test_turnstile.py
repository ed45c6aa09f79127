"""Who begins a handshake, who waits, and who is turned away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forecourt.gateway.sources import EVERYBODY
from forecourt.gateway.turnstile import Turnstile, Verdict


def enter_many(turnstile: Turnstile[int], source: str, count: int) -> list[Verdict]:
    return [turnstile.enter(source, number) for number in range(count)]


def test_one_address_takes_half_of_the_places_and_half_of_the_room() -> None:
    verdicts = enter_many(Turnstile(places=8, waiting=8), "192.0.2.1", 20)
    assert [verdicts.count(verdict) for verdict in Verdict] == [4, 4, 12]


def test_however_many_an_address_sends_another_one_begins_at_once() -> None:
    turnstile: Turnstile[int] = Turnstile(places=8, waiting=8)
    enter_many(turnstile, "192.0.2.1", 100)
    assert turnstile.enter("192.0.2.2", 0) is Verdict.BEGIN


def test_where_many_took_everything_the_next_place_is_for_somebody_who_has_none() -> None:
    turnstile: Turnstile[int] = Turnstile(places=100, waiting=100)
    for attacker in range(7):
        enter_many(turnstile, f"192.0.2.{attacker}", 60)
    assert turnstile.enter("198.51.100.1", 5) is Verdict.WAIT
    turnstile.leave("192.0.2.0")
    assert turnstile.next() == ("198.51.100.1", 5)


def test_a_proxy_that_does_not_say_for_whom_takes_everything() -> None:
    verdicts = enter_many(Turnstile(places=8, waiting=8), EVERYBODY, 20)
    assert [verdicts.count(verdict) for verdict in Verdict] == [8, 8, 4]


def test_the_next_is_the_one_that_waited_longest_of_its_address() -> None:
    turnstile: Turnstile[int] = Turnstile(places=2, waiting=8)
    assert enter_many(turnstile, "192.0.2.1", 3) == [Verdict.BEGIN, Verdict.WAIT, Verdict.WAIT]
    assert turnstile.next() is None
    turnstile.leave("192.0.2.1")
    assert turnstile.next() == ("192.0.2.1", 1)
    assert turnstile.next() is None


def test_a_newcomer_does_not_overtake_those_of_its_address_who_wait() -> None:
    turnstile: Turnstile[int] = Turnstile(places=2, waiting=8)
    enter_many(turnstile, "192.0.2.1", 2)
    turnstile.leave("192.0.2.1")
    assert turnstile.enter("192.0.2.1", 7) is Verdict.WAIT
    assert turnstile.next() == ("192.0.2.1", 1)


def test_addresses_that_wait_have_their_turns_one_after_the_other() -> None:
    turnstile: Turnstile[int] = Turnstile(places=1, waiting=40)
    assert turnstile.enter("192.0.2.1", 0) is Verdict.BEGIN
    for number in range(1, 4):
        assert turnstile.enter("192.0.2.1", number) is Verdict.WAIT
        assert turnstile.enter("192.0.2.2", number) is Verdict.WAIT
    order = []
    source = "192.0.2.1"
    while source:
        turnstile.leave(source)
        following = turnstile.next()
        source = following[0] if following else ""
        order += [following] if following else []
    assert order == [(f"192.0.2.{address}", number) for number in (1, 2, 3) for address in (1, 2)]


def test_everybody_who_waits_can_be_sent_away() -> None:
    turnstile: Turnstile[int] = Turnstile(places=2, waiting=8)
    enter_many(turnstile, "192.0.2.1", 4)
    assert list(turnstile.send_away()) == [1, 2, 3]
    turnstile.leave("192.0.2.1")
    assert turnstile.next() is None


SOURCES = st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3", EVERYBODY])


@given(places=st.integers(1, 6), waiting=st.integers(0, 6), moves=st.lists(st.tuples(SOURCES, st.booleans())))
def test_places_are_neither_lost_nor_given_twice(places: int, waiting: int, moves: list[tuple[str, bool]]) -> None:
    turnstile: Turnstile[int] = Turnstile(places=places, waiting=waiting)
    inside: list[str] = []
    queued = 0
    for source, is_leaving in moves:
        if is_leaving and inside:
            turnstile.leave(inside.pop(0))
            while (following := turnstile.next()) is not None:
                inside.append(following[0])
                queued -= 1
        elif not is_leaving:
            verdict = turnstile.enter(source, 0)
            inside += [source] if verdict is Verdict.BEGIN else []
            queued += verdict is Verdict.WAIT
        assert len(inside) <= places
        assert 0 <= queued <= waiting
        assert queued == 0 or inside, "nobody waits for nothing"
