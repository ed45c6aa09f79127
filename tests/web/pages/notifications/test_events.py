"""The pages of events."""

from __future__ import annotations

from forecourt.domain.access.permissions import Role
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.provisioning.model import StationDraft
from tests.web.door import Pages


def happened(pages: Pages) -> None:
    pages.services.provisioning.add(StationDraft(identity="CP 1"), "tests")
    pages.services.alarms.raise_(Topic.AUTHORITY, "acme", Level.WARNING, "It is <silent>.")


def test_without_events_the_page_says_so(pages: Pages) -> None:
    assert pages.get("/events").has("No event")


def test_events_are_listed_filtered_and_shown(pages: Pages) -> None:
    happened(pages)
    page = pages.get("/events")
    assert page.has("Station registered", "The station was registered by tests.", "Alarm raised", "It is <silent>.")
    assert "<silent>" not in page.html
    assert "/stations/CP%201" in page.html
    assert not pages.get("/events?group=alarms").has("The station was registered")
    assert not pages.get("/events?kind=alarmRaised").has("The station was registered")
    assert not pages.get("/events?station=CP%201").has("It is <silent>.")
    assert pages.get("/events?to=2020-01-01T00:00").has("No event")
    assert pages.get("/events/2").has("Alarm raised", "evt_2", "authority", "An alarm was raised")


def test_a_long_list_goes_on(pages: Pages) -> None:
    happened(pages)
    page = pages.get("/events?limit=1")
    assert page.has("Alarm raised", "Next page")
    assert pages.get("/events?limit=1&after=2").has("The station was registered by tests.")


def test_an_event_that_is_forgotten_says_so(pages: Pages) -> None:
    page = pages.get("/events/99")
    assert (page.status, page.has("There is no event 99")) == (404, True)


def test_events_are_told_in_german(pages: Pages) -> None:
    happened(pages)
    pages.cookies["forecourt_language"] = "de"
    assert pages.get("/events").has("Ereignisse", "Ladestation registriert", "von tests registriert")


def test_every_role_may_look(pages: Pages) -> None:
    happened(pages)
    pages.sign_in(Role.VIEWER)
    assert pages.get("/events").has("Alarm raised")
