"""The page of alarms."""

from __future__ import annotations

from forecourt.domain.access.permissions import Role
from forecourt.domain.alarms.model import Level, Topic
from tests.web.door import Pages


def test_without_alarms_the_page_says_so(pages: Pages) -> None:
    assert pages.get("/alarms").has("No alarm", "Nothing needs you here.")


def test_an_alarm_is_acknowledged_by_who_may_operate(pages: Pages) -> None:
    pages.services.alarms.raise_(Topic.AUTHORITY, "acme", Level.WARNING, "It is <silent>.")
    page = pages.get("/alarms")
    assert page.has("Authority: acme", "It is <silent>.", "Warning", "Acknowledge")
    assert "<silent>" not in page.html
    done = pages.done("/alarms/1/acknowledge")
    assert done.has("The alarm is acknowledged.", "admin")


def test_a_viewer_is_neither_shown_the_button_nor_let_through(pages: Pages) -> None:
    pages.services.alarms.raise_(Topic.AUTHORITY, "acme", Level.WARNING, "It is silent.")
    pages.sign_in(Role.VIEWER)
    assert 'action="/alarms/1/acknowledge"' not in pages.get("/alarms").html
    assert pages.post("/alarms/1/acknowledge").status == 403


def test_a_form_without_its_token_or_from_elsewhere_is_refused(pages: Pages) -> None:
    pages.services.alarms.raise_(Topic.AUTHORITY, "acme", Level.WARNING, "It is silent.")
    assert pages.post("/alarms/1/acknowledge", csrf="wrong").status == 403
    assert pages.post("/alarms/1/acknowledge", headers={"Origin": "http://elsewhere"}).status == 403
    assert pages.post("/alarms/1/acknowledge", headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert not pages.services.alarms.get(1).acknowledged_by  # type: ignore[arg-type]  # the number of the first


def test_whoever_has_not_signed_in_is_asked_to_and_led_back(stranger: Pages) -> None:
    asked = stranger.get("/alarms?state=all")
    assert (asked.status, asked.location) == (303, "/sign-in?next=%2Falarms%3Fstate%3Dall")
    signed = stranger.post(asked.location, {"name": "admin", "password": "correct horse"})
    assert (signed.status, signed.location) == (303, "/alarms?state=all")
