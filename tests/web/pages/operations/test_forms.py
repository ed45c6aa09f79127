"""The forms of operations, made from their declarations: every one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.access.permissions import Role
from forecourt.domain.errands.model import Delivery, Errand, ErrandFilter, ErrandState, Priority
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationDraft
from forecourt.operations.catalogue import make_catalogue
from forecourt.operations.fields import fields_of
from forecourt.operations.reading import read_parameters
from forecourt.web.fields import Fields
from forecourt.web.pages.operations.reading import read_message
from forecourt.web.pages.operations.widgets import Look, flat, widgets_of
from tests.support.imaginary import BLINK, imaginary_dialect
from tests.web.door import CATALOGUE, Building, Pages, Shown
from tests.web.filling import A_TIME, filled_in


@pytest.fixture
def two(pages: Pages) -> Pages:
    """Two stations are registered."""
    for identity in ("CP-1", "CP-2"):
        pages.services.provisioning.add(StationDraft(identity=identity))
    return pages


def errands(pages: Pages) -> list[Errand]:
    """Oldest first."""
    return list(reversed(pages.services.errands.list(ErrandFilter(), PageRequest(1000)).items))


def confirmed(pages: Pages, path: str, fields: dict[str, str], count: int = 1) -> Shown:
    """Send a form through the second step."""
    return pages.post(path, {**fields, "step": "confirmed", "count": str(count)})


# What is offered


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_every_operation_has_a_form_with_a_described_input_for_each_field(two: Pages, name: str) -> None:
    page = two.get(f"/operations/{name}?station=CP-1")
    assert page.status == 200
    assert page.has(name, CATALOGUE[name].summary, "For 1 station")
    for field in fields_of(CATALOGUE[name].params):
        assert " ".join(field.description.split()) in page.text
        if not field.is_group:
            assert f'name="{field.dotted}"' in page.html or f'name="parameter.{field.dotted}"' in page.html


def test_the_list_shows_groups_and_finds_by_words(pages: Pages) -> None:
    page = pages.get("/operations")
    assert page.has("Smart charging", "Reset", "Restarts a station.", "Asks first")
    found = pages.get("/operations?q=restarts")
    assert 'href="/operations/Reset"' in found.html
    assert 'href="/operations/ClearCache"' not in found.html
    assert pages.get("/operations?q=nothing+like+it").has("No operation is called so")


def test_an_action_that_was_added_as_words_alone_appears_as_a_form(building: Building, tmp_path: Path) -> None:
    known = building.house
    catalogue = make_catalogue([v16.make(), imaginary_dialect(tmp_path)])
    pages = Pages(building)
    pages.services.provisioning.add(StationDraft(identity="CP-1"))
    object.__setattr__(known, "catalogue", catalogue)
    try:
        assert pages.get("/operations").has("Lighting", BLINK, "Blinks the lights of a station.")
        form = pages.get(f"/operations/{BLINK}?station=CP-1")
        assert form.has("How often the lights blink.", "From 1 to 60.", "Red", "Green", "Not said")
        refused = pages.post(f"/operations/{BLINK}?station=CP-1", {"times": "61", "colour": "Red"})
        assert refused.status == 422
        assert refused.has("This must be at most 60.")
        asked = pages.post(f"/operations/{BLINK}?station=CP-1", {"times": "3", "colour": ""})
        assert asked.has(f"{BLINK}: go on?", "Yes, do it to 1 station")
        done = confirmed(pages, f"/operations/{BLINK}?station=CP-1", {"times": "3", "colour": ""})
        assert done.location == "/errands/1"
        assert errands(pages)[0].request == '{"times":3}'
    finally:
        object.__setattr__(known, "catalogue", CATALOGUE)


# What is sent


def raw_operations() -> Iterator[str]:
    return (name for name, operation in CATALOGUE.items() if not operation.is_composed)


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_a_form_says_what_the_same_json_says(name: str) -> None:
    body, typed = filled_in(CATALOGUE[name])
    form = Fields({field: [text] for field, text in typed.items()})
    message = read_message(form, CATALOGUE[name])
    assert form.faults == {}
    assert message == read_parameters(json.dumps(body).encode(), CATALOGUE[name].params)


@pytest.mark.parametrize("name", list(raw_operations()))
def test_a_message_that_was_filled_in_is_sent_as_rest_would_send_it(two: Pages, name: str) -> None:
    body, typed = filled_in(CATALOGUE[name])
    done = confirmed(two, f"/operations/{name}?station=CP-1", typed)
    assert done.status == 303, done.text
    [errand] = errands(two)
    assert errand.operation == name
    assert errand.asked_by == "admin"
    assert errand.request is not None
    assert json.loads(errand.request) == body


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_what_is_left_empty_is_left_out_and_what_is_needed_is_said_to_be_missing(two: Pages, name: str) -> None:
    widgets = [one for one in flat(widgets_of(CATALOGUE[name])) if one.look is not Look.GROUP]
    needed = [one for one in widgets if one.field.is_required and one.field.is_certain]
    answer = confirmed(two, f"/operations/{name}?station=CP-1", {one.name: "" for one in widgets})
    if needed:
        assert answer.status == 422
        assert answer.text.count("This field is missing.") == len(needed)
        assert not errands(two)
    elif answer.status == 303:
        assert CATALOGUE[name].is_composed or errands(two)[0].request == "{}"
    else:  # the business wants one of several; it says so in a sentence
        assert answer.status == 422


def test_times_are_those_of_the_viewers_zone(two: Pages) -> None:
    two.cookies["forecourt_zone"] = "Europe/Berlin"
    typed = {"connectorId": "1", "idTag": "T", "expiryDate": "2026-07-01T18:00"}
    two.done("/operations/Reserve?station=CP-1", typed)
    assert '"expiryDate":"2026-07-01T16:00:00Z"' in (errands(two)[0].request or "").replace(" ", "")


def test_an_empty_text_is_sent_when_that_is_meant(two: Pages) -> None:
    typed = {"key": "LightIntensity", "value": ""}
    assert two.post("/operations/ChangeConfiguration?station=CP-1", typed).status == 422
    two.done("/operations/ChangeConfiguration?station=CP-1", {**typed, "empty:value": "yes"})
    assert errands(two)[0].request == '{"key":"LightIntensity","value":""}'


def test_faults_stand_beside_their_fields_and_what_was_typed_stays(two: Pages) -> None:
    typed = {"connectorId": "x", "csChargingProfiles.chargingProfileId": "7", "csChargingProfiles.stackLevel": ""}
    page = two.post("/operations/SetChargingProfile?station=CP-1", typed)
    assert page.status == 422
    assert page.has("This must be a whole number.")
    assert 'id="csChargingProfiles.stackLevel-fault"' in page.html
    assert 'value="7"' in page.html
    path = "csChargingProfiles.chargingSchedule.chargingSchedulePeriod"
    bad = two.post("/operations/SetChargingProfile?station=CP-1", {"connectorId": "0", path: "[{"})
    assert bad.has("This is not JSON.")
    inner = two.post(
        "/operations/SetChargingProfile?station=CP-1", {"connectorId": "0", path: '[{"startPeriod": 0, "limit": "x"}]'}
    )
    assert inner.has("[0].limit: This must be a number.")


def test_delivery_and_priority_are_those_that_were_chosen(two: Pages) -> None:
    more = {"delivery": "whenOnline", "priority": "high", "expiresAt": "2026-01-02T12:00"}
    page = two.done("/operations/ClearCache?station=CP-1", more)
    [errand] = errands(two)
    assert (errand.delivery, errand.priority, errand.state) == (Delivery.WHEN_ONLINE, Priority.HIGH, ErrandState.QUEUED)
    assert errand.expires_at == datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert page.has("ClearCache is asked for.", "Waits until the station is on line")
    late = two.post("/operations/ClearCache?station=CP-1", {"expiresAt": "2020-01-01T00:00"})
    assert late.status == 422
    assert late.has("has passed already")


def test_what_the_business_refuses_stands_beside_the_field_it_names(two: Pages) -> None:
    page = two.post("/operations/ReleaseReservation?station=CP-1", {"reservationId": "99"})
    assert page.status == 422
    assert page.has("has no reservation 99")
    assert 'id="reservationId-fault"' in page.html


# The second step of what is dangerous


def test_what_is_dangerous_says_what_will_happen_to_how_many_and_asks(two: Pages) -> None:
    path = "/operations/Reset?station=CP-1&station=CP-2"
    asked = two.post(path, {"type": "Soft"})
    assert asked.has("Reset: go on?", "This is asked of 2 stations", "CP-1", "CP-2", "Yes, do it to 2 stations")
    assert not errands(two)
    back = two.post(path, {"type": "Soft", "step": "change"})
    assert '<option value="Soft" selected>' in back.html
    done = confirmed(two, path, {"type": "Soft"}, 2)
    assert done.location == "/batches/1"
    assert len(errands(two)) == 2


def test_it_asks_again_when_the_number_of_stations_has_changed_meanwhile(two: Pages) -> None:
    two.services.provisioning.add(StationDraft(identity="CP-3"))
    asked = confirmed(two, "/operations/Reset?all=yes", {"type": "Soft"}, 2)
    assert asked.has("The number of stations that are meant has changed meanwhile.", "Yes, do it to 3 stations")
    assert not errands(two)


def test_a_secret_is_shown_nowhere_and_typed_twice(two: Pages) -> None:
    path, secret = "/operations/ChangePassword?station=CP-1", "0123456789abcdefX"
    asked = two.post(path, {"password": secret})
    assert asked.has("Once more, because no page shows what is secret.", "***")
    assert secret not in asked.html
    again = confirmed(two, path, {"retype": "password", "password": ""})
    assert again.has("Type this once more.")
    assert not errands(two)
    done = confirmed(two, path, {"retype": "password", "password": secret})
    assert done.location == "/errands/1"
    assert secret not in two.get("/errands/1").html


# Which stations


def test_without_stations_in_the_address_they_are_picked(two: Pages) -> None:
    page = two.get("/operations/Reset?search=CP-2")
    assert page.has("Of which stations?", "The 1 station that the filter finds")
    assert 'value="CP-2"' in page.html
    assert 'value="CP-1"' not in page.html
    assert two.get("/operations/Reset?search=nothing").has("No station fits")


def test_a_filter_that_is_not_understood_means_no_station_at_all(two: Pages) -> None:
    for query in ("registration=Sometimes", "online=maybe", "profile=9"):
        page = two.post(f"/operations/ClearCache?all=yes&{query}")
        assert page.status == 422, query
        assert page.has("Of which stations?")
    assert not errands(two)


def test_all_that_a_filter_finds_are_asked(two: Pages) -> None:
    two.services.provisioning.add(StationDraft(identity="OTHER", group="north"))
    assert two.post("/operations/ClearCache?all=yes&search=CP-").location == "/batches/1"
    assert {errand.station for errand in errands(two)} == {"CP-1", "CP-2"}
    assert two.post("/operations/ClearCache?all=yes&group=north").location.startswith("/errands/")


def test_names_that_are_not_registered_are_left_out_and_told(two: Pages) -> None:
    page = two.get("/operations/ClearCache?station=CP-1&station=GONE")
    assert page.has("For 1 station", "Not registered, and left out: GONE.")
    none = two.post("/operations/ClearCache?station=GONE")
    assert none.status == 422
    assert none.has("None of these stations is registered.")


def test_what_is_known_is_offered_beside_the_field(two: Pages) -> None:
    page = two.get("/operations/ChangeConfiguration?station=CP-1")
    assert '<datalist id="choices-key">' in page.html
    assert '<option value="HeartbeatInterval">' in page.html


def test_a_form_is_filled_in_from_its_address(two: Pages) -> None:
    query = urlencode({"station": "CP-1", "connectorId": 2, "idTag": '"><script>', "expiryDate": A_TIME.isoformat()})
    page = two.get(f"/operations/Reserve?{query}")
    assert 'value="2"' in page.html
    assert 'value="2026-03-01T12:00:00"' in page.html
    assert "<script>" not in page.html.replace('<script src="', "")


# Who may


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_who_may_not_ask_is_neither_shown_the_operation_nor_let_through(two: Pages, name: str) -> None:
    two.sign_in(Role.VIEWER)
    assert f'href="/operations/{name}"' not in two.get("/operations").html
    assert two.get(f"/operations/{name}?station=CP-1").status == 403
    assert two.post(f"/operations/{name}?station=CP-1").status == 403
    assert not errands(two)


def test_an_operator_gives_no_passwords(two: Pages) -> None:
    two.sign_in(Role.OPERATOR)
    page = two.get("/operations")
    assert 'href="/operations/Reset"' in page.html
    assert 'href="/operations/ChangePassword"' not in page.html
    assert two.post("/operations/ChangePassword?station=CP-1").status == 403


def test_an_operation_that_there_is_not_is_not_found(two: Pages) -> None:
    assert two.get("/operations/Nothing?station=CP-1").status == 404
    assert two.get("/operations/Reset?batch=99").status == 404
