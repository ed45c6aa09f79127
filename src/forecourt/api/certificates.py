"""Certificates of stations: orders from the request to the use, and the calendar."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.certificate_views import (
    CALENDAR_COLUMNS,
    ORDER_COLUMNS,
    CalendarEntryView,
    CertificateOrderView,
    calendar_rows,
    order_rows,
    show_entry,
    show_order,
)
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.stations import StationId
from forecourt.api.words import MAX_LONG, Search, StationQuery, Works, utc
from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.certificates.model import (
    CalendarFilter,
    CertificateOrder,
    Occasion,
    OrderFilter,
    OrderNumber,
    OrderState,
)
from forecourt.domain.errors import not_found
from forecourt.domain.paging import Page
from forecourt.domain.services import Services

Number = Annotated[int, PathParameter(description="The number of the order.")]
Group = Annotated[
    str | None,
    QueryParameter(max_length=255, pattern="^[^\\x00]*$", description="Only stations of this group; empty for none."),
]
Ordered = NamedDependency[SkipValidation[OrderFilter]]
Dated = NamedDependency[SkipValidation[CalendarFilter]]


async def wanted_certificate_orders(
    *,
    station_id: StationQuery = None,
    group: Group = None,
    states: Annotated[
        list[OrderState] | None,
        QueryParameter(name="state", description="Only those in this state; may be given repeatedly."),
    ] = None,
    is_open: Annotated[
        bool | None, QueryParameter(name="open", description="Only those of which something is to come, or not.")
    ] = None,
    occasion: Annotated[Occasion | None, QueryParameter(description="Only those begun for this reason.")] = None,
    since: Annotated[datetime | None, QueryParameter(name="from", description="Begun at this time or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Begun before this time.")] = None,
) -> OrderFilter:
    """Which orders a request asks for."""
    return OrderFilter(
        station=station_id,
        group=group,
        states=frozenset(states) if states else None,
        is_open=is_open,
        occasion=occasion,
        since=utc(since, "from"),
        until=utc(until, "to"),
    )


async def wanted_calendar(
    *,
    search: Search = None,
    group: Group = None,
    expires_before: Annotated[
        datetime | None, QueryParameter(name="expiresBefore", description="Only those that end before this time.")
    ] = None,
    renewed: Annotated[
        bool | None, QueryParameter(description="Only those that are renewed by themselves, or only the others.")
    ] = None,
) -> CalendarFilter:
    """Which stations of the calendar a request asks for."""
    return CalendarFilter(
        search=search or None, group=group, expires_before=utc(expires_before, "expiresBefore"), is_renewed=renewed
    )


class Certificates(Controller):
    tags = ("Certificates of stations",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)
    dependencies = {  # noqa: RUF012  # declared so by the framework
        "ordered": Provide(wanted_certificate_orders),
        "dated": Provide(wanted_calendar),
    }

    @get("/certificates", summary="List certificates of stations", operation_id="listCertificates")
    async def calendar(self, workspace: Works, page: Paging, dated: Dated) -> Listing[CalendarEntryView]:
        """What ends first, first. The search looks at ids, subjects and fingerprints."""
        found = await workspace.read(lambda services: services.certificates.calendar(dated, page))
        return listing(found, show_entry)

    @get(
        "/certificates.csv",
        media_type=CSV,
        summary="Download certificates of stations as CSV",
        operation_id="downloadCertificates",
    )
    async def download(self, workspace: Works, dated: Dated) -> Stream:
        """All that match; what ends first, first. Texts that a spreadsheet would run as a formula get a leading
        apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.certificates.calendar(dated, page),
            columns=CALENDAR_COLUMNS,
            rows=calendar_rows,
            filename="certificates.csv",
        )

    @get("/certificate-orders", summary="List certificate orders", operation_id="listCertificateOrders")
    async def orders(self, workspace: Works, page: Paging, ordered: Ordered) -> Listing[CertificateOrderView]:
        """Newest first."""
        found = await workspace.read(lambda services: services.certificates.orders(ordered, page))
        return listing(found, show_order)

    @get(
        "/certificate-orders.csv",
        media_type=CSV,
        summary="Download certificate orders as CSV",
        operation_id="downloadCertificateOrders",
    )
    async def download_orders(self, workspace: Works, ordered: Ordered) -> Stream:
        """All that match, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.certificates.orders(ordered, page),
            columns=ORDER_COLUMNS,
            rows=order_rows,
            filename="certificate-orders.csv",
        )

    @get("/certificate-orders/{number:int}", summary="Show a certificate order", operation_id="getCertificateOrder")
    async def show(self, number: Number, workspace: Works) -> CertificateOrderView:
        """With the certificate, once it is issued."""
        wanted = _number(number)
        return show_order(await workspace.read(lambda services: services.certificates.get(wanted)))

    @post(
        "/certificate-orders/{number:int}/cancel",
        status_code=200,
        summary="Cancel a certificate order",
        operation_id="cancelCertificateOrder",
    )
    async def cancel(self, number: Number, workspace: Works, asked_by: AskedBy) -> CertificateOrderView:
        """A certificate that was not sent is revoked; one that the station may have is not. One that was sent and not
        answered yet cannot be cancelled."""
        wanted = _number(number)
        return show_order(await workspace.write(lambda services: services.certificates.cancel(wanted, asked_by)))

    @get(
        "/stations/{station_id:str}/certificate-orders",
        summary="List certificate orders of a station",
        operation_id="listCertificateOrdersOfStation",
    )
    async def of_station(self, station_id: StationId, workspace: Works, page: Paging) -> Listing[CertificateOrderView]:
        """Newest first. The operation RenewCertificate begins one."""
        identity = from_path(station_id)

        def work(services: Services) -> Page[CertificateOrder]:
            station = services.provisioning.get_station(identity)
            return services.certificates.orders(OrderFilter(station=station.identity), page)

        return listing(await workspace.read(work), show_order)


def _number(number: int) -> OrderNumber:
    """The number as the database can compare it; raises DomainError NOT_FOUND for others."""
    if not 0 < number <= MAX_LONG:
        raise not_found(f"There is no certificate order {number}.")
    return OrderNumber(number)
