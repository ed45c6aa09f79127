"""Pages of transactions: the list, one of them, and how it is ended from here."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.drivers.model import DriverDraft
from forecourt.domain.transactions.model import StopReport
from tests.support.clock import NOON
from tests.web.door import Pages
from tests.web.pages.charging.meters import MINUTE, a_reading, a_sample, a_start, a_station, a_stop

POWER = "Power.Active.Import"


def test_without_transactions_the_page_says_so(pages: Pages) -> None:
    assert pages.get("/transactions").has("No transaction", "Nothing was charged yet.")
    assert pages.get("/transactions?idTag=x").has("No transaction fits", "Show all")


def test_an_active_transaction_is_listed_with_its_driver_and_its_power(pages: Pages) -> None:
    driver = pages.services.drivers.add(DriverDraft(first_name="Ada", last_name="L"))
    pages.services.authorization.add(IdToken(id_token="TAG", driver=driver.number))
    number = a_start(pages)
    a_reading(pages, number, NOON + MINUTE, a_sample("1500"), a_sample("7.4", POWER, "kW"))
    pages.clock.advance(5 * MINUTE)
    page = pages.get("/transactions")
    assert page.has("CP-1", "TAG", "Ada L", "0.50 kWh", "7.40 kW", "5 min 00 s", "Charging")
    a_stop(pages, number, at=NOON + 2 * MINUTE, wh=3000)
    ended = pages.get("/transactions")
    assert ended.has("2.00 kWh", "2 min 00 s", "Ended")
    assert "7.40 kW" not in ended.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {1, 2, 3}),
        ("transactionId=2", {2}),
        ("station=CP-1", {1, 3}),
        ("station=CP-1&connectorId=2", {3}),
        ("idTag=tag", {1, 3}),
        ("driver=1", {2}),
        ("active=yes", {2, 3}),
        ("active=no", {1}),
        ("doubtful=yes", {1}),
        ("doubtful=no", {2, 3}),
        ("period=today", {1, 3}),
        ("period=10", {1, 3}),
        ("period=30", {1, 2, 3}),
        ("from=2020-01-01T00:00:00", {1, 2, 3}),
        ("to=2020-01-01T00:00:00", set()),
    ],
)
def test_the_list_is_filtered(pages: Pages, query: str, found: set[int]) -> None:
    driver = pages.services.drivers.add(DriverDraft(last_name="Grey"))
    pages.services.authorization.add(IdToken(id_token="OTHER", driver=driver.number))
    a_start(pages)
    a_start(pages, "OTHER", station="CP-2", at=NOON - timedelta(days=20))
    a_start(pages, evse=2)
    a_stop(pages, 1, at=NOON, wh=1)  # less than at the start, which is doubted
    html = pages.get(f"/transactions?{query}").html
    assert {number for number in (1, 2, 3) if f'href="/transactions/{number}"' in html} == found


def test_pages_go_on_in_both_orders(pages: Pages) -> None:
    for minute in range(5):
        a_start(pages, at=NOON + minute * MINUTE)
    for query in ("limit=2", "limit=2&from=2020-01-01"):
        seen, path = [], f"/transactions?{query}"
        while path:
            html = pages.get(path).html
            seen += [number for number in range(5, 0, -1) if f'href="/transactions/{number}"' in html]
            path = html.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        assert seen == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("query", ["connectorId=1", "driver=x", "from=yesterday", "transactionId=0"])
def test_a_filter_that_cannot_be_used_is_told_beside_its_field(pages: Pages, query: str) -> None:
    a_start(pages)
    page = pages.get(f"/transactions?{query}")
    assert page.has("Nothing was looked for")
    assert f'id="{query.partition("=")[0]}-fault"' in page.html


def test_the_download_goes_by_the_filters_and_is_harmless(pages: Pages) -> None:
    a_start(pages, "=1+1")
    a_start(pages, "OTHER")
    answer = pages.get("/transactions/download?idTag=%3D1%2B1")
    heading, row = answer.html.strip().splitlines()
    assert heading.startswith("transactionId,stationId,connectorId,idTag")
    assert row.startswith("1,CP-1,1,'=1+1,")
    assert answer.response.headers["content-disposition"] == 'attachment; filename="transactions.csv"'


def test_texts_of_stations_are_escaped(pages: Pages) -> None:
    number = a_start(pages, "<b>x</b>")
    a_reading(pages, number, NOON, a_sample("<i>1</i>", "<script>", "<u>", "<em>"))
    report = StopReport(transaction_id=number, stopped_at=NOON, meter_stop_wh=2000, reason="<s>why</s>")
    pages.services.transactions.stop(a_station(pages), report)
    for path in ("/transactions", f"/transactions/{number}", f"/transactions/{number}/values"):
        html = pages.get(path).html
        assert not any(text in html for text in ("<b>x", "<i>1", "<script>x", "<u>", "<em>", "<s>why")), path


def test_a_transaction_tells_why_it_began_and_ended_and_what_is_doubtful(pages: Pages) -> None:
    number = a_start(pages)
    a_stop(pages, number, at=NOON - MINUTE)
    page = pages.get(f"/transactions/{number}")
    assert page.has("With the id tag at the station.", "The cable was unplugged", "EVDisconnected", "Invalid")
    assert page.has("The stop lies before the start")


def test_plots_are_drawn_and_told_in_words(pages: Pages) -> None:
    number = a_start(pages)
    for minute, kilowatts in enumerate([3, 11, 7]):
        at = NOON + minute * MINUTE
        a_reading(pages, number, at, a_sample(str(1000 + 100 * minute)), a_sample(str(kilowatts), POWER, "kW"))
    pages.clock.advance(5 * MINUTE)
    page = pages.get(f"/transactions/{number}")
    assert page.html.count('<svg xmlns="http://www.w3.org/2000/svg" class="time-plot"') == 2
    assert page.has("Power (kW)", "3 values, lowest 3 kW, highest 11 kW, last 7 kW.", "As a table")
    assert page.has("Energy charged (kWh)", "Energy counts from the start of the transaction.")


def test_power_that_was_not_sent_is_worked_out_from_the_register(pages: Pages) -> None:
    number = a_start(pages)
    a_reading(pages, number, NOON + 60 * MINUTE, a_sample("8000"))
    pages.clock.advance(60 * MINUTE)
    assert pages.get(f"/transactions/{number}").has("highest 7 kW", "The station sent no power")


def test_what_else_was_measured_can_be_chosen(pages: Pages) -> None:
    number = a_start(pages)
    phases = [a_sample("16", "Current.Import", "A", phase) for phase in ("L1", "L2")]
    a_reading(pages, number, NOON, *phases, a_sample("55", "SoC", "Percent"))
    page = pages.get(f"/transactions/{number}")
    assert page.has("Current (A)", "L1: 1 value, 16 A.", "L2: 1 value", "State of charge")
    assert pages.get(f"/transactions/{number}?measurand=SoC").has("State of charge (%)", "1 value, 55 %")


def test_a_plot_is_a_file_and_figures_of_its_own(pages: Pages) -> None:
    number = a_start(pages)
    a_reading(pages, number, NOON + MINUTE, a_sample("5", POWER, "kW"))
    svg = pages.get(f"/transactions/{number}/plot.svg")
    assert svg.response.headers["content-type"] == "image/svg+xml"
    assert "style-src 'sha256-" in svg.response.headers["content-security-policy"]
    figures = pages.get(f"/transactions/{number}/plot.json?measurand={POWER}").response.json()
    assert (figures["title"], figures["unit"], figures["zone"]) == ("Power (kW)", "kW", "UTC")
    assert figures["lines"] == [{"name": "Power", "times": [(NOON + MINUTE).timestamp()], "values": [5.0]}]
    assert pages.get("/transactions/99/plot.json").status == 404


def test_meter_values_are_a_table_with_pages_and_a_file(pages: Pages) -> None:
    number = a_start(pages)
    for minute in range(3):
        a_reading(pages, number, NOON + minute * MINUTE, a_sample(str(1000 + minute), unit="Wh"))
    first = pages.get(f"/transactions/{number}/values?limit=2")
    assert first.has("Energy.Active.Import.Register: 1000 Wh", "Next page")
    assert "1002" not in first.text
    lines = pages.get(f"/transactions/{number}/values/download").html.strip().splitlines()
    assert lines[0] == "timestamp,energyWh,powerW,soc,value,context,format,measurand,phase,location,unit"
    assert len(lines) == 4


def test_a_stop_is_recorded_by_hand(pages: Pages) -> None:
    number = a_start(pages)
    assert pages.get(f"/transactions/{number}/stop").has("The station is told nothing.", "1,000 Wh")
    done = pages.done(f"/transactions/{number}/stop", {"meterStop": "4000", "reason": "gone", "stoppedAt": ""})
    assert done.has("The stop is recorded.", "3.00 kWh", "Recorded by hand by admin", "gone")
    again = pages.post(f"/transactions/{number}/stop", {"meterStop": "5000"})
    assert again.status == 422
    assert again.has("is stopped already")
    assert 'value="5000"' in again.html


def test_a_register_that_is_none_is_refused_beside_its_field(pages: Pages) -> None:
    number = a_start(pages)
    refused = pages.post(f"/transactions/{number}/stop", {"meterStop": "many", "stoppedAt": "soon"})
    assert refused.status == 422
    assert 'id="meterStop-fault"' in refused.html
    assert 'id="stoppedAt-fault"' in refused.html
    assert pages.services.transactions.get(number).is_active


def test_a_station_is_asked_to_stop(pages: Pages) -> None:
    number = a_start(pages)
    assert pages.get(f"/transactions/{number}").has("The station is asked to end this transaction")
    answer = pages.post(f"/transactions/{number}/stop-charging")
    assert (answer.status, answer.location) == (303, "/errands/1")
    errand = pages.services.errands.get(1)  # type: ignore[arg-type]  # the number of the first
    assert (errand.station, errand.operation, errand.asked_by) == ("CP-1", "StopCharging", "admin")


def test_what_ended_is_not_asked_to_stop(pages: Pages) -> None:
    number = a_start(pages)
    a_stop(pages, number, at=NOON)
    assert "stop-charging" not in pages.get(f"/transactions/{number}").html
    assert pages.post(f"/transactions/{number}/stop-charging").status == 409


def test_a_viewer_looks_and_ends_nothing(pages: Pages) -> None:
    number = a_start(pages)
    pages.sign_in(Role.VIEWER)
    page = pages.get(f"/transactions/{number}")
    assert "/stop" not in page.html
    assert pages.get(f"/transactions/{number}/stop").status == 403
    assert pages.post(f"/transactions/{number}/stop").status == 403
    assert pages.post(f"/transactions/{number}/stop-charging").status == 403
    assert pages.services.transactions.get(number).is_active


@pytest.mark.parametrize("path", ["/transactions/7", "/transactions/7/values", "/transactions/99999999999"])
def test_a_transaction_that_is_not_there_leads_on(pages: Pages, path: str) -> None:
    page = pages.get(path)
    assert page.status == 404
    assert page.has("There is no transaction")


def test_doubtful_stops_are_explained(pages: Pages) -> None:
    assert pages.get("/doubtful-stops").has("No doubtful stop")
    a_stop(pages, 77, at=NOON)
    assert pages.get("/doubtful-stops").has("CP-1", "77", "The stop names a transaction that this station never had.")
