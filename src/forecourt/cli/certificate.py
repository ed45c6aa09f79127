"""Commands for certificates of stations: the calendar, orders, renewal."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.errand_facts import errand_facts
from forecourt.cli.numbers import number_of
from forecourt.cli.office import Office, form_of, moment
from forecourt.cli.options import Csv, Json, Limit, OfStation
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.cli.who import command_line_user
from forecourt.domain.certificates.model import (
    CalendarEntry,
    CalendarFilter,
    CertificateOrder,
    Occasion,
    OrderFilter,
    OrderNumber,
    OrderState,
)
from forecourt.domain.errands.model import Delivery, Errand, Order
from forecourt.domain.services import Services

_CALENDAR: Final = (
    *("stationId", "group", "fingerprint", "subject", "issuer", "serial", "keyKind", "notBefore", "notAfter", "seen"),
    *("seenAt", "coveredUntil", "renewAt", "order", "orderState"),
)
_CALENDAR_SHOWN: Final = ("stationId", "notAfter", "seen", "renewAt", "order", "orderState", "subject")
_ORDER: Final = (
    *("order", "stationId", "occasion", "state", "reason", "askedBy", "askedAt", "changedAt", "askErrand"),
    *("deliverErrand", "signing", "authority", "deliveries", "taken", "awaits", "fingerprint", "notAfter", "revoked"),
)
_ORDER_SHOWN: Final = ("order", "stationId", "occasion", "state", "changedAt", "authority", "notAfter", "reason")

Number = Annotated[int, typer.Argument(parser=number_of("a certificate order", "certificate orders"), metavar="ORDER")]
Group = Annotated[str | None, typer.Option(help="Only stations of this group.")]


def certificate_commands(office: Office) -> typer.Typer:
    """The group ``forecourt certificate``."""
    commands = typer.Typer(no_args_is_help=True, help="Certificates of stations, from request to renewal.")

    @commands.command()
    def calendar(
        *,
        search: Annotated[str | None, typer.Option(help="Only what contains this text.")] = None,
        group: Group = None,
        expires_before: Annotated[
            str | None, typer.Option(metavar="TIME", help="Only those that end before this time.")
        ] = None,
        renewed: Annotated[
            bool | None, typer.Option("--renewed/--not-renewed", help="Only those renewed by themselves, or not.")
        ] = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List stations with their certificates; what ends first, first."""
        wanted = CalendarFilter(
            search=search or None,
            group=group,
            expires_before=moment(expires_before, "--expires-before"),
            is_renewed=renewed,
        )
        office.print_list(
            lambda services, page: services.certificates.calendar(wanted, page),
            _entry_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_CALENDAR,
            shown=_CALENDAR_SHOWN,
        )

    @commands.command()
    def orders(
        *,
        station: OfStation = None,
        group: Group = None,
        state: Annotated[
            list[OrderState] | None, typer.Option(help="Only in this state; may be given more than once.")
        ] = None,
        is_open: Annotated[
            bool | None, typer.Option("--open/--ended", help="Only those of which something is to come, or not.")
        ] = None,
        occasion: Annotated[Occasion | None, typer.Option(help="Only those begun for this reason.")] = None,
        since: Annotated[
            str | None, typer.Option("--from", metavar="TIME", help="Only those begun at this time or later.")
        ] = None,
        until: Annotated[
            str | None, typer.Option("--to", metavar="TIME", help="Only those begun before this time.")
        ] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List certificate orders, newest first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        wanted = OrderFilter(
            station=station,
            group=group,
            states=frozenset(state) if state else None,
            is_open=is_open,
            occasion=occasion,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        office.print_newest(
            lambda services, page: services.certificates.orders(wanted, page),
            _order_facts,
            form=form,
            columns=_ORDER,
            shown=_ORDER_SHOWN,
            limit=limit,
        )

    @commands.command()
    def show(number: Number, as_json: Json = False) -> None:
        """Show a certificate order."""
        facts = _order_facts(office.read(lambda services: services.certificates.get(OrderNumber(number))))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def renew(
        station: Annotated[str, typer.Argument(metavar="STATION")],
        when_online: Annotated[
            bool, typer.Option("--when-online", help="As soon as it is on line, within a day.")
        ] = False,
    ) -> None:
        """Have a station ask for a certificate, which is issued and delivered. For many stations: `forecourt op
        RenewCertificate`."""
        delivery = Delivery.WHEN_ONLINE if when_online else Delivery.NOW
        order = Order(asked_by=command_line_user(), delivery=delivery)

        def work(services: Services) -> Errand:
            return services.certificates.renew(services.provisioning.get_station(station), order)

        print_facts(errand_facts(office.write(work)))

    @commands.command()
    def cancel(number: Number) -> None:
        """Give a certificate order up. What was not sent is revoked; what the station may have is not."""
        who = command_line_user()
        print_facts(_order_facts(office.write(lambda services: services.certificates.cancel(OrderNumber(number), who))))

    return commands


def _entry_facts(entry: CalendarEntry) -> Facts:
    sheet, shown = entry.sheet, entry.sheet.shown
    return {
        "stationId": entry.station,
        "group": entry.group,
        "fingerprint": None if shown is None else shown.fingerprint,
        "subject": None if shown is None else shown.subject,
        "issuer": None if shown is None else shown.issuer,
        "serial": None if shown is None else shown.serial,
        "keyKind": None if shown is None else shown.key_kind,
        "notBefore": None if shown is None else shown.not_before,
        "notAfter": None if shown is None else shown.not_after,
        "seen": None if shown is None else shown.seen.value,
        "seenAt": None if shown is None else shown.seen_at,
        "coveredUntil": sheet.covered_until,
        "renewAt": entry.renew_at,
        "order": entry.order,
        "orderState": None if entry.order_state is None else entry.order_state.value,
    }


def _order_facts(order: CertificateOrder) -> Facts:
    leaf = order.leaf
    return {
        "order": order.number,
        "stationId": order.station,
        "occasion": order.occasion.value,
        "state": order.state.value,
        "reason": order.reason,
        "askedBy": order.asked_by,
        "askedAt": order.asked_at,
        "changedAt": order.changed_at,
        "askErrand": order.ask_errand,
        "deliverErrand": order.deliver_errand,
        "signing": order.signing,
        "authority": order.authority,
        "deliveries": order.deliveries,
        "taken": order.taken.value,
        "awaits": None if order.awaited is None else order.awaited.value,
        "fingerprint": None if leaf is None else leaf.fingerprint,
        "notAfter": None if leaf is None else leaf.not_after,
        "revoked": order.is_revoked,
    }
