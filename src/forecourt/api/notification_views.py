"""Subscriptions and events, as REST shows and takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from forecourt.domain.events.kinds import Group, Kind
from forecourt.domain.events.model import Event, Value
from forecourt.domain.notifications.model import Channel, Delivery, Draft, Sheet, State, Wish

Text = Annotated[str, Meta(max_length=255, pattern="^[^\\x00]*$")]
LongText = Annotated[str, Meta(max_length=2000, pattern="^[^\\x00]*$")]


class EventView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Something that happened."""

    event: Annotated[int, Meta(description="Its number.")]
    id: Annotated[str, Meta(description="As webhooks have it, in `id` and `webhook-id`.")]
    kind: Annotated[Kind, Meta(description="What happened; webhooks have `forecourt.` before it in `type`.")]
    group: Annotated[Group, Meta(description="The group by which its kind can be subscribed to.")]
    subject: Annotated[str, Meta(description="What it happened to.")]
    station_id: Annotated[str | None, Meta(description="The station that it happened to, if it was one.")]
    sentence: Annotated[str, Meta(description="The same for people.")]
    data: Annotated[Mapping[str, Value], Meta(description="Whatever else is known; by kind always the same names.")]
    at: Annotated[datetime, Meta(description="When it was written down.")]


class EventKindView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A kind of event."""

    kind: Annotated[Kind, Meta(description="Its name.")]
    group: Annotated[Group, Meta(description="Its group.")]
    summary: Annotated[str, Meta(description="What it is about.")]
    data: Annotated[Sequence[str], Meta(description="The names of its data.")]


class NewSubscription(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """Who is to be told of what. Without kinds and groups they are told everything."""

    name: Annotated[Text, Meta(description="Its name, up to 100 characters.")]
    channel: Annotated[Channel, Meta(description="How they are told; it stays.")]
    recipients: Annotated[Sequence[Text], Meta(max_length=50, description="Addresses, for `mail`.")] = ()
    url: Annotated[LongText, Meta(description="The address of the receiver, for `webhook`: HTTPS.")] = ""
    header_name: Annotated[Text, Meta(description="A header that every request has besides.")] = ""
    header_value: Annotated[
        LongText | None, Meta(description="Its value, which is never shown; null keeps the stored one.")
    ] = None
    kinds: Annotated[Sequence[Kind], Meta(description="Only these kinds, and those of the groups.")] = ()
    groups: Annotated[Sequence[Group], Meta(description="Only the kinds of these groups, and the kinds.")] = ()
    station_id: Annotated[Text | None, Meta(description="Only what happens to this station.")] = None
    station_group: Annotated[Text | None, Meta(description="Only what happens to stations of this group.")] = None

    def draft(self) -> Draft:
        return Draft(
            name=self.name,
            channel=self.channel,
            recipients=tuple(self.recipients),
            url=self.url,
            header_name=self.header_name,
            header_value=self.header_value,
            wish=Wish(
                kinds=frozenset(self.kinds),
                groups=frozenset(self.groups),
                station=self.station_id or None,
                station_group=self.station_group or None,
            ),
        )


class SubscriptionView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Who is told of what, and how that goes."""

    subscription: Annotated[int, Meta(description="Its number.")]
    name: str
    channel: Channel
    recipients: Sequence[str]
    url: str
    header_name: str
    kinds: Sequence[Kind]
    groups: Sequence[Group]
    station_id: str | None
    station_group: str | None
    state: Annotated[State, Meta(description="`failing`: what was tried last failed, and is tried again.")]
    paused_at: datetime | None
    paused_by: Annotated[str | None, Meta(description="Null when the system paused it.")]
    paused_reason: str | None
    delivered: Annotated[int, Meta(description="Events that were delivered since it is there.")]
    delivered_at: Annotated[datetime | None, Meta(description="When that was for the last time.")]
    behind: Annotated[int, Meta(description="Events of all kinds that were not looked at yet; counted to 10,000.")]
    waiting: Annotated[int, Meta(description="Events that failed and are tried again.")]
    given_up: Annotated[int, Meta(description="Events that were tried for three days in vain.")]
    failing_since: datetime | None
    last_error: str | None
    again_at: Annotated[datetime | None, Meta(description="Nothing is tried before.")]
    changed_by: str
    changed_at: datetime


class MadeSubscription(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A new subscription. ``secret`` signs its webhooks: it cannot be shown again."""

    subscription: int
    secret: Annotated[str | None, Meta(description="Null for mail.")]


class SecretView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A new secret. It cannot be shown again."""

    secret: str


class Resumption(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """How it goes on."""

    skips_waiting: Annotated[bool, Meta(description="Forget what waits, and tell what happens from now on.")] = False


class EventDeliveryView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An event that was not delivered at once."""

    event: EventView
    attempts: int
    error: Annotated[str, Meta(description="Why the last attempt failed.")]
    failing_since: datetime
    tried_at: datetime
    again_at: Annotated[datetime | None, Meta(description="When it is tried again; null when it was given up.")]


def show_event(event: Event) -> EventView:
    return EventView(
        event=event.number,
        id=event.id,
        kind=event.kind,
        group=event.kind.group,
        subject=event.subject,
        station_id=event.station,
        sentence=event.said(),
        data=event.data,
        at=event.at,
    )


def show_kind(kind: Kind) -> EventKindView:
    return EventKindView(kind=kind, group=kind.group, summary=kind.summary, data=sorted(kind.fields))


def show_subscription(sheet: Sheet) -> SubscriptionView:
    one = sheet.subscription
    return SubscriptionView(
        subscription=one.number,
        name=one.name,
        channel=one.channel,
        recipients=one.recipients,
        url=one.url,
        header_name=one.header_name,
        kinds=[kind for kind in Kind if kind in one.wish.kinds],
        groups=[group for group in Group if group in one.wish.groups],
        station_id=one.wish.station,
        station_group=one.wish.station_group,
        state=one.state,
        paused_at=one.paused_at,
        paused_by=one.paused_by,
        paused_reason=one.paused_reason,
        delivered=one.delivered,
        delivered_at=one.delivered_at,
        behind=sheet.behind,
        waiting=sheet.waiting,
        given_up=sheet.given_up,
        failing_since=one.failing_since,
        last_error=one.last_error,
        again_at=one.again_at,
        changed_by=one.changed_by,
        changed_at=one.changed_at,
    )


def show_delivery(delivery: Delivery) -> EventDeliveryView:
    return EventDeliveryView(
        event=show_event(delivery.event),
        attempts=delivery.attempts,
        error=delivery.error,
        failing_since=delivery.failing_since,
        tried_at=delivery.tried_at,
        again_at=delivery.again_at,
    )
