"""Local authorization lists: what is due, how it is sent, and what is believed afterwards (OCPP 1.6 §5.10, §5.15)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from forecourt.dialect import Command
from forecourt.dialects.v16.messages.send_local_list import (
    SEND_LOCAL_LIST,
    SendLocalListRequest,
    SendLocalListResponse,
)
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.errands.intents import AskLocalListVersion, ListEntry, Say
from forecourt.domain.errands.model import Delivery, Draft, Errand, ErrandFilter, ErrandState, Order
from forecourt.domain.errors import Kind
from forecourt.domain.local_list.model import LAST_VERSION, Due, ListItem, ListSheet, ListState
from forecourt.domain.local_list.service import LocalLists
from forecourt.domain.paging import PageRequest
from tests.domain.world import ALL, World, refused
from tests.support.carrying import DIALECT, Carrying
from tests.support.clock import NOON

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


@pytest.fixture
def site() -> Site:
    return Site()


# What a list should hold


def test_at_first_nobody_says_what_the_list_should_hold(site: Site) -> None:
    assert site.state() is ListState.UNMANAGED
    with refused(Kind.CONFLICT, about="Say first"):
        site.updates()


def test_a_list_holds_the_chosen_tags_as_the_register_knows_them(site: Site) -> None:
    """OCPP 1.6 §7.1, §7.2."""
    site.world.a_tag("Good", parent="GROUP", expires_at=NOON + DAY)
    site.world.a_tag("Blocked", is_blocked=True, expires_at=NOON - DAY)
    site.world.a_tag("Old", expires_at=NOON)
    site.has_tags("Other")
    site.chooses("good", "BLOCKED", "Old", "good")

    assert {name: item.wanted for name, item in site.items().items()} == {
        "Blocked": ListEntry("Blocked", "Blocked", NOON - DAY),
        "Good": ListEntry("Good", "Accepted", NOON + DAY, "GROUP"),
        "Old": ListEntry("Old", "Expired", NOON),
    }
    assert site.state() is ListState.DUE
    assert (site.sheet.wanted, site.sheet.due) == (3, Due(3, 0, 0))


def test_a_list_that_follows_all_holds_the_register(site: Site) -> None:
    site.has_tags("A", "B")
    site.lists.follow_all(site.station)
    site.has_tags("C")

    assert list(site.items()) == ["A", "B", "C"]
    site.updates()
    assert site.sends() == (1, "Full", ["A", "B", "C"])
    assert site.state() is ListState.IN_SYNC
    site.services.authorization.remove("B")
    assert (site.state(), site.sheet.due) == (ListState.DUE, Due(0, 0, 1))


def test_tags_that_nobody_registered_cannot_be_chosen(site: Site) -> None:
    site.has_tags("A")
    with refused(Kind.INVALID, field="idTags", about="'X0', 'X1', 'X2', 'X3', 'X4' and others"):
        site.chooses("A", *(f"X{number}" for number in range(7)))


def test_a_chosen_tag_that_left_the_register_is_not_sent(site: Site) -> None:
    site.is_in_sync_with("A", "B")
    site.services.authorization.remove("B")

    gone = site.items()["B"]
    assert gone.wanted is not None
    assert (gone.wanted.status, gone.is_due) == ("Invalid", True)
    site.updates()
    assert site.sends() == (2, "Differential", ["-B"])
    assert not site.items()["B"].is_due
    assert site.state() is ListState.IN_SYNC


def test_items_are_listed_page_by_page(site: Site) -> None:
    site.is_in_sync_with("A", "C", "E")
    site.has_tags("B", "D")
    site.chooses("B", "D", "E")

    found: list[ListItem] = []
    after = None
    while True:
        page = site.lists.items(site.station, PageRequest(2, after))
        found += page.items
        after = page.next_after
        if after is None:
            break
    assert [(item.id_token, item.wanted is None, item.acknowledged is None) for item in found] == [
        ("A", True, False),
        ("B", False, True),
        ("C", True, False),
        ("D", False, True),
        ("E", False, False),
    ]
    assert [item.is_due for item in found] == [True, True, True, True, False]


# Updates


def test_the_first_update_is_full_and_the_next_ones_tell_what_differs(site: Site) -> None:
    """OCPP 1.6 §5.15: an entry without idTagInfo is deleted."""
    site.is_in_sync_with("A", "B", "C")
    assert (site.sheet.record.version, site.sheet.acknowledged) == (1, 3)

    site.services.authorization.replace(IdToken(id_token="B", is_blocked=True))
    site.has_tags("D")
    site.chooses("B", "C", "D")
    assert site.sheet.due == Due(1, 1, 1)
    site.updates()
    assert site.sends() == (2, "Differential", ["-A", "B", "D"])
    assert site.state() is ListState.IN_SYNC
    blocked = site.items()["B"].acknowledged
    assert blocked is not None
    assert blocked.status == "Blocked"


def test_a_tag_that_expires_is_due_again(site: Site) -> None:
    site.world.a_tag("A", expires_at=NOON + DAY)
    site.chooses("A")
    site.updates()
    site.sends()
    site.world.clock.advance(DAY)

    assert (site.state(), site.sheet.due) == (ListState.DUE, Due(0, 1, 0))


def test_nothing_is_sent_when_nothing_is_due_unless_it_is_asked_for_in_full(site: Site) -> None:
    site.is_in_sync_with("A")

    with refused(Kind.CONFLICT, about="in sync"):
        site.updates()
    assert site.state() is ListState.IN_SYNC
    site.updates(in_full=True)
    assert site.sends() == (2, "Full", ["A"])


def test_an_empty_list_can_be_wanted(site: Site) -> None:
    """An empty full list empties the station's (OCPP 1.6 §5.15), which then reports version 0 (§5.10)."""
    site.chooses()
    site.updates()
    assert site.sends() == (1, "Full", [])
    assert site.state() is ListState.IN_SYNC
    site.reports(0)
    assert site.state() is ListState.IN_SYNC


