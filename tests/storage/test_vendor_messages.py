"""Tests of vendors and their messages in the database, against the promises of DataTransferStore."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.data_transfer.model import ReceivedMessage, Vendor, VendorMessage
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON


def put(bench: Bench, vendor: Vendor) -> None:
    with bench.committed():
        bench.vendors.put_vendor(vendor)


def find(bench: Bench, vendor_id: str) -> Vendor | None:
    with bench.reading():
        return bench.vendors.find_vendor(vendor_id)


@pytest.mark.parametrize("ids", [None, frozenset[str](), frozenset({"a", "", 'quote"', "🔌", "back\\slash"})])
def test_a_vendor_is_found_as_it_was_registered(bench: Bench, ids: frozenset[str] | None) -> None:
    vendor = Vendor("com.example", ids)
    put(bench, vendor)
    assert find(bench, "com.example") == vendor
    assert find(bench, "com.EXAMPLE") is None


def test_registering_again_replaces(bench: Bench) -> None:
    put(bench, Vendor("V", frozenset({"a"})))
    put(bench, Vendor("V", None))
    assert find(bench, "V") == Vendor("V", None)


def test_a_vendor_can_be_removed_once(bench: Bench) -> None:
    put(bench, Vendor("V"))
    with bench.committed():
        assert bench.vendors.remove_vendor("V")
        assert not bench.vendors.remove_vendor("V")
    assert find(bench, "V") is None


def test_vendors_are_listed_by_name_page_by_page(bench: Bench) -> None:
    wanted = [Vendor(f"V{number}", frozenset({str(number)})) for number in range(5)]
    for vendor in reversed(wanted):
        put(bench, vendor)
    with bench.reading():
        assert all_pages(bench.vendors.vendors, 2) == wanted


@pytest.mark.parametrize("text", [*UNUSUAL_TEXTS, None])
def test_a_message_is_kept_exactly(bench: Bench, text: str | None) -> None:
    key = bench.add_station()
    message = VendorMessage(text or "V", text, text)
    with bench.committed():
        bench.vendors.record(key, message, NOON)
    with bench.reading():
        assert all_pages(bench.vendors.messages, 1) == [ReceivedMessage("CP-1", message, NOON)]


def test_messages_are_listed_newest_first_page_by_page(bench: Bench) -> None:
    key = bench.add_station()
    wanted = [ReceivedMessage("CP-1", VendorMessage("V", None, str(number)), NOON) for number in range(5)]
    with bench.committed():
        for one in wanted:
            bench.vendors.record(key, one.message, NOON)
    with bench.reading():
        assert all_pages(bench.vendors.messages, 2) == wanted[::-1]


def test_messages_of_a_removed_station_stay(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        bench.vendors.record(key, VendorMessage("V", None, None), NOON)
    with bench.committed():
        bench.stations.remove(key, NOON + timedelta(days=1))
    with bench.reading():
        assert len(all_pages(bench.vendors.messages, 2)) == 1
