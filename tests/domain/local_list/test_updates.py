"""What of a local list is due, and how it is sent (OCPP 1.6 §5.15)."""

from __future__ import annotations

import pytest

from forecourt.domain.authorization.model import IdToken
from forecourt.domain.errands.model import Delivery, ErrandState
from forecourt.domain.errors import Kind
from forecourt.domain.local_list.model import LAST_VERSION, Due, ListState
from tests.domain.local_list.site import DAY, Site
from tests.domain.world import refused
from tests.support.clock import NOON


@pytest.fixture
def site() -> Site:
    return Site()


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
