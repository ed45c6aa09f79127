"""Commands for events, and for who is told of them."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Final

import typer

from forecourt.cli.numbers import number_of
from forecourt.cli.office import Office, confirm, form_of, moment
from forecourt.cli.options import Csv, Json, Limit, OfStation, Yes
from forecourt.cli.output import Facts, print_facts, print_json
from forecourt.cli.who import command_line_user
from forecourt.domain.access.permissions import Permission
from forecourt.domain.events.kinds import Group, Kind
from forecourt.domain.events.model import Event, EventFilter, EventNumber
from forecourt.domain.notifications.model import Channel, Delivery, Draft, Sheet, SubscriptionNumber, Wish
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.services import Services

_COLUMNS: Final = (
    "subscription",
    "name",
    "channel",
    "target",
    "state",
    "delivered",
    "deliveredAt",
    "behind",
    "waiting",
    "givenUp",
    "lastError",
)
_EVENT_COLUMNS: Final = ("event", "at", "kind", "subject", "sentence", "data")
_EVENT_SHOWN: Final = ("event", "at", "kind", "subject", "sentence")
_DELIVERY_COLUMNS: Final = ("event", "kind", "subject", "attempts", "failingSince", "againAt", "error")

Number = Annotated[int, typer.Argument(parser=number_of("a subscription", "notification list"), metavar="SUBSCRIPTION")]
EventArgument = Annotated[int, typer.Argument(parser=number_of("an event", "notification events"), metavar="EVENT")]
Kinds = Annotated[list[Kind] | None, typer.Option("--kind", metavar="KIND", help="Only this kind; may be repeated.")]
Groups = Annotated[list[Group] | None, typer.Option("--group", help="Only this group of kinds; may be repeated.")]
OfGroup = Annotated[str | None, typer.Option("--station-group", metavar="GROUP", help="Only stations of this group.")]


def notification_commands(office: Office) -> typer.Typer:
    """The group ``forecourt notification``."""
    commands = typer.Typer(no_args_is_help=True, help="Events, and who outside is told of them.")
    admin = office.of(view=Permission.ADMINISTER, change=Permission.ADMINISTER)
    _add_listing(commands, office.of(change=Permission.ADMINISTER), admin)
    _add_making(commands, admin)
    _add_tending(commands, admin)
    return commands


def _add_listing(commands: typer.Typer, office: Office, admin: Office) -> None:
    @commands.command("list")
    def list_all(as_json: Json = False, as_csv: Csv = False) -> None:
        """List subscriptions by name, and how they go."""
        admin.print_list(
            _whole,
            subscription_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_COLUMNS,
            shown=_COLUMNS,
        )

    @commands.command()
    def show(number: Number, as_json: Json = False) -> None:
        """Show a subscription."""
        facts = subscription_facts(
            admin.read(lambda services: services.notifications.sheet(SubscriptionNumber(number)))
        )
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def events(
        *,
        kind: Kinds = None,
        group: Groups = None,
        station: OfStation = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before.")] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List what happened, the newest first."""
        wanted = EventFilter(
            kinds=frozenset(kind) if kind else None,
            groups=frozenset(group) if group else None,
            station=station,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        office.print_newest(
            lambda services, page: services.events.list(wanted, page),
            event_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_EVENT_COLUMNS,
            shown=_EVENT_SHOWN,
            limit=limit,
        )

    @commands.command()
    def failed(number: Number, limit: Limit = None, as_json: Json = False, as_csv: Csv = False) -> None:
        """List events that are tried again or were given up, the newest first."""
        admin.print_newest(
            lambda services, page: services.notifications.deliveries(SubscriptionNumber(number), page),
            delivery_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=_DELIVERY_COLUMNS,
            shown=_DELIVERY_COLUMNS,
            limit=limit,
        )


def _add_making(commands: typer.Typer, admin: Office) -> None:
    @commands.command("mail")
    def mail(
        name: Annotated[str, typer.Argument(metavar="NAME")],
        recipients: Annotated[list[str], typer.Argument(metavar="ADDRESS…", help="Who gets the mails.")],
        *,
        kind: Kinds = None,
        group: Groups = None,
        station: OfStation = None,
        station_group: OfGroup = None,
    ) -> None:
        """Have events sent by mail, from now on."""
        wish = _wish(kind, group, station, station_group)
        draft = Draft(name=name, channel=Channel.MAIL, recipients=tuple(recipients), wish=wish)
        _add(admin, draft)

    @commands.command("webhook")
    def webhook(
        name: Annotated[str, typer.Argument(metavar="NAME")],
        url: Annotated[str, typer.Argument(metavar="URL", help="Where they are sent: https://…")],
        *,
        header: Annotated[
            str | None, typer.Option(metavar="NAME", help="A header besides; its value is read from stdin.")
        ] = None,
        kind: Kinds = None,
        group: Groups = None,
        station: OfStation = None,
        station_group: OfGroup = None,
    ) -> None:
        """Have events sent to a program, from now on. The secret that signs them is printed on stdout; it cannot be
        shown again."""
        value = None if header is None else sys.stdin.readline().rstrip("\r\n")
        draft = Draft(
            name=name,
            channel=Channel.WEBHOOK,
            url=url,
            header_name=header or "",
            header_value=value,
            wish=_wish(kind, group, station, station_group),
        )
        _add(admin, draft)

    @commands.command("renew-secret")
    def renew_secret(number: Number, yes: Yes = False) -> None:
        """Make a new secret for a webhook, and print it on stdout; the old one signs nothing any more."""
        confirm(f"Make a new secret for the subscription {number}?", is_confirmed=yes)
        who = command_line_user()
        print(
            admin.write(lambda services: services.notifications.renew_secret(SubscriptionNumber(number), asked_by=who))
        )


def _add_tending(commands: typer.Typer, admin: Office) -> None:
    @commands.command()
    def test(number: Number) -> None:
        """Have a test sent; `show` tells how that went."""
        who = command_line_user()
        admin.write(lambda services: services.notifications.test(SubscriptionNumber(number), asked_by=who))

    @commands.command()
    def pause(number: Number) -> None:
        """Send nothing for a while; what happens meanwhile waits."""
        who = command_line_user()
        admin.write(lambda services: services.notifications.pause(SubscriptionNumber(number), asked_by=who))

    @commands.command()
    def resume(
        number: Number,
        skip: Annotated[bool, typer.Option("--skip", help="Forget what waits, and go on from now.")] = False,
    ) -> None:
        """Let a paused subscription go on."""
        admin.write(lambda services: services.notifications.resume(SubscriptionNumber(number), skips_waiting=skip))

    @commands.command()
    def retry(number: Number, event: EventArgument) -> None:
        """Try an event again now, also one that was given up."""
        admin.write(lambda services: services.notifications.again(SubscriptionNumber(number), EventNumber(event)))

    @commands.command()
    def skip(number: Number, event: EventArgument) -> None:
        """Never deliver an event to this one."""
        admin.write(lambda services: services.notifications.skip(SubscriptionNumber(number), EventNumber(event)))

    @commands.command()
    def remove(number: Number, yes: Yes = False) -> None:
        """Remove a subscription, with everything that it was still to be told."""
        confirm(f"Remove the subscription {number}?", is_confirmed=yes)
        admin.write(lambda services: services.notifications.remove(SubscriptionNumber(number)))


def _add(admin: Office, draft: Draft) -> None:
    who = command_line_user()
    made, secret = admin.write(lambda services: services.notifications.add(draft, asked_by=who))
    if secret is not None:
        print(secret)
    if sys.stdout.isatty():
        print(f"This is the subscription {made.number}.", file=sys.stderr)


def _whole(services: Services, page: PageRequest) -> Page[Sheet]:
    return Page([] if page.after else services.notifications.list(), None)


def _wish(kinds: list[Kind] | None, groups: list[Group] | None, station: str | None, group: str | None) -> Wish:
    return Wish(kinds=frozenset(kinds or ()), groups=frozenset(groups or ()), station=station, station_group=group)


def subscription_facts(sheet: Sheet) -> Facts:
    one = sheet.subscription
    return {
        "subscription": one.number,
        "name": one.name,
        "channel": one.channel.value,
        "target": one.target,
        "state": one.state.value,
        "delivered": one.delivered,
        "deliveredAt": one.delivered_at,
        "behind": sheet.behind,
        "waiting": sheet.waiting,
        "givenUp": sheet.given_up,
        "lastError": one.paused_reason or one.last_error,
    }


def event_facts(event: Event) -> Facts:
    return {
        "event": event.number,
        "at": event.at,
        "kind": event.kind.value,
        "subject": event.subject,
        "sentence": event.said(),
        "data": json.dumps(dict(event.data)),
    }


def delivery_facts(delivery: Delivery) -> Facts:
    return {
        "event": delivery.event.number,
        "kind": delivery.event.kind.value,
        "subject": delivery.event.subject,
        "attempts": delivery.attempts,
        "failingSince": delivery.failing_since,
        "againAt": delivery.again_at,
        "error": delivery.error,
    }
