"""Stations that this system asks for a request (A02), once and again: what they answer, and what comes of it."""

from __future__ import annotations

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.certificates.model import MAX_ASKS, Occasion, OrderState
from forecourt.domain.certificates.service import Certificates
from forecourt.domain.errands.model import Delivery, ErrandState
from forecourt.domain.errors import Kind
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.signing.model import SigningState
from tests.domain.certificates.workshop import ACCEPTED, HOUR, MINUTE, REJECTED, TRIGGER, Workshop, is_asked
from tests.domain.world import refused
from tests.support.signings import a_csr


def test_an_operator_asks_and_the_request_continues_the_order(shop: Workshop) -> None:
    """A02: ExtendedTriggerMessage without a connector, then SignCertificate."""
    errand = shop.renews()
    assert (shop.order.state, shop.order.ask_errand) == (OrderState.ASKED, errand.number)
    shop.clock.advance(10 * MINUTE)
    request = shop.requests()
    [order] = shop.orders
    assert (order.state, order.occasion, order.asked_by) == (OrderState.RECEIVED, Occasion.OPERATOR, "admin")
    assert (order.csr_digest, order.authority) == (request.digest, "own")
    assert order.signing is not None
    assert shop.services.signing.get(order.signing).state is SigningState.WAITING


def test_the_request_may_come_before_the_answer(shop: Workshop) -> None:
    shop.asks("RenewCertificate")
    shop.sends()
    shop.requests()
    shop.answers(**REJECTED)
    assert shop.states == [OrderState.RECEIVED], "what it sent says more than what it answered"


@pytest.mark.parametrize("status", ["Rejected", "NotImplemented"])
def test_a_station_that_will_send_no_request_ends_the_order(shop: Workshop, status: str) -> None:
    shop.asks("RenewCertificate")
    shop.sends()
    shop.answers(status=status)
    assert shop.states == [OrderState.FAILED]
    assert status in (shop.order.reason or "")
    assert len(shop.alarms()) == 1


def test_a_station_that_promises_a_request_has_an_hour(shop: Workshop) -> None:
    """It is asked again soon, and then less and less often: its request may have been lost, or its key takes time."""
    shop.renews()
    asked_after = []
    for minute in range(1, 62):
        shop.passes(MINUTE)
        if is_asked(shop):
            asked_after.append(minute)
    assert asked_after == [2, 6, 14, 30]
    assert (shop.states, shop.order.asks) == ([OrderState.ASKED], MAX_ASKS)
    shop.passes(MINUTE)
    assert shop.states == [OrderState.FAILED]
    assert "5 times" in (shop.order.reason or "")
    shop.requests()
    assert shop.states == [OrderState.FAILED, OrderState.RECEIVED], "one that comes later begins a new order"


