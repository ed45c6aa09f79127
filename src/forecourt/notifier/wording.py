"""Events as people get them by mail: plain text, whatever stations and strangers wrote into them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from forecourt.asgi.paths import to_path
from forecourt.domain.events.kinds import Group
from forecourt.domain.events.model import Event, filled
from forecourt.domain.notifications.model import Subscription

MAX_TITLE: Final = 150
MAX_LINE: Final = 600

_PAGES: Final = {
    "transactionId": "/transactions/{}",
    "errand": "/errands/{}",
    "batch": "/batches/{}",
    "job": "/jobs/{}",
}
"""Data → the page of what it names, the most exact first."""


def mail_of(events: Sequence[Event], subscription: Subscription, *, sender: str, console_url: str) -> EmailMessage:
    """One mail for events of one subscription, the oldest first. ``console_url`` is empty when nobody knows it."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Forecourt", addr_spec=sender)
    message["To"] = [Address(addr_spec=one) for one in subscription.recipients]
    message["Subject"] = title(events)
    message["Date"] = format_datetime(max(one.at for one in events).astimezone(UTC))
    message["Message-ID"] = f"<{events[0].id}.{events[-1].id}.s{subscription.number}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    lines = [line for event in events for line in (*_lines(event, console_url), "")]
    lines += ["-- ", f"You get this by the subscription {plain(subscription.name)!r} of Forecourt."]
    if console_url:
        lines.append(f"{console_url}/notifications/{subscription.number}")
    message.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    return message


def title(events: Sequence[Event]) -> str:
    """The subject line: what happened, or how much of what."""
    if len(events) == 1:
        event = events[0]
        return plain(f"{event.subject}: {event.said()}", MAX_TITLE)
    counts = Counter(event.kind for event in events)
    parts = [f"{kind.summary.rstrip('.')} ({count})" for kind, count in counts.most_common(3)]
    return plain(f"{len(events)} events: {', '.join(parts)}", MAX_TITLE)


def plain(text: str, limit: int = MAX_LINE) -> str:
    """One line without control characters, and not without an end."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _lines(event: Event, console_url: str) -> Iterator[str]:
    at = event.at.astimezone(UTC)
    yield f"{at:%Y-%m-%d %H:%M:%S} UTC  {plain(event.subject)}"
    yield plain(event.said())
    for name, value in event.data.items():
        if value not in (None, "", []):
            yield f"  {name}: {plain(filled('{value}', {'value': value}))}"
    if console_url:
        yield f"  {console_url}{page_of(event)}"


def page_of(event: Event) -> str:
    """The page of the console that shows most about it."""
    for name, page in _PAGES.items():
        if event.data.get(name) is not None:
            return page.format(event.data[name])
    if event.kind.group is Group.ALARMS:
        return "/alarms"
    if event.station is not None and event.kind.group is not Group.SECURITY:
        return f"/stations/{to_path(event.station)}"
    return "/events"
