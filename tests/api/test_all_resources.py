"""What holds for every address: tokens, problem documents, headers, unknown things."""

from __future__ import annotations

import pytest

from forecourt.domain.errors import DomainError, Kind
from tests.api.authority_bodies import AUTHORITY_ROUTES
from tests.api.door import Door, faults, problem
from tests.api.firmware_bodies import FIRMWARE_ROUTES
from tests.api.signing_bodies import SIGNING_ROUTES
from tests.api.trust_bodies import TRUST_ROUTES

A_PROFILE = {
    "name": "Night",
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
    },
}

ROUTES = [
    ("POST", "/stations", {"id": "CP9"}),
    ("POST", "/stations/batch", {"items": []}),
    ("PATCH", "/stations", {"items": []}),
    ("POST", "/stations/removals", {"items": []}),
    ("GET", "/people", None),
    ("POST", "/people", {"name": "ann", "role": "viewer"}),
    ("GET", "/people/ann", None),
    ("PATCH", "/people/ann", {}),
    ("PUT", "/people/ann/password", {"password": "long enough to be one"}),
    ("DELETE", "/people/ann/second-factor", None),
    ("DELETE", "/people/ann", None),
    ("GET", "/events", None),
    ("GET", "/events/kinds", None),
    ("GET", "/events/1", None),
    ("GET", "/notifications", None),
    ("POST", "/notifications", {"name": "new", "channel": "mail", "recipients": ["ann@example.com"]}),
    ("GET", "/notifications/1", None),
    ("PUT", "/notifications/1", {"name": "new", "channel": "mail", "recipients": ["ann@example.com"]}),
    ("DELETE", "/notifications/1", None),
    ("POST", "/notifications/1/secret", None),
    ("POST", "/notifications/1/test", None),
    ("POST", "/notifications/1/pause", None),
    ("POST", "/notifications/1/resume", None),
    ("GET", "/notifications/1/deliveries", None),
    ("POST", "/notifications/1/deliveries/1/retry", None),
    ("DELETE", "/notifications/1/deliveries/1", None),
    ("GET", "/audit", None),
    ("GET", "/messages", None),
    ("GET", "/messages.csv", None),
    ("GET", "/audit.csv", None),
    ("GET", "/stations", None),
    ("GET", "/stations/CP1", None),
    ("PATCH", "/stations/CP1", {}),
    ("DELETE", "/stations/CP1", None),
    ("GET", "/stations/CP1/connectors", None),
    ("GET", "/stations/CP1/status-history", None),
    ("GET", "/stations/CP1/security", None),
    ("PATCH", "/stations/CP1/security", {}),
    ("GET", "/stations/CP1/security/preconditions", None),
    ("PUT", "/stations/CP1/password", {}),
    ("POST", "/stations/CP1/passwords/1/keep", None),
    ("POST", "/stations/CP1/passwords/1/drop", None),
    ("GET", "/stations/CP1/configuration", None),
    ("GET", "/stations/CP1/configuration.csv", None),
    ("GET", "/stations/CP1/configuration/KEY", None),
    ("PUT", "/stations/CP1/configuration/KEY", {"value": "1"}),
    ("DELETE", "/stations/CP1/configuration/KEY", None),
    ("GET", "/configuration-keys", None),
    ("GET", "/configuration-drift", None),
    ("GET", "/stations/CP1/local-list", None),
    ("PUT", "/stations/CP1/local-list", {"all": True}),
    ("POST", "/id-tags", {"idTag": "T9"}),
    ("POST", "/id-tags/batch", {"items": []}),
    ("PATCH", "/id-tags", {"items": []}),
    ("POST", "/id-tags/removals", {"items": []}),
    ("GET", "/id-tags", None),
    ("GET", "/id-tags/TAG", None),
    ("PATCH", "/id-tags/TAG", {}),
    ("DELETE", "/id-tags/TAG", None),
    ("POST", "/drivers", {"lastName": "L"}),
    ("GET", "/drivers", None),
    ("GET", "/drivers.csv", None),
    ("GET", "/drivers/1", None),
    ("PATCH", "/drivers/1", {}),
    ("DELETE", "/drivers/1", None),
    ("GET", "/transactions", None),
    ("GET", "/transactions.csv", None),
    ("GET", "/transactions/1", None),
    ("GET", "/transactions/1/meter-values", None),
    ("GET", "/transactions/1/meter-values.csv", None),
    ("POST", "/transactions/1/stop", {}),
    ("GET", "/doubtful-stops", None),
    ("GET", "/remote-requests", None),
    ("GET", "/remote-requests/1", None),
    ("GET", "/reservations", None),
    ("GET", "/reservations.csv", None),
    ("GET", "/reservations/1", None),
    ("GET", "/jobs", None),
    ("GET", "/jobs.csv", None),
    ("GET", "/jobs/1", None),
    ("DELETE", "/jobs/1", None),
    ("GET", "/stray-reports", None),
    ("GET", "/files", None),
    ("GET", "/files.csv", None),
    ("GET", "/files/1", None),
    ("GET", "/files/1/content", None),
    ("DELETE", "/files/1", None),
    ("GET", "/security-events", None),
    ("GET", "/security-events.csv", None),
    ("GET", "/security-events/events", None),
    ("GET", "/security-log", None),
    ("GET", "/security-log.csv", None),
    ("GET", "/security-log/kinds", None),
    ("GET", "/security-log/events", None),
    ("GET", "/certificates", None),
    ("GET", "/certificates.csv", None),
    ("GET", "/certificate-orders", None),
    ("GET", "/certificate-orders.csv", None),
    ("GET", "/certificate-orders/1", None),
    ("POST", "/certificate-orders/1/cancel", None),
    ("GET", "/stations/CP1/certificate-orders", None),
    ("GET", "/alarms", None),
    ("GET", "/alarms.csv", None),
    ("GET", "/alarms/open", None),
    ("GET", "/alarms/1", None),
    ("POST", "/alarms/1/acknowledge", None),
    ("GET", "/stations/CP1/roots", None),
    ("GET", "/roots", None),
    ("GET", "/roots.csv", None),
    ("GET", "/roots/abcd/stations", None),
    ("GET", "/roots/abcd/stations.csv", None),
    ("GET", "/root-rollovers", None),
    ("GET", "/root-rollovers.csv", None),
    ("POST", "/root-rollovers", {"oldRoot": "ab", "newRoot": "cd", "selection": {"all": True}}),
    ("GET", "/root-rollovers/1", None),
    ("GET", "/root-rollovers/1/stations", None),
    ("GET", "/root-rollovers/1/stations.csv", None),
    ("POST", "/root-rollovers/1/switch", {}),
    ("POST", "/root-rollovers/1/pause", None),
    ("POST", "/root-rollovers/1/continue", None),
    ("POST", "/root-rollovers/1/retry", None),
    ("POST", "/root-rollovers/1/stations/CP1/retry", None),
    ("POST", "/root-rollovers/1/stations/CP1/leave", None),
    ("POST", "/root-rollovers/1/cancel", None),
    ("GET", "/charging-profiles", None),
    ("POST", "/charging-profiles", A_PROFILE),
    ("GET", "/charging-profiles/1", None),
    ("PUT", "/charging-profiles/1", A_PROFILE),
    ("DELETE", "/charging-profiles/1", None),
    ("GET", "/charging-profiles/1/plot.svg", None),
    ("GET", "/stations/CP1/charging-profiles", None),
    ("GET", "/stations/CP1/charging-profiles/plot.svg", None),
    ("GET", "/stations/CP1/schedules", None),
    ("GET", "/stations/CP1/schedules/1/plot.svg", None),
    ("GET", "/unknown-stations", None),
    ("DELETE", "/unknown-stations/CP1", None),
    ("GET", "/unknown-id-tags", None),
    ("DELETE", "/unknown-id-tags/TAG", None),
    ("GET", "/connections", None),
    ("DELETE", "/connections/CP1", None),
    ("GET", "/tokens", None),
    ("POST", "/tokens", {"name": "new"}),
    ("DELETE", "/tokens/tests", None),
    ("GET", "/data-transfer/vendors", None),
    ("GET", "/data-transfer/vendors/acme", None),
    ("PUT", "/data-transfer/vendors/acme", {}),
    ("DELETE", "/data-transfer/vendors/acme", None),
    ("GET", "/data-transfer/messages", None),
    ("GET", "/operations", None),
    ("GET", "/operations/Reset", None),
    ("POST", "/operations/Reset", {"selection": {"stations": ["CP1"]}, "parameters": {"type": "Soft"}}),
    ("POST", "/stations/CP1/operations/Reset", {"type": "Soft"}),
    ("GET", "/errands", None),
    ("GET", "/errands.csv", None),
    ("GET", "/errands/events", None),
    ("GET", "/errands/1", None),
    ("DELETE", "/errands/1", None),
    ("GET", "/batches", None),
    ("GET", "/batches/1", None),
    ("DELETE", "/batches/1", None),
    ("GET", "/batches/1/events", None),
    *TRUST_ROUTES,
    *AUTHORITY_ROUTES,
    *SIGNING_ROUTES,
    *FIRMWARE_ROUTES,
]

