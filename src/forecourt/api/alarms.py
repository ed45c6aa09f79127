"""Alarms: what needs a person, until it is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream
from msgspec import Meta

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import MAX_LONG, Works, utc
from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.alarms.model import Alarm, AlarmFilter, AlarmNumber, Level, Topic
from forecourt.domain.errors import not_found

AlarmId = Annotated[int, PathParameter(description="The number of the alarm.")]
Raised = NamedDependency[SkipValidation[AlarmFilter]]


class AlarmView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Something that needs a person, open as long as ``endedAt`` is null."""

    alarm: Annotated[int, Meta(description="Its number, which is never used again.")]
    topic: Annotated[Topic, Meta(description="What it is about.")]
    subject: Annotated[str, Meta(description="Which one: a station, an authority, a server certificate, by the topic.")]
    level: Annotated[Level, Meta(description="`critical`: it does not work, or will not within a day.")]
    sentence: Annotated[str, Meta(description="What is wrong, and what to do.")]
    raised_at: Annotated[datetime, Meta(description="When it was raised.")]
    changed_at: Annotated[datetime, Meta(description="When its level or its sentence changed last.")]
    acknowledged_by: Annotated[str | None, Meta(description="Who has taken note of it; null as long as nobody has.")]
    acknowledged_at: Annotated[datetime | None, Meta(description="When that was.")]
    ended_at: Annotated[datetime | None, Meta(description="When it was over; null until then.")]


class OpenAlarmsView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How many alarms are open."""

    total: Annotated[int, Meta(description="All that are open.")]
    warning: Annotated[int, Meta(description="Open warnings.")]
    critical: Annotated[int, Meta(description="Open critical ones.")]
    unacknowledged: Annotated[int, Meta(description="Open ones of which nobody has taken note yet.")]


async def wanted_alarms(
    *,
    topic: Annotated[
        list[Topic] | None, QueryParameter(description="Only about this; may be given repeatedly.")
    ] = None,
    subject: Annotated[
        str | None, QueryParameter(max_length=255, pattern="^[^\\x00]*$", description="Only about this one.")
    ] = None,
    level: Annotated[Level | None, QueryParameter(description="Only of this level.")] = None,
    is_open: Annotated[
        bool | None, QueryParameter(name="open", description="Only those that are open, or only those that are not.")
    ] = None,
    is_acknowledged: Annotated[
        bool | None, QueryParameter(name="acknowledged", description="Only those that are acknowledged, or are not.")
    ] = None,
    since: Annotated[datetime | None, QueryParameter(name="from", description="Raised at this time or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Raised before this time.")] = None,
) -> AlarmFilter:
    """Which alarms a request asks for."""
    return AlarmFilter(
        topics=frozenset(topic) if topic else None,
        subject=subject,
        level=level,
        is_open=is_open,
        is_acknowledged=is_acknowledged,
        since=utc(since, "from"),
        until=utc(until, "to"),
    )


def show_alarm(alarm: Alarm) -> AlarmView:
    return AlarmView(
        alarm=alarm.number,
        topic=alarm.topic,
        subject=alarm.subject,
        level=alarm.level,
        sentence=alarm.sentence,
        raised_at=alarm.raised_at,
        changed_at=alarm.changed_at,
        acknowledged_by=alarm.acknowledged_by,
        acknowledged_at=alarm.acknowledged_at,
        ended_at=alarm.ended_at,
    )


ALARM_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(AlarmView))


def alarm_rows(alarm: Alarm) -> Iterator[Sequence[Cell]]:
    yield [
        int(alarm.number),
        alarm.topic.value,
        alarm.subject,
        alarm.level.value,
        alarm.sentence,
        alarm.raised_at,
        alarm.changed_at,
        alarm.acknowledged_by,
        alarm.acknowledged_at,
        alarm.ended_at,
    ]


class Alarms(Controller):
    tags = ("Alarms",)
    opt = access(view=Permission.VIEW, change=Permission.OPERATE)
    dependencies = {"raised": Provide(wanted_alarms)}  # noqa: RUF012  # declared so by the framework

    @get("/alarms", summary="List alarms", operation_id="listAlarms")
    async def list_all(self, workspace: Works, page: Paging, raised: Raised) -> Listing[AlarmView]:
        """The one that was raised last first. `open=true` shows what needs somebody now."""
        return listing(await workspace.read(lambda services: services.alarms.list(raised, page)), show_alarm)

    @get("/alarms.csv", media_type=CSV, summary="Download alarms as CSV", operation_id="downloadAlarms")
    async def download(self, workspace: Works, raised: Raised) -> Stream:
        """All that match, the one that was raised last first. Texts that a spreadsheet would run as a formula get a
        leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.alarms.list(raised, page),
            columns=ALARM_COLUMNS,
            rows=alarm_rows,
            filename="alarms.csv",
        )

    @get("/alarms/open", summary="Count open alarms", operation_id="countOpenAlarms")
    async def counts(self, workspace: Works) -> OpenAlarmsView:
        """For whoever watches from outside."""
        counts = await workspace.read(lambda services: services.alarms.open_counts())
        return OpenAlarmsView(
            total=counts.total,
            warning=counts.by_level.get(Level.WARNING, 0),
            critical=counts.by_level.get(Level.CRITICAL, 0),
            unacknowledged=counts.unacknowledged,
        )

    @get("/alarms/{alarm:int}", summary="Show an alarm", operation_id="getAlarm")
    async def show(self, alarm: AlarmId, workspace: Works) -> AlarmView:
        number = _number(alarm)
        return show_alarm(await workspace.read(lambda services: services.alarms.get(number)))

    @post(
        "/alarms/{alarm:int}/acknowledge",
        status_code=200,
        summary="Acknowledge an alarm",
        operation_id="acknowledgeAlarm",
    )
    async def acknowledge(self, alarm: AlarmId, workspace: Works, asked_by: AskedBy) -> AlarmView:
        """Somebody knows of it. It stays open until it is over, which the system sees by itself; when a warning becomes
        critical, it has to be acknowledged again."""
        number = _number(alarm)
        known = await workspace.write(lambda services: services.alarms.acknowledge(number, asked_by=asked_by))
        return show_alarm(known)


def _number(number: int) -> AlarmNumber:
    """The number as the database can compare it; raises DomainError NOT_FOUND for others."""
    if not 0 < number <= MAX_LONG:
        raise not_found(f"There is no alarm {number}.")
    return AlarmNumber(number)
