"""Vendor messages: whose are taken, and what is kept of them (OCPP 1.6 §4.3, §7.24)."""

from __future__ import annotations

import pytest

from forecourt.domain.data_transfer.model import (
    ReceivedMessage,
    TransferStatus,
    Vendor,
    VendorMessage,
    check_vendor,
    judge,
)
from forecourt.domain.errors import Kind
from tests.domain.world import ALL, World, refused
from tests.support.clock import NOON

ANY = Vendor("com.example")
SOME = Vendor("com.example", frozenset({"a", "b"}))
NONE = Vendor("com.example", frozenset())

VERDICTS = [
    (None, "a", TransferStatus.UNKNOWN_VENDOR),
    (None, None, TransferStatus.UNKNOWN_VENDOR),
    (ANY, "a", TransferStatus.ACCEPTED),
    (ANY, None, TransferStatus.ACCEPTED),
    (SOME, "a", TransferStatus.ACCEPTED),
    (SOME, "A", TransferStatus.UNKNOWN_MESSAGE),
    (SOME, "c", TransferStatus.UNKNOWN_MESSAGE),
    (SOME, None, TransferStatus.UNKNOWN_MESSAGE),
    (NONE, "a", TransferStatus.UNKNOWN_MESSAGE),
]


@pytest.mark.parametrize(("vendor", "message_id", "status"), VERDICTS)
def test_the_verdict_on_a_message(vendor: Vendor | None, message_id: str | None, status: TransferStatus) -> None:
    assert judge(vendor, VendorMessage("com.example", message_id, None)) is status


@pytest.mark.parametrize("data", [None, "", "text", '{"json":"in text"}', "x" * 100_000])
def test_a_message_of_a_registered_vendor_is_stored_untouched(data: str | None) -> None:
    world = World()
    station = world.a_station()
    world.services.data_transfer.put_vendor(ANY)
    message = VendorMessage("com.example", "a", data)

    assert world.services.data_transfer.receive(station, message) is TransferStatus.ACCEPTED
    assert world.services.data_transfer.list_messages(ALL).items == [ReceivedMessage("CP-1", message, NOON)]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (VendorMessage("org.other", "a", "x"), TransferStatus.UNKNOWN_VENDOR),
        (VendorMessage("com.example", "c", "x"), TransferStatus.UNKNOWN_MESSAGE),
    ],
)
def test_a_message_that_nobody_asked_for_is_answered_and_not_stored(
    message: VendorMessage, status: TransferStatus
) -> None:
    world = World()
    world.services.data_transfer.put_vendor(SOME)

    assert world.services.data_transfer.receive(world.a_station(), message) is status
    assert world.services.data_transfer.list_messages(ALL).items == []


def test_a_vendor_is_replaced_by_its_next_registration() -> None:
    world = World()
    world.services.data_transfer.put_vendor(SOME)

    assert world.services.data_transfer.put_vendor(ANY) == ANY
    assert world.services.data_transfer.list_vendors(ALL).items == [ANY]


def test_a_vendor_is_removed_once() -> None:
    world = World()
    world.services.data_transfer.put_vendor(ANY)

    world.services.data_transfer.remove_vendor("com.example")
    with refused(Kind.NOT_FOUND, about="'com.example'"):
        world.services.data_transfer.remove_vendor("com.example")
    message = VendorMessage("com.example", None, None)
    assert world.services.data_transfer.receive(world.a_station(), message) is TransferStatus.UNKNOWN_VENDOR


@pytest.mark.parametrize(
    "vendor", [Vendor("x"), Vendor("x" * 255), Vendor("x", frozenset()), Vendor("x", frozenset({"", "m" * 50}))]
)
def test_what_a_station_can_name_may_be_registered(vendor: Vendor) -> None:
    assert check_vendor(vendor) is vendor


@pytest.mark.parametrize(
    ("vendor", "field"),
    [
        (Vendor(""), "vendorId"),
        (Vendor("x" * 256), "vendorId"),
        (Vendor("x", frozenset({"ok", "m" * 51})), "messageIds"),
    ],
)
def test_what_no_station_can_name_is_not_registered(vendor: Vendor, field: str) -> None:
    world = World()

    with refused(Kind.INVALID, field=field):
        world.services.data_transfer.put_vendor(vendor)
    assert world.services.data_transfer.list_vendors(ALL).items == []
