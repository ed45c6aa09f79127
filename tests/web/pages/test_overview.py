"""The overview of the whole system."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from forecourt.domain.access.permissions import Role
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.security.model import SecurityEvent
from forecourt.web.pages.overview import beginnings
from tests.web.door import Pages
from tests.web.pages.stations.fleet import ODD, Fleet


def later(pages: Pages, span: timedelta) -> None:
    """Sessions end when nobody uses them."""
    pages.clock.advance(span)
    pages.sign_in(Role.ADMIN)


def test_an_empty_system_is_shown(pages: Pages) -> None:
    page = pages.get("/")
    assert page.status == 200
    assert page.has("On line 0 of 0 stations", "No station has reported a connector yet.", "Nothing was charged yet.")


def test_the_figures_count_what_there_is_and_lead_to_it(pages: Pages) -> None:
    fleet = Fleet(pages)
    one, two, three = fleet.add("CP1"), fleet.add("CP2"), fleet.add("CP3", registration=Registration.PENDING)
    gone = fleet.add("CP4")
    for station in (one, two, gone):
        fleet.connect(station)
    fleet.report(one, 0, "Faulted")
    fleet.report(one, 1, "Faulted")
    fleet.report(two, 1, "Charging")
    fleet.report(gone, 1, "Faulted")
    fleet.knock("stranger")
    pages.services.provisioning.remove("CP4")
    pages.services.alarms.raise_(Topic.FILES, "disk", Level.CRITICAL, "Full.")
    page = pages.get("/")
    assert page.has("On line 2 of 3 stations", "Off line 1", "Faulted 1 Stations", "Unknown 1", "Open alarms 1")
    assert page.has("Faulted 1", "Charging 1", "Pending 1")
    for path in ("/stations?online=yes", "/stations?faulted=yes", "/unknown-stations", "/connectors?status=Faulted"):
        assert f'href="{path}"' in page.html
    assert three.key


def test_power_is_that_of_the_newest_values_of_what_charges_now(pages: Pages) -> None:
    fleet = Fleet(pages)
    one, two = fleet.add("CP1"), fleet.add("CP2")
    first, second = fleet.start(one), fleet.start(two)
    fleet.measure(one, first, power_w=50_000, energy_wh=1000)
    fleet.measure(one, first, power_w=7_000, energy_wh=2000)
    fleet.measure(two, first, power_w=999_000, energy_wh=1)  # not its own transaction
    fleet.measure(two, second, power_w=4_000, energy_wh=500)
    assert pages.get("/").has("Charging now 2 11.00 kW")
    fleet.stop(two, second, 600)
    assert pages.get("/").has("Charging now 1 7.00 kW")
    later(pages, timedelta(hours=2))
    assert pages.get("/").has("Charging now 1 0.00 kW, measured at 0")


def test_energy_is_that_of_transactions_that_ended_today_and_this_month(pages: Pages) -> None:
    fleet = Fleet(pages)
    station = fleet.add("CP1")
    fleet.stop(station, fleet.start(station), 5_000)  # on 1 January 2026
    later(pages, timedelta(days=1))
    fleet.stop(station, fleet.start(station), 7_000)
    fleet.stop(station, fleet.start(station, meter_start_wh=100), 50)  # its registers cannot be true
    assert pages.get("/").has("Energy today 7.00 kWh 12.00 kWh this month")
    later(pages, timedelta(days=40))
    assert pages.get("/").has("Energy today 0.00 kWh 0.00 kWh this month")


def test_days_and_months_begin_where_somebody_looks_from() -> None:
    zone = ZoneInfo("America/New_York")
    at = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)  # still 28 February there
    assert beginnings(at, zone) == (datetime(2026, 2, 28, 5, tzinfo=UTC), datetime(2026, 2, 1, 5, tzinfo=UTC))
    after_the_clocks_changed = datetime(2026, 3, 8, 20, tzinfo=UTC)
    assert beginnings(after_the_clocks_changed, zone) == (
        datetime(2026, 3, 8, 5, tzinfo=UTC),
        datetime(2026, 3, 1, 5, tzinfo=UTC),
    )


def test_texts_of_stations_are_shown_and_never_run(pages: Pages) -> None:
    fleet = Fleet(pages)
    station = fleet.add(ODD)
    fleet.start(station, id_token="<i>tag</i>")
    fleet.report(station, 1, "<s>Odd</s>")
    event = SecurityEvent(type="<u>Tamper</u>", occurred_at=pages.clock.now())
    pages.services.security.report(station, event)
    page = pages.get("/")
    assert page.has(ODD, "<i>tag</i>", "<u>Tamper</u>", "<s>Odd</s>")
    for tag in ("<b>", "<i>tag", "<u>Tamper", "<s>Odd"):
        assert tag not in page.html


def test_a_viewer_sees_it(pages: Pages) -> None:
    pages.sign_in(Role.VIEWER)
    assert pages.get("/").status == 200
