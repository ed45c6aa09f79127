"""How many sockets may be open that have not said yet what they want."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forecourt.gateway.room import RESERVED, Room, Stay
from forecourt.gateway.sources import EVERYBODY


def enter_many(room: Room, source: str, count: int) -> list[Stay]:
    return [stay for _ in range(count) if (stay := room.enter(source)) is not None]


def test_one_source_takes_half_of_what_there_is_and_the_next_one_half_of_the_rest() -> None:
    room = Room(64)
    assert [len(enter_many(room, source, 100)) for source in ("192.0.2.1", "192.0.2.2", "192.0.2.3")] == [16, 8, 4]


def test_a_proxy_that_does_not_say_for_whom_may_take_every_place() -> None:
    assert len(enter_many(Room(64), EVERYBODY, 100)) == 32


def test_who_said_what_it_wants_counts_no_more_and_descriptors_are_left_for_the_database() -> None:
    room = Room(4 * RESERVED)
    admitted = 0
    while stays := enter_many(room, "192.0.2.1", 10_000):
        for stay in stays:
            stay.settle()
        admitted += len(stays)
    assert admitted == 3 * RESERVED
    assert not enter_many(room, EVERYBODY, 1)


def test_a_place_is_given_back_once() -> None:
    room = Room(8)
    [stay] = enter_many(room, "192.0.2.1", 1)
    stay.leave()
    stay.leave()
    stay.settle()
    assert len(enter_many(room, EVERYBODY, 100)) == 4


def test_a_socket_counts_under_the_source_that_its_proxy_told() -> None:
    room = Room(16)
    stays = enter_many(room, EVERYBODY, 6)
    assert [stay.move("192.0.2.1") for stay in stays] == [True, True, True, False, False, False]
    assert stays[-1].source == EVERYBODY
    for stay in stays:
        stay.leave()
    assert len(enter_many(room, "192.0.2.1", 100)) == 4


@given(st.lists(st.tuples(st.sampled_from(["a", "b", EVERYBODY]), st.integers(0, 3)), max_size=200))
def test_whatever_comes_and_goes_the_count_is_right(steps: list[tuple[str, int]]) -> None:
    room = Room(16)
    inside: list[Stay] = []
    settled: list[Stay] = []
    for source, what in steps:
        if what == 0 and (inside or settled):
            (settled or inside).pop(0).leave()
        elif what == 1 and inside:
            settled.append(inside.pop(0))
            settled[-1].settle()
        elif what == 2 and inside:
            inside[-1].move(source)
        elif (stay := room.enter(source)) is not None:
            inside.append(stay)
        assert len(inside) <= 8
        assert len(inside) + len(settled) <= 12
    for stay in (*inside, *settled):
        stay.leave()
    assert (room._silent_total, room._settled, dict(room._silent)) == (0, 0, {})