def test_a_list_is_sent_in_as_many_messages_as_the_station_wants(site: Site) -> None:
    """SendLocalListMaxLength (OCPP 1.6 §9.2.3): each is sent after the one before was accepted."""
    site.has_setting("SendLocalListMaxLength", 2)
    tags = [f"T{number}" for number in range(5)]
    site.has_tags(*tags)
    site.chooses(*tags)
    first = site.updates()

    assert site.state() is ListState.SENDING
    assert len(site.errands()) == 1
    assert site.sends() == (1, "Full", ["T0", "T1"])
    assert site.state() is ListState.SENDING
    assert site.sends() == (2, "Differential", ["T2", "T3"])
    assert site.sends() == (3, "Differential", ["T4"])
    assert site.state() is ListState.IN_SYNC
    assert site.carrying.is_idle()
    errands = site.errands()
    assert first.number == errands[0].number
    assert {(one.operation, one.asked_by, one.state) for one in errands} == {
        ("UpdateLocalList", "tester", ErrandState.ANSWERED)
    }
    assert [one.delivery for one in errands] == [Delivery.NOW, Delivery.WHEN_ONLINE, Delivery.WHEN_ONLINE]


def test_changes_are_sent_in_parts_too_deletions_first(site: Site) -> None:
    """The station's LocalAuthListMaxLength is never exceeded in the middle."""
    site.is_in_sync_with("A", "B", "C")
    site.has_setting("SendLocalListMaxLength", 2)
    site.has_tags("D", "E")
    site.chooses("D", "E")
    site.updates()

    assert [site.sends() for _ in range(3)] == [
        (2, "Differential", ["-A", "-B"]),
        (3, "Differential", ["-C", "D"]),
        (4, "Differential", ["E"]),
    ]
    assert site.state() is ListState.IN_SYNC


