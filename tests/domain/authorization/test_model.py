"""Whether a token may charge (OCPP 1.6 §3.9, §3.10, §4.1)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from forecourt.domain.authorization.model import (
    AuthorizationStatus,
    IdToken,
    Verdict,
    check_token,
    fold,
    is_same_group,
    judge,
)
from forecourt.domain.errors import Kind
from tests.domain.world import refused
from tests.support.clock import NOON

ACCEPTED = AuthorizationStatus.ACCEPTED
BLOCKED = AuthorizationStatus.BLOCKED
EXPIRED = AuthorizationStatus.EXPIRED
CONCURRENT = AuthorizationStatus.CONCURRENT_TX

A_MOMENT = timedelta(microseconds=1)
PAST, FUTURE = NOON - A_MOMENT, NOON + A_MOMENT


def a_token(
    *,
    expires_at: datetime | None = None,
    is_blocked: bool = False,
    most: int | None = 1,
    parent: str | None = None,
) -> IdToken:
    return IdToken(
        id_token="TAG", parent=parent, expires_at=expires_at, is_blocked=is_blocked, max_active_transactions=most
    )


def test_an_unknown_token_is_invalid_and_nothing_else_is_said_of_it() -> None:
    assert judge(None, NOON) == Verdict(AuthorizationStatus.INVALID)
    assert judge(None, NOON, count_active=lambda: 5) == Verdict(AuthorizationStatus.INVALID)


VERDICTS = [
    # token, transactions that run elsewhere (None: not asked), verdict
    (a_token(), None, ACCEPTED),
    (a_token(), 0, ACCEPTED),
    (a_token(), 1, CONCURRENT),
    (a_token(), 2, CONCURRENT),
    (a_token(most=2), 1, ACCEPTED),
    (a_token(most=2), 2, CONCURRENT),
    (a_token(most=0), 0, CONCURRENT),
    (a_token(most=0), None, ACCEPTED),
    (a_token(most=None), 1000, ACCEPTED),
    (a_token(expires_at=FUTURE), None, ACCEPTED),
    (a_token(expires_at=NOON), None, EXPIRED),
    (a_token(expires_at=PAST), None, EXPIRED),
    (a_token(expires_at=FUTURE), 1, CONCURRENT),
    (a_token(expires_at=PAST), 1, EXPIRED),
    (a_token(is_blocked=True), None, BLOCKED),
    (a_token(is_blocked=True), 1, BLOCKED),
    (a_token(is_blocked=True, expires_at=PAST), None, BLOCKED),
]


@pytest.mark.parametrize(("token", "active", "status"), VERDICTS)
def test_the_verdict_on_a_known_token(token: IdToken, active: int | None, status: AuthorizationStatus) -> None:
    count_active = None if active is None else lambda: active

    assert judge(token, NOON, count_active=count_active).status is status


@pytest.mark.parametrize("token", [None, a_token(is_blocked=True), a_token(expires_at=PAST), a_token(most=None)])
def test_transactions_are_counted_only_when_their_number_matters(token: IdToken | None) -> None:
    def count_active() -> int:
        raise AssertionError("counted in vain")

    judge(token, NOON, count_active=count_active)


@pytest.mark.parametrize("is_blocked", [True, False])
def test_a_verdict_tells_the_group_and_the_end_of_the_token_whatever_it_is(is_blocked: bool) -> None:
    verdict = judge(a_token(parent="FLEET", expires_at=FUTURE, is_blocked=is_blocked), NOON)

    assert (verdict.parent, verdict.expires_at) == ("FLEET", FUTURE)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("FLEET", "FLEET", True),
        ("FLEET", "fleet", True),
        ("FLEET", "OTHER", False),
        ("FLEET", None, False),
        (None, "FLEET", False),
        (None, None, False),
    ],
)
def test_two_tokens_are_of_one_group_when_both_have_the_same_parent(
    one: str | None, other: str | None, is_same: bool
) -> None:
    """OCPP 1.6 §3.10; having no group is not a group."""
    assert is_same_group(a_token(parent=one), other) is is_same
    assert is_same_group(Verdict(ACCEPTED, None, one), other) is is_same


def test_no_token_is_of_no_group() -> None:
    assert not is_same_group(None, "FLEET")


def test_tokens_are_compared_without_case() -> None:
    """OCPP 1.6 §3.9."""
    assert fold("04A1b2C3") == fold("04a1B2c3")


GOOD_TOKENS = ["A", "x" * 20, "04A1B2C3", "a b", "ä" * 20, "#/:?%"]
BAD_TOKENS = ["", "x" * 21, " A", "A ", "\t", "A\n", "A\x00B", "A\x7f"]


@pytest.mark.parametrize("id_token", GOOD_TOKENS)
def test_a_token_that_a_station_can_send_is_taken(id_token: str) -> None:
    token = IdToken(id_token=id_token, parent=id_token)

    assert check_token(token) is token


@pytest.mark.parametrize("text", BAD_TOKENS)
def test_a_token_that_no_station_can_send_is_refused(text: str) -> None:
    with refused(Kind.INVALID, field="idTag"):
        check_token(IdToken(id_token=text))
    with refused(Kind.INVALID, field="parentIdTag"):
        check_token(IdToken(id_token="A", parent=text))


@pytest.mark.parametrize("most", [None, 0, 1, 1000])
def test_the_number_of_transactions_is_0_or_more_or_without_limit(most: int | None) -> None:
    check_token(a_token(most=most))


def test_a_negative_number_of_transactions_is_refused() -> None:
    with refused(Kind.INVALID, field="maxActiveTransactions"):
        check_token(a_token(most=-1))