ON_ONE_THING = [
    (method, path, body)
    for method, path, body in ROUTES
    if method != "PUT"
    and any(one in path for one in ("/CP1", "/TAG", "/1", "/acme", "/tests", "/FINGERPRINT", "/SERVER"))
]
LISTS = ["/stations", "/id-tags", "/drivers", "/transactions", "/doubtful-stops"]
LISTS += ["/unknown-stations", "/unknown-id-tags"]
LISTS += ["/remote-requests", "/reservations", "/charging-profiles"]
LISTS += ["/connections", "/tokens", "/data-transfer/vendors", "/data-transfer/messages"]
LISTS += ["/configuration-drift"]
LISTS += ["/files", "/jobs", "/stray-reports", "/security-events", "/security-log", "/alarms"]
LISTS += ["/certificates", "/certificate-orders"]
LISTS += ["/authorities", "/own-authority/certificates", "/own-authority/revocations"]
KNOWN_BY_HEART = {
    "/events/kinds",
    "/authority-kinds",
    "/configuration-keys",
    "/security-log/kinds",
    "/operations",
    "/operations/Reset",
}
"""What is answered without the database."""
LISTS += ["/operations", "/errands", "/batches"]
LISTS += ["/firmware/images", "/firmware/keys"]
LISTS += ["/trust/certificates", "/trust/revocations", "/trust/crls", "/server-certificates"]
LISTS += ["/managed-server-certificates"]
LISTS += ["/signings", "/issued-certificates"]
LISTS += ["/roots", "/root-rollovers"]
BODIES = [(method, path) for method, path, body in ROUTES if body is not None and "/operations/" not in path]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_nothing_is_told_without_a_token(door: Door, method: str, path: str, body: object) -> None:
    door.a_station()
    before = door.workspace.writes
    for credentials in (None, "Bearer fct_wrong", "Bearer ", "nonsense", f"Basic {door.token}", door.token):
        headers = {} if credentials is None else {"Authorization": credentials}
        response = door.ask(method, path, body, headers=headers)
        problem(response, 401)
        assert response.headers["www-authenticate"].startswith('Bearer realm="Forecourt"')
    assert door.workspace.writes == before


