"""Notifications: who outside is told of which events, and how that goes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.domain.access.permissions import Permission
from forecourt.domain.events.kinds import CHOOSABLE, Group, Kind
from forecourt.domain.events.model import EventFilter, EventNumber
from forecourt.domain.notifications.model import Channel, Draft, Sheet, Subscription, SubscriptionNumber, Wish
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.notifications.wording import TONES, choosable_groups, kinds_of, said, summary
from forecourt.web.visit import Typed, Visit, Visiting

RECENT: Final = 10
"""Events that are shown beside the subscriptions."""

HIGHEST: Final = 2**62
EVERYTHING: Final = "all"

_FORM: Final = "notifications/form.html"


class NotificationPages(Controller):
    path = "/notifications"

    @get(permission=Permission.ADMINISTER)
    async def list_all(self, visit: Visiting) -> Response[str]:
        def look(services: Services) -> tuple[list[Sheet], Page[Any]]:
            recent = services.events.list(EventFilter(), PageRequest(RECENT))
            return [*services.notifications.list()], recent

        sheets, recent = await visit.read(look)
        return visit.show("notifications/list.html", sheets=sheets, recent=recent.items, said=said, tones=TONES)

    # Adding and changing

    @get("/new/{channel:str}", permission=Permission.ADMINISTER)
    async def new(self, channel: FromPath[str], visit: Visiting) -> Response[str]:
        form = Fields.of(name="", scope=EVERYTHING)
        return _show_form(visit, form, _channel(channel), None)

    @post("/new/{channel:str}", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def add(self, channel: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        draft = _draft(form, _channel(channel))
        with form.refusals():
            if form.is_good:
                made, secret = await visit.write(
                    lambda services: services.notifications.add(draft, asked_by=visit.asked_by)
                )
                if secret is not None:
                    return visit.show("notifications/secret.html", subscription=made, secret=secret, is_new=True)
                return visit.go(f"/notifications/{made.number}", _("The subscription is there."))
        return _show_form(visit, form, draft.channel, None)

    @get("/{number:int}/edit", permission=Permission.ADMINISTER)
    async def edit(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        found = await visit.read(lambda services: services.notifications.get(_number(number)))
        return _show_form(visit, _filled(found), found.channel, found)

    @post("/{number:int}/edit", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def change(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        found = await visit.read(lambda services: services.notifications.get(_number(number)))
        draft = _draft(form, found.channel)
        with form.refusals():
            if form.is_good:
                await visit.write(
                    lambda services: services.notifications.change(_number(number), draft, asked_by=visit.asked_by)
                )
                return visit.go(f"/notifications/{number}", _("The subscription is changed."))
        return _show_form(visit, form, found.channel, found)

    # One subscription

    @get("/{number:int}", permission=Permission.ADMINISTER)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        return await _show(visit, number)

    @post("/{number:int}/test", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def test(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        with form.refusals():
            await visit.write(lambda services: services.notifications.test(_number(number), asked_by=visit.asked_by))
            return visit.go(f"/notifications/{number}", _("A test is on its way; this page shows how it goes."))
        return await _show(visit, number, form)

    @post("/{number:int}/pause", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def pause(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        with form.refusals():
            await visit.write(lambda services: services.notifications.pause(_number(number), asked_by=visit.asked_by))
            return visit.go(f"/notifications/{number}", _("The subscription is paused."))
        return await _show(visit, number, form)

    @post("/{number:int}/resume", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def resume(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        skips = form.flag("skipsWaiting")
        with form.refusals():
            await visit.write(lambda services: services.notifications.resume(_number(number), skips_waiting=skips))
            return visit.go(f"/notifications/{number}", _("The subscription goes on."))
        return await _show(visit, number, form)

    @post("/{number:int}/secret", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def renew_secret(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        with form.refusals():
            secret = await visit.write(
                lambda services: services.notifications.renew_secret(_number(number), asked_by=visit.asked_by)
            )
            found = await visit.read(lambda services: services.notifications.get(_number(number)))
            return visit.show("notifications/secret.html", subscription=found, secret=secret, is_new=False)
        return await _show(visit, number, form)

    @post("/{number:int}/remove", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def remove(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        await visit.write(lambda services: services.notifications.remove(_number(number)))
        return visit.go("/notifications", _("The subscription is removed."))

    @post("/{number:int}/deliveries/{event:int}/retry", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def retry(self, number: FromPath[int], event: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        with form.refusals():
            await visit.write(lambda services: services.notifications.again(_number(number), _event(event)))
            return visit.go(f"/notifications/{number}", _("The event is tried again."))
        return await _show(visit, number, form)

    @post("/{number:int}/deliveries/{event:int}/skip", permission=Permission.ADMINISTER, status_code=HTTPStatus.OK)
    async def skip(self, number: FromPath[int], event: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        with form.refusals():
            await visit.write(lambda services: services.notifications.skip(_number(number), _event(event)))
            return visit.go(f"/notifications/{number}", _("The event will not be delivered."))
        return await _show(visit, number, form)


async def _show(visit: Visit, number: int, form: Fields | None = None) -> Response[str]:
    def look(services: Services) -> tuple[Sheet, Page[Any]]:
        wanted = _number(number)
        return services.notifications.sheet(wanted), services.notifications.deliveries(wanted, visit.page())

    sheet, deliveries = await visit.read(look)
    return visit.show_form(
        "notifications/one.html",
        Fields() if form is None else form,
        sheet=sheet,
        one=sheet.subscription,
        page=deliveries,
        said=said,
        tones=TONES,
        summary=summary,
        kinds=Kind,
        groups=Group,
    )


def _show_form(visit: Visit, form: Fields, channel: Channel, found: Subscription | None) -> Response[str]:
    return visit.show_form(
        _FORM,
        form,
        channel=channel,
        found=found,
        groups=choosable_groups(),
        kinds_of=kinds_of,
        summary=summary,
        everything=EVERYTHING,
    )


def _draft(form: Fields, channel: Channel) -> Draft:
    """What was typed; mistakes are noted in the form."""
    chosen = set(form.all("kinds"))
    is_everything = form.shown("scope") != "chosen"
    groups = {group for group in choosable_groups() if group.value in form.all("groups")}
    kinds = {kind for kind in CHOOSABLE if kind.value in chosen and kind.group not in groups}
    if not is_everything and not kinds and not groups:
        form.refuse("scope", _("Choose at least one kind of event, or all of them."))
    header_value = form.secret("headerValue")
    is_webhook = channel is Channel.WEBHOOK
    return Draft(
        name=form.text("name", is_required=True),
        channel=channel,
        recipients=tuple(form.text("recipients", most=20_000).replace(",", " ").split()),
        url=form.text("url", most=2000, is_required=is_webhook),
        header_name=form.text("headerName"),
        header_value=header_value or None,
        wish=Wish(
            kinds=frozenset() if is_everything else frozenset(kinds),
            groups=frozenset() if is_everything else frozenset(groups),
            station=form.maybe_text("stationId"),
            station_group=form.maybe_text("stationGroup"),
        ),
    )


def _filled(found: Subscription) -> Fields:
    return Fields.of(
        name=found.name,
        recipients="\n".join(found.recipients),
        url=found.url,
        headerName=found.header_name,
        scope=EVERYTHING if found.wish.is_everything else "chosen",
        kinds=[kind.value for kind in found.wish.kinds],
        groups=[group.value for group in found.wish.groups],
        stationId=found.wish.station,
        stationGroup=found.wish.station_group,
    )


def _channel(text: str) -> Channel:
    return Channel.MAIL if text == Channel.MAIL.value else Channel.WEBHOOK


def _number(number: int) -> SubscriptionNumber:
    """As the database can compare it; there is none so high."""
    return SubscriptionNumber(min(number, HIGHEST))


def _event(number: int) -> EventNumber:
    return EventNumber(min(number, HIGHEST))
