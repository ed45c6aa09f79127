"""When a certificate of a station is renewed, and when somebody is told that it ends."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from forecourt.domain.alarms.model import Level
from forecourt.domain.certificates.model import OrderNumber, Sheet
from forecourt.domain.trust.model import Policy

DAY: Final = timedelta(days=1)

RETRY: Final = DAY
"""After an order that came to nothing, and after a renewal was begun, before the station is asked again."""

_STEPS: Final = ((30, 3), (7, 6), (1, 12))
"""Days before the end, and the share of the whole life that is left at most: short-lived certificates would have an
alarm all their life."""

EXPIRED: Final = len(_STEPS) + 1
"""The step after the last."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The certificate with which a station gets by."""

    not_before: datetime
    not_after: datetime
    is_renewed: bool
    """It was ordered here, so that it is renewed by itself."""
    issuer_hash: str = ""
    serial: str = ""
    waits_for: OrderNumber | None = None
    """The order that brought it, while the station has not shown it."""


def covered(sheet: Sheet, cover: Cover, identity: str) -> Sheet:
    """The sheet with what follows from a certificate. Renewals of stations whose certificates end together are spread
    over the day before they are due; how many days before the end that is, the policy says when it is asked for."""
    life = cover.not_after - cover.not_before
    end = cover.not_after - min(DAY, life / 9) * _share(identity)
    return replace(
        sheet,
        covered_until=cover.not_after,
        cover_issuer_hash=cover.issuer_hash,
        cover_serial=cover.serial,
        waits_for=cover.waits_for,
        renew_end=end if cover.is_renewed else None,
        renew_third=end - life / 3 if cover.is_renewed else None,
        alarm_at=alarm_time(cover, 0),
        alarm_step=0,
    )


def bared(sheet: Sheet) -> Sheet:
    """The sheet of a station that has no certificate with which it gets by."""
    return replace(
        sheet,
        covered_until=None,
        cover_issuer_hash=None,
        cover_serial=None,
        waits_for=None,
        renew_end=None,
        renew_third=None,
        alarm_at=None,
        alarm_step=0,
    )


def regular_time(sheet: Sheet, policy: Policy) -> datetime | None:
    """When the certificate is to be renewed; None for one that is not renewed from here."""
    if sheet.renew_end is None or sheet.renew_third is None:
        return None
    return max(sheet.renew_end - timedelta(days=policy.renew_before_days), sheet.renew_third)


def renewal_time(sheet: Sheet, policy: Policy) -> datetime | None:
    """When the station is asked for its next request; None for never by itself."""
    return sheet.retry_at or regular_time(sheet, policy)


def alarm_time(cover: Cover, step: int) -> datetime | None:
    """When the step after this one is reached; None after the last. Step 0 is before the first alarm."""
    if step >= EXPIRED:
        return None
    if step == len(_STEPS):
        return cover.not_after
    days, share = _STEPS[step]
    return cover.not_after - min(timedelta(days=days), (cover.not_after - cover.not_before) / share)


def alarm_step(cover: Cover, at: datetime) -> int:
    """The step that is reached at a moment: 0 for none, 1 to 3 for 30, 7 and 1 days before the end, 4 after it."""
    step = 0
    while True:
        reached = alarm_time(cover, step)
        if reached is None or reached > at:
            return step
        step += 1


def level_of(step: int) -> Level:
    """How urgent a step is: from a day before the end it cannot wait."""
    return Level.CRITICAL if step >= len(_STEPS) else Level.WARNING


def _share(identity: str) -> float:
    """From 0 to 1, always the same for one identity."""
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=4).digest()) / 0xFFFF_FFFF
