"""From what an authority answers to the certificate that is used: every order of events, and nobody is locked out
(security whitepaper A02.FR.06–10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.certificates.model import MAX_DELIVERIES, OrderState, Taken
from forecourt.domain.signing.model import SigningState
from forecourt.pki.certificate import Certificate, read_bundle
from tests.domain.certificates.workshop import (
    ACCEPTED,
    DAY,
    DELIVERING,
    INSTALLED,
    MINUTE,
    REJECTED,
    USED,
    Workshop,
)
from tests.support.authority import Validity
from tests.support.signings import a_csr

FAILED = OrderState.FAILED


# The usual way


def test_from_the_request_to_the_use_and_the_former_one_is_revoked(shop: Workshop, old: Certificate) -> None:
    shop.renews()
    new = shop.takes()
    assert shop.known == (INSTALLED, Taken.YES)
    assert not shop.is_revoked(old), "both are accepted until the new one is used (A02.FR.08-10)"
    assert shop.shows(old)
    assert shop.shows(new)
    shop.stays()
    assert shop.states == [USED, USED]
    assert (shop.is_revoked(old), shop.is_revoked(new)) == (True, False)
    assert not shop.shows(old)
    assert shop.alarms() == []


def test_the_chain_is_sent_leaf_first_and_without_the_root(shop: Workshop) -> None:
    leaf = shop.is_issued()
    assert read_bundle(shop.is_sent()["certificateChain"]) == [leaf, *shop.authority.presented]


def test_a_station_that_takes_short_chains_gets_a_short_one(shop: Workshop) -> None:
    """CertificateSignedMaxChainSize."""
    shop.requests()
    shop.services.configuration.changed(shop.station, "CertificateSignedMaxChainSize", "1000", awaits_restart=False)
    leaf = shop.signs()
    [sent] = read_bundle(shop.is_sent()["certificateChain"])
    assert sent == leaf
    assert shop.order.deliver_errand is not None
    assert "left out" in shop.services.errands.get(shop.order.deliver_errand).warnings[0]


def test_a_chain_that_never_fits_is_not_sent(shop: Workshop) -> None:
    shop.requests()
    shop.services.configuration.changed(shop.station, "CertificateSignedMaxChainSize", "100", awaits_restart=False)
    shop.signs()
    assert shop.states == [FAILED]
    assert "CertificateSignedMaxChainSize" in shop.alarms()[0].sentence
    assert shop.order.is_revoked, "nobody else is to have it"


def test_a_station_of_profile_2_that_never_shows_it_keeps_the_order_installed(shop: Workshop) -> None:
    leaf = shop.takes()
    assert shop.known == (INSTALLED, Taken.YES)
    entry = shop.calendar()
    assert entry.sheet.shown is not None
    assert (entry.sheet.shown.fingerprint, entry.order, entry.order_state) == (leaf.fingerprint, 1, INSTALLED)


# What authorities do


def test_an_authority_that_refuses_ends_the_order(shop: Workshop) -> None:
    shop.requests()
    shop.is_refused_by_the_authority("Not for you.")
    assert shop.states == [OrderState.REFUSED]
    assert "Not for you." in shop.alarms()[0].sentence


def test_an_authority_that_is_silent_for_days_ends_the_order(shop: Workshop) -> None:
    shop.requests()
    asked = shop.order.signing
    assert asked is not None
    shop.passes(4 * DAY)
    assert shop.services.signing.get(asked).state is SigningState.GIVEN_UP
    assert shop.orders[0].state is FAILED


def test_what_is_cancelled_at_the_authority_is_cancelled(shop: Workshop) -> None:
    shop.requests()
    assert shop.order.signing is not None
    shop.services.signing.cancel(shop.order.signing)
    assert shop.states == [OrderState.CANCELLED]


# A station that does not take it


def test_a_certificate_that_is_rejected_is_revoked_and_the_old_one_counts(shop: Workshop, old: Certificate) -> None:
    """A02.FR.07, OCTT 077."""
    new = shop.is_issued()
    shop.is_sent()
    shop.answers(**REJECTED)
    assert shop.known == (OrderState.REJECTED, Taken.NO)
    assert shop.is_revoked(new)
    assert "Rejected" in shop.alarms()[0].sentence
    assert shop.shows(old)


@pytest.mark.parametrize("code", ["NotSupported", "FormationViolation", "InternalError", "GenericError"])
def test_after_an_error_it_is_sent_again_at_the_next_boots(shop: Workshop, old: Certificate, code: str) -> None:
    new = shop.is_issued()
    shop.is_sent()
    shop.answers_with_error(code)
    assert shop.order.state is FAILED
    assert (shop.is_revoked(new), shop.is_revoked(old)) == (False, False)
    shop.passes(MINUTE)
    assert not shop.has_something_to_send, "not before it boots"
    shop.boots()
    shop.passes(MINUTE)
    assert shop.has_something_to_send == (code != "NotSupported")


def test_it_is_sent_three_times_more_and_not_for_ever(shop: Workshop) -> None:
    shop.is_issued()
    for _ in range(MAX_DELIVERIES):
        shop.is_sent()
        shop.answers_with_error("FormationViolation")
        shop.clock.advance(MINUTE)
        shop.boots()
        shop.passes(MINUTE)
    assert not shop.has_something_to_send
    assert shop.order.deliveries == MAX_DELIVERIES


def test_a_refusal_after_an_error_that_proves_nothing_does_not_revoke(shop: Workshop, old: Certificate) -> None:
    """A station that took it in spite of its error has no key any more that waits for it, so that it refuses."""
    new = shop.is_issued()
    shop.is_sent()
    shop.answers_with_error("InternalError")
    shop.clock.advance(MINUTE)
    shop.boots()
    shop.passes(MINUTE)
    shop.is_sent()
    shop.answers(**REJECTED)
    assert shop.known == (FAILED, Taken.PERHAPS)
    assert shop.shows(old)
    assert shop.shows(new)


def test_one_that_was_never_sent_waits_for_the_station(shop: Workshop) -> None:
    shop.requests()
    shop.carrying.leaves()
    leaf = shop.signs()
    shop.passes(30 * DAY)
    assert shop.orders[0].state is DELIVERING
    shop.carrying.comes()
    assert leaf.pem in shop.is_sent()["certificateChain"]


def test_it_waits_for_the_station_no_longer_than_it_is_good(shop: Workshop) -> None:
    shop.carrying.leaves()
    leaf = shop.is_issued(Validity(timedelta(), timedelta(days=3)))
    assert shop.order.deliver_errand is not None
    assert shop.services.errands.get(shop.order.deliver_errand).expires_at == leaf.not_after


def test_one_that_ends_before_it_is_delivered_fails(shop: Workshop) -> None:
    shop.is_issued()
    shop.carrying.leaves()
    shop.passes(366 * DAY)
    shop.passes(MINUTE)
    assert shop.orders[0].state is FAILED


# Repeated requests


def test_the_same_request_after_a_failure_has_it_delivered_again(shop: Workshop) -> None:
    request = shop.requests()
    leaf = shop.signs()
    shop.is_sent()
    shop.answers_with_error("FormationViolation")
    assert shop.sends_request(request) == ACCEPTED
    assert len(shop.orders) == 1
    assert leaf.pem in shop.is_sent()["certificateChain"]
    shop.answers(**ACCEPTED)
    assert shop.known == (INSTALLED, Taken.YES)
    assert shop.alarms() == []


def test_the_same_request_after_it_was_installed_has_it_delivered_again(shop: Workshop) -> None:
    """The answer to SignCertificate was lost, and the certificate was quicker than the repetition."""
    request = shop.requests()
    leaf = shop.signs()
    shop.is_sent()
    shop.answers(**ACCEPTED)
    assert shop.sends_request(request) == ACCEPTED
    assert leaf.pem in shop.is_sent()["certificateChain"]
    shop.answers(**REJECTED)
    assert shop.known == (INSTALLED, Taken.YES), "it has it already"
    assert not shop.is_revoked(leaf)


def test_the_same_request_for_one_that_is_used_begins_a_new_order(shop: Workshop) -> None:
    request = a_csr("SN-1")
    shop.requests(request)
    first = shop.signs()
    shop.is_sent()
    shop.answers(**ACCEPTED)
    shop.shows(first)
    shop.requests(request)
    second = shop.signs()
    shop.is_sent()
    shop.answers(**REJECTED)
    assert shop.is_revoked(second)
    assert shop.shows(first)


def test_the_same_request_after_a_rejection_begins_a_new_order(shop: Workshop) -> None:
    request = shop.requests()
    shop.signs()
    shop.is_sent()
    shop.answers(**REJECTED)
    shop.requests(request)
    assert shop.states == [OrderState.REJECTED, OrderState.RECEIVED]


# What the certificates have to name


@pytest.mark.parametrize("how", ["serial", "device", "policy"])
def test_one_that_names_something_else_by_now_is_not_delivered(shop: Workshop, how: str) -> None:
    shop.requests()
    [assignment] = shop.services.signing.claim("clerk", 10)
    if how == "serial":
        shop.services.admissions.change(shop.station, serial_number="SN-NEW", asked_by="ada")
    elif how == "device":
        shop.services.admissions.replace_device(shop.station, "ada")
    else:
        shop.services.trust.change_policy(lambda known: replace(known, cpo_name="Another"), asked_by="ada")
    assert shop.order.state is (OrderState.RECEIVED if how == "policy" else OrderState.SUPERSEDED)
    leaf = shop.signed(assignment)
    assert shop.is_revoked(leaf)
    assert not shop.has_something_to_send


@pytest.mark.parametrize("is_sent", [False, True])
def test_another_serial_number_supersedes_what_is_on_its_way(shop: Workshop, *, is_sent: bool) -> None:
    leaf = shop.is_issued()
    if is_sent:
        shop.is_sent()
    shop.services.admissions.change(shop.station, serial_number="SN-1", asked_by="ada")
    assert shop.order.state is DELIVERING, "the same number"
    shop.services.admissions.change(shop.station, serial_number="SN-NEW", asked_by="ada")
    assert shop.order.state is OrderState.SUPERSEDED
    assert shop.is_revoked(leaf) is not is_sent
    assert not shop.has_something_to_send
