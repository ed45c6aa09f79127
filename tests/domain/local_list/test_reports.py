"""What operators send themselves, and what stations report of their lists (OCPP 1.6 §5.10, §5.15)."""

from __future__ import annotations

import pytest

from forecourt.domain.errands.intents import ListEntry, Say
from forecourt.domain.errands.model import Draft
from forecourt.domain.local_list.model import ListState
from tests.domain.local_list.site import OPERATOR, Site


@pytest.fixture
def site() -> Site:
    return Site()


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