def test_what_changes_during_an_update_is_sent_with_it(site: Site) -> None:
    site.has_setting("SendLocalListMaxLength", 2)
    site.has_tags("A", "B", "C")
    site.lists.follow_all(site.station)
    site.updates()
    site.sends()
    site.services.authorization.remove("A")

    assert site.sends() == (2, "Differential", ["C"])
    assert site.sends() == (3, "Differential", ["-A"])
    assert site.state() is ListState.IN_SYNC


def test_as_long_as_the_limit_is_not_known_a_message_holds_a_hundred(site: Site) -> None:
    site.has_tags(*(f"T{number:03}" for number in range(101)))
    site.lists.follow_all(site.station)
    site.updates()

    assert [len(site.sends()[2]) for _ in range(2)] == [100, 1]


def test_a_list_that_is_too_long_for_the_station_is_refused_with_numbers(site: Site) -> None:
    """LocalAuthListMaxLength (OCPP 1.6 §9.2.2)."""
    site.has_setting("LocalAuthListMaxLength", 1)
    site.has_tags("A", "B")
    site.chooses("A", "B")

    with refused(Kind.CONFLICT, about="2 entries and the station takes 1"):
        site.updates()


def test_a_station_that_does_not_use_its_list_is_updated_with_a_warning(site: Site) -> None:
    site.has_setting("LocalAuthListEnabled", "false")
    site.has_tags("A")
    site.chooses("A")

    assert "LocalAuthListEnabled" in site.updates().warnings[0]


def test_one_update_at_a_time(site: Site) -> None:
    site.has_tags("A")
    site.chooses("A")
    first = site.updates()

    with refused(Kind.CONFLICT, about=f"errand {first.number}"):
        site.updates()
    site.services.errands.cancel(first.number)
    assert (site.state(), site.sheet.record.failure) == (ListState.FAILED, "Cancelled.")
    site.updates()
    assert site.sends() == (2, "Full", ["A"])


def test_the_version_after_the_last_one_begins_anew_with_a_full_list(site: Site) -> None:
    site.is_in_sync_with("A")
    site.says(LAST_VERSION)
    site.updates()

    assert site.sends() == (1, "Full", ["A"])
    assert site.state() is ListState.IN_SYNC


# Refusals and failures


@pytest.mark.parametrize("status", ["Failed", "VersionMismatch"])
def test_a_refused_change_is_followed_by_the_full_list(site: Site, status: str) -> None:
    """OCPP 1.6 §5.15."""
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    site.updates()

    assert site.sends(status) == (2, "Differential", ["B"])
    assert site.state() is ListState.SENDING
    assert site.sends() == (3, "Full", ["A", "B"])
    assert site.state() is ListState.IN_SYNC


def test_an_update_starts_over_only_once(site: Site) -> None:
    site.is_in_sync_with("A")
    site.has_setting("SendLocalListMaxLength", 1)
    site.has_tags("B")
    site.chooses("A", "B")
    site.updates()

    assert site.sends("VersionMismatch")[1] == "Differential"
    assert site.sends() == (3, "Full", ["A"])
    assert site.sends("VersionMismatch") == (4, "Differential", ["B"])
    assert site.carrying.is_idle()
    assert site.state() is ListState.FAILED
    assert site.sheet.record.failure == "The station answered VersionMismatch to version 4."
    site.updates()
    assert site.sends() == (5, "Full", ["A"])


def test_a_refused_full_list_ends_the_update(site: Site) -> None:
    site.has_tags("A")
    site.chooses("A")
    site.updates()
    site.sends("Failed")

    assert site.carrying.is_idle()
    assert site.state() is ListState.FAILED
    site.chooses("A")
    assert site.state() is ListState.DUE


