"""Tests of many id tokens at once, and of lists of tokens by what they may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.authorization.model import AuthorizationStatus, IdToken, TokenFilter, Verdict
from forecourt.domain.evse import EvseId
from forecourt.domain.paging import PageRequest
from forecourt.domain.transactions.model import StartReport, Stop
from tests.storage.bench import Bench, all_pages
from tests.support.clock import NOON

MANY = [IdToken(id_token=f"Card-{number:04}", note=f"{number}") for number in range(1234)]
STOP = Stop(stopped_at=NOON, meter_stop_wh=2, reason="Local", id_token=None, received_at=NOON)


def charges(bench: Bench, key: int, id_token: str) -> int:
    report = StartReport(evse=EvseId(1), id_token=id_token, started_at=NOON, meter_start_wh=1)
    with bench.committed():
        verdict = Verdict(AuthorizationStatus.ACCEPTED)
        return bench.transactions.start(key, report, verdict, frozenset(), NOON)


def test_many_tokens_are_written_down_at_once(bench: Bench) -> None:
    with bench.committed():
        assert bench.tokens.add_all(MANY, NOON) == len(MANY)
    with bench.reading():
        assert all_pages(lambda page: bench.tokens.list(TokenFilter(), NOON, page), 1000) == MANY
        assert bench.tokens.known([token.id_token.upper() for token in MANY] + ["other"]) == {
            token.id_token.lower() for token in MANY
        }


def test_a_token_that_is_there_is_not_counted_and_not_changed(bench: Bench) -> None:
    with bench.committed():
        bench.tokens.add(IdToken(id_token="CARD-0700", note="before"), NOON)
        assert bench.tokens.add_all(MANY, NOON) == len(MANY) - 1
    with bench.reading():
        assert bench.tokens.find("card-0700") == IdToken(id_token="CARD-0700", note="before")


def test_tokens_that_are_registered_are_unknown_no_longer(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        bench.tokens.record_stranger("card-0001", key, NOON)
        bench.tokens.record_stranger("Other", key, NOON)
    with bench.reading():
        found = bench.tokens.find_stranger("CARD-0001")
        assert found is not None
        assert (found.id_token, found.station, found.attempts) == ("card-0001", "CP-1", 1)
    with bench.committed():
        bench.tokens.add_all(MANY, NOON)
    with bench.reading():
        assert [one.id_token for one in bench.tokens.strangers(PageRequest()).items] == ["Other"]
        assert bench.tokens.find_stranger("card-0001") is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (TokenFilter(group="fLEET"), ["grouped"]),
        (TokenFilter(group="flee"), []),
        (TokenFilter(is_blocked=True), ["blocked"]),
        (TokenFilter(is_blocked=False), ["busy", "expired", "grouped"]),
        (TokenFilter(is_expired=True), ["expired"]),
        (TokenFilter(is_expired=False), ["blocked", "busy", "grouped"]),
        (TokenFilter(is_charging=True), ["busy"]),
        (TokenFilter(is_charging=False), ["blocked", "expired", "grouped"]),
        (TokenFilter(is_blocked=False, is_expired=False, search="B"), ["busy"]),
    ],
)
def test_tokens_are_listed_by_what_they_may_do(bench: Bench, wanted: TokenFilter, found: list[str]) -> None:
    key = bench.add_station()
    bare = IdToken(id_token="busy")
    tokens = [
        bare,
        replace(bare, id_token="blocked", is_blocked=True),
        replace(bare, id_token="expired", expires_at=NOON),
        replace(bare, id_token="grouped", parent="Fleet", expires_at=NOON + timedelta(microseconds=1)),
    ]
    with bench.committed():
        bench.tokens.add_all(tokens, NOON)
    charges(bench, key, "BUSY")
    ended = charges(bench, key, "grouped")
    with bench.committed():
        bench.transactions.stop(ended, STOP, frozenset())
    with bench.reading():
        for limit in (1, 10):
            listed = all_pages(lambda page: bench.tokens.list(wanted, NOON, page), limit)
            assert [one.id_token for one in listed] == found


def test_the_transactions_that_run_on_tokens_are_found_in_any_spelling(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    first, second = charges(bench, key, "Card"), charges(bench, other, "CARD")
    ended = charges(bench, key, "Old")
    with bench.committed():
        bench.transactions.stop(ended, STOP, frozenset())
    with bench.reading():
        assert bench.transactions.active_on(["cArD", "old", "unknown"]) == {"card": [first, second]}
