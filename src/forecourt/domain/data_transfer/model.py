"""Vendor messages: whose are taken, and what came (OCPP 1.6 §4.3)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.errors import invalid

MAX_VENDOR_CHARACTERS: Final = 255
MAX_MESSAGE_CHARACTERS: Final = 50


class TransferStatus(enum.Enum):
    """The answers of OCPP 1.6 §7.24."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_MESSAGE = "UnknownMessageId"
    UNKNOWN_VENDOR = "UnknownVendorId"


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor whose messages are stored; ``message_ids`` lists those that are, None means all."""

    vendor_id: str
    message_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class VendorMessage:
    """A vendor message, its data untouched."""

    vendor_id: str
    message_id: str | None
    data: str | None


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A stored vendor message."""

    station: str
    message: VendorMessage
    received_at: datetime


def judge(vendor: Vendor | None, message: VendorMessage) -> TransferStatus:
    """Whether a message is taken."""
    if vendor is None:
        return TransferStatus.UNKNOWN_VENDOR
    if vendor.message_ids is not None and message.message_id not in vendor.message_ids:
        return TransferStatus.UNKNOWN_MESSAGE
    return TransferStatus.ACCEPTED


def check_vendor(vendor: Vendor) -> Vendor:
    """The vendor, if a station can name it; raises DomainError."""
    if not 0 < len(vendor.vendor_id) <= MAX_VENDOR_CHARACTERS:
        raise invalid("A vendor id has 1 to {} characters.", MAX_VENDOR_CHARACTERS, field="vendorId")
    if "\0" in vendor.vendor_id or any("\0" in message_id for message_id in vendor.message_ids or ()):
        raise invalid("No id may hold the character U+0000: no station can send it.", field="vendorId")
    for message_id in vendor.message_ids or ():
        if len(message_id) > MAX_MESSAGE_CHARACTERS:
            raise invalid("A message id has at most {} characters.", MAX_MESSAGE_CHARACTERS, field="messageIds")
    return vendor