def test_a_station_without_lists_says_so(site: Site) -> None:
    """OCPP 1.6 §7.47, §5.10: the version is then -1."""
    site.has_tags("A")
    site.chooses("A")
    site.updates()
    site.sends("NotSupported")
    assert site.state() is ListState.NOT_SUPPORTED

    site.reports(0)
    assert site.state() is ListState.DUE
    site.reports(-1)
    assert site.state() is ListState.NOT_SUPPORTED
    assert (site.sheet.record.reported_version, site.sheet.record.reported_at) == (-1, NOON)


def test_an_operator_may_try_all_the_same(site: Site) -> None:
    site.reports(-1)
    site.has_tags("A")
    site.chooses("A")
    site.updates()

    assert site.sends() == (1, "Full", ["A"])
    assert site.state() is ListState.IN_SYNC


@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported"])
def test_an_error_may_say_that_there_are_no_lists(site: Site, code: str) -> None:
    site.has_tags("A")
    site.chooses("A")
    site.updates()
    site.carrying.sends()
    site.carrying.fails(code)

    assert site.state() is ListState.NOT_SUPPORTED


@pytest.mark.parametrize("ending", ["error", "silence"])
def test_after_an_error_or_silence_the_next_update_is_full(site: Site, ending: str) -> None:
    """Nobody knows what the station did with it."""
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    site.updates()
    site.carrying.sends()
    if ending == "error":
        site.carrying.fails("InternalError")
    else:
        site.carrying.loses()

    assert (site.state(), site.sheet.record.version) == (ListState.FAILED, None)
    site.updates()
    assert site.sends() == (3, "Full", ["A", "B"])


def test_a_late_answer_does_not_make_the_list_known(site: Site) -> None:
    site.has_tags("A")
    site.chooses("A")
    site.updates()
    site.carrying.sends()
    site.carrying.loses()
    site.carrying.hears_late(status="Accepted")

    assert (site.sheet.record.version, site.sheet.record.is_content_known) == (1, False)
    site.updates()
    assert site.sends() == (2, "Full", ["A"])


def test_an_answer_that_is_heard_again_changes_nothing(site: Site) -> None:
    """It was stored, and nobody learned that."""
    site.is_in_sync_with("A")
    known = site.sheet
    site.hears_again("Accepted")

    assert site.sheet == known
    assert (site.sheet.acknowledged, site.state()) == (1, ListState.IN_SYNC)


@pytest.mark.parametrize("status", ["Accepted", "VersionMismatch", "NotSupported"])
def test_an_answer_that_is_heard_again_in_the_middle_of_an_update_changes_nothing(site: Site, status: str) -> None:
    site.is_in_sync_with("A")
    site.has_setting("SendLocalListMaxLength", 1)
    site.has_tags("B", "C")
    site.chooses("A", "B", "C")
    site.updates()
    site.sends(status)
    known, errands = site.sheet, len(site.errands())
    site.hears_again(status)

    assert site.sheet == known
    assert len(site.errands()) == errands


def test_what_was_never_sent_leaves_what_is_known(site: Site) -> None:
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    site.carrying.leaves()
    errand = site.updates()

    assert errand.state is ErrandState.FAILED
    assert (site.state(), site.sheet.record.version) == (ListState.FAILED, 1)
    assert site.sheet.record.failure == errand.reason
    site.carrying = Carrying(site.services, site.station)
    site.updates()
    assert site.sends() == (3, "Differential", ["B"])


def test_an_update_whose_answer_could_not_be_used_is_not_waited_for(site: Site) -> None:
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    errand = site.updates()
    claim = site.services.errands._store.find_claim(errand.number)
    assert claim is not None
    site.carrying.sends()
    site.services.errands.answered(claim, response="{}", refusal=None)

    assert site.state() is ListState.DUE
    site.updates()
    assert site.sends() == (3, "Full", ["A", "B"])


def test_a_list_that_an_operator_sent_is_not_taken_for_one_whose_answer_could_not_be_used(site: Site) -> None:
    """Both have the same version, and neither is on its way any more."""
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    site.updates()
    site.carrying.sends()
    site.carrying.records("{}", None)
    site.says(2)

    assert (site.sheet.record.version, site.sheet.record.is_content_known) == (2, False)
    assert site.carrying.is_idle()
    site.updates()
    assert site.sends() == (3, "Full", ["A", "B"])
    assert site.state() is ListState.IN_SYNC


