"""Reservations: the list, the week and the month."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.provisioning.model import StationDraft
from tests.web.door import Pages

WAITS = {"delivery": "whenOnline"}


@pytest.fixture
def reserved(pages: Pages) -> Pages:
    """Connector 1 of CP-1 is asked for until the third of January, any connector of CP-2 until the evening."""
    for identity in ("CP-1", "CP-2"):
        pages.services.provisioning.add(StationDraft(identity=identity))
    pages.done(
        "/operations/Reserve?station=CP-1",
        {"connectorId": "1", "idTag": "<b>1</b>", "expiryDate": "2026-01-03T10:00", **WAITS},
    )
    pages.done(
        "/operations/Reserve?station=CP-2",
        {"connectorId": "0", "idTag": "T2", "parentIdTag": "FLEET", "expiryDate": "2026-01-01T18:00", **WAITS},
    )
    return pages


def test_without_reservations_the_pages_say_so(pages: Pages) -> None:
    assert pages.get("/reservations").has("No reservation yet", "Reserve a connector")
    assert pages.get("/reservations/week").has("Nothing is reserved in this week")
    assert pages.get("/reservations/month").has("Nothing is reserved in this month")


def test_reservations_are_listed_with_their_state_in_words_and_filtered(reserved: Pages) -> None:
    page = reserved.get("/reservations")
    assert page.has("<b>1</b>", "Asked for, not answered yet", "Group FLEET", "Any")
    assert "<b>1</b>" not in page.html
    for query, is_first, is_second in (
        ("station=CP-1", True, False),
        ("connectorId=0", False, True),
        ("idTag=t2", False, True),
        ("state=open", True, True),
        ("state=used", False, False),
        ("to=2026-01-01T12:00", False, False),
    ):
        html = reserved.get(f"/reservations?{query}").html
        assert ('href="/stations/CP-1"' in html, 'href="/stations/CP-2"' in html) == (is_first, is_second), query
    assert reserved.get("/reservations?state=used").has("No reservation fits")
    assert "CP-2" not in reserved.get("/reservations.csv?station=CP-1").html


def test_a_reservation_is_given_up_from_the_list(reserved: Pages) -> None:
    assert 'action="/operations/ReleaseReservation?station=CP-1"' in reserved.get("/reservations").html
    answer = reserved.post("/operations/ReleaseReservation?station=CP-1", {"reservationId": "1", **WAITS})
    assert answer.location == "/errands/3"
    reserved.sign_in(Role.VIEWER)
    assert "ReleaseReservation" not in reserved.get("/reservations").html


def test_the_week_has_a_line_for_each_connector_and_the_days_it_is_kept(reserved: Pages) -> None:
    page = reserved.get("/reservations/week")
    assert page.has("29 Dec 2025 – 4 Jan 2026", "CP-1 Connector 1", "CP-2 Any connector")
    assert page.text.count("<b>1</b>") == 3  # Thursday to Saturday
    assert page.text.count("T2") == 1
    assert "<b>1</b>" in reserved.get("/reservations/week?day=2026-01-01&station=CP-1").text
    assert reserved.get("/reservations/week?day=2026-01-05").has("Nothing is reserved in this week")
    assert reserved.get("/reservations/week?day=2025-12-28").has("Nothing is reserved in this week")
    for odd in ("nonsense", "0001-01-01", "9999-12-31"):
        assert reserved.get(f"/reservations/week?day={odd}").status == 200


def test_days_are_those_of_the_viewers_zone(reserved: Pages) -> None:
    reserved.cookies["forecourt_zone"] = "Pacific/Kiritimati"  # 14 hours ahead
    page = reserved.get("/reservations/week?station=CP-2")
    assert page.has("02:00:00 – 08:00:00")
    assert 'aria-current="date"' in page.html


def test_the_month_is_an_agenda(reserved: Pages) -> None:
    page = reserved.get("/reservations/month")
    assert page.has("January 2026", "Thursday, 1 Jan 2026", "Saturday, 3 Jan 2026")
    assert "Sunday, 4 Jan 2026" not in page.text
    assert reserved.get("/reservations/month?day=2026-02-10").has("February 2026", "Nothing is reserved in this month")


def test_what_never_ran_is_in_the_calendar_only_when_it_is_asked_for(reserved: Pages) -> None:
    reserved.post(
        "/operations/Reserve?station=CP-1", {"connectorId": "2", "idTag": "T3", "expiryDate": "2026-01-02T10:00"}
    )
    assert "T3" not in reserved.get("/reservations/week").text
    assert "T3" in reserved.get("/reservations/week?state=failed").text
