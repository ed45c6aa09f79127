"""Remote starts and stops and reservations in the words of OCPP 1.6, from what was asked to what the answer means."""

from __future__ import annotations

import pytest

from forecourt.domain.errands.intents import Intent, Say, StartCharging, StopCharging
from forecourt.domain.errands.model import ErrandState
from forecourt.domain.errors import Kind
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.remote_control.model import RequestState
from forecourt.domain.reservation.model import ReservationState
from forecourt.domain.smart_charging.model import (
    Period,
    Profile,
    ProfileDraft,
    ProfileKind,
    Purpose,
    RateUnit,
    Schedule,
)
from forecourt.operations.reading import BadParameters
from tests.dialects.v16.desk import Desk
from tests.domain.world import a_stop, refused
from tests.schemas.official import Json
from tests.support.carrying import DIALECT

EXPIRY = "2026-01-01T12:10:00Z"


def test_a_start_names_the_tag_and_nothing_that_was_not_asked() -> None:
    desk = Desk()
    errand = desk.asks("StartCharging", {"idTag": "TAG"})

    assert desk.hears({"status": "Accepted"}) == ("RemoteStartTransaction", {"idTag": "TAG"})
    assert desk.request(errand).state is RequestState.ACCEPTED


def test_a_start_names_the_connector_that_was_asked() -> None:
    desk = Desk()
    errand = desk.asks("StartCharging", {"idTag": "TAG", "connectorId": 2})

    sent = desk.hears({"status": "Rejected"})

    assert sent == ("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 2})
    assert (desk.request(errand).state, desk.request(errand).evse) == (RequestState.REFUSED, EvseId(2))
    assert desk.services.errands.get(errand.number).state is ErrandState.REFUSED


def a_profile(purpose: Purpose) -> Profile:
    schedule = Schedule(unit=RateUnit.AMPERE, periods=(Period(0, 16.0),))
    return Profile(profile_id=1, stack_level=0, purpose=purpose, kind=ProfileKind.RELATIVE, schedule=schedule)


def test_a_start_brings_a_profile_of_the_library_without_transaction() -> None:
    """OCPP 1.6 §5.11."""
    desk = Desk()
    number = _in_library(desk, Purpose.TRANSACTION)
    desk.asks("StartCharging", {"idTag": "TAG", "chargingProfile": number})

    _, sent = desk.hears({"status": "Accepted"})

    assert sent["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
    assert sent["chargingProfile"]["chargingSchedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 16.0}]
    assert "transactionId" not in sent["chargingProfile"]


def test_a_start_brings_no_other_profile() -> None:
    desk = Desk()
    number = _in_library(desk, Purpose.TRANSACTION_DEFAULT)

    with refused(Kind.INVALID, field="chargingProfile"):
        desk.asks("StartCharging", {"idTag": "TAG", "chargingProfile": number})
    with refused(Kind.NOT_FOUND):
        desk.asks("StartCharging", {"idTag": "TAG", "chargingProfile": number + 1})
    assert desk.requests() == []


def _in_library(desk: Desk, purpose: Purpose) -> int:
    draft = ProfileDraft(name="16 A", profile=a_profile(purpose))
    return desk.services.smart_charging.add_profile(draft).number


def test_a_stop_names_the_transaction() -> None:
    desk = Desk()
    number = desk.starts(desk.station)
    errand = desk.asks("StopCharging", {"transactionId": number})

    assert desk.hears({"status": "Accepted"}) == ("RemoteStopTransaction", {"transactionId": number})
    assert desk.request(errand).state is RequestState.ACCEPTED
    desk.services.transactions.stop(desk.station, a_stop(number))
    assert desk.request(errand).state is RequestState.STOPPED


def test_a_reservation_is_sent_under_its_own_number() -> None:
    desk = Desk()
    desk.asks("Reserve", {"connectorId": 1, "idTag": "TAG", "parentIdTag": "G", "expiryDate": EXPIRY})
    [asked] = desk.reservations()

    action, sent = desk.hears({"status": "Accepted"})

    assert action == "ReserveNow"
    assert sent == {
        "connectorId": 1,
        "expiryDate": EXPIRY,
        "idTag": "TAG",
        "parentIdTag": "G",
        "reservationId": asked.reservation_id,
    }
    assert desk.reservations()[0].state is ReservationState.ACCEPTED


def test_any_connector_of_a_station_is_connector_0() -> None:
    """OCTT 049."""
    desk = Desk()
    desk.asks("Reserve", {"connectorId": 0, "idTag": "TAG", "expiryDate": "2026-01-01T13:10:00+01:00"})

    _, sent = desk.hears({"status": "Occupied"})

    assert (sent["connectorId"], sent["expiryDate"], "parentIdTag" in sent) == (0, EXPIRY, False)
    [found] = desk.reservations()
    assert (found.state, found.status, found.place) == (ReservationState.REFUSED, "Occupied", WHOLE_STATION)


@pytest.mark.parametrize(
    ("status", "state"), [("Accepted", ReservationState.CANCELLED), ("Rejected", ReservationState.ACCEPTED)]
)
@pytest.mark.parametrize("operation", ["ReleaseReservation", "CancelReservation"])
def test_a_reservation_is_given_up_by_its_number(operation: str, status: str, state: ReservationState) -> None:
    """OCTT 051, 052; composed or raw, it comes to the same."""
    desk = Desk()
    desk.asks("ReserveNow", {"connectorId": 1, "idTag": "TAG", "expiryDate": EXPIRY, "reservationId": 77})
    desk.hears({"status": "Accepted"})

    desk.asks(operation, {"reservationId": 77})

    assert desk.hears({"status": status}) == ("CancelReservation", {"reservationId": 77})
    assert desk.reservations()[0].state is state


def test_what_is_reserved_raw_is_on_the_list() -> None:
    desk = Desk()
    desk.asks("ReserveNow", {"connectorId": 2, "idTag": "X", "expiryDate": EXPIRY, "reservationId": 0})
    desk.hears({"status": "Accepted"})

    [found] = desk.reservations()

    assert (found.reservation_id, found.place, found.id_token) == (0, EvseId(2), "X")
    assert (found.state, found.asked_by, found.errand) == (ReservationState.ACCEPTED, None, None)


def test_a_raw_start_or_stop_leaves_no_record() -> None:
    desk = Desk()
    desk.asks("RemoteStartTransaction", {"idTag": "TAG"})
    desk.hears({"status": "Accepted"})
    desk.asks("RemoteStopTransaction", {"transactionId": 999})
    desk.hears({"status": "Accepted"})

    assert desk.requests() == []


@pytest.mark.parametrize(
    ("operation", "parameters", "field"),
    [
        ("StartCharging", {}, "idTag"),
        ("StartCharging", {"idTag": ""}, "idTag"),
        ("StartCharging", {"idTag": "x" * 21}, "idTag"),
        ("StartCharging", {"idTag": "x", "connectorId": 0}, "connectorId"),
        ("StopCharging", {"transactionId": "1"}, "transactionId"),
        ("Reserve", {"connectorId": -1, "idTag": "x", "expiryDate": EXPIRY}, "connectorId"),
        ("Reserve", {"connectorId": 1, "idTag": "x", "expiryDate": "2026-01-01T12:10:00"}, "expiryDate"),
        ("Reserve", {"connectorId": 1, "idTag": "x", "expiryDate": "9999-12-31T23:59:00-05:00"}, ""),
        ("ReleaseReservation", {}, "reservationId"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(operation: str, parameters: Json, field: str) -> None:
    with pytest.raises(BadParameters) as caught:
        Desk().asks(operation, parameters)
    assert [fault.path for fault in caught.value.fields] == [field]


# What an operator is warned of, and may send all the same


PERIOD: Json = {"startPeriod": 0, "limit": 16.0}


@pytest.mark.parametrize(
    ("operation", "parameters", "words"),
    [
        ("RemoteStartTransaction", {"idTag": "TAG"}, []),
        ("RemoteStartTransaction", {"idTag": "NOBODY", "connectorId": 0}, ["above 0", "not registered"]),
        (
            "RemoteStartTransaction",
            {
                "idTag": "TAG",
                "chargingProfile": {
                    "chargingProfileId": 1,
                    "transactionId": 5,
                    "stackLevel": 0,
                    "chargingProfilePurpose": "TxDefaultProfile",
                    "chargingProfileKind": "Relative",
                    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD]},
                },
            },
            ["with a TxProfile; this is a TxDefaultProfile", "leave the transactionId out"],
        ),
        ("RemoteStopTransaction", {"transactionId": 1}, []),
        ("RemoteStopTransaction", {"transactionId": 2}, ["ended already"]),
        ("RemoteStopTransaction", {"transactionId": 3}, ["no transaction 3"]),
        ("RemoteStopTransaction", {"transactionId": 2**62}, ["no transaction"]),
        ("ReserveNow", {"connectorId": 1, "idTag": "TAG", "expiryDate": EXPIRY, "reservationId": 5}, []),
        (
            "ReserveNow",
            {"connectorId": -1, "idTag": "TAG", "expiryDate": EXPIRY, "reservationId": 5},
            ["numbered from 1"],
        ),
        (
            "ReserveNow",
            {"connectorId": 1, "idTag": "NOBODY", "expiryDate": "2026-01-01T12:00:00Z", "reservationId": 77},
            ["not registered", "passed already", "is replaced"],
        ),
        ("CancelReservation", {"reservationId": 77}, []),
        ("CancelReservation", {"reservationId": 5}, ["no open reservation 5"]),
    ],
)
def test_a_raw_request_is_warned_of_and_sent(operation: str, parameters: Json, words: list[str]) -> None:
    desk = Desk()
    assert desk.starts(desk.station) == 1
    assert desk.starts(desk.station, evse=EvseId(2)) == 2
    desk.services.transactions.stop(desk.station, a_stop(2))
    desk.reserve_answered(77)

    errand = desk.asks(operation, parameters)

    assert len(errand.warnings) == len(words), errand.warnings
    for warning, word in zip(errand.warnings, words, strict=True):
        assert word in warning
    assert errand.state is ErrandState.QUEUED


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [("RemoteStartTransaction", {"idTag": "TAG"}), ("RemoteStopTransaction", {"transactionId": 1})],
)
def test_a_pending_station_should_be_sent_no_start_or_stop(operation: str, parameters: Json) -> None:
    """OCPP 1.6 §4.2."""
    desk = Desk(registration=Registration.PENDING)
    desk.starts(desk.station)

    [warning] = desk.asks(operation, parameters).warnings

    assert "Pending" in warning


def test_the_profile_of_a_raw_start_keeps_the_rules_of_profiles() -> None:
    """OCPP 1.6 §7.14: steps follow one another."""
    desk = Desk()
    profile: Json = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD, PERIOD]},
    }

    [warning] = desk.asks("RemoteStartTransaction", {"idTag": "TAG", "chargingProfile": profile}).warnings

    assert "Each step starts after the one before it" in warning


