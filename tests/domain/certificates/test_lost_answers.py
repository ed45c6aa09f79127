"""Answers that are lost, late, or never taken in, and processes that end in the middle: nothing is revoked that a
station may have (security whitepaper A02.FR.06–10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.certificates.model import CertificateOrder, OrderState, Taken
from forecourt.domain.errands.model import Failure
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.pki.certificate import Certificate
from tests.domain.certificates.workshop import (
    ACCEPTED,
    DELIVERING,
    DOUBTFUL,
    HOUR,
    INSTALLED,
    MINUTE,
    REJECTED,
    USED,
    Workshop,
)
from tests.support.signings import a_csr

FAILED = OrderState.FAILED


# Lost answers


def test_a_lost_answer_leaves_everything_accepted(shop: Workshop, old: Certificate) -> None:
    new = shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    assert shop.known == (DOUBTFUL, Taken.PERHAPS)
    assert (shop.is_revoked(old), shop.is_revoked(new)) == (False, False)
    assert shop.shows(old)
    assert shop.shows(new)
    assert shop.known == (USED, Taken.YES)
    shop.stays()
    assert shop.is_revoked(old)


def test_an_answer_that_comes_late_decides(shop: Workshop, old: Certificate) -> None:
    shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    shop.answers_late(**ACCEPTED)
    assert shop.known == (INSTALLED, Taken.YES)
    new = shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    shop.answers_late(**REJECTED)
    assert shop.order.state is OrderState.REJECTED
    assert shop.is_revoked(new)
    assert shop.shows(old)


def test_it_is_delivered_once_more_when_the_station_is_back_without_it(shop: Workshop, old: Certificate) -> None:
    new = shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    shop.comes_back(old)
    shop.passes(timedelta(seconds=20))
    assert not shop.has_something_to_send, "it may come back once more, with the new one"
    shop.passes(timedelta(seconds=20))
    assert new.pem in shop.is_sent()["certificateChain"]
    shop.answers(**ACCEPTED)
    assert shop.known == (INSTALLED, Taken.YES)


def test_it_is_not_delivered_again_to_a_station_that_shows_it(shop: Workshop) -> None:
    new = shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    shop.comes_back(new)
    shop.passes(MINUTE)
    assert not shop.has_something_to_send
    assert shop.shows(new)
    assert shop.known == (USED, Taken.YES)


@pytest.mark.parametrize("end", ["rejected", "lost", "cancelled"])
def test_the_second_delivery_proves_nothing_against_the_first(shop: Workshop, old: Certificate, end: str) -> None:
    """The station may have taken it the first time: it is never revoked, and not sent a third time."""
    new = shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    shop.comes_back(old)
    shop.passes(MINUTE)
    if end == "cancelled":
        assert shop.order.deliver_errand is not None
        shop.services.errands.cancel(shop.order.deliver_errand)
    else:
        shop.is_sent()
        shop.answers(**REJECTED) if end == "rejected" else shop.never_answers()
    assert shop.known == (FAILED, Taken.PERHAPS)
    assert "not known" in shop.alarms()[0].sentence
    assert (shop.is_revoked(old), shop.is_revoked(new)) == (False, False)
    shop.comes_back(old)
    shop.boots()
    shop.passes(HOUR)
    assert not shop.has_something_to_send
    assert shop.shows(new)
    assert shop.known == (USED, Taken.YES)


def test_an_error_after_a_lost_answer_has_it_sent_again_at_the_next_boot(shop: Workshop, old: Certificate) -> None:
    new = shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    shop.comes_back(old)
    shop.passes(MINUTE)
    shop.is_sent()
    shop.answers_with_error("FormationViolation")
    assert shop.known == (FAILED, Taken.PERHAPS)
    shop.clock.advance(MINUTE)
    shop.boots()
    shop.passes(MINUTE)
    shop.is_sent()
    shop.answers(**REJECTED)
    assert shop.known == (FAILED, Taken.PERHAPS)
    assert (shop.is_revoked(old), shop.is_revoked(new)) == (False, False)


def test_an_error_that_comes_late_proves_that_it_was_not_taken(shop: Workshop) -> None:
    shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    claim = shop.carrying.claim
    shop.services.errands.failed_late(claim, Failure("Told late.", "FormationViolation"), response="{}")
    assert shop.known == (FAILED, Taken.NO)


def test_a_late_answer_to_the_first_delivery_counts_while_the_second_is_out(shop: Workshop) -> None:
    shop.is_issued()
    shop.is_sent()
    first = shop.carrying.sent
    shop.never_answers()
    shop.comes_back()
    shop.passes(MINUTE)
    shop.is_sent()
    second = shop.carrying.sent
    shop.carrying.hears_late(first, **ACCEPTED)
    assert shop.known == (DELIVERING, Taken.YES)
    shop.carrying.goes_on_with(second)
    shop.answers(**REJECTED)
    assert shop.known == (INSTALLED, Taken.YES), "it said before that it has it"


def test_a_doubtful_one_does_not_keep_anybody_from_asking_again(shop: Workshop, old: Certificate) -> None:
    doubtful = shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    shop.renews()
    newer = shop.takes()
    assert shop.states == [USED, OrderState.SUPERSEDED, INSTALLED]
    assert not shop.is_revoked(doubtful)
    assert shop.shows(doubtful), "it had taken that one"
    shop.stays()
    assert shop.states == [USED, USED, INSTALLED]
    assert shop.is_revoked(old)
    assert shop.shows(newer)
    shop.stays()
    assert shop.is_revoked(doubtful)


def test_what_is_lost_is_in_the_log(shop: Workshop) -> None:
    shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    assert any("next connection" in reason for reason in shop.notes(Noted.CERTIFICATE_NOT_DELIVERED))


# Crashes


def test_an_end_that_nobody_was_told_of_is_found(shop: Workshop, old: Certificate) -> None:
    """The room could not be told, however often that was tried; the errand has ended all the same."""
    new = shop.is_issued()
    shop.is_sent()
    shop.carrying.records("{}", None)  # answered, and what it meant was not taken in
    assert shop.order.state is DELIVERING
    shop.passes(2 * MINUTE)
    assert shop.known == (DOUBTFUL, Taken.PERHAPS)
    assert (shop.is_revoked(old), shop.is_revoked(new)) == (False, False)


def test_a_refusal_that_nobody_was_told_of_is_found(shop: Workshop) -> None:
    new = shop.is_issued()
    shop.is_sent()
    shop.carrying.records("{}", "Rejected")
    shop.passes(2 * MINUTE)
    assert shop.order.state is OrderState.REJECTED
    assert shop.is_revoked(new)


def test_a_node_that_stops_before_the_answer_leaves_it_doubtful(shop: Workshop) -> None:
    shop.is_issued()
    shop.is_sent()
    [claim] = shop.services.errands.sent_by("node-1")
    shop.services.errands.lost(claim, "The system stopped before it had the answer.", is_repeatable=False)
    assert shop.known == (DOUBTFUL, Taken.PERHAPS)


def test_a_restart_between_any_two_steps_changes_nothing(shop: Workshop) -> None:
    """The rows are the whole memory: every step is done by services that know nothing of those before."""
    shop.renews()
    shop.restarts()
    shop.requests()
    shop.restarts()
    leaf = shop.signs()
    shop.restarts()
    shop.is_sent()
    shop.restarts()
    shop.answers(**ACCEPTED)
    shop.restarts()
    assert shop.shows(leaf)
    assert shop.states == [USED]


# Ends at the authority that could not be told


@pytest.mark.parametrize("end", ["issued", "refused"])
def test_an_end_at_the_authority_that_nobody_was_told_of_is_found(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    shop.requests()
    monkeypatch.setattr(shop.services.signing, "_takers", {})
    leaf = shop.signs() if end == "issued" else None
    if leaf is None:
        shop.is_refused_by_the_authority("Not for you.")
    assert shop.states == [OrderState.RECEIVED]
    shop.passes(2 * MINUTE)
    if leaf is None:
        assert shop.states == [OrderState.REFUSED]
        assert "Not for you." in shop.alarms()[0].sentence
    else:
        assert leaf.pem in shop.is_sent()["certificateChain"]


def test_what_fails_does_not_keep_the_others_waiting(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.requests()
    first = shop.order.number
    monkeypatch.setattr(shop.services.signing, "_takers", {})
    shop.signs()
    other = shop.a_station("CP-2")
    shop.services.admissions.set_profile(other, SecurityProfile.TLS_BASIC, may_lower=True, asked_by="ada")
    shop.services.admissions.change(other, serial_number="SN-2", asked_by="ada")
    assert shop.services.certificates.receive_csr(other, a_csr("SN-2").pem)
    shop.signs()
    room = shop.services.certificates
    deliver = room._issued

    def fails(order: CertificateOrder, chain: tuple[Certificate, ...]) -> None:
        if order.number == first:
            raise RuntimeError("the first one")
        deliver(order, chain)

    monkeypatch.setattr(room, "_issued", fails)
    shop.clock.advance(2 * MINUTE)
    with pytest.raises(RuntimeError):
        room.settle()
    room.settle()
    assert shop.states == [OrderState.RECEIVED, DELIVERING]
