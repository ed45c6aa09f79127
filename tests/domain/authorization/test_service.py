"""The register of tokens, and what is remembered of tokens that are not in it."""

from __future__ import annotations

from datetime import timedelta

from forecourt.domain.authorization.model import AuthorizationStatus, IdToken, UnknownToken
from forecourt.domain.authorization.service import STRANGERS_KEPT
from forecourt.domain.errors import Kind
from tests.domain.world import ALL, World, refused
from tests.support.clock import NOON


def test_a_token_is_found_in_any_spelling() -> None:
    world = World()
    world.a_tag("04A1B2")

    verdict = world.services.authorization.authorize(world.a_station(), "04a1b2")

    assert verdict.status is AuthorizationStatus.ACCEPTED


def test_authorize_never_answers_concurrent() -> None:
    """Only StartTransaction knows how many transactions run."""
    world = World()
    world.a_tag(max_active_transactions=1)
    station = world.a_station()
    world.starts(station)

    assert world.services.authorization.authorize(station, "TAG").status is AuthorizationStatus.ACCEPTED


def test_a_token_expires_while_the_clock_goes_on() -> None:
    world = World()
    world.a_tag(expires_at=NOON + timedelta(hours=1))
    station = world.a_station()

    world.clock.advance(timedelta(minutes=59, seconds=59))
    assert world.services.authorization.authorize(station, "TAG").status is AuthorizationStatus.ACCEPTED
    world.clock.advance(timedelta(seconds=1))
    assert world.services.authorization.authorize(station, "TAG").status is AuthorizationStatus.EXPIRED


def test_the_label_of_a_group_is_no_token() -> None:
    """OCPP 1.6 §3.10."""
    world = World()
    world.a_tag("A", parent="FLEET")

    verdict = world.services.authorization.authorize(world.a_station(), "FLEET")

    assert verdict.status is AuthorizationStatus.INVALID


def test_an_unknown_token_is_remembered_with_its_station_and_counted() -> None:
    world = World()
    world.services.authorization.authorize(world.a_station("CP-1"), "LOST")
    world.clock.advance(timedelta(minutes=1))
    world.services.authorization.authorize(world.a_station("CP-2"), "lost")

    later = NOON + timedelta(minutes=1)
    page = world.services.authorization.list_strangers(ALL)
    assert page.items == [UnknownToken("lost", "CP-2", NOON, later, 2)]


def test_a_known_token_is_no_stranger_whatever_its_verdict() -> None:
    world = World()
    world.a_tag(is_blocked=True)
    world.services.authorization.authorize(world.a_station(), "TAG")

    assert world.services.authorization.list_strangers(ALL).items == []


def test_a_stranger_that_is_registered_is_a_stranger_no_more() -> None:
    world = World()
    world.services.authorization.authorize(world.a_station(), "LOST")
    world.a_tag("lost")

    assert world.services.authorization.list_strangers(ALL).items == []


def test_only_the_strangers_seen_last_are_kept() -> None:
    world = World()
    station = world.a_station()
    for n in range(STRANGERS_KEPT + 2):
        world.clock.advance(timedelta(seconds=1))
        world.services.authorization.authorize(station, f"LOST-{n:05}")

    world.services.authorization.prune_strangers()

    kept = [one.id_token for one in world.services.authorization.list_strangers(ALL).items]
    assert len(kept) == STRANGERS_KEPT
    assert kept[0] == "LOST-00002"


def test_a_stranger_may_be_forgotten_once() -> None:
    world = World()
    world.services.authorization.authorize(world.a_station(), "LOST")

    world.services.authorization.forget_stranger("lost")
    with refused(Kind.NOT_FOUND, about="'lost'"):
        world.services.authorization.forget_stranger("lost")


def test_a_token_is_registered_once_in_whatever_spelling() -> None:
    world = World()
    world.a_tag("Abc")

    with refused(Kind.CONFLICT, field="idTag"):
        world.a_tag("aBC")
    assert world.services.authorization.get("ABC").id_token == "Abc"


def test_a_token_that_cannot_be_is_not_registered() -> None:
    world = World()

    with refused(Kind.INVALID, field="idTag"):
        world.a_tag("x" * 21)
    assert world.services.authorization.list(None, ALL).items == []


def test_what_is_known_of_a_token_is_replaced() -> None:
    world = World()
    world.a_tag(parent="FLEET", is_blocked=True)

    world.services.authorization.replace(IdToken(id_token="tag", note="found again"))

    assert world.services.authorization.get("TAG") == IdToken(id_token="TAG", note="found again")


def test_what_is_not_registered_is_neither_shown_nor_changed_nor_removed() -> None:
    authorization = World().services.authorization

    with refused(Kind.NOT_FOUND):
        authorization.get("TAG")
    with refused(Kind.NOT_FOUND):
        authorization.replace(IdToken(id_token="TAG"))
    with refused(Kind.NOT_FOUND):
        authorization.remove("TAG")


def test_a_removed_token_is_unknown() -> None:
    world = World()
    world.a_tag()
    world.services.authorization.remove("tag")

    verdict = world.services.authorization.authorize(world.a_station(), "TAG")

    assert verdict.status is AuthorizationStatus.INVALID