@pytest.mark.parametrize(
    ("method", "path", "body"), [one for one in ROUTES if one[0] != "GET" or one[1] not in KNOWN_BY_HEART]
)
def test_an_unavailable_database_is_a_503_with_retry_after(door: Door, method: str, path: str, body: object) -> None:
    door.get("/stations")  # so that the token is remembered
    door.workspace.is_available = False
    if body == {"items": []}:
        body = {"items": [{"id": "CP7", "idTag": "T7"}, {"id": "CP7"}, {"idTag": "T7"}]}
    response = door.ask(method, path, body)
    problem(response, 503)
    assert int(response.headers["retry-after"]) > 0


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_parameter_that_an_address_does_not_have_is_a_400(door: Door, method: str, path: str, body: object) -> None:
    door.a_station()
    before = door.workspace.writes
    found = faults(door.ask(method, f"{path}{'&' if '?' in path else '?'}Limit=5&nonsense", body))
    assert set(found) == {"Limit", "nonsense"}
    assert "There is no such parameter" in found["Limit"]
    assert door.workspace.writes == before


@pytest.mark.parametrize(("method", "path", "body"), ON_ONE_THING)
def test_what_does_not_exist_is_a_404(door: Door, method: str, path: str, body: object) -> None:
    missing = path.replace("/tests", "/none")
    problem(door.ask(method, missing, body), 404)


