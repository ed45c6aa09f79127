"""A station that is on line, and its local list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from forecourt.dialect import Command
from forecourt.dialects.v16.messages.send_local_list import (
    SEND_LOCAL_LIST,
    SendLocalListRequest,
    SendLocalListResponse,
)
from forecourt.domain.errands.intents import AskLocalListVersion, Say
from forecourt.domain.errands.model import Draft, Errand, ErrandFilter, Order
from forecourt.domain.local_list.model import ListItem, ListSheet, ListState
from forecourt.domain.local_list.service import LocalLists
from tests.domain.world import ALL, World
from tests.support.carrying import DIALECT, Carrying

OPERATOR = Order(asked_by="tester")
DAY = timedelta(days=1)


class Site:
    """A station that is on line, and its local list."""

    def __init__(self) -> None:
        self.world = World()
        self.services = self.world.services
        self.station = self.world.a_station()
        self.carrying = Carrying(self.services, self.station)

    @property
    def lists(self) -> LocalLists:
        return self.services.local_lists

    @property
    def sheet(self) -> ListSheet:
        return self.lists.sheet(self.station)

    def state(self) -> ListState:
        return self.sheet.state

    def items(self) -> dict[str, ListItem]:
        return {item.id_token: item for item in self.lists.items(self.station, ALL).items}

    def has_tags(self, *id_tokens: str) -> None:
        for id_token in id_tokens:
            self.world.a_tag(id_token)

    def has_setting(self, name: str, value: object) -> None:
        self.services.configuration.told(self.station, (name,), [(name, str(value), True)], ())

    def chooses(self, *id_tokens: str) -> None:
        self.lists.choose(self.station, id_tokens)

    def updates(self, *, in_full: bool = False) -> Errand:
        return self.lists.update(self.station, OPERATOR, in_full=in_full)

    def sends(self, status: str = "Accepted") -> tuple[int, str, list[str]]:
        """The next message: its version, its kind, and the tags in it, with a minus before those to be deleted."""
        words = self.carrying.does(status=status).words
        assert isinstance(words, SendLocalListRequest)
        return _told(words)

    def hears_again(self, status: str) -> None:
        """The last answer of the station is told once more."""
        answered = next(one for one in reversed(self.errands()) if one.state.is_final)
        words = msgspec.json.decode(answered.request or "", type=SendLocalListRequest)
        told = msgspec.convert({"status": status}, SendLocalListResponse)
        DIALECT.hear(Command(SEND_LOCAL_LIST, words), told, self.station, self.services, answered.number)

    def is_in_sync_with(self, *id_tokens: str) -> None:
        """The station is brought there."""
        self.has_tags(*id_tokens)
        self.chooses(*id_tokens)
        self.updates()
        while not self.carrying.is_idle():
            self.sends()
        assert self.state() is ListState.IN_SYNC

    def says(self, version: int, update_type: str = "Full", status: str = "Accepted") -> None:
        """An operator sends a list of their own."""
        payload = f'{{"listVersion":{version},"localAuthorizationList":[],"updateType":"{update_type}"}}'
        draft = Draft(operation="SendLocalList", intent=Say("SendLocalList", payload), shown=payload)
        self.services.errands.ask(self.station, draft, OPERATOR)
        self.carrying.does(status=status)

    def reports(self, version: int) -> None:
        draft = Draft(operation="GetLocalListVersion", intent=AskLocalListVersion(), shown=None)
        self.services.errands.ask(self.station, draft, OPERATOR)
        self.carrying.does(listVersion=version)

    def errands(self) -> list[Errand]:
        """Oldest first."""
        return list(self.services.errands.list(ErrandFilter(), ALL).items)[::-1]


def _told(words: SendLocalListRequest) -> tuple[int, str, list[str]]:
    entries: Any = words.local_authorization_list
    return (
        words.list_version,
        words.update_type,
        [f"{'' if entry.id_tag_info else '-'}{entry.id_tag}" for entry in entries],
    )
