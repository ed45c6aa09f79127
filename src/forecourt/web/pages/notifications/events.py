"""Events: what happened, as the outside is told of it."""

from __future__ import annotations

from litestar import Controller, Response, get
from litestar.params import FromPath

from forecourt.domain.access.permissions import Permission
from forecourt.domain.events.kinds import Group, Kind
from forecourt.domain.events.model import EventFilter, EventNumber
from forecourt.web.pages.notifications.wording import choosable_groups, said, summary
from forecourt.web.visit import Visiting


class EventPages(Controller):
    path = "/events"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        query = visit.query
        kind, group = query.choice("kind", Kind), query.choice("group", Group)
        wanted = EventFilter(
            kinds=None if kind is None else frozenset({kind}),
            groups=None if group is None or kind is not None else frozenset({group}),
            station=query.maybe_text("station"),
            since=query.moment("from"),
            until=query.moment("to"),
        )
        page = await visit.read(lambda services: services.events.list(wanted, visit.page()))
        return visit.show(
            "notifications/events.html", page=page, kinds=Kind, groups=choosable_groups(), said=said, summary=summary
        )

    @get("/{number:int}", permission=Permission.VIEW)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        event = await visit.read(lambda services: services.events.get(EventNumber(min(number, 2**62))))
        return visit.show("notifications/event.html", event=event, said=said, summary=summary)
