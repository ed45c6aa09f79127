"""Vendor messages: whose are taken, and what came (OCPP 1.6 §4.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, delete, get, put
from litestar.params import JSONBody, PathParameter

from forecourt.api.access import access
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.problems import Fault, bad_request
from forecourt.api.words import Line, Works
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.data_transfer.model import ReceivedMessage, Vendor

VendorId = Annotated[str, PathParameter(description="The vendor's id as stations send it.")]

MAX_MESSAGE_IDS: Final = 1000


class VendorSetting(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Which of a vendor's messages are taken; null means any. ``vendorId`` may repeat the address."""

    vendor_id: Line | None = None
    message_ids: Annotated[list[Line], msgspec.Meta(max_length=MAX_MESSAGE_IDS)] | None = None


class VendorView(msgspec.Struct, frozen=True, rename="camel"):
    """A vendor whose messages are taken."""

    vendor_id: str
    message_ids: list[str] | None


class MessageView(msgspec.Struct, frozen=True, rename="camel"):
    """A vendor message as it came."""

    station_id: str
    vendor_id: str
    message_id: str | None
    data: str | None
    received_at: datetime


def show_vendor(vendor: Vendor) -> VendorView:
    return VendorView(vendor.vendor_id, None if vendor.message_ids is None else sorted(vendor.message_ids))


def show_message(received: ReceivedMessage) -> MessageView:
    message = received.message
    return MessageView(received.station, message.vendor_id, message.message_id, message.data, received.received_at)


class DataTransfers(Controller):
    path = "/data-transfer"
    tags = ("Data transfer",)
    opt = access(view=Permission.VIEW, change=Permission.MANAGE)

    @get("/vendors", summary="List vendors", operation_id="listVendors")
    async def vendors(self, workspace: Works, page: Paging) -> Listing[VendorView]:
        """Messages of any other vendor are answered with UnknownVendorId and not stored."""
        return listing(await workspace.read(lambda services: services.data_transfer.list_vendors(page)), show_vendor)

    @get("/vendors/{vendor_id:str}", summary="Show a vendor", operation_id="getVendor")
    async def show(self, vendor_id: VendorId, workspace: Works) -> VendorView:
        wanted = from_path(vendor_id)
        return show_vendor(await workspace.read(lambda services: services.data_transfer.get_vendor(wanted)))

    @put("/vendors/{vendor_id:str}", summary="Register or replace a vendor", operation_id="putVendor")
    async def put(self, vendor_id: VendorId, data: JSONBody[VendorSetting], workspace: Works) -> VendorView:
        """Without ``messageIds`` all messages of the vendor are taken."""
        wanted = from_path(vendor_id)
        if data.vendor_id not in {None, wanted}:
            fault = Fault("vendorId", "It differs from the one in the address; leave it out or repeat it.")
            raise bad_request("The body names another vendor than the address.", fault)
        vendor = Vendor(wanted, None if data.message_ids is None else frozenset(data.message_ids))
        return show_vendor(await workspace.write(lambda services: services.data_transfer.put_vendor(vendor)))

    @delete("/vendors/{vendor_id:str}", summary="Remove a vendor", operation_id="removeVendor")
    async def remove(self, vendor_id: VendorId, workspace: Works) -> None:
        """Its messages are no longer taken; those that came stay."""
        wanted = from_path(vendor_id)
        await workspace.write(lambda services: services.data_transfer.remove_vendor(wanted))

    @get("/messages", summary="List vendor messages", operation_id="listMessages")
    async def messages(self, workspace: Works, page: Paging) -> Listing[MessageView]:
        """Newest first."""
        return listing(await workspace.read(lambda services: services.data_transfer.list_messages(page)), show_message)
