"""Vendor messages from stations (OCPP 1.6 §4.3)."""

from __future__ import annotations

from forecourt.clock import Clock
from forecourt.domain.data_transfer.model import (
    ReceivedMessage,
    TransferStatus,
    Vendor,
    VendorMessage,
    check_vendor,
    judge,
)
from forecourt.domain.data_transfer.store import DataTransferStore
from forecourt.domain.errors import not_found
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station


class DataTransfer:
    """Everything that can happen to vendor messages."""

    def __init__(self, store: DataTransferStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def receive(self, station: Station, message: VendorMessage) -> TransferStatus:
        """Store a message of a registered vendor. Others are answered and not stored: a station may send
        anything at any rate, and nobody asked for it."""
        status = judge(self._store.find_vendor(message.vendor_id), message)
        if status is TransferStatus.ACCEPTED:
            self._store.record(station.key, message, self._clock.now())
        return status

    def put_vendor(self, vendor: Vendor) -> Vendor:
        """Register a vendor, or replace what is known of it."""
        self._store.put_vendor(check_vendor(vendor))
        return vendor

    def remove_vendor(self, vendor_id: str) -> None:
        if not self._store.remove_vendor(vendor_id):
            raise not_found("No vendor {!r} is registered.", vendor_id)

    def get_vendor(self, vendor_id: str) -> Vendor:
        vendor = self._store.find_vendor(vendor_id)
        if vendor is None:
            raise not_found("No vendor {!r} is registered.", vendor_id)
        return vendor

    def list_vendors(self, page: PageRequest) -> Page[Vendor]:
        return self._store.vendors(page)

    def list_messages(self, page: PageRequest) -> Page[ReceivedMessage]:
        return self._store.messages(page)
