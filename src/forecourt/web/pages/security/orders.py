"""Certificate orders: from the request of a station to the use of its new certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.certificates.model import CertificateOrder, Occasion, OrderFilter, OrderNumber, OrderState
from forecourt.domain.errands.model import Errand
from forecourt.domain.services import Services
from forecourt.domain.signing.model import Signing
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.certificate_words import extensions_of
from forecourt.web.pages.security.lists import number_in
from forecourt.web.visit import Typed, Visiting

COLUMNS: Final = (
    *("order", "stationId", "occasion", "state", "open", "reason", "askedBy", "askedAt", "changedAt", "signing"),
    *("authority", "deliveries", "taken", "revoked", "fingerprint", "serial", "notAfter"),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of an order, as its page shows it."""

    name: str
    sentence: str
    at: datetime | None
    tone: str
    link: str | None = None


class OrderPages(Controller):
    @get("/certificates/orders", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = chosen(visit.query)
        page = await visit.read(lambda services: services.certificates.orders(wanted, visit.page()))
        return visit.show("security/orders.html", page=page, states=OrderState, occasions=Occasion)

    @get("/certificates/orders.csv", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        wanted = chosen(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.certificates.orders(wanted, page),
            columns=COLUMNS,
            rows=_rows,
            filename="certificate-orders.csv",
        )

    @get("/certificates/orders/{number:int}", permission=Permission.VIEW)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        wanted = _number(number)

        def read(services: Services) -> tuple[CertificateOrder, list[Stage]]:
            order = services.certificates.get(wanted)
            return order, _stages(services, order)

        order, stages = await visit.read(read)
        return visit.show(
            "security/order.html",
            order=order,
            stages=stages,
            now=visit.house.clock.now(),
            fields=[] if order.leaf is None else extensions_of(order.leaf),
        )

    @post("/certificates/orders/{number:int}/cancel", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def cancel(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        wanted, here = _number(number), f"/certificates/orders/{number}"
        await visit.write(lambda services: services.certificates.cancel(wanted, visit.asked_by))
        return visit.go(here, _("The order is cancelled."))


def chosen(query: Fields) -> OrderFilter:
    state = query.choice("state", OrderState)
    return OrderFilter(
        station=query.maybe_text("station"),
        group=query.maybe_text("group"),
        states=None if state is None else frozenset({state}),
        is_open=query.yes_or_no("open"),
        occasion=query.choice("occasion", Occasion),
        since=query.moment("from"),
        until=query.moment("to"),
    )


def _stages(services: Services, order: CertificateOrder) -> list[Stage]:
    """What has happened, in the order in which it happens."""
    asked = None if order.ask_errand is None else services.errands.get(order.ask_errand)
    signing = None if order.signing is None else services.signing.get(order.signing)
    delivery = None if order.deliver_errand is None else services.errands.get(order.deliver_errand)
    stages = [Stage(_("Begun"), order.asked_by, order.asked_at, "good")]
    if asked is not None:
        stages.append(_carried(_("The station is asked for a request"), asked))
    if signing is not None:
        stages.append(_signed(signing))
    if delivery is not None:
        stages.append(_carried(_("The certificate is brought to the station"), delivery))
    if order.state is OrderState.USED:
        stages.append(Stage(_("The station uses it"), "", order.changed_at, "good"))
    elif not order.state.is_open and order.state is not OrderState.INSTALLED:
        stages.append(Stage(_("Ended without success"), order.reason or "", order.changed_at, "bad"))
    return stages


def _carried(name: str, errand: Errand) -> Stage:
    tone = "busy" if not errand.state.is_final else "bad" if errand.reason else "good"
    return Stage(
        name,
        errand.reason or "",
        errand.ended_at or errand.sent_at or errand.queued_at,
        tone,
        f"/errands/{errand.number}",
    )


def _signed(signing: Signing) -> Stage:
    tone = "busy" if signing.ended_at is None else "good" if signing.fingerprint else "bad"
    name = _("The authority %(name)s signs") % {"name": signing.authority}
    return Stage(
        name,
        signing.reason or "",
        signing.ended_at or signing.asked_at,
        tone,
        f"/authorities/requests/{signing.number}",
    )


def _number(number: int) -> OrderNumber:
    return OrderNumber(number_in(number, _("There is no such certificate order.")))


def _rows(order: CertificateOrder) -> Iterator[Sequence[Cell]]:
    leaf = order.leaf
    yield (
        *(order.number, order.station, order.occasion.value, order.state.value, order.state.is_open, order.reason),
        *(order.asked_by, order.asked_at, order.changed_at, order.signing, order.authority, order.deliveries),
        *(order.taken.value, order.is_revoked),
        *((None, None, None) if leaf is None else (leaf.fingerprint, leaf.serial, leaf.not_after)),
    )
