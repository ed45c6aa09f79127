"""What a local list should hold (OCPP 1.6 §3.5)."""

from __future__ import annotations

import pytest

from forecourt.domain.errands.intents import ListEntry
from forecourt.domain.errors import Kind
from forecourt.domain.local_list.model import Due, ListItem, ListState
from forecourt.domain.paging import PageRequest
from tests.domain.local_list.site import DAY, Site
from tests.domain.world import refused
from tests.support.clock import NOON


@pytest.fixture
def site() -> Site:
    return Site()


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
