"""Tests of id tokens in the database, against the promises of TokenStore."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.authorization.model import IdToken, TokenFilter, UnknownToken
from tests.storage.bench import HIGHEST, UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

FULL = IdToken(
    id_token="Card-1",
    parent="Group",
    expires_at=datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    is_blocked=True,
    max_active_transactions=HIGHEST,
    note="the manager's",
)
BARE = IdToken(id_token="Card-1", max_active_transactions=None)


def add(bench: Bench, token: IdToken) -> bool:
    with bench.committed():
        return bench.tokens.add(token, NOON)


def find(bench: Bench, name: str) -> IdToken | None:
    with bench.reading():
        return bench.tokens.find(name)


def names(bench: Bench, search: str | None = None, limit: int = 2) -> list[str]:
    with bench.reading():
        wanted = TokenFilter(search=search)
        return [one.id_token for one in all_pages(lambda page: bench.tokens.list(wanted, NOON, page), limit)]


@pytest.mark.parametrize("token", [FULL, BARE, replace(FULL, max_active_transactions=0)])
def test_a_token_is_found_as_it_was_written_down(bench: Bench, token: IdToken) -> None:
    assert add(bench, token)
    assert find(bench, "Card-1") == token


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_any_note_is_kept_exactly(bench: Bench, text: str) -> None:
    token = replace(BARE, note=text, parent=text)
    add(bench, token)
    assert find(bench, "Card-1") == token


@pytest.mark.parametrize("name", ["CARD-1", "card-1", "cArD-1"])
def test_tokens_are_compared_without_case(bench: Bench, name: str) -> None:
    """OCPP 1.6 §3.9."""
    add(bench, FULL)
    assert find(bench, name) == FULL
    assert not add(bench, IdToken(id_token=name))
    with bench.committed():
        assert bench.tokens.replace(IdToken(id_token=name, note="replaced"))
    assert find(bench, "Card-1") == IdToken(id_token="Card-1", note="replaced")
    with bench.committed():
        assert bench.tokens.remove(name)
    assert find(bench, "Card-1") is None


@pytest.mark.parametrize(("name", "other"), [("STRASSE", "straße"), ("É", "e"), ("1", "01"), ("A ", "A")])
def test_tokens_that_only_look_alike_are_two(bench: Bench, name: str, other: str) -> None:
    assert add(bench, IdToken(id_token=name))
    assert add(bench, IdToken(id_token=other))
    assert find(bench, other) == IdToken(id_token=other)


def test_case_is_folded_beyond_ascii(bench: Bench) -> None:
    add(bench, IdToken(id_token="ÜÖÄ"))
    assert find(bench, "üöä") == IdToken(id_token="ÜÖÄ")


def test_what_does_not_exist_cannot_be_changed(bench: Bench) -> None:
    with bench.committed():
        assert not bench.tokens.replace(FULL)
        assert not bench.tokens.remove("Card-1")
    assert names(bench) == []


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_pages_follow_one_another_without_gaps(bench: Bench, limit: int) -> None:
    wanted = ["A1", "b2", "C3", "d4", "E5", "f6", "G7"]
    for name in reversed(wanted):
        add(bench, IdToken(id_token=name))
    assert names(bench, limit=limit) == wanted


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (None, ["a%b", "axb", "O'x"]),
        ("", ["a%b", "axb", "O'x"]),
        ("A%", ["a%b"]),
        ("_", []),
        ("o'", ["O'x"]),
        ("fleet", ["axb"]),
        ("MANAGER", ["a%b"]),
    ],
)
def test_a_search_looks_at_name_parent_and_note(bench: Bench, search: str | None, found: list[str]) -> None:
    add(bench, IdToken(id_token="a%b", note="the manager's"))
    add(bench, IdToken(id_token="axb", parent="Fleet"))
    add(bench, IdToken(id_token="O'x"))
    assert names(bench, search) == found


# Strangers


def meet(bench: Bench, name: str, key: int, at: datetime = NOON) -> None:
    with bench.committed():
        bench.tokens.record_stranger(name, key, at)


def strangers(bench: Bench) -> list[UnknownToken]:
    with bench.reading():
        return all_pages(bench.tokens.strangers, 2)


def test_attempts_of_a_stranger_add_up_over_its_spellings(bench: Bench) -> None:
    one, two = bench.add_station("CP-1"), bench.add_station("CP-2")
    later = NOON + timedelta(hours=1)
    meet(bench, "Card", one)
    meet(bench, "CARD", two, later)
    assert strangers(bench) == [UnknownToken("CARD", "CP-2", NOON, later, 2)]


def test_attempts_within_one_group_add_up(bench: Bench) -> None:
    key = bench.add_station("CP-1")
    with bench.committed():
        for seconds in range(5):
            bench.tokens.record_stranger("Card", key, NOON + timedelta(seconds=seconds))
    assert strangers(bench) == [UnknownToken("Card", "CP-1", NOON, NOON + timedelta(seconds=4), 5)]


def test_strangers_are_listed_by_name_page_by_page(bench: Bench) -> None:
    key = bench.add_station("CP-1")
    for name in ("c", "B", "a", "E", "d"):
        meet(bench, name, key)
    assert [one.id_token for one in strangers(bench)] == ["a", "B", "c", "d", "E"]


def test_only_the_strangers_seen_last_are_kept(bench: Bench) -> None:
    key = bench.add_station("CP-1")
    for number in range(5):
        meet(bench, f"T{number}", key, NOON + timedelta(seconds=number))
    with bench.committed():
        bench.tokens.prune_strangers(2)
    assert [one.id_token for one in strangers(bench)] == ["T3", "T4"]


def test_a_stranger_can_be_forgotten_once(bench: Bench) -> None:
    meet(bench, "Card", bench.add_station("CP-1"))
    with bench.committed():
        assert bench.tokens.forget_stranger("cArd")
        assert not bench.tokens.forget_stranger("cArd")
    assert strangers(bench) == []
