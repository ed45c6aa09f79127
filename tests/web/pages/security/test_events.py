"""Security events of stations, and this system's own security log."""

from __future__ import annotations

from datetime import timedelta

from forecourt.domain.access.permissions import Role
from forecourt.domain.security.model import SecurityEvent
from forecourt.domain.security_log.model import Kind, Note
from tests.web.door import Pages
from tests.web.pages.security.certificates import a_station


def report(pages: Pages, identity: str, kind: str, info: str | None = None, *, days: int = 0) -> None:
    station = pages.services.provisioning.find_station(identity) or a_station(pages, identity)
    at = pages.clock.now() - timedelta(days=days)
    pages.services.security.report(station, SecurityEvent(type=kind, occurred_at=at, tech_info=info))


def note(pages: Pages, kind: Kind, reason: str, **facts: str) -> None:
    pages.services.security_log.note(Note(kind=kind, reason=reason, **facts))  # type: ignore[arg-type]  # all are texts


def test_events_are_shown_as_the_station_told_them_and_nothing_of_it_runs(pages: Pages) -> None:
    report(pages, "CP-1", "TamperDetectionActivated", "<img src=x onerror=alert(1)>")
    page = pages.get("/security-events")
    assert page.has("CP-1", "TamperDetectionActivated", "Critical", "<img src=x onerror=alert(1)>")
    assert "<img" not in page.html


def test_the_list_goes_back_ten_days_unless_more_is_asked_for(pages: Pages) -> None:
    report(pages, "CP-1", "InvalidMessages", days=11)
    assert pages.get("/security-events").has("No security event", "Of the last 10 days.")
    assert pages.get("/security-events?all=yes").has("InvalidMessages")
    assert pages.get("/security-events?from=2025-12-01T00:00").has("InvalidMessages")


def test_events_are_filtered_by_station_type_and_weight(pages: Pages) -> None:
    report(pages, "CP-1", "ResetOrReboot")
    report(pages, "CP-2", "VendorsOwn")
    assert not pages.get("/security-events?station=CP-2").has("ResetOrReboot")
    assert pages.get("/security-events?type=vendorsown").has("Vendor's own", "CP-2")
    assert not pages.get("/security-events?critical=yes").has("VendorsOwn")
    assert not pages.get("/security-events?critical=no").has("ResetOrReboot")
    assert not pages.get("/security-events?to=2025-12-31T00:00").has("ResetOrReboot")


def test_events_are_downloaded_with_the_same_filters(pages: Pages) -> None:
    report(pages, "CP-1", "ResetOrReboot", "=1+1")
    report(pages, "CP-2", "InvalidMessages")
    assert 'href="/security-events.csv?station=CP-1"' in pages.get("/security-events?station=CP-1").html
    lines = pages.get("/security-events.csv?station=CP-1").html.splitlines()
    assert lines[0] == "stationId,type,critical,timestamp,techInfo,receivedAt"
    assert lines[1].startswith("CP-1,ResetOrReboot,true,")
    assert ",'=1+1," in lines[1]
    assert len(lines) == 2


def test_the_log_is_filtered_by_kind_station_address_and_who(pages: Pages) -> None:
    note(pages, Kind.CREDENTIALS_WRONG, "A <b>guess</b>.", station="CP-9", address="192.0.2.7")
    note(pages, Kind.POLICY_CHANGED, "It was changed.", asked_by="ada")
    page = pages.get("/security-log")
    assert page.has("A <b>guess</b>.", "Credentials wrong", "192.0.2.7", "It was changed.", "ada")
    assert "<b>guess" not in page.html
    for query in ("kind=policyChanged", "askedBy=ada"):
        assert pages.get(f"/security-log?{query}").has("It was changed.")
        assert not pages.get(f"/security-log?{query}").has("guess")
    for query in ("kind=refusals", "kind=credentialsWrong", "station=CP-9", "address=192.0.2.7"):
        assert pages.get(f"/security-log?{query}").has("guess")
        assert not pages.get(f"/security-log?{query}").has("It was changed.")
    assert pages.get("/security-log?askedBy=nobody").has("No entry")
    assert not pages.get("/security-log?to=2025-12-31T00:00").has("guess")


def test_the_log_is_downloaded_and_both_are_for_auditors_only(pages: Pages) -> None:
    note(pages, Kind.POLICY_CHANGED, "It was changed.", asked_by="ada")
    assert "policyChanged,It was changed.,,,ada,1" in pages.get("/security-log.csv?askedBy=ada").html
    pages.sign_in(Role.VIEWER)
    assert pages.get("/security-log").status == 403
    assert pages.get("/security-log.csv").status == 403
    assert "/security-log" not in pages.get("/security-events").html
