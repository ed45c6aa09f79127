"""Stations that knocked and are not registered."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.provisioning.model import Registration
from tests.web.door import Pages
from tests.web.pages.stations.fleet import ODD, Fleet


def test_without_any_the_page_says_so(pages: Pages) -> None:
    assert pages.get("/unknown-stations").has("Nobody knocks")


@pytest.mark.parametrize("decision", [Registration.ACCEPTED, Registration.PENDING])
def test_one_click_admits_a_station(pages: Pages, decision: Registration) -> None:
    Fleet(pages).knock(ODD, attempts=3)
    page = pages.get("/unknown-stations")
    assert page.has(ODD, "198.51.100.9", "ocpp1.6", "3", "Accept", "Admit as pending")
    assert "<b>" not in page.html
    done = pages.done("/unknown-stations/admit", {"station": ODD, "registration": decision.value})
    assert done.has("The station is registered; it connects when it tries again.", ODD)
    assert pages.services.provisioning.get(ODD).station.registration is decision
    assert pages.get("/unknown-stations").has("Nobody knocks")


def test_with_details_leads_to_the_form_with_the_id(pages: Pages) -> None:
    Fleet(pages).knock("CP 7&8")
    assert 'href="/stations/new?id=CP+7%268"' in pages.get("/unknown-stations").html
    assert 'value="CP 7&amp;8"' in pages.get("/stations/new?id=CP+7%268").html


def test_one_that_no_station_can_be_called_can_only_be_forgotten(pages: Pages) -> None:
    Fleet(pages).knock("a:b")
    page = pages.get("/unknown-stations")
    assert page.has("a:b", "may hold neither '/' (URL) nor ':'", "Forget")
    assert not page.has("Admit as pending")
    refused = pages.post("/unknown-stations/admit", {"station": "a:b", "registration": "Accepted"})
    assert refused.status == 422
    assert refused.has("The identity may hold neither")


def test_one_that_was_registered_meanwhile_is_told(pages: Pages) -> None:
    fleet = Fleet(pages)
    fleet.add("CP1")
    fleet.knock("CP2")
    refused = pages.post("/unknown-stations/admit", {"station": "CP1", "registration": "Accepted"})
    assert refused.status == 422
    assert refused.has("A station 'CP1' is registered already.")


def test_forgetting_is_done_once_and_again(pages: Pages) -> None:
    Fleet(pages).knock("CP1")
    for _ in range(2):
        done = pages.done("/unknown-stations/forget", {"station": "CP1"})
        assert done.has("The station is forgotten until it knocks again.", "Nobody knocks")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SECURITY_OFFICER])
def test_who_may_not_manage_is_neither_shown_nor_let_through(pages: Pages, role: Role) -> None:
    Fleet(pages).knock("CP1")
    pages.sign_in(role)
    page = pages.get("/unknown-stations")
    assert page.has("CP1")
    assert "/unknown-stations/admit" not in page.html
    assert pages.post("/unknown-stations/admit", {"station": "CP1", "registration": "Accepted"}).status == 403
    assert pages.post("/unknown-stations/forget", {"station": "CP1"}).status == 403