# What operators send themselves, and what the station reports


def test_a_list_that_an_operator_sent_makes_the_content_unknown(site: Site) -> None:
    site.is_in_sync_with("A")
    site.says(7)

    assert (site.sheet.record.version, site.sheet.record.is_content_known) == (7, False)
    assert (site.state(), site.sheet.acknowledged) == (ListState.DUE, 0)
    site.updates()
    assert site.sends() == (8, "Full", ["A"])


def test_a_list_that_an_operator_sent_and_the_station_refused_changes_nothing(site: Site) -> None:
    site.is_in_sync_with("A")
    site.says(7, status="Failed")

    assert (site.state(), site.sheet.record.version) == (ListState.IN_SYNC, 1)


def test_a_list_that_an_operator_sent_is_not_taken_for_the_one_that_waits(site: Site) -> None:
    """Both have the same version; the operator's goes first."""
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    draft = Draft(
        operation="SendLocalList", intent=Say("SendLocalList", '{"listVersion":2,"updateType":"Full"}'), shown=""
    )
    site.services.errands.ask(site.station, draft, OPERATOR)
    site.carrying.sends()
    site.updates()
    site.carrying.hears(status="Accepted")

    assert site.state() is ListState.SENDING
    assert site.sends("VersionMismatch") == (2, "Differential", ["B"])
    assert site.sends() == (3, "Full", ["A", "B"])
    assert site.state() is ListState.IN_SYNC


def test_a_change_that_is_accepted_on_top_of_an_unknown_list_is_followed_by_the_full_one(site: Site) -> None:
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    draft = Draft(
        operation="SendLocalList", intent=Say("SendLocalList", '{"listVersion":1,"updateType":"Full"}'), shown=""
    )
    site.services.errands.ask(site.station, draft, OPERATOR)
    site.updates()
    site.carrying.does(status="Accepted")

    assert site.sends() == (2, "Differential", ["B"])
    assert site.sends() == (3, "Full", ["A", "B"])
    assert site.state() is ListState.IN_SYNC


def test_a_station_that_reports_another_version_gets_the_full_list(site: Site) -> None:
    site.is_in_sync_with("A")
    site.reports(1)
    assert site.state() is ListState.IN_SYNC
    site.reports(9)

    assert (site.state(), site.sheet.record.reported_version) == (ListState.DUE, 9)
    site.updates()
    assert site.sends() == (10, "Full", ["A"])
    assert site.state() is ListState.IN_SYNC


def test_a_station_that_lost_its_list_reports_0(site: Site) -> None:
    """OCPP 1.6 §5.10."""
    site.is_in_sync_with("A")
    site.reports(0)

    assert site.state() is ListState.DUE


def test_what_an_operator_writes_is_looked_at(site: Site) -> None:
    site.is_in_sync_with("A")
    site.has_setting("SendLocalListMaxLength", 1)

    def problems(version: int, *entries: ListEntry, is_full: bool = True) -> str:
        return " ".join(site.lists.problems(site.station, version=version, is_full=is_full, entries=entries))

    good = ListEntry("A", "Accepted")
    assert problems(2, good) == ""
    assert problems(2, ListEntry("A"), is_full=False) == ""
    assert problems(1) == ""
    assert "begin at 1" in problems(0)
    assert "begin at 1" in problems(-1, is_full=False)
    assert "needs a higher one" in problems(1, is_full=False)
    assert "more than once" in problems(2, good, ListEntry("a", "Blocked"))
    assert "allows 1" in problems(2, good, ListEntry("B", "Accepted"))
    assert "idTagInfo" in problems(2, ListEntry("A"))
    assert "no meaning" in problems(2, ListEntry("A", "ConcurrentTx"))
