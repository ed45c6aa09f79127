"""Tests of API tokens and accounts in the database, against the promises of AccessStore."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forecourt.domain.access.model import ApiToken
from tests.storage.bench import Bench, all_pages
from tests.support.clock import NOON


def add(bench: Bench, token: ApiToken, digest: str) -> bool:
    with bench.committed():
        return bench.access.add_token(token, digest)


@pytest.mark.parametrize("expires_at", [None, NOON, datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)])
def test_a_token_is_found_by_its_digest_alone(bench: Bench, expires_at: datetime | None) -> None:
    token = ApiToken("it's 🔌 100%_\\", NOON, expires_at)
    assert add(bench, token, "d1")
    with bench.reading():
        assert bench.access.find_token("d1") == token
        assert bench.access.find_token("D1") is None
        assert bench.access.find_token(token.name) is None


def test_a_name_is_taken_once(bench: Bench) -> None:
    assert add(bench, ApiToken("ci", NOON, None), "d1")
    assert not add(bench, ApiToken("ci", NOON, None), "d2")
    with bench.reading():
        assert bench.access.find_token("d1") is not None
        assert bench.access.find_token("d2") is None


def test_a_token_can_be_removed_once_and_its_name_used_again(bench: Bench) -> None:
    add(bench, ApiToken("ci", NOON, None), "d1")
    with bench.committed():
        assert bench.access.remove_token("ci")
        assert not bench.access.remove_token("ci")
    assert add(bench, ApiToken("ci", NOON, None), "d2")
    with bench.reading():
        assert bench.access.find_token("d1") is None


def test_tokens_are_listed_by_name_page_by_page(bench: Bench) -> None:
    wanted = [ApiToken(f"t{number}", NOON, None) for number in range(5)]
    for number, token in enumerate(reversed(wanted)):
        add(bench, token, str(number))
    with bench.reading():
        assert all_pages(bench.access.tokens, 2) == wanted


def test_the_newest_password_of_an_account_counts(bench: Bench) -> None:
    for hashed in ("first", "second"):
        with bench.committed():
            bench.access.put_password("admin", hashed)
    with bench.reading():
        assert bench.access.find_password("admin") == "second"
        assert bench.access.find_password("Admin") is None
