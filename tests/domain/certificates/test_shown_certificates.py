"""What the station shows says more than what it answers, and nobody is locked out by what is revoked (security
whitepaper A02.FR.08–10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.certificates.model import OrderState, Taken
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.domain.trust import revocations
from forecourt.pki.certificate import Certificate
from tests.domain.certificates.workshop import (
    ACCEPTED,
    HOUR,
    INSTALLED,
    MINUTE,
    REJECTED,
    USED,
    Workshop,
)


def test_a_station_that_shows_the_new_one_before_its_answer_is_read(shop: Workshop, old: Certificate) -> None:
    new = shop.is_issued()
    shop.is_sent()
    assert shop.shows(new)
    assert shop.order.state is USED
    shop.answers(**REJECTED)
    assert shop.order.state is USED, "what it shows says more than what it answers"
    assert not shop.is_revoked(new)
    shop.stays()
    assert shop.is_revoked(old)


def test_the_former_one_counts_until_the_station_has_stayed(shop: Workshop, old: Certificate) -> None:
    """It is recorded that it is let in before it learns that it is; one that never does comes with the old one."""
    new = shop.takes()
    shop.carrying.leaves()
    shop.is_let_in(new)
    shop.passes(HOUR)
    assert shop.order.state is USED
    assert shop.shows(old)
    shop.stays()
    assert (shop.is_revoked(old), shop.is_revoked(new)) == (False, False)
    assert shop.shows(new)
    shop.passes(timedelta(seconds=10))
    assert not shop.is_revoked(old)
    shop.passes(timedelta(seconds=10))
    assert shop.is_revoked(old)


def test_a_revoked_one_that_is_shown_to_a_door_that_knows_it_not_yet_revokes_nothing(
    shop: Workshop, old: Certificate
) -> None:
    new = shop.is_issued()
    shop.is_sent()
    shop.answers(**REJECTED)
    shop.is_let_in(new)
    shop.comes_back(new)
    shop.stays()
    assert shop.states == [USED, OrderState.REJECTED]
    assert not shop.is_revoked(old)


def test_a_new_one_that_an_operator_revokes_does_not_end_the_former(shop: Workshop, old: Certificate) -> None:
    new = shop.takes()
    assert shop.shows(new)
    revoke(shop, new)
    shop.stays()
    assert not shop.is_revoked(old)


@pytest.mark.parametrize("state", ["installed", "doubtful", "failed"])
def test_what_an_operator_revoked_is_not_delivered_again(shop: Workshop, old: Certificate, state: str) -> None:
    request = shop.requests()
    new = shop.signs()
    shop.is_sent()
    if state == "installed":
        shop.answers(**ACCEPTED)
    elif state == "doubtful":
        shop.never_answers()
    else:
        shop.answers_with_error("FormationViolation")
    revoke(shop, new)
    shop.clock.advance(MINUTE)
    shop.comes_back(old)
    shop.boots()
    shop.passes(MINUTE)
    assert not shop.has_something_to_send
    assert shop.sends_request(request) == ACCEPTED
    assert shop.order.number == 3, "a new certificate for the same request"
    assert shop.order.is_revoked is False


@pytest.mark.parametrize("was_lost", [False, True])
def test_what_an_operator_revoked_before_it_was_taken_is_begun_anew(
    shop: Workshop, old: Certificate, *, was_lost: bool
) -> None:
    """Nothing is under way any more that would keep anybody from asking for another."""
    new = shop.is_issued()
    shop.is_sent()
    if was_lost:
        shop.never_answers()
    revoke(shop, new)
    shop.answers_late(**ACCEPTED) if was_lost else shop.answers(**ACCEPTED)
    assert shop.known == (OrderState.FAILED, Taken.YES)
    assert "revoked already" in shop.alarms()[0].sentence
    assert not shop.is_revoked(old)
    shop.renews()


def test_an_answer_that_was_never_taken_in_is_no_proof_that_nothing_was_taken(shop: Workshop, old: Certificate) -> None:
    """The station may have it, although another request supersedes the order."""
    new = shop.is_issued()
    shop.is_sent()
    shop.carrying.records("{}", None)
    shop.requests()
    assert shop.states == [USED, OrderState.SUPERSEDED, OrderState.RECEIVED]
    assert not shop.is_revoked(new)


def test_a_third_certificate_changes_nothing_but_the_calendar(shop: Workshop, old: Certificate) -> None:
    new = shop.takes()
    third = shop.authority.leaf("SN-1").certificate
    assert shop.shows(third)
    assert shop.states == [USED, INSTALLED]
    assert (shop.is_revoked(old), shop.is_revoked(new)) == (False, False)
    sheet = shop.calendar().sheet
    assert sheet.shown is not None
    assert (sheet.shown.fingerprint, sheet.shown.order) == (third.fingerprint, None)
    assert sheet.covered_until == new.not_after, "what it took counts, although it shows another one"


def test_an_older_one_that_is_shown_revokes_nothing_newer(shop: Workshop) -> None:
    first = shop.takes()
    second = shop.takes()
    assert shop.states == [INSTALLED, INSTALLED]
    assert shop.shows(first)
    assert shop.states == [USED, INSTALLED]
    assert not shop.is_revoked(second)
    assert shop.shows(second)
    shop.stays()
    assert shop.is_revoked(first)


# Revocations that cannot be done


def test_a_full_register_of_revocations_keeps_nobody_out(
    shop: Workshop, old: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocations, "MAX_REVOKED", 0)
    new = shop.takes()
    assert shop.shows(new)
    shop.stays()
    assert shop.order.state is USED
    for _ in range(3):
        shop.passes(HOUR)
    [told] = [reason for reason in shop.notes(Noted.REVOCATION_CHANGED) if "could not be revoked" in reason]
    assert "could not be revoked" in shop.alarms()[0].sentence
    assert not shop.is_revoked(old), told
    monkeypatch.undo()
    shop.passes(HOUR)
    assert shop.is_revoked(old)
    assert [one.awaited for one in shop.orders] == [None, None]


def test_a_rejected_one_that_could_not_be_revoked_is_tried_again(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocations, "MAX_REVOKED", 0)
    new = shop.is_issued()
    shop.is_sent()
    shop.answers(**REJECTED)
    assert not shop.is_revoked(new)
    monkeypatch.undo()
    shop.passes(HOUR)
    assert shop.is_revoked(new)


def revoke(shop: Workshop, certificate: Certificate) -> None:
    """An operator does."""
    shop.services.trust.revoke_certificate(certificate, reason="stolen", asked_by="ada")