def test_a_request_that_is_answered_with_an_error_is_asked_for_again(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The station sent it, and what we answered was InternalError."""
    shop.renews()
    request = a_csr("SN-1")
    with monkeypatch.context() as broken:
        broken.setattr(shop.services.certificates, "_take", None)
        with pytest.raises(TypeError):
            shop.sends_request(request)
    assert shop.states == [OrderState.ASKED]
    shop.passes(2 * MINUTE)
    assert is_asked(shop)
    shop.requests(request)
    assert shop.states == [OrderState.RECEIVED]
    shop.passes(HOUR)
    assert not shop.has_something_to_send


@pytest.mark.parametrize("how", ["rejected", "error", "lost"])
def test_a_station_that_is_busy_with_the_first_question_may_refuse_the_second(shop: Workshop, how: str) -> None:
    shop.renews()
    shop.passes(2 * MINUTE)
    assert shop.sends() == TRIGGER
    if how == "rejected":
        shop.answers(**REJECTED)
    elif how == "error":
        shop.answers_with_error("InternalError")
    else:
        shop.never_answers()
    assert shop.states == [OrderState.ASKED]
    shop.requests()
    assert shop.states == [OrderState.RECEIVED], "the request that it was asked for first"
    assert shop.alarms() == []


@pytest.mark.parametrize("how", ["rejected", "error"])
def test_a_station_whose_first_answer_was_lost_may_still_refuse(shop: Workshop, how: str) -> None:
    shop.asks("RenewCertificate")
    shop.sends()
    shop.never_answers()
    shop.passes(2 * MINUTE)
    shop.sends()
    shop.answers(**REJECTED) if how == "rejected" else shop.answers_with_error("NotSupported")
    assert shop.states == [OrderState.FAILED]
    assert len(shop.alarms()) == 1


def test_a_station_that_proves_nothing_is_heard_after_the_second_question(shop: Workshop) -> None:
    """A request that nobody asked for would be refused."""
    shop.decides(SecurityProfile.NONE)
    shop.renews()
    shop.passes(2 * MINUTE)
    shop.sends()
    shop.answers(**REJECTED)
    shop.requests()
    assert shop.states == [OrderState.RECEIVED]


def test_the_second_question_is_given_up_with_its_order(shop: Workshop) -> None:
    shop.renews()
    shop.passes(2 * MINUTE)
    shop.services.certificates.cancel(shop.order.number, "ada")
    assert not shop.has_something_to_send
    assert shop.states == [OrderState.CANCELLED]


def test_whoever_cancels_the_second_question_cancels_the_order(shop: Workshop) -> None:
    shop.renews()
    shop.passes(2 * MINUTE)
    assert shop.order.ask_errand is not None
    shop.services.errands.cancel(shop.order.ask_errand)
    assert shop.states == [OrderState.CANCELLED]


def test_a_station_that_was_rejected_meanwhile_is_not_asked_again(shop: Workshop) -> None:
    shop.renews()
    shop.services.provisioning.change(
        "CP-1", description="", registration=Registration.REJECTED, heartbeat_seconds=None
    )
    shop.passes(2 * MINUTE)
    assert shop.states == [OrderState.FAILED]
    assert "asked again" in (shop.order.reason or "")


def test_a_quiet_system_asks_once_and_waits_as_long(shop: Workshop) -> None:
    shop.renews()
    known = shop.services.certificates
    quiet = Certificates(known._store, shop.clock, known._rooms, is_quiet=True)
    shop.clock.advance(HOUR)
    quiet.settle()
    assert (shop.has_something_to_send, shop.states) == (False, [OrderState.ASKED])
    shop.clock.advance(3 * MINUTE)
    quiet.settle()
    assert shop.states == [OrderState.FAILED]
    assert "once" in (shop.order.reason or "")


def test_the_hour_begins_when_a_station_that_was_off_line_is_asked() -> None:
    shop = Workshop(is_online=False)
    shop.asks("RenewCertificate")
    shop.passes(12 * HOUR)
    assert shop.states == [OrderState.ASKED]
    shop.carrying.comes()
    shop.sends()
    shop.answers(**ACCEPTED)
    shop.passes(HOUR - MINUTE)
    assert shop.states == [OrderState.ASKED]
    shop.requests()


def test_a_lost_answer_leaves_the_request_awaited_for_an_hour(shop: Workshop) -> None:
    shop.asks("RenewCertificate")
    shop.sends()
    shop.never_answers()
    for _ in range(MAX_ASKS):
        assert shop.states == [OrderState.ASKED]
        shop.passes(HOUR)
        if shop.has_something_to_send:
            shop.sends()
            shop.never_answers()
    assert shop.states == [OrderState.FAILED]


def test_an_error_to_the_question_ends_the_order(shop: Workshop) -> None:
    shop.asks("RenewCertificate")
    shop.sends()
    shop.answers_with_error("NotSupported")
    assert shop.states == [OrderState.FAILED]


def test_what_is_wanted_now_of_a_station_that_is_off_line_begins_nothing() -> None:
    shop = Workshop(is_online=False)
    shop.delivery = Delivery.NOW
    assert shop.asks("RenewCertificate").state is ErrandState.FAILED
    assert shop.orders == []


def test_an_order_at_a_time(shop: Workshop) -> None:
    shop.renews()
    with refused(Kind.CONFLICT, about="under way"):
        shop.asks("RenewCertificate")
    shop.requests()
    with refused(Kind.CONFLICT, about="under way"):
        shop.asks("RenewCertificate")


def test_the_same_message_written_by_hand_is_followed_as_an_order(shop: Workshop) -> None:
    """OCTT 074: the operator of the tool sends ExtendedTriggerMessage."""
    errand = shop.asks("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")
    assert (shop.order.ask_errand, shop.states) == (errand.number, [OrderState.ASKED])
    assert shop.sends() == ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
    shop.answers(**ACCEPTED)
    shop.asks("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")
    assert len(shop.orders) == 1, "while one is under way it is sent as it is"
    assert shop.sends()[0] == "ExtendedTriggerMessage"


def test_a_station_whose_cpo_name_is_another_is_asked_with_a_warning(shop: Workshop) -> None:
    """A02.FR.13: its request would name the other one."""
    shop.services.configuration.changed(shop.station, "CpoName", "Somebody Else", awaits_restart=False)
    assert any("Somebody Else" in warning for warning in shop.asks("RenewCertificate").warnings)


@pytest.mark.parametrize("missing", ["serial", "cpoName"])
def test_nobody_is_asked_for_a_request_that_would_be_refused(shop: Workshop, missing: str) -> None:
    shop.forgets(missing)
    with refused(Kind.CONFLICT, about="not known"):
        shop.asks("RenewCertificate")
