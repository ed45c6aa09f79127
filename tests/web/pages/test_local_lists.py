"""Local authorization lists."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.provisioning.model import StationDraft
from tests.web.door import Pages


@pytest.fixture
def lists(pages: Pages) -> Pages:
    """Two stations and two tags are registered."""
    for identity in ("CP-1", "CP_2"):
        pages.services.provisioning.add(StationDraft(identity=identity))
    for tag in ("TAG1", "T<2>"):
        pages.services.authorization.add(IdToken(id_token=tag))
    return pages


def test_without_stations_the_page_says_so(pages: Pages) -> None:
    assert pages.get("/local-lists").has("No station yet", "To the stations")


def test_lists_are_shown_and_filtered(lists: Pages) -> None:
    lists.done("/local-lists/CP-1", {"which": "all"})
    page = lists.get("/local-lists")
    assert page.has("CP-1 Not known what the station has", "CP_2 Nobody has said what it should hold")
    for query, is_first, is_second in (
        ("kind=managed", True, False),
        ("kind=unmanaged", False, True),
        ("kind=failed", False, False),
        ("kind=notSupported", False, False),
        ("search=cp", True, True),
        ("search=_", False, True),
        ("search=%25", False, False),
    ):
        html = lists.get(f"/local-lists?{query}").html
        found = ('href="/local-lists/CP-1"' in html, 'href="/local-lists/CP_2"' in html)
        assert found == (is_first, is_second), query
    second = lists.get("/local-lists?limit=1&after=CP-1")
    assert 'href="/local-lists/CP_2"' in second.html
    assert 'href="/local-lists/CP-1"' not in second.html
    assert "CP-1,true,true" in lists.get("/local-lists.csv?kind=managed").html


def test_what_a_list_should_hold_is_chosen_and_the_difference_said_in_words(lists: Pages) -> None:
    page = lists.done("/local-lists/CP-1", {"which": "chosen", "idTags": "TAG1\nT<2>\n"})
    assert page.has("It is written down.", "On the station, 2 tags are missing.", "T<2>", "Differs")
    assert "T<2>" not in page.html
    assert "T&lt;2&gt;\nTAG1</textarea>" in page.html  # to be changed there
    assert lists.done("/local-lists/CP-1", {"which": "all"}).has("All tags that are registered")


def test_a_list_is_emptied_only_when_that_is_meant(lists: Pages) -> None:
    refused = lists.post("/local-lists/CP-1", {"which": "chosen", "idTags": " "})
    assert refused.status == 422
    assert refused.has("Name the tags, or tick that the list is to be empty.")
    lists.done("/local-lists/CP-1", {"which": "chosen", "idTags": "", "empty": "yes"})


def test_what_is_refused_stands_beside_its_field(lists: Pages) -> None:
    page = lists.post("/local-lists/CP-1", {"which": "chosen", "idTags": "NOBODY"})
    assert page.status == 422
    assert page.has("Not registered as id tags: 'NOBODY'.")
    assert "NOBODY</textarea>" in page.html
    assert lists.post("/local-lists/CP-1", {"which": "neither"}).has("Choose one of the two.")


def test_a_station_that_is_gone_is_told_with_the_way_on(lists: Pages) -> None:
    page = lists.get("/local-lists/GONE")
    assert page.status == 404
    assert page.has("To the local lists")
    assert lists.post("/local-lists/GONE", {"which": "all"}).status == 404


def test_who_may_not_manage_changes_no_list(lists: Pages) -> None:
    lists.sign_in(Role.SECURITY_OFFICER)
    assert 'action="/local-lists/CP-1"' not in lists.get("/local-lists/CP-1").html
    assert lists.post("/local-lists/CP-1", {"which": "all"}).status == 403
