"""Subscriptions in the database, and what is still to be delivered to them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, UniqueConstraint

from forecourt.domain.events.kinds import Group
from forecourt.domain.events.model import Event, EventNumber
from forecourt.domain.notifications.model import (
    Channel,
    Delivery,
    Secrets,
    Sheet,
    Subscription,
    SubscriptionNumber,
    Wish,
)
from forecourt.domain.paging import Page, PageRequest
from forecourt.pki.errors import BadSeal
from forecourt.pki.sealing import Vault
from forecourt.storage.connection import Row
from forecourt.storage.events import COUNTED, KINDS, to_event
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    from_micros,
    maybe_from_micros,
    maybe_to_micros,
    metadata,
    moment,
    text,
    to_micros,
)
from forecourt.storage.unit_of_work import Unit

subscription: Final = Table(
    "subscription",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("name"),
    text("channel"),
    text("recipients"),
    text("url"),
    text("header_name"),
    text("sealed"),
    text("kinds"),
    text("kind_groups"),
    text("station"),
    text("station_group"),
    text("changed_by"),
    moment("changed_at"),
    moment("paused_at", is_required=False),
    text("paused_by", is_required=False),
    text("paused_reason", is_required=False),
    Column("reached", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False),
    moment("delivered_at", is_required=False),
    moment("failing_since", is_required=False),
    Column("failures", BigInteger, nullable=False),
    text("last_error", is_required=False),
    moment("again_at", is_required=False),
    text("node", is_required=False),
    moment("leased_until", is_required=False),
    UniqueConstraint("name", name="one_subscription"),
    sqlite_autoincrement=True,
)
"""``recipients``, ``kinds`` and ``kind_groups`` have one on a line; ``sealed`` is JSON, sealed; an empty ``station`` or
``station_group`` is all of them."""

delivery: Final = Table(
    "delivery",
    metadata,
    Column("subscription", BigInteger, primary_key=True, autoincrement=False),
    Column("event", BigInteger, primary_key=True, autoincrement=False),
    Column("attempts", BigInteger, nullable=False),
    text("error"),
    moment("failing_since"),
    moment("tried_at"),
    moment("again_at", is_required=False),
    Index("delivery_due", "subscription", "again_at"),
    Index("delivery_of_event", "event"),
)
"""Only what failed has a row here. Without ``again_at`` it was given up."""

_DECIDED: Final = (
    "name channel recipients url header_name kinds kind_groups station station_group changed_by changed_at"
)
_COURSE: Final = "paused_at paused_by paused_reason failing_since failures last_error again_at"
_SHOWN: Final = ", ".join(f"{_DECIDED} {_COURSE} reached delivered delivered_at".split())
_PUT: Final = ", ".join(f"{name} = ?" for name in f"{_DECIDED} {_COURSE}".split())
_ADDED: Final = f"{_DECIDED} {_COURSE} reached delivered sealed".split()
_ADD: Final = (
    f"INSERT INTO subscription ({', '.join(_ADDED)}) VALUES ({', '.join('?' for _ in _ADDED)})"
    " ON CONFLICT DO NOTHING RETURNING number"
)
_ALL: Final = f"SELECT number, {_SHOWN} FROM subscription"
_FREE: Final = "(leased_until IS NULL OR leased_until <= ?)"
_WITH_WORK: Final = (
    f"{_ALL} AS s WHERE paused_at IS NULL AND {_FREE} AND (again_at IS NULL OR again_at <= ?)"
    " AND (EXISTS (SELECT 1 FROM event AS e WHERE e.number > s.reached)"
    " OR EXISTS (SELECT 1 FROM delivery AS d WHERE d.subscription = s.number AND d.again_at <= ?)) ORDER BY number"
)
_LEASE: Final = (
    "UPDATE subscription SET node = ?, leased_until = ? WHERE number = ? AND paused_at IS NULL"
    f" AND ({_FREE} OR node = ?)"
)
_HOLD: Final = "UPDATE subscription SET node = node WHERE number = ? AND node = ? AND leased_until > ?"
_GIVE_BACK: Final = "UPDATE subscription SET node = NULL, leased_until = NULL WHERE"
_EVENT: Final = "e.number, e.kind, e.subject, e.station, e.data, e.at"
_DELIVERY: Final = (
    f"SELECT {_EVENT}, d.attempts, d.error, d.failing_since, d.tried_at, d.again_at, d.subscription"
    " FROM delivery AS d JOIN event AS e ON e.number = d.event WHERE d.subscription = ?"
)
_DUE: Final = (
    f"SELECT {_EVENT} FROM delivery AS d JOIN event AS e ON e.number = d.event"
    " WHERE d.subscription = ? AND d.again_at <= ? ORDER BY d.again_at, d.event LIMIT ?"
)
_FAILED: Final = (
    "INSERT INTO delivery (subscription, event, attempts, error, failing_since, tried_at, again_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (subscription, event) DO UPDATE SET attempts = excluded.attempts,"
    " error = excluded.error, failing_since = excluded.failing_since, tried_at = excluded.tried_at,"
    " again_at = excluded.again_at"
)
_COUNTS: Final = "SELECT subscription, count(again_at), count(*) - count(again_at) FROM delivery GROUP BY subscription"


class SubscriptionRecords:
    """The SubscriptionStore of one unit of work."""

    def __init__(self, unit: Unit, vault: Vault) -> None:
        self._unit = unit
        self._vault = vault

    def add(self, subscription: Subscription, secrets: Secrets) -> SubscriptionNumber | None:
        row = (*_decided(subscription), *_course(subscription), subscription.reached, 0, self._sealed(secrets))
        found = self._unit.insert(_ADD, row)
        return None if found is None else SubscriptionNumber(found[0])

    def put(self, subscription: Subscription, secrets: Secrets | None = None) -> bool:
        sql = "SELECT 1 FROM subscription WHERE name = ? AND number <> ?"
        if self._unit.one(sql, (subscription.name, subscription.number)) is not None:
            return False
        row = (*_decided(subscription), *_course(subscription), subscription.number)
        self._unit.execute(f"UPDATE subscription SET {_PUT} WHERE number = ?", row)
        if secrets is not None:
            sealed = (self._sealed(secrets), subscription.number)
            self._unit.execute("UPDATE subscription SET sealed = ? WHERE number = ?", sealed)
        return True

    def remove(self, number: SubscriptionNumber) -> bool:
        self._unit.execute("DELETE FROM delivery WHERE subscription = ?", (number,))
        return self._unit.execute("DELETE FROM subscription WHERE number = ?", (number,)) > 0

    def find(self, number: SubscriptionNumber) -> Subscription | None:
        row = self._unit.one(f"{_ALL} WHERE number = ?", (number,))
        return None if row is None else _to_subscription(row)

    def secrets(self, number: SubscriptionNumber) -> Secrets | None:
        row = self._unit.one("SELECT sealed FROM subscription WHERE number = ?", (number,))
        if row is None:
            return None
        try:
            opened = json.loads(self._vault.open(row[0]))
        except BadSeal:
            return None
        return Secrets(secret=opened["secret"], header_value=opened["header"])

    def all(self) -> Sequence[Subscription]:
        return [_to_subscription(row) for row in self._unit.all(f"{_ALL} ORDER BY name")]

    def sheets(self) -> Sequence[Sheet]:
        counts = {number: (waiting, given_up) for number, waiting, given_up in self._unit.all(_COUNTS)}
        sheets = []
        for one in self.all():
            waiting, given_up = counts.get(one.number, (0, 0))
            sheets.append(Sheet(subscription=one, behind=self._behind(one.reached), waiting=waiting, given_up=given_up))
        return sheets

    # At work

    def with_work(self, at: datetime) -> Sequence[Subscription]:
        now = to_micros(at)
        return [_to_subscription(row) for row in self._unit.all(_WITH_WORK, (now, now, now))]

    def lease(self, number: SubscriptionNumber, node: str, at: datetime, until: datetime) -> bool:
        return self._unit.execute(_LEASE, (node, to_micros(until), number, to_micros(at), node)) > 0

    def hold(self, number: SubscriptionNumber, node: str, at: datetime) -> bool:
        return self._unit.execute(_HOLD, (number, node, to_micros(at))) > 0

    def release(self, number: SubscriptionNumber, node: str) -> None:
        self._unit.execute(f"{_GIVE_BACK} number = ? AND node = ?", (number, node))

    def release_all(self, node: str) -> int:
        return self._unit.execute(f"{_GIVE_BACK} node = ?", (node,))

    def due(self, number: SubscriptionNumber, at: datetime, limit: int) -> Sequence[Event]:
        return [to_event(row) for row in self._unit.all(_DUE, (number, to_micros(at), limit))]

    def groups_of(self, stations: Collection[str]) -> Mapping[str, str]:
        if not stations:
            return {}
        names = sorted(stations)
        marks = ", ".join("?" for _ in names)
        sql = f"SELECT identity, station_group FROM station WHERE identity IN ({marks})"
        return {identity: group for identity, group in self._unit.all(sql, tuple(names)) if group}

    def advance(self, number: SubscriptionNumber, reached: int) -> None:
        sql = "UPDATE subscription SET reached = ? WHERE number = ? AND reached < ?"
        self._unit.execute(sql, (reached, number, reached))

    def count_delivered(self, number: SubscriptionNumber, count: int, at: datetime) -> None:
        sql = "UPDATE subscription SET delivered = delivered + ?, delivered_at = ? WHERE number = ?"
        self._unit.execute(sql, (count, to_micros(at), number))

    def succeeded(self, number: SubscriptionNumber, events: Collection[EventNumber]) -> None:
        marks = ", ".join("?" for _ in events)
        sql = f"DELETE FROM delivery WHERE subscription = ? AND event IN ({marks})"
        self._unit.execute(sql, (number, *events))

    def failed(self, delivery: Delivery) -> None:
        row = (
            delivery.subscription,
            delivery.event.number,
            delivery.attempts,
            delivery.error,
            to_micros(delivery.failing_since),
            to_micros(delivery.tried_at),
            maybe_to_micros(delivery.again_at),
        )
        self._unit.execute(_FAILED, row)

    # Deliveries

    def delivery(self, number: SubscriptionNumber, event: EventNumber) -> Delivery | None:
        row = self._unit.one(f"{_DELIVERY} AND d.event = ?", (number, event))
        return None if row is None else _to_delivery(row)

    def deliveries(self, number: SubscriptionNumber, page: PageRequest) -> Page[Delivery]:
        after = number_after(page)
        bound = 2**62 if after is None else after
        sql = f"{_DELIVERY} AND d.event < ? ORDER BY d.event DESC LIMIT ?"
        rows = self._unit.all(sql, (number, bound, page.limit + 1))
        return page_of(rows, page, _to_delivery, lambda row: row[0])

    def skip(self, number: SubscriptionNumber, event: EventNumber | None) -> int:
        if event is None:
            return self._unit.execute("DELETE FROM delivery WHERE subscription = ?", (number,))
        return self._unit.execute("DELETE FROM delivery WHERE subscription = ? AND event = ?", (number, event))

    def hurry(self, number: SubscriptionNumber, at: datetime) -> None:
        sql = "UPDATE delivery SET again_at = ? WHERE subscription = ? AND again_at > ?"
        self._unit.execute(sql, (to_micros(at), number, to_micros(at)))

    def prune(self, given_up_before: datetime) -> None:
        sql = "DELETE FROM delivery WHERE again_at IS NULL AND failing_since < ?"
        self._unit.execute(sql, (to_micros(given_up_before),))

    def passed(self) -> int | None:
        row = self._unit.one("SELECT min(reached) FROM subscription WHERE paused_at IS NULL")
        return None if row is None or row[0] is None else int(row[0])

    # Inside

    def _behind(self, reached: int) -> int:
        sql = "SELECT count(*) FROM (SELECT 1 FROM event WHERE number > ? LIMIT ?) AS behind"
        row = self._unit.one(sql, (reached, COUNTED))
        return 0 if row is None else int(row[0])

    def _sealed(self, secrets: Secrets) -> str:
        content = json.dumps({"secret": secrets.secret, "header": secrets.header_value})
        return self._vault.seal(content.encode())


def _decided(one: Subscription) -> tuple[object, ...]:
    return (
        one.name,
        one.channel.value,
        "\n".join(one.recipients),
        one.url,
        one.header_name,
        "\n".join(sorted(kind.value for kind in one.wish.kinds)),
        "\n".join(sorted(group.value for group in one.wish.groups)),
        one.wish.station or "",
        one.wish.station_group or "",
        one.changed_by,
        to_micros(one.changed_at),
    )


def _course(one: Subscription) -> tuple[object, ...]:
    return (
        maybe_to_micros(one.paused_at),
        one.paused_by,
        one.paused_reason,
        maybe_to_micros(one.failing_since),
        one.failures,
        one.last_error,
        maybe_to_micros(one.again_at),
    )


def _to_subscription(row: Row) -> Subscription:
    number, name, channel, recipients, url, header_name, kinds, groups, station, group, changed_by, changed_at = row[
        :12
    ]
    paused_at, paused_by, reason, failing_since, failures, error, again_at, reached, delivered, delivered_at = row[12:]
    return Subscription(
        number=SubscriptionNumber(number),
        name=name,
        channel=Channel(channel),
        recipients=tuple(recipients.split("\n")) if recipients else (),
        url=url,
        header_name=header_name,
        wish=Wish(
            kinds=frozenset(KINDS[one] for one in kinds.split("\n") if one),
            groups=frozenset(Group(one) for one in groups.split("\n") if one),
            station=station or None,
            station_group=group or None,
        ),
        changed_by=changed_by,
        changed_at=from_micros(changed_at),
        reached=reached,
        paused_at=maybe_from_micros(paused_at),
        paused_by=paused_by,
        paused_reason=reason,
        delivered=delivered,
        delivered_at=maybe_from_micros(delivered_at),
        failing_since=maybe_from_micros(failing_since),
        failures=failures,
        last_error=error,
        again_at=maybe_from_micros(again_at),
    )


def _to_delivery(row: Row) -> Delivery:
    attempts, error, failing_since, tried_at, again_at, number = row[6:]
    return Delivery(
        subscription=SubscriptionNumber(number),
        event=to_event(row[:6]),
        attempts=attempts,
        error=error,
        failing_since=from_micros(failing_since),
        tried_at=from_micros(tried_at),
        again_at=maybe_from_micros(again_at),
    )
