"""Events in the words of whoever looks. The sentences are declared with their kinds; here they are translated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forecourt.domain.events.kinds import CHOOSABLE, Group, Kind
from forecourt.domain.events.model import Event
from forecourt.web.language import gettext

TONES: Final = {"active": "good", "failing": "warn", "paused": "quiet"}


def said(event: Event) -> str:
    """What happened, as a sentence."""
    return event.said(gettext(event.kind.sentence))


def summary(kind: Kind) -> str:
    """What a kind is about."""
    return gettext(kind.summary)


def choosable_groups() -> Sequence[Group]:
    return [group for group in Group if group is not Group.TESTS]


def kinds_of(group: Group) -> Sequence[Kind]:
    return [kind for kind in CHOOSABLE if kind.group is group]
