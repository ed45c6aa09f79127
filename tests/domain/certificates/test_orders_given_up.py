"""Orders that an operator gives up, and those of stations that are taken off the register."""

from __future__ import annotations

import pytest

from forecourt.domain.certificates.model import OrderNumber, OrderState
from forecourt.domain.errors import Kind
from forecourt.pki.certificate import Certificate
from tests.domain.certificates.workshop import (
    ACCEPTED,
    INSTALLED,
    MINUTE,
    Workshop,
)
from tests.domain.world import refused


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


def test_what_the_station_may_have_is_not_revoked_with_its_second_delivery(shop: Workshop, old: Certificate) -> None:
    new = shop.is_issued()
    shop.is_sent()
    shop.never_answers()
    shop.comes_back(old)
    shop.passes(MINUTE)
    shop.services.certificates.cancel(shop.order.number, "ada")
    assert not shop.has_something_to_send
    assert not shop.is_revoked(new)
    assert shop.shows(new)


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
