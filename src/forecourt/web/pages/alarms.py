"""Alarms: what needs a person, until it is over."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.domain.access.permissions import Permission
from forecourt.domain.alarms.model import AlarmFilter, AlarmNumber, Level, Topic
from forecourt.web.language import gettext as _
from forecourt.web.visit import Typed, Visiting


class AlarmPages(Controller):
    path = "/alarms"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        query = visit.query
        topic = query.choice("topic", Topic)
        wanted = AlarmFilter(
            topics=None if topic is None else frozenset({topic}),
            level=query.choice("level", Level),
            subject=query.maybe_text("subject"),
            is_open=None if query.shown("state") == "all" else query.shown("state") != "ended",
        )
        page = await visit.read(lambda services: services.alarms.list(wanted, visit.page()))
        return visit.show("alarms.html", page=page, topics=Topic, levels=Level, now=visit.house.clock.now())

    @post("/{number:int}/acknowledge", permission=Permission.OPERATE, status_code=HTTPStatus.OK)
    async def acknowledge(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        await visit.write(lambda services: services.alarms.acknowledge(AlarmNumber(number), asked_by=visit.asked_by))
        return visit.go("/alarms", _("The alarm is acknowledged."))
