"""The library of charging profiles as pages: the editor, the plot, and where profiles are."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.errands.model import Delivery, Order
from forecourt.domain.evse import EvseId
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.smart_charging.model import ProfileFilter, ProfileKind, Purpose, RateUnit, Recurrency
from tests.web.door import Pages

NIGHT = {
    "name": "Night <b>only</b>",
    "description": "Full power at night",
    "stackLevel": "1",
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "startSchedule": "2026-01-01T00:00",
    "duration": "24:00",
    "chargingRateUnit": "A",
    "minChargingRate": "6",
    "rows": "6",
    "startPeriod-0": "0:00",
    "limit-0": "32",
    "numberPhases-0": "3",
    "startPeriod-2": "6:30",
    "limit-2": "10,5",
}


def test_without_profiles_the_page_leads_to_the_editor(pages: Pages) -> None:
    page = pages.get("/charging-profiles")
    assert page.has("No charging profile yet", "New profile")
    assert pages.get("/charging-profiles/new").status == 200


def test_what_is_typed_is_kept_as_a_profile_and_drawn(pages: Pages) -> None:
    page = pages.done("/charging-profiles/new", NIGHT)
    assert page.has("The charging profile is kept.", "Night <b>only</b>", "10.5 A", "No station has it.")
    assert "<b>only</b>" not in page.html
    assert 'class="step-plot"' in page.html
    assert "<style" not in page.html
    kept = pages.services.smart_charging.get_profile(1)
    profile = kept.profile
    assert (profile.purpose, profile.kind) == (Purpose.TRANSACTION_DEFAULT, ProfileKind.RECURRING)
    assert (profile.recurrency, profile.stack_level) == (Recurrency.DAILY, 1)
    schedule = profile.schedule
    assert (schedule.unit, schedule.duration_seconds, schedule.min_rate) == (RateUnit.AMPERE, 86_400, 6.0)
    assert [(one.start_seconds, one.limit, one.phases) for one in schedule.periods] == [
        (0, 32, 3),
        (23_400, 10.5, None),
    ]
    assert pages.get("/charging-profiles?search=night").has("TxDefaultProfile", "Recurring, Daily", "2 (A)")
    assert pages.get("/charging-profiles?search=day").has("No charging profile is like that", "Show all")


def test_the_editor_shows_what_is_kept_and_changes_it(pages: Pages) -> None:
    pages.done("/charging-profiles/new", NIGHT)
    editor = pages.get("/charging-profiles/1/edit")
    for text in ('value="6:30"', 'value="10.5"', 'value="24:00"', 'value="2026-01-01T00:00:00"'):
        assert text in editor.html
    done = pages.done("/charging-profiles/1/edit", {**NIGHT, "name": "Day"})
    assert done.has("The charging profile is changed.", "Day")
    assert 'value="10.5"' in pages.get("/charging-profiles/new?copy=1").html


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"name": ""}, "This is needed."),
        ({"stackLevel": "high"}, "A whole number from 0"),
        ({"startPeriod-0": "half past"}, "Hours and minutes, such as 7:30"),
        ({"startPeriod-0": "1:00"}, "The first step starts at 0"),
        ({"limit-2": "-1"}, "A number from 0"),
        ({"recurrencyKind": ""}, "needs a recurrencyKind"),
        ({"startPeriod-0": "", "limit-0": "", "startPeriod-2": "", "limit-2": ""}, "one step at least"),
        ({"validFrom": "2027-01-01T00:00", "validTo": "2026-01-01T00:00"}, "later than the validFrom"),
    ],
)
def test_what_makes_no_profile_is_refused_beside_its_field_and_kept(
    pages: Pages, typed: dict[str, str], told: str
) -> None:
    page = pages.post("/charging-profiles/new", {**NIGHT, **typed})
    assert page.status == 422
    assert told in page.text
    assert "Full power at night" in page.text
    assert not pages.services.smart_charging.list_profiles(ProfileFilter(), PageRequest()).items


def test_a_step_that_is_wrong_is_told_in_the_row_in_which_it_was_typed(pages: Pages) -> None:
    page = pages.post("/charging-profiles/new", {**NIGHT, "startPeriod-2": "30:00"})
    assert 'id="startPeriod-2-fault"' in page.html


def test_rows_are_added_and_the_plot_is_drawn_without_keeping_anything(pages: Pages) -> None:
    more = pages.post("/charging-profiles/new", {**NIGHT, "more": "yes"})
    assert 'name="limit-11"' in more.html
    drawn = pages.post("/charging-profiles/new", {**NIGHT, "preview": "yes"})
    assert 'class="step-plot"' in drawn.html
    part = pages.post("/charging-profiles/plot", NIGHT)
    assert (part.status, part.html.count("<html")) == (200, 0)
    assert 'class="step-plot"' in part.html
    assert pages.post("/charging-profiles/plot", {**NIGHT, "limit-0": "x"}).has("as soon as what is typed")
    assert not pages.services.smart_charging.list_profiles(ProfileFilter(), PageRequest()).items


def test_where_a_profile_is_can_be_seen_from_all_sides_and_keeps_it_from_being_removed(pages: Pages) -> None:
    pages.done("/charging-profiles/new", NIGHT)
    station = pages.services.provisioning.add(StationDraft(identity="CP <1>"), "tests").station
    pages.services.smart_charging.assign(
        station,
        profile_number=1,
        place=EvseId(1),
        transaction_id=None,
        order=Order(asked_by="tests", delivery=Delivery.WHEN_ONLINE),
    )
    everywhere = "/charging-profiles/assignments"
    for path in ("/charging-profiles/1", everywhere, f"{everywhere}?station=CP+%3C1%3E"):
        assert pages.get(path).has("CP <1>", "Connector 1", "Requested")
    assert pages.get("/stations/CP%20%3C1%3E/charging").has("Connector 1", "Requested", "Whole station")
    refused = pages.post("/charging-profiles/1/remove")
    assert refused.status == 422
    assert "Remove it there first" in refused.text


def test_a_profile_is_removed_and_its_page_says_so(pages: Pages) -> None:
    pages.done("/charging-profiles/new", NIGHT)
    assert pages.done("/charging-profiles/1/remove").has("The charging profile is removed.")
    for path in ("/charging-profiles/1", "/charging-profiles/1/edit", "/charging-profiles/99999999999"):
        page = pages.get(path)
        assert (page.status, page.has("To the library")) == (404, True)


def test_a_viewer_looks_and_changes_nothing(pages: Pages) -> None:
    pages.done("/charging-profiles/new", NIGHT)
    pages.sign_in(Role.VIEWER)
    page = pages.get("/charging-profiles/1")
    assert page.status == 200
    assert "/charging-profiles/1/edit" not in page.html
    assert pages.get("/charging-profiles/1/edit").status == 403
    for path in ("/charging-profiles/new", "/charging-profiles/1/edit", "/charging-profiles/1/remove"):
        assert pages.post(path, NIGHT).status == 403
