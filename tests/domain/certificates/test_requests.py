"""Requests of stations, asked for and not (A02, A03): what is taken, what is refused, and what came before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from forecourt.domain.admission.model import Leniency, SecurityProfile
from forecourt.domain.certificates.model import MAX_REQUESTS, Occasion, OrderState
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import Registration, StationDraft
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.domain.signing.model import SigningState
from forecourt.pki.csr import SigningRequest, read_csr
from tests.domain.certificates.workshop import ACCEPTED, DAY, DELIVERING, HOUR, MINUTE, REJECTED, Workshop
from tests.domain.world import refused
from tests.support.authority import OPERATOR, a_key, a_name
from tests.support.carrying import Carrying
from tests.support.signings import a_csr

# Asked for by the station: A03


def test_a_station_asks_by_itself(shop: Workshop) -> None:
    shop.requests()
    [order] = shop.orders
    assert (order.state, order.occasion, order.asked_by) == (OrderState.RECEIVED, Occasion.STATION, "station CP-1")


def test_a_station_that_proves_nothing_gets_none_unasked(shop: Workshop) -> None:
    """With profile 0 whoever knows its identity could have a certificate in its name."""
    shop.decides(SecurityProfile.NONE)
    assert shop.sends_request(a_csr("SN-1")) == REJECTED
    assert "profile 0" in shop.notes(Noted.CSR_REFUSED)[0]
    errand = shop.renews()
    assert any("profile 0" in warning for warning in errand.warnings)
    shop.requests()
    assert shop.order.state is OrderState.RECEIVED


def test_a_pending_station_may_ask(shop: Workshop) -> None:
    """A00.FR.806: it is Pending until it has a certificate of its own."""
    decide(shop, Registration.PENDING)
    shop.requests()
    assert shop.states == [OrderState.RECEIVED]
    shop.signs()
    shop.is_sent()


def test_a_rejected_station_may_not(shop: Workshop) -> None:
    decide(shop, Registration.REJECTED)
    with pytest.raises(DomainError) as caught:
        shop.sends_request(a_csr("SN-1"))
    assert caught.value.kind is Kind.REFUSED
    assert shop.orders == []


@pytest.mark.parametrize(
    ("request_of", "about"),
    [
        pytest.param({"common_name": "SN-2"}, "SN-2", id="another serial number (A00.FR.511)"),
        pytest.param({"common_name": "SN-10"}, "SN-10", id="a longer serial number (A00.FR.511)"),
        pytest.param({"organisation": "Somebody Else"}, "Somebody Else", id="another organization (A02.FR.13)"),
        pytest.param({"key": "RSA 1024"}, "1024", id="a weak key (A00.FR.502)"),
        pytest.param({"hosts": ("csms.example.com",)}, "csms.example.com", id="the name of a host"),
    ],
)
def test_a_request_that_may_not_be_granted_is_rejected_and_told(
    shop: Workshop, request_of: dict[str, str], about: str
) -> None:
    """A02.FR.12."""
    asked = {"common_name": "SN-1", **request_of}
    assert shop.sends_request(a_csr(**asked)) == REJECTED  # type: ignore[arg-type]  # arguments by name
    assert shop.states == [OrderState.REFUSED]
    assert about in (shop.order.reason or "")
    assert about in shop.notes(Noted.CSR_REFUSED)[0]
    assert about in shop.alarms()[0].sentence


@pytest.mark.parametrize("csr", ["", "rubbish", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"])
def test_what_cannot_be_read_is_rejected(shop: Workshop, csr: str) -> None:
    assert shop.says("SignCertificate", csr=csr) == REJECTED
    assert shop.states == [OrderState.REFUSED]


def test_a_refused_request_ends_what_was_asked_for_and_leaves_what_is_on_its_way(shop: Workshop) -> None:
    shop.is_issued()
    assert shop.sends_request(a_csr("SN-2")) == REJECTED
    assert shop.states == [DELIVERING, OrderState.REFUSED]
    shop.is_sent()
    shop.answers(**ACCEPTED)
    shop.renews()
    assert shop.sends_request(a_csr("SN-2")) == REJECTED
    assert (shop.order.state, shop.order.occasion) == (OrderState.REFUSED, Occasion.OPERATOR)


@pytest.mark.parametrize("missing", ["serial", "cpoName"])
def test_a_request_is_refused_while_it_is_not_known_what_to_certify(shop: Workshop, missing: str) -> None:
    shop.forgets(missing)
    assert shop.sends_request(a_csr("SN-1")) == REJECTED
    assert "not known" in (shop.order.reason or "")


def test_the_serial_number_may_be_the_one_that_was_told_and_the_name_the_one_at_the_station(shop: Workshop) -> None:
    shop.forgets("serial")
    shop.forgets("cpoName")
    shop.boots()
    shop.services.configuration.changed(shop.station, "CpoName", OPERATOR, awaits_restart=False)
    shop.requests()


def test_the_subject_may_be_set_here(shop: Workshop) -> None:
    """The leniency for stations that have no usable subject in their requests, as the test tool has it."""
    nameless = a_csr("anything", organisation=None)
    assert shop.sends_request(nameless) == REJECTED
    shop.excuses(Leniency.SUBJECT_SET_BY_US)
    assert shop.sends_request(nameless) == ACCEPTED
    leaf = shop.signs()
    assert (leaf.common_names, leaf.organisations) == (("SN-1",), (OPERATOR,))


# Many requests


def test_the_same_request_again_is_one_order(shop: Workshop) -> None:
    request = shop.requests()
    for _ in range(3 * MAX_REQUESTS):
        assert shop.sends_request(request) == ACCEPTED
    assert shop.states == [OrderState.RECEIVED]
    shop.signs()
    assert shop.sends_request(request) == ACCEPTED
    assert shop.states == [DELIVERING]


def test_another_request_supersedes_what_an_authority_was_asked_for(shop: Workshop) -> None:
    shop.requests()
    first = shop.order.signing
    assert first is not None
    shop.requests()
    assert shop.states == [OrderState.SUPERSEDED, OrderState.RECEIVED]
    shop.passes(MINUTE)
    assert shop.services.signing.get(first).state is SigningState.CANCELLED
    leaf = shop.signs()
    assert shop.states == [OrderState.SUPERSEDED, DELIVERING]
    assert shop.order.leaf == leaf


def test_what_is_issued_for_a_superseded_request_is_revoked_and_not_sent(shop: Workshop) -> None:
    shop.requests()
    [assignment] = shop.services.signing.claim("clerk", 1)
    shop.requests()
    [newer] = shop.services.signing.claim("clerk", 10)
    assert newer.number != assignment.number
    leaf = shop.signed(assignment)
    assert shop.is_revoked(leaf)
    assert not shop.has_something_to_send
    assert shop.states == [OrderState.SUPERSEDED, OrderState.RECEIVED]


def test_another_request_takes_back_what_was_not_sent(shop: Workshop) -> None:
    leaf = shop.is_issued()
    newer = shop.is_issued()
    assert shop.states == [OrderState.SUPERSEDED, DELIVERING]
    assert shop.is_revoked(leaf), "the station never had it"
    assert newer.pem in shop.is_sent()["certificateChain"]
    shop.answers(**ACCEPTED)
    assert not shop.has_something_to_send


def test_what_was_to_be_sent_again_is_not_after_another_request(shop: Workshop) -> None:
    shop.is_issued()
    shop.is_sent()
    shop.answers_with_error("FormationViolation")
    shop.requests()
    shop.clock.advance(MINUTE)
    shop.boots()
    shop.passes(MINUTE)
    assert not shop.has_something_to_send, "its key is of no use any more"
    assert shop.states == [OrderState.FAILED, OrderState.RECEIVED]


def test_another_request_leaves_alone_what_the_station_may_have(shop: Workshop) -> None:
    sent = shop.is_issued()
    shop.is_sent()
    shop.requests()
    assert shop.states == [OrderState.SUPERSEDED, OrderState.RECEIVED]
    assert not shop.is_revoked(sent)
    shop.answers(**ACCEPTED)
    assert shop.orders[0].state is OrderState.INSTALLED, "it took it all the same"
    assert shop.shows(sent)


def test_a_station_has_ten_tries_a_day_and_is_told_of_once(shop: Workshop) -> None:
    for _ in range(3 * MAX_REQUESTS):
        assert shop.sends_request(a_csr("SN-2")) == REJECTED
    assert shop.states == [OrderState.REFUSED] * MAX_REQUESTS
    assert len(shop.notes(Noted.CSR_REFUSED)) == MAX_REQUESTS + 1
    good = a_csr("SN-1")
    assert shop.sends_request(good) == REJECTED
    shop.clock.advance(DAY)
    assert shop.sends_request(good) == ACCEPTED


def test_a_repeat_of_what_is_under_way_is_no_further_try(shop: Workshop) -> None:
    for _ in range(MAX_REQUESTS - 1):
        shop.sends_request(a_csr("SN-2"))
    request = shop.requests()
    for _ in range(3):
        assert shop.sends_request(request) == ACCEPTED
    assert shop.sends_request(a_csr("SN-1")) == REJECTED


@pytest.mark.parametrize(("after", "orders"), [(23 * HOUR, 1), (25 * HOUR, 2)])
def test_a_request_is_a_repetition_for_a_day(shop: Workshop, after: timedelta, orders: int) -> None:
    """A later one of the same bytes wants a certificate of its own."""
    request = shop.requests()
    shop.signs()
    shop.is_sent()
    shop.answers(**ACCEPTED)
    shop.clock.advance(after)
    assert shop.sends_request(request) == ACCEPTED
    assert len(shop.orders) == orders


def test_an_operator_who_asks_lets_it_try_again(shop: Workshop) -> None:
    for _ in range(MAX_REQUESTS + 1):
        shop.sends_request(a_csr("SN-2"))
    shop.renews()
    shop.requests()


# Whose certificate it is


def is_another(shop: Workshop, identity: str, serial: str | None = None) -> None:
    """From now on it is this station that speaks, with profile 1."""
    draft = StationDraft(identity=identity, security_profile=SecurityProfile.BASIC)
    shop.station = shop.services.provisioning.add(draft, "ada").station
    if serial is not None:
        shop.services.admissions.change(shop.station, serial_number=serial, asked_by="ada")
    shop.carrying = Carrying(shop.services, shop.station)


def test_nobody_gets_a_certificate_in_the_name_of_another(shop: Workshop) -> None:
    """Another station tells the serial number of CP-1 (A00.FR.511)."""
    victim = shop.station
    is_another(shop, "CP-2")
    shop.boots()
    assert shop.sends_request(a_csr("SN-1")) == REJECTED
    assert "'CP-1'" in (shop.order.reason or "")
    assert "'CP-1'" in shop.alarms()[0].sentence
    shop.station = victim
    shop.requests()
    assert shop.order.station == "CP-1", "the one that has it on record is not kept from asking"


def test_two_that_tell_the_same_serial_number_both_get_none(shop: Workshop) -> None:
    shop.forgets("serial")
    shop.boots()
    first = shop.station
    is_another(shop, "CP-2")
    shop.boots()
    for station in (first, shop.station):
        shop.station = station
        assert shop.sends_request(a_csr("SN-1")) == REJECTED
    shop.services.provisioning.remove("CP-2")
    shop.station = first
    shop.requests()


def test_no_two_stations_have_one_serial_number_on_record(shop: Workshop) -> None:
    with refused(Kind.CONFLICT, field="serialNumber"):
        is_another(shop, "CP-2", "SN-1")
    shop.services.provisioning.remove("CP-1")
    shop.services.admissions.change(shop.station, serial_number="SN-1", asked_by="ada")


def test_the_key_of_another_station_is_refused(shop: Workshop) -> None:
    key = a_key("EC P-256")
    shop.requests(request_for(key, "SN-1"))
    is_another(shop, "CP-2", "SN-2")
    assert shop.sends_request(request_for(key, "SN-2")) == REJECTED
    assert "'CP-1'" in (shop.order.reason or "")


def test_a_key_that_was_used_is_taken_again_and_warned_of(shop: Workshop) -> None:
    """A02.FR.02: the station should have made a new one."""
    key = a_key("EC P-256")
    shop.requests(request_for(key, "SN-1"))
    leaf = shop.signs()
    shop.is_sent()
    shop.answers(**ACCEPTED)
    shop.requests(request_for(key, "SN-1"))
    assert shop.notes(Noted.CSR_REFUSED) == []
    assert shop.shows(leaf)
    shop.requests(request_for(key, "SN-1"))
    assert "A02.FR.02" in shop.notes(Noted.CSR_REFUSED)[0]


def request_for(key: PrivateKeyTypes, common_name: str) -> SigningRequest:
    """A new request for a key that there is."""
    builder = x509.CertificateSigningRequestBuilder(a_name(common_name, OPERATOR))
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return read_csr(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))


def decide(shop: Workshop, registration: Registration) -> None:
    shop.services.provisioning.change("CP-1", description="", registration=registration, heartbeat_seconds=None)
    shop.knows_the_station_anew()
