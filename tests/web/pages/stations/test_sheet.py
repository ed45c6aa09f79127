"""The pages of one station."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from urllib.parse import quote

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.availability.model import EvseStatus, StatusReport
from forecourt.domain.errands.model import Delivery, Order
from forecourt.domain.evse import EvseId
from forecourt.domain.message_log.model import Direction, Exchange
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.security.model import SecurityEvent
from forecourt.web.pages.stations.history import timeline_of
from forecourt.web.pages.stations.looking import TABS
from tests.support.clock import NOON
from tests.web.door import Pages
from tests.web.pages.stations.fleet import ODD, Fleet

PLACE = f"/stations/{quote(ODD, safe='')}"


@pytest.mark.parametrize("tab", [path for path, _ in TABS])
@pytest.mark.parametrize("identity", ["CP1", ODD])
def test_every_part_of_a_station_that_never_connected_is_shown(pages: Pages, tab: str, identity: str) -> None:
    Fleet(pages).add(identity)
    page = pages.get(f"/stations/{quote(identity, safe='')}{tab}")
    assert page.status == 200
    assert page.has(identity, "Off line")
    assert "<b>" not in page.html
    assert page.html.count("<h1") == 1
    assert page.html.count('aria-current="page"') == 2  # the menu and the tab


@pytest.mark.parametrize("tab", ["", "/edit", "/configuration/desire", *(path for path, _ in TABS[1:])])
def test_a_station_that_was_removed_is_told_with_the_way_on(pages: Pages, tab: str) -> None:
    Fleet(pages).add(ODD)
    pages.services.provisioning.remove(ODD)
    page = pages.get(f"{PLACE}{tab}")
    assert page.status == 404
    assert page.has(f"{ODD} is not registered", "All stations", "Register it")
    assert "<b>" not in page.html


def test_one_that_knocks_is_said_to(pages: Pages) -> None:
    Fleet(pages).knock("CP9")
    assert pages.get("/stations/CP9").has("It knocks at the door: unknown stations")


def test_what_is_known_of_a_station_is_shown(pages: Pages) -> None:
    fleet = Fleet(pages)
    station = fleet.add("CP1", description="By the gate", group="North", labels=("fast",))
    fleet.boot(station, vendor="<i>V</i>", firmware="9.9")
    fleet.connect(station)
    fleet.report(station, 0, "Available")
    fleet.report(station, 1, "Charging")
    fleet.report(station, 2, "Faulted", "GroundFailure", "<s>wet</s>")
    transaction = fleet.start(station, id_token="<u>T</u>", meter_start_wh=1000)
    fleet.measure(station, transaction, power_w=11_000, energy_wh=3500)
    pages.services.alarms.raise_(Topic.CERTIFICATE_EXPIRES, "CP1", Level.WARNING, "It ends soon.")
    page = pages.get("/stations/CP1")
    assert page.has("By the gate", "North", "fast", "<i>V</i>", "9.9", "192.0.2.7", "ocpp1.6", "It ends soon.")
    assert page.has("1 Charging", "2 Faulted Ground failure <s>wet</s>")
    assert page.has(f"No. {transaction} , <u>T</u>", "11.00 kW", "2.50 kWh")
    for tag in ("<i>V", "<s>wet", "<u>T"):
        assert tag not in page.html
    assert f'href="/operations/StopCharging?station=CP1&amp;transactionId={transaction}"' in page.html
    assert 'href="/operations/UnlockConnector?station=CP1&amp;connectorId=2"' in page.html


def test_a_transaction_on_a_connector_that_was_never_reported_is_shown_as_well(pages: Pages) -> None:
    fleet = Fleet(pages)
    station = fleet.add("CP1")
    fleet.start(station, connector=7, id_token="LOST")
    assert pages.get("/stations/CP1").has("Running on connectors that the station has not reported:", "LOST")


def test_what_is_decided_about_a_station_is_changed(pages: Pages) -> None:
    fleet = Fleet(pages)
    fleet.add(ODD, description="old", labels=("a", "b"))
    form = pages.get(f"{PLACE}/edit")
    assert 'value="old"' in form.html
    assert 'value="a, b"' in form.html
    typed = {"description": "new", "registration": "Rejected", "group": "G", "labels": "b,c", "heartbeatInterval": "60"}
    assert pages.done(f"{PLACE}/edit", typed).has("The station is changed.", "Rejected", "new")
    sheet = pages.services.provisioning.get(ODD)
    assert (sheet.description, sheet.group, sheet.labels) == ("new", "G", ("b", "c"))
    assert (sheet.station.registration, sheet.station.heartbeat_seconds) == (Registration.REJECTED, 60)


def test_a_change_that_cannot_be_is_told_beside_its_field(pages: Pages) -> None:
    Fleet(pages).add("CP1", description="old")
    refused = pages.post("/stations/CP1/edit", {"description": "typed", "registration": "Accepted", "labels": "x" * 60})
    assert refused.status == 422
    assert refused.has("A label has at most 50 characters")
    assert 'value="typed"' in refused.html
    assert 'id="labels-fault"' in refused.html
    assert pages.services.provisioning.get("CP1").description == "old"


def test_a_change_of_one_that_was_removed_meanwhile_says_so(pages: Pages) -> None:
    for path in ("edit", "remove", "configuration/desire", "configuration/read", "configuration/apply"):
        form = {"registration": "Accepted", "key": "HeartbeatInterval", "value": "1"}
        answer = pages.post(f"{PLACE}/{path}", form)
        assert answer.status == 404, path
        assert answer.has(f"{ODD} is not registered"), path


def test_removing_and_disconnecting_ask_first_and_are_done_once(pages: Pages) -> None:
    fleet = Fleet(pages)
    station = fleet.add("CP1")
    fleet.connect(station)
    assert 'action="/stations/CP1/disconnect"' in pages.get("/stations/CP1").html
    assert pages.done("/stations/CP1/disconnect").has("The connection is being closed", "Is being closed")
    assert pages.done("/stations/CP1/remove").has("The station CP1 is removed.")
    assert pages.post("/stations/CP1/remove").status == 404


def test_one_that_is_not_connected_is_not_disconnected(pages: Pages) -> None:
    Fleet(pages).add("CP1")
    assert "/disconnect" not in pages.get("/stations/CP1").html
    assert pages.done("/stations/CP1/disconnect").has("The station is not connected.")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SECURITY_OFFICER])
def test_who_may_not_manage_changes_nothing(pages: Pages, role: Role) -> None:
    fleet = Fleet(pages)
    station = fleet.add("CP1", description="old")
    fleet.connect(station)
    pages.sign_in(role)
    page = pages.get("/stations/CP1")
    assert "/stations/CP1/edit" not in page.html
    assert ("/stations/CP1/disconnect" in page.html) is (role is not Role.VIEWER)
    for path in ("edit", "remove", "configuration/desire", "configuration/forget"):
        assert pages.post(f"/stations/CP1/{path}", {"registration": "Accepted", "key": "K", "value": "1"}).status == 403
    assert pages.get("/stations/CP1/edit").status == 403


def test_a_viewer_has_nothing_done(pages: Pages) -> None:
    fleet = Fleet(pages)
    station = fleet.add("CP1")
    fleet.connect(station)
    fleet.report(station, 1, "Available")
    pages.sign_in(Role.VIEWER)
    for tab, _ in TABS:
        assert "/operations/" not in pages.get(f"/stations/CP1{tab}").html
    for path in ("disconnect", "configuration/read", "configuration/apply"):
        assert pages.post(f"/stations/CP1/{path}").status == 403


def test_transactions_are_listed_and_filtered(pages: Pages) -> None:
    fleet = Fleet(pages)
    station, other = fleet.add("CP1"), fleet.add("CP2")
    fleet.stop(station, fleet.start(station, id_token="<i>ended</i>"), 4200)
    fleet.start(station, connector=2, id_token="runs")
    fleet.start(other, id_token="elsewhere")
    page = pages.get("/stations/CP1/transactions")
    assert page.has("<i>ended</i>", "4.20 kWh", "Local", "runs", "Charging")
    assert not page.has("elsewhere")
    assert not pages.get("/stations/CP1/transactions?active=yes").has("<i>ended</i>")
    assert not pages.get("/stations/CP1/transactions?active=no").has("runs")


def test_errands_are_listed_and_filtered(pages: Pages) -> None:
    station = Fleet(pages).add("CP1")
    order = Order(asked_by="<i>me</i>", delivery=Delivery.WHEN_ONLINE)
    pages.services.configuration.refresh(station, [], order)
    page = pages.get("/stations/CP1/errands")
    assert page.has("RefreshConfiguration", "Queued", "<i>me</i>")
    assert 'href="/errands/1"' in page.html
    assert pages.get("/stations/CP1/errands?state=failed").has("No errand")
    assert pages.get("/stations/CP1/errands?operation=Reset").has("No errand")


def test_messages_are_listed_with_request_and_answer(pages: Pages) -> None:
    station = Fleet(pages).add("CP1")
    log = pages.services.message_log
    good = Exchange(direction=Direction.IN, action="Heartbeat", message_id="m1", request="{}", response='{"a":"<i>"}')
    bad = Exchange(
        direction=Direction.OUT, action="Reset", message_id="m2", request='{"type":"Hard"}', error="NotSupported: no"
    )
    log.note(station.key, good, since=pages.clock.monotonic())
    log.note(station.key, bad, since=pages.clock.monotonic())
    page = pages.get("/stations/CP1/messages")
    assert page.has("Heartbeat", "Answered", '{ "a": "<i>" }', "Reset", "Failed NotSupported: no", '{ "type": "Hard" }')
    assert "<i>" not in page.html
    assert not pages.get("/stations/CP1/messages?failed=yes").has("Heartbeat")
    assert not pages.get("/stations/CP1/messages?direction=out").has("Heartbeat")
    assert not pages.get("/stations/CP1/messages?action=Heartbeat").has("NotSupported")
    assert pages.get("/stations/CP1/messages?to=2020-01-01T00:00").has("No message")
    rows = list(csv.DictReader(io.StringIO(pages.get("/stations/CP1/messages.csv?failed=yes").html)))
    assert [(row["action"], row["error"]) for row in rows] == [("Reset", "NotSupported: no")]
    assert pages.get("/stations/CP2/messages.csv").status == 404


def test_security_shows_profile_and_events(pages: Pages) -> None:
    station = Fleet(pages).add("CP1")
    event = SecurityEvent(type="<u>Odd</u>", occurred_at=NOON, tech_info="<s>info</s>")
    pages.services.security.report(station, event)
    page = pages.get("/stations/CP1/security")
    assert page.has("<u>Odd</u>", "<s>info</s>", "Needed for profile 1", "No certificate of this station is known.")
    assert "<u>Odd" not in page.html
    assert 'href="/operations/UpgradeSecurityProfile?station=CP1"' in page.html


def test_the_history_is_listed_and_drawn(pages: Pages) -> None:
    fleet = Fleet(pages)
    station = fleet.add("CP1")
    for status in ("Available", "<s>Odd</s>", "Faulted"):
        pages.clock.advance(timedelta(minutes=1))
        fleet.report(station, 1, status)
        fleet.report(station, 2, "Available")
    page = pages.get("/stations/CP1/history")
    assert page.has("<s>Odd</s>", "Faulted", "Over time")
    assert page.html.count("<rect") == 6
    assert "<s>Odd" not in page.html
    assert pages.get("/stations/CP1/history?connector=2").html.count("<rect") == 3
    assert pages.get("/stations/CP1/history?connector=3").has("No report")


def test_a_status_lasts_until_the_next_of_its_connector() -> None:
    def at(minutes: int, connector: int, status: str) -> EvseStatus:
        report = StatusReport(place=EvseId(connector), status=status, error_code="NoError")
        return EvseStatus(report, NOON + timedelta(minutes=minutes))

    reports = [at(5, 1, "Charging"), at(2, 2, "Available"), at(0, 1, "Available")]
    timeline = timeline_of(reports, NOON + timedelta(minutes=10))
    assert timeline is not None
    assert [(place, [(one.status, one.left, one.width) for one in line]) for place, line in timeline.lines] == [
        (1, [("Available", 0, 500), ("Charging", 500, 500)]),
        (2, [("Available", 200, 800)]),
    ]
    assert timeline_of([], NOON) is None
    assert timeline_of([at(0, 1, "Available")], NOON) is None
