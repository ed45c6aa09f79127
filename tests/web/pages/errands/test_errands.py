"""Pages of errands and of batches."""

from __future__ import annotations

import csv
import io

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.errands.intents import Say
from forecourt.domain.errands.model import BatchNumber, Delivery, Draft, ErrandNumber, ErrandState, Order, Priority
from forecourt.domain.provisioning.model import StationDraft
from tests.web.door import Pages


def ask(
    pages: Pages,
    station: str,
    *,
    waits: bool = True,
    request: str = '{"type":"Soft"}',
    batch: BatchNumber | None = None,
) -> ErrandNumber:
    draft = Draft(operation="Reset", intent=Say("Reset", request), shown=request, warnings=("It looks <odd>.",))
    delivery = Delivery.WHEN_ONLINE if waits else Delivery.NOW
    order = Order(asked_by="admin", delivery=delivery, batch=batch, priority=Priority.HIGH)
    found = pages.services.provisioning.get_station(station)
    return pages.services.errands.ask(found, draft, order).number


@pytest.fixture
def asked(pages: Pages) -> Pages:
    """Two stations; one errand waits, one has failed."""
    for identity in ("CP-1", "CP 2"):
        pages.services.provisioning.add(StationDraft(identity=identity))
    ask(pages, "CP-1")
    ask(pages, "CP 2", waits=False)
    return pages


def test_without_errands_the_page_shows_the_way_to_ask(pages: Pages) -> None:
    assert pages.get("/errands").has("Nothing was asked of a station yet", "To the operations")
    assert pages.get("/batches").has("No batch yet")
    pages.sign_in(Role.VIEWER)
    assert "To the operations" not in pages.get("/errands").text


def test_errands_are_filtered_by_all_that_is_offered(asked: Pages) -> None:
    everything = asked.get("/errands")
    assert everything.has("Waits until the station is on line", "The station is not connected.")
    assert 'href="/stations/CP%202"' in everything.html
    for query, is_first, is_second in (
        ("station=CP-1", True, False),
        ("state=failed", False, True),
        ("state=open", True, False),
        ("operation=Reset&askedBy=admin", True, True),
        ("askedBy=nobody", False, False),
        ("from=2026-01-01T12:00&to=2026-01-01T12:01", True, True),
        ("to=2026-01-01T12:00", False, False),
    ):
        html = asked.get(f"/errands?{query}").html
        assert ('href="/errands/1"' in html, 'href="/errands/2"' in html) == (is_first, is_second), query
    assert asked.get("/errands?station=nothing").has("No errand fits")
    assert asked.get("/errands?from=yesterday").has("A date and time, such as")


def test_a_list_goes_on_page_by_page(asked: Pages) -> None:
    first = asked.get("/errands?limit=1")
    assert 'href="/errands/2"' in first.html
    assert 'href="/errands/1"' not in first.html
    assert first.has("Next page")
    assert 'href="/errands/1"' in asked.get("/errands?limit=1&after=2").html


def test_the_csv_has_what_the_filter_finds(asked: Pages) -> None:
    rows = list(csv.DictReader(io.StringIO(asked.get("/errands.csv?state=failed").html)))
    assert [(row["errand"], row["stationId"], row["state"]) for row in rows] == [("2", "CP 2", "failed")]


def test_an_errand_shows_its_life_its_messages_and_the_way_to_repeat_it(asked: Pages) -> None:
    page = asked.get("/errands/1")
    assert page.has("Reset: errand 1", "Asked for by admin", "Given up, unless it is sent before", '"type": "Soft"')
    assert page.has("It looks <odd>.", "Priority High", "Nothing yet.")
    assert "<odd>" not in page.html
    assert 'href="/operations/Reset?station=CP-1&amp;type=Soft"' in page.html
    assert '<option value="Soft" selected>' in asked.get("/operations/Reset?station=CP-1&type=Soft").html


def test_an_errand_that_waits_is_taken_back_and_no_other(asked: Pages) -> None:
    assert asked.done("/errands/1/cancel").has("It is taken back and will not be sent.", "Taken back")
    assert asked.services.errands.get(ErrandNumber(1)).state is ErrandState.CANCELLED
    late = asked.post("/errands/2/cancel")
    assert late.status == 422
    assert 'action="/errands/2/cancel"' not in asked.get("/errands/2").html


def test_a_viewer_takes_nothing_back(asked: Pages) -> None:
    asked.sign_in(Role.VIEWER)
    page = asked.get("/errands/1")
    assert 'action="/errands/1/cancel"' not in page.html
    assert "Ask again" not in page.text
    assert asked.post("/errands/1/cancel").status == 403
    assert asked.services.errands.get(ErrandNumber(1)).state is ErrandState.QUEUED


@pytest.mark.parametrize("number", ["99", "0", str(2**70)])
def test_what_is_not_there_is_told_with_a_way_on(pages: Pages, number: str) -> None:
    for path, way in (("errands", "To the errands"), ("batches", "To the batches")):
        page = pages.get(f"/{path}/{number}")
        assert page.status == 404
        assert page.has(way)
        assert pages.post(f"/{path}/{number}/cancel").status == 404


# Batches


@pytest.fixture
def batch(asked: Pages) -> Pages:
    """One of two stations has failed, the other one waits."""
    number = asked.services.errands.add_batch("Reset", "admin", 2)
    ask(asked, "CP-1", batch=number)
    ask(asked, "CP 2", waits=False, batch=number)
    asked.services.errands.finish_writing(number)
    return asked


def test_a_batch_shows_how_far_it_is_in_words_and_by_state(batch: Pages) -> None:
    page = batch.get("/batches/1")
    assert page.has("Reset: batch 1", "Runs", "1 of 2 stations have ended", "Failed 1", "Waits to be sent 1")
    assert '<progress class="wide" id="progress" max="2" value="1">' in page.html
    failed = batch.get("/batches/1?state=failed")
    assert 'href="/errands/4"' in failed.html
    assert 'href="/errands/3"' not in failed.html
    assert "errands.csv?batch=1&amp;state=failed" in failed.html
    assert batch.get("/batches/1?state=answered").has("None in this state")
    assert batch.get("/batches").has("Reset", "1 of 2")


def test_the_rest_of_a_batch_is_taken_back_and_what_failed_is_repeated(batch: Pages) -> None:
    assert "Ask again where it was not done" not in batch.get("/batches/1").text
    page = batch.done("/batches/1/cancel")
    assert page.has("What was not sent yet is taken back.", "Finished", "Ask again where it was not done")
    form = batch.get("/operations/Reset?batch=1&state=failed&type=Soft")
    assert form.has("For 1 station", "CP 2")
    assert '<option value="Soft" selected>' in form.html
    wrong = batch.get("/operations/Reset?batch=1&state=broken")
    assert wrong.has("Of which stations?")


def test_a_viewer_takes_no_batch_back(batch: Pages) -> None:
    batch.sign_in(Role.VIEWER)
    assert 'action="/batches/1/cancel"' not in batch.get("/batches/1").html
    assert batch.post("/batches/1/cancel").status == 403
