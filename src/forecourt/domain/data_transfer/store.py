"""What vendor messages need from storage."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from forecourt.domain.data_transfer.model import ReceivedMessage, Vendor, VendorMessage
from forecourt.domain.paging import Page, PageRequest


class DataTransferStore(Protocol):
    """The register of vendors, and their messages."""

    def find_vendor(self, vendor_id: str) -> Vendor | None: ...

    def put_vendor(self, vendor: Vendor) -> None: ...

    def remove_vendor(self, vendor_id: str) -> bool: ...

    def vendors(self, page: PageRequest) -> Page[Vendor]: ...

    def record(self, station_key: int, message: VendorMessage, at: datetime) -> None: ...

    def messages(self, page: PageRequest) -> Page[ReceivedMessage]:
        """Newest first."""
        ...
