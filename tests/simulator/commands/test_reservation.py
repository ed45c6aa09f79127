"""Reservations at a simulated station (OCPP 1.6 §3.10, §5.13, §5.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import UNSET

from forecourt.dialects.v16.messages.authorize import AuthorizeResponse
from forecourt.dialects.v16.messages.cancel_reservation import CancelReservationRequest, CancelReservationResponse
from forecourt.dialects.v16.messages.change_availability import ChangeAvailabilityRequest
from forecourt.dialects.v16.messages.datatypes import IdTagInfo
from forecourt.dialects.v16.messages.remote_start_transaction import (
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
)
from forecourt.dialects.v16.messages.reserve_now import ReserveNowRequest, ReserveNowResponse
from forecourt.dialects.v16.messages.start_transaction import StartTransactionRequest
from tests.simulator.worlds import START, World, a_car, a_charging_world, a_world, ask


def reserve(
    world: World, connector_id: int = 1, *, number: int = 5, tag: str = "TAG", parent: str | None = None
) -> str:
    request = ReserveNowRequest(
        connector_id=connector_id,
        expiry_date=START + timedelta(hours=1),
        id_tag=tag,
        parent_id_tag=UNSET if parent is None else parent,
        reservation_id=number,
    )
    response = ask(world, request)
    assert isinstance(response, ReserveNowResponse)
    return response.status


def status(world: World, connector_id: int = 1) -> str:
    return world.station.connectors[connector_id].status


def started_with(world: World) -> list[int | None]:
    """The reservation of each transaction that began."""
    words = [letter.words for letter in world.letters()]
    starts = [one for one in words if isinstance(one, StartTransactionRequest)]
    return [None if one.reservation_id is UNSET else one.reservation_id for one in starts]


def test_a_reserved_connector_says_so_and_is_free_again_when_it_was_cancelled() -> None:
    world = a_world()
    assert reserve(world) == "Accepted"
    assert world.statuses(1) == ["Reserved"]
    assert ask(world, CancelReservationRequest(reservation_id=5)) == CancelReservationResponse(status="Accepted")
    assert world.statuses(1) == ["Available"]
    assert ask(world, CancelReservationRequest(reservation_id=5)) == CancelReservationResponse(status="Rejected")


def test_a_reservation_expires() -> None:
    world = a_world()
    reserve(world)
    world.wait(3599)
    assert status(world) == "Reserved"
    world.wait(1)
    assert world.statuses(1) == ["Reserved", "Available"]


def test_the_tag_uses_its_reservation_up() -> None:
    world = a_world()
    reserve(world)
    world.station.plug_in(1, a_car(), world.now)
    world.station.present_tag(1, "tag", world.now)
    assert started_with(world) == [5]
    assert list(world.station.reservations) == []


def test_another_tag_gets_nothing_from_a_reserved_connector() -> None:
    world = a_world()
    reserve(world)
    world.station.plug_in(1, a_car(), world.now)
    world.station.present_tag(1, "OTHER", world.now)
    assert started_with(world) == []
    assert status(world) == "Reserved"


def test_a_tag_of_the_reserved_group_may_charge() -> None:
    world = a_world()
    reserve(world, parent="GROUP")
    world.station.plug_in(1, a_car(), world.now)
    world.station.present_tag(1, "OTHER", world.now)
    letter = world.station.find_letter(world.now)
    while letter is not None and letter.action.name != "Authorize":
        world.station.take_answer(letter, letter.action.response(), world.now)
        letter = world.station.find_letter(world.now)
    assert letter is not None
    info = IdTagInfo(status="Accepted", parent_id_tag="GROUP")
    world.station.take_answer(letter, AuthorizeResponse(id_tag_info=info), world.now)
    assert started_with(world) == [5]


def test_a_reservation_of_any_connector_is_used_up_at_either() -> None:
    world = a_world()
    assert reserve(world, 0) == "Accepted"
    assert status(world) == "Available"
    world.station.plug_in(2, a_car(), world.now)
    world.station.present_tag(2, "TAG", world.now)
    assert started_with(world) == [5]


def test_whoever_does_not_come_keeps_the_reservation() -> None:
    world = a_world()
    reserve(world)
    world.station.present_tag(1, "TAG", world.now)
    world.letters()
    assert status(world) == "Preparing"
    world.wait(200)
    assert status(world) == "Reserved"


def test_a_remote_start_goes_to_the_connector_that_is_reserved_for_the_tag() -> None:
    world = a_world()
    reserve(world, 2)
    world.station.plug_in(2, a_car(), world.now)
    response = ask(world, RemoteStartTransactionRequest(id_tag="TAG"))
    assert response == RemoteStartTransactionResponse(status="Accepted")
    assert started_with(world) == [5]
    reserve(world, 1, number=6)
    refused = RemoteStartTransactionResponse(status="Rejected")
    assert ask(world, RemoteStartTransactionRequest(id_tag="OTHER", connector_id=1)) == refused


@pytest.mark.parametrize(
    ("connector_id", "answer"), [(1, "Occupied"), (2, "Accepted"), (3, "Rejected"), (0, "Accepted")]
)
def test_only_a_free_connector_can_be_reserved(connector_id: int, answer: str) -> None:
    assert reserve(a_charging_world(), connector_id) == answer


def test_a_connector_out_of_service_is_unavailable() -> None:
    world = a_world()
    reserve(world, 1)
    ask(world, ChangeAvailabilityRequest(connector_id=1, type="Inoperative"))
    assert reserve(world, 1, number=6) == "Unavailable"
    assert list(world.station.reservations) == []


def test_the_same_number_replaces_and_another_does_not() -> None:
    world = a_world()
    reserve(world, 1)
    assert reserve(world, 1, number=6) == "Occupied"
    assert reserve(world, 1, tag="NEW") == "Accepted"
    assert reserve(world, 2, tag="NEW") == "Accepted"
    assert (status(world, 1), status(world, 2)) == ("Available", "Reserved")


def test_no_more_reservations_of_any_connector_than_connectors_are_free() -> None:
    world = a_world()
    assert [reserve(world, 0, number=number) for number in (1, 2, 3)] == ["Accepted", "Accepted", "Occupied"]


def test_a_reservation_that_has_ended_already_is_rejected() -> None:
    world = a_world()
    world.wait(3600)
    assert reserve(world) == "Rejected"
