"""Events for the outside, and who is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter, SkipValidation

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.notification_views import (
    EventDeliveryView,
    EventKindView,
    EventView,
    MadeSubscription,
    NewSubscription,
    Resumption,
    SecretView,
    SubscriptionView,
    show_delivery,
    show_event,
    show_kind,
    show_subscription,
)
from forecourt.api.paging import Listing, Paging, listing, part_of
from forecourt.api.words import MAX_LONG, StationQuery, Works, utc
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import not_found
from forecourt.domain.events.kinds import CHOOSABLE, Group, Kind
from forecourt.domain.events.model import EventFilter, EventNumber
from forecourt.domain.notifications.model import SubscriptionNumber
from forecourt.domain.services import Services

EventId = Annotated[int, PathParameter(description="The number of the event.")]
SubscriptionId = Annotated[int, PathParameter(description="The number of the subscription.")]
Sought = NamedDependency[SkipValidation[EventFilter]]


async def wanted_events(
    *,
    kind: Annotated[
        list[Kind] | None, QueryParameter(description="Only of this kind; may be given repeatedly.")
    ] = None,
    group: Annotated[
        list[Group] | None, QueryParameter(description="Only of this group; may be given repeatedly.")
    ] = None,
    station_id: StationQuery = None,
    since: Annotated[datetime | None, QueryParameter(name="from", description="At this time or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Before this time.")] = None,
) -> EventFilter:
    """Which events a request asks for."""
    return EventFilter(
        kinds=frozenset(kind) if kind else None,
        groups=frozenset(group) if group else None,
        station=station_id,
        since=utc(since, "from"),
        until=utc(until, "to"),
    )


class OutboxEvents(Controller):
    path = "/events"
    tags = ("Events",)
    opt = access(view=Permission.VIEW)
    dependencies = {"sought": Provide(wanted_events)}  # noqa: RUF012  # declared so by the framework

    @get(summary="List events", operation_id="listEvents")
    async def list_all(self, workspace: Works, page: Paging, sought: Sought) -> Listing[EventView]:
        """What happened, the newest first, as far back as events are kept."""
        return listing(await workspace.read(lambda services: services.events.list(sought, page)), show_event)

    @get("/kinds", summary="List the kinds of events", operation_id="listEventKinds")
    async def kinds(self) -> Sequence[EventKindView]:
        """What can be subscribed to."""
        return [show_kind(kind) for kind in CHOOSABLE]

    @get("/{event:int}", summary="Show an event", operation_id="getEvent")
    async def show(self, event: EventId, workspace: Works) -> EventView:
        number = _event(event)
        return show_event(await workspace.read(lambda services: services.events.get(number)))


class Notifications(Controller):
    path = "/notifications"
    tags = ("Notifications",)
    opt = access(view=Permission.ADMINISTER, change=Permission.ADMINISTER)

    @get(summary="List subscriptions", operation_id="listSubscriptions")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[SubscriptionView]:
        """All who are told of events, by name, and how that goes."""
        sheets = await workspace.read(lambda services: services.notifications.list())
        return listing(part_of(sheets, page), show_subscription)

    @post(summary="Add a subscription", operation_id="addSubscription")
    async def add(self, data: JSONBody[NewSubscription], workspace: Works, asked_by: AskedBy) -> MadeSubscription:
        """It is told what happens from now on. The secret of a webhook is in this answer and nowhere else."""
        draft = data.draft()
        made, secret = await workspace.write(lambda services: services.notifications.add(draft, asked_by=asked_by))
        return MadeSubscription(subscription=made.number, secret=secret)

    @get("/{subscription:int}", summary="Show a subscription", operation_id="getSubscription")
    async def show(self, subscription: SubscriptionId, workspace: Works) -> SubscriptionView:
        number = _subscription(subscription)
        return show_subscription(await workspace.read(lambda services: services.notifications.sheet(number)))

    @put("/{subscription:int}", summary="Change a subscription", operation_id="changeSubscription")
    async def change(
        self,
        subscription: SubscriptionId,
        data: JSONBody[NewSubscription],
        workspace: Works,
        asked_by: AskedBy,
    ) -> SubscriptionView:
        """Replaces what a person decides; its channel and its secret stay."""
        number, draft = _subscription(subscription), data.draft()

        def work(services: Services) -> SubscriptionView:
            services.notifications.change(number, draft, asked_by=asked_by)
            return show_subscription(services.notifications.sheet(number))

        return await workspace.write(work)

    @delete("/{subscription:int}", summary="Remove a subscription", operation_id="removeSubscription")
    async def remove(self, subscription: SubscriptionId, workspace: Works) -> None:
        """With everything that it was still to be told."""
        number = _subscription(subscription)
        await workspace.write(lambda services: services.notifications.remove(number))

    @post("/{subscription:int}/secret", status_code=200, summary="Renew the secret", operation_id="renewSecret")
    async def renew_secret(self, subscription: SubscriptionId, workspace: Works, asked_by: AskedBy) -> SecretView:
        """The old one signs nothing any more. The new one is in this answer and nowhere else."""
        number = _subscription(subscription)
        secret = await workspace.write(lambda services: services.notifications.renew_secret(number, asked_by=asked_by))
        return SecretView(secret=secret)

    @post("/{subscription:int}/test", status_code=202, summary="Try a subscription", operation_id="testSubscription")
    async def test(self, subscription: SubscriptionId, workspace: Works, asked_by: AskedBy) -> None:
        """An event of the kind `test` is sent to it, as any other: its state says how that went."""
        number = _subscription(subscription)
        await workspace.write(lambda services: services.notifications.test(number, asked_by=asked_by))

    @post("/{subscription:int}/pause", status_code=200, summary="Pause it", operation_id="pauseSubscription")
    async def pause(self, subscription: SubscriptionId, workspace: Works, asked_by: AskedBy) -> SubscriptionView:
        """What happens meanwhile waits, as long as events are kept."""
        number = _subscription(subscription)

        def work(services: Services) -> SubscriptionView:
            services.notifications.pause(number, asked_by=asked_by)
            return show_subscription(services.notifications.sheet(number))

        return await workspace.write(work)

    @post("/{subscription:int}/resume", status_code=200, summary="Let it go on", operation_id="resumeSubscription")
    async def resume(
        self, subscription: SubscriptionId, data: JSONBody[Resumption], workspace: Works
    ) -> SubscriptionView:
        """With what waits, or only with what happens from now on."""
        number, skips = _subscription(subscription), data.skips_waiting

        def work(services: Services) -> SubscriptionView:
            services.notifications.resume(number, skips_waiting=skips)
            return show_subscription(services.notifications.sheet(number))

        return await workspace.write(work)

    @get("/{subscription:int}/deliveries", summary="List what failed", operation_id="listDeliveries")
    async def deliveries(
        self, subscription: SubscriptionId, workspace: Works, page: Paging
    ) -> Listing[EventDeliveryView]:
        """Events that are tried again or were given up, the newest first. What was delivered is only counted."""
        number = _subscription(subscription)
        found = await workspace.read(lambda services: services.notifications.deliveries(number, page))
        return listing(found, show_delivery)

    @post(
        "/{subscription:int}/deliveries/{event:int}/retry",
        status_code=202,
        summary="Try an event again now",
        operation_id="retryDelivery",
    )
    async def retry(self, subscription: SubscriptionId, event: EventId, workspace: Works) -> None:
        """Also one that was given up; it is tried for three days again."""
        number, which = _subscription(subscription), _event(event)
        await workspace.write(lambda services: services.notifications.again(number, which))

    @delete("/{subscription:int}/deliveries/{event:int}", summary="Skip an event", operation_id="skipDelivery")
    async def skip(self, subscription: SubscriptionId, event: EventId, workspace: Works) -> None:
        """It is never delivered to this one."""
        number, which = _subscription(subscription), _event(event)
        await workspace.write(lambda services: services.notifications.skip(number, which))


def _subscription(number: int) -> SubscriptionNumber:
    """The number as the database can compare it; raises DomainError NOT_FOUND for others."""
    if not 0 < number <= MAX_LONG:
        raise not_found(f"There is no subscription {number}.")
    return SubscriptionNumber(number)


def _event(number: int) -> EventNumber:
    """As above."""
    if not 0 < number <= MAX_LONG:
        raise not_found(f"There is no event {number}.")
    return EventNumber(number)