@pytest.mark.parametrize("registration", [Registration.PENDING, Registration.REJECTED])
@pytest.mark.parametrize("intent", [StartCharging(None, "TAG"), StopCharging(1)])
def test_what_waited_is_not_sent_to_a_station_that_was_set_to_pending(
    intent: Intent, registration: Registration
) -> None:
    """OCPP 1.6 §4.2."""
    with refused(Kind.CONFLICT, about=registration.value):
        DIALECT.command(intent, Desk(registration=registration).station)


def test_what_an_operator_wrote_is_sent_to_a_pending_station_all_the_same() -> None:
    pending = Desk(registration=Registration.PENDING).station

    command = DIALECT.command(Say("RemoteStartTransaction", '{"idTag":"TAG"}'), pending)

    assert command.action.name == "RemoteStartTransaction"


@pytest.mark.parametrize(("value", "is_doubtful"), [("false", True), ("FALSE", True), ("true", False), (None, False)])
@pytest.mark.parametrize("operation", ["Reserve", "ReserveNow"])
def test_a_station_that_cannot_be_reserved_as_a_whole_is_a_warning(
    operation: str, value: str | None, is_doubtful: bool
) -> None:
    """OCPP 1.6 §9.3: ReserveConnectorZeroSupported."""
    desk = Desk()
    if value is not None:
        desk.asks("GetConfiguration", {})
        setting: Json = {"key": "ReserveConnectorZeroSupported", "readonly": True, "value": value}
        desk.hears({"configurationKey": [setting]})
    number: dict[str, Json] = {"reservationId": 5} if operation == "ReserveNow" else {}
    for connector, is_warned in ((0, is_doubtful), (1, False)):
        errand = desk.asks(operation, {"connectorId": connector, "idTag": "TAG", "expiryDate": EXPIRY, **number})
        assert ["ReserveConnectorZeroSupported" in warning for warning in errand.warnings] == [True] * is_warned
        desk.hears({"status": "Rejected"})


def test_an_accepted_reservation_of_no_possible_connector_is_taken_in_stride() -> None:
    desk = Desk()
    parameters: Json = {"connectorId": -1, "idTag": "TAG", "expiryDate": EXPIRY, "reservationId": 5}
    errand = desk.asks("ReserveNow", parameters)

    desk.hears({"status": "Accepted"})

    assert desk.services.errands.get(errand.number).state is ErrandState.ANSWERED
    assert desk.reservations() == []
