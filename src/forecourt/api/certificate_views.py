"""Certificates of stations as the REST interface shows them: orders, and the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from forecourt.api.trust_views import CertificateView, show_certificate
from forecourt.asgi.csv import Cell
from forecourt.domain.certificates.model import (
    Awaited,
    CalendarEntry,
    CertificateOrder,
    Occasion,
    OrderState,
    Seen,
    Taken,
)


class CertificateOrderView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A certificate of a station on its way, from the request to its use."""

    order: Annotated[int, Meta(description="Its number, which is never used again.")]
    station_id: Annotated[str, Meta(description="The identity of the station.")]
    occasion: Annotated[Occasion, Meta(description="Why there is an order.")]
    state: Annotated[OrderState, Meta(description="How far it is.")]
    open: Annotated[bool, Meta(description="Whether something is still to come.")]
    reason: Annotated[
        str | None, Meta(description="Why it ended without success, or what an operator should know; null for nothing.")
    ]
    asked_by: Annotated[str, Meta(description="Who asked for it.")]
    asked_at: Annotated[datetime, Meta(description="When it was begun.")]
    changed_at: Annotated[datetime, Meta(description="When something became of it last.")]
    ask_errand: Annotated[
        int | None, Meta(description="The errand that asked the station for a request; null when it asked by itself.")
    ]
    deliver_errand: Annotated[int | None, Meta(description="The errand that brings the certificate; null before.")]
    signing: Annotated[int | None, Meta(description="The number of the request to the authority; null before.")]
    authority: Annotated[str | None, Meta(description="The name of the authority that signs; null before.")]
    deliveries: Annotated[int, Meta(description="How often the certificate was on its way to the station.")]
    taken: Annotated[Taken, Meta(description="Whether the station has the certificate, as far as that is known.")]
    awaits: Annotated[Awaited | None, Meta(description="What is looked for as time passes; null for nothing.")]
    revoked: Annotated[bool, Meta(description="Whether the certificate is in the register of revoked ones.")]
    certificate: Annotated[CertificateView | None, Meta(description="What was issued; null before.")]


class CalendarEntryView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A station with the certificate that it has, and what becomes of it."""

    station_id: Annotated[str, Meta(description="The identity of the station.")]
    group: Annotated[str, Meta(description="The group of the station; empty for none.")]
    fingerprint: Annotated[str | None, Meta(description="SHA-256 of the certificate, in hexadecimal.")]
    subject: Annotated[str | None, Meta(description="Whose it is, as RFC 4514 writes it.")]
    issuer: Annotated[str | None, Meta(description="Who issued it.")]
    serial: Annotated[str | None, Meta(description="Its serial number, in hexadecimal.")]
    key_kind: Annotated[str | None, Meta(description="The kind of its key.")]
    not_before: Annotated[datetime | None, Meta(description="From when it is valid.")]
    not_after: Annotated[datetime | None, Meta(description="Until when it is valid.")]
    seen: Annotated[Seen | None, Meta(description="Whether the station showed it, or only took it.")]
    seen_at: Annotated[datetime | None, Meta(description="When that became known.")]
    ordered: Annotated[bool, Meta(description="Whether it was ordered here, so that it is renewed by itself.")]
    covered_until: Annotated[
        datetime | None, Meta(description="When the newest certificate ends that the station took, shown or not.")
    ]
    renew_at: Annotated[
        datetime | None, Meta(description="When the station is asked for its next request; null for never by itself.")
    ]
    order: Annotated[int | None, Meta(description="The number of the newest order of the station.")]
    order_state: Annotated[OrderState | None, Meta(description="How far that order is.")]


def show_order(order: CertificateOrder) -> CertificateOrderView:
    return CertificateOrderView(
        order=order.number,
        station_id=order.station,
        occasion=order.occasion,
        state=order.state,
        open=order.state.is_open,
        reason=order.reason,
        asked_by=order.asked_by,
        asked_at=order.asked_at,
        changed_at=order.changed_at,
        ask_errand=order.ask_errand,
        deliver_errand=order.deliver_errand,
        signing=order.signing,
        authority=order.authority,
        deliveries=order.deliveries,
        taken=order.taken,
        awaits=order.awaited,
        revoked=order.is_revoked,
        certificate=None if order.leaf is None else show_certificate(order.leaf),
    )


def show_entry(entry: CalendarEntry) -> CalendarEntryView:
    sheet, shown = entry.sheet, entry.sheet.shown
    return CalendarEntryView(
        station_id=entry.station,
        group=entry.group,
        fingerprint=None if shown is None else shown.fingerprint,
        subject=None if shown is None else shown.subject,
        issuer=None if shown is None else shown.issuer,
        serial=None if shown is None else shown.serial,
        key_kind=None if shown is None else shown.key_kind,
        not_before=None if shown is None else shown.not_before,
        not_after=None if shown is None else shown.not_after,
        seen=None if shown is None else shown.seen,
        seen_at=None if shown is None else shown.seen_at,
        ordered=shown is not None and shown.order is not None,
        covered_until=sheet.covered_until,
        renew_at=entry.renew_at,
        order=entry.order,
        order_state=entry.order_state,
    )


ORDER_COLUMNS: Final = (
    *(field.encode_name for field in msgspec.structs.fields(CertificateOrderView) if field.name != "certificate"),
    *("fingerprint", "serial", "notAfter"),
)


def order_rows(order: CertificateOrder) -> Iterator[Sequence[Cell]]:
    view, leaf = show_order(order), order.leaf
    cells = [getattr(view, name) for name in view.__struct_fields__ if name != "certificate"]
    shown: list[Cell] = [cell.value if isinstance(cell, Enum) else cell for cell in cells]
    yield [*shown, *((None,) * 3 if leaf is None else (leaf.fingerprint, leaf.serial, leaf.not_after))]


CALENDAR_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(CalendarEntryView))


def calendar_rows(entry: CalendarEntry) -> Iterator[Sequence[Cell]]:
    view = show_entry(entry)
    cells = (getattr(view, name) for name in view.__struct_fields__)
    yield [cell.value if isinstance(cell, Enum) else cell for cell in cells]