@pytest.mark.parametrize("path", ["/nothing", "/transactions/abc", "/transactions/0", "/transactions/99999999999999"])
def test_an_address_without_a_meaning_is_a_404(door: Door, path: str) -> None:
    problem(door.ask("GET", path), 404)


def test_a_method_without_a_meaning_is_a_405_that_names_the_others(door: Door) -> None:
    response = door.ask("PUT", "/stations/CP1", {})
    problem(response, 405)
    assert response.headers["allow"] == "DELETE, GET, OPTIONS, PATCH"


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_bodies_refuse_unknown_fields_by_name(door: Door, method: str, path: str) -> None:
    assert "no such field" in faults(door.ask(method, path, {"surprise": 1}))["surprise"]


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_a_body_that_is_no_object_is_a_400(door: Door, method: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {door.token}", "Content-Type": "application/json"}
    for body in (b"{", b"[]", b"null", b'"text"', b"\xff", b"[" * 100_000):
        problem(door.ask(method, path, content=body, headers=headers), 400)


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_a_body_that_is_not_declared_as_json_is_a_415(door: Door, method: str, path: str) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        headers = {"Authorization": f"Bearer {door.token}", "Content-Type": media_type}
        problem(door.ask(method, path, content=b"{}", headers=headers), 415)


@pytest.mark.parametrize(("path", "size"), [("/stations", 2**20), ("/stations/batch", 4 * 2**20)])
def test_a_body_over_the_limit_is_a_413(door: Door, path: str, size: int) -> None:
    headers = {"Authorization": f"Bearer {door.token}", "Content-Type": "application/json"}
    problem(door.ask("POST", path, content=b" " * (size + 1), headers=headers), 413)


@pytest.mark.parametrize("path", LISTS)
def test_a_bad_page_is_a_400_that_names_the_parameter(door: Door, path: str) -> None:
    for limit in ("0", "1001", "-1", "ten", ""):
        assert "limit" in faults(door.ask("GET", f"{path}?limit={limit}")), limit
    for cursor in ("!", "AA", "A" * 2000):
        assert "cursor" in faults(door.ask("GET", f"{path}?cursor={cursor}")), cursor


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_list_has_no_next_page(door: Door, path: str) -> None:
    body = door.get(f"{path}?cursor=")
    assert body["next"] is None
    assert isinstance(body["items"], list)


def test_every_answer_carries_the_security_headers_and_no_banner(door: Door) -> None:
    for path in ("/stations", "/nothing", "/openapi.json", "/docs", "/transactions.csv", "/health/live"):
        headers = door.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_an_unexpected_error_is_a_500_that_tells_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "password=hunter2 in line 42"

    def fail(*_arguments: object) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(door.workspace, "read", fail)
    response = door.ask("GET", "/stations")
    problem(response, 500)
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text


def test_a_refusal_of_the_business_is_a_403(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.get("/stations")

    def fail(*_arguments: object) -> None:
        raise DomainError(Kind.REFUSED, "This may not be.")

    monkeypatch.setattr(door.workspace, "read", fail)
    assert problem(door.ask("GET", "/stations"), 403)["detail"] == "This may not be."


def test_liveness_needs_no_token(door: Door) -> None:
    assert door.ask("GET", "/health/live", headers={}).json() == {"status": "ok"}


def test_readiness_names_what_is_not_ready(door: Door) -> None:
    assert door.ask("GET", "/health/ready", headers={}).json() == {"status": "ok"}
    door.parts_not_ready = ["database", "gateway"]
    response = door.ask("GET", "/health/ready", headers={})
    assert "database, gateway" in problem(response, 503)["detail"]
    assert set(faults(response, 503)) == {"database", "gateway"}
