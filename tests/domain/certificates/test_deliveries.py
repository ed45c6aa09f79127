"""From what an authority answers to the certificate that is used: every order of events, and nobody is locked out
(security whitepaper A02.FR.06–10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.certificates.model import MAX_DELIVERIES, CertificateOrder, OrderNumber, OrderState, Taken
from forecourt.domain.errands.model import Failure
from forecourt.domain.errors import Kind
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.domain.signing.model import SigningState
from forecourt.domain.trust import revocations
from forecourt.pki.certificate import Certificate, read_bundle
from tests.domain.certificates.workshop import (
    ACCEPTED,
    DAY,
    DELIVERING,
    DOUBTFUL,
    HOUR,
    INSTALLED,
    MINUTE,
    REJECTED,
    USED,
    Workshop,
)
from tests.domain.world import refused
from tests.support.signings import a_csr

FAILED = OrderState.FAILED
CERTIFICATE = SecurityProfile.TLS_CERTIFICATE


@pytest.fixture
def shop() -> Workshop:
    return Workshop()


@pytest.fixture
def old(shop: Workshop) -> Certificate:
    """The certificate that the station uses."""
    return shop.uses()


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


def test_one_that_ends_before_it_is_delivered_fails(shop: Workshop) -> None:
    shop.is_issued()
    shop.carrying.leaves()
    shop.passes(366 * DAY)
    shop.passes(MINUTE)
    assert shop.orders[0].state is FAILED


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
    shop.passes(MINUTE)
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


# What the station shows


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


# Operators


@pytest.mark.parametrize("until", ["asked", "received", "queued", "doubtful"])
def test_an_order_is_given_up(shop: Workshop, old: Certificate, until: str) -> None:
    new = None
    if until == "asked":
        shop.asks("RenewCertificate")
    else:
        shop.requests()
    if until in ("queued", "doubtful"):
        new = shop.signs()
    if until == "doubtful":
        shop.is_sent()
        shop.never_answers()
    order = shop.services.certificates.cancel(shop.order.number, "ada")
    assert (order.state, order.reason) == (OrderState.CANCELLED, "It was cancelled by ada.")
    assert not shop.has_something_to_send
    if new is not None:
        assert shop.is_revoked(new) == (until == "queued"), "only what the station cannot have is revoked"
    with refused(Kind.CONFLICT, about="ended already"):
        shop.services.certificates.cancel(order.number, "ada")
    shop.passes(MINUTE)
    assert shop.services.signing.claim("clerk", 10) == []
    assert shop.shows(old)


def test_what_was_sent_is_not_given_up(shop: Workshop) -> None:
    shop.is_issued()
    shop.is_sent()
    with refused(Kind.CONFLICT, about="sent to the station already"):
        shop.services.certificates.cancel(shop.order.number, "ada")
    shop.answers(**ACCEPTED)
    assert shop.order.state is INSTALLED


def test_there_is_no_such_order(shop: Workshop) -> None:
    with refused(Kind.NOT_FOUND):
        shop.services.certificates.cancel(OrderNumber(99), "ada")


def test_the_errand_itself_may_be_cancelled(shop: Workshop, old: Certificate) -> None:
    new = shop.is_issued()
    assert shop.order.deliver_errand is not None
    shop.services.errands.cancel(shop.order.deliver_errand)
    assert shop.order.state is OrderState.CANCELLED
    assert shop.is_revoked(new)
    assert not shop.is_revoked(old)


def test_a_station_that_is_taken_off_the_register_gets_nothing(shop: Workshop) -> None:
    leaf = shop.is_issued()
    shop.services.provisioning.remove("CP-1")
    assert shop.order.state is OrderState.CANCELLED
    assert shop.is_revoked(leaf)


def test_what_is_issued_for_a_station_that_is_gone_is_revoked(shop: Workshop) -> None:
    shop.requests()
    shop.services.provisioning.remove("CP-1")
    leaf = shop.signs()
    assert shop.order.state is OrderState.CANCELLED
    assert shop.is_revoked(leaf)


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


# The log


def test_what_is_lost_is_in_the_log(shop: Workshop) -> None:
    shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    assert any("next connection" in reason for reason in shop.notes(Noted.CERTIFICATE_NOT_DELIVERED))


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


def revoke(shop: Workshop, certificate: Certificate) -> None:
    """An operator does."""
    shop.services.trust.revoke_certificate(certificate, reason="stolen", asked_by="ada")
