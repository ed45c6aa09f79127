"""People by REST: who may add and change whom, and what is written down of it."""

from __future__ import annotations

import base64

import pyotp
import pytest

from forecourt.domain.access.permissions import EVERYTHING, Permission, Role
from forecourt.domain.audit.model import AuditFilter, Deed, SignIn
from forecourt.domain.paging import PageRequest
from tests.api.door import PASSWORD, Door, faults, problem

LONG = "a long enough password"


def deeds(door: Door) -> list[Deed]:
    """What was written down, the oldest first."""
    return [entry.deed for entry in door.services.audit.list(AuditFilter(), PageRequest()).items][::-1]


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def test_somebody_is_added_shown_changed_and_removed(door: Door) -> None:
    added = door.ask("POST", "/people", {"name": "ann", "role": "operator", "shownName": "Ann", "password": LONG})
    assert added.status_code == 201, added.text
    assert added.json() == {
        "name": "ann",
        "shownName": "Ann",
        "role": "operator",
        "enabled": True,
        "hasPassword": True,
        "secondFactor": False,
        "issuer": None,
        "subject": None,
        "createdAt": "2026-01-01T12:00:00Z",
        "signedInAt": None,
    }
    assert LONG not in repr(door.services.accounts.get("ann"))
    credentials = door.services.accounts.credentials("ann")
    assert credentials is not None
    assert credentials.password_hash == f"plain:{LONG}"
    changed = door.ask("PATCH", "/people/ann", {"role": "viewer", "enabled": False})
    assert (changed.json()["role"], changed.json()["enabled"], changed.json()["shownName"]) == ("viewer", False, "Ann")
    assert [one["name"] for one in door.get("/people")["items"]] == ["admin", "ann"]
    assert door.ask("PUT", "/people/ann/password", {"password": LONG + "!"}).status_code == 200
    assert door.ask("DELETE", "/people/ann").status_code == 204
    problem(door.ask("GET", "/people/ann"), 404)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"name": "a b", "role": "viewer"}, 422, "name"),
        ({"name": "ADMIN", "role": "viewer"}, 409, "name"),
        ({"name": "ann", "role": "king"}, 400, "role"),
        ({"name": "ann", "role": "viewer", "password": "short"}, 422, "password"),
        ({"name": "ann", "role": "viewer", "password": "x" * 1025}, 400, "password"),
    ],
)
def test_who_cannot_be_added_names_the_field(door: Door, body: object, status: int, field: str) -> None:
    response = door.ask("POST", "/people", body)
    assert field in faults(response, status)
    assert "short" not in response.text


def test_the_last_administrator_stays(door: Door) -> None:
    for method, path, body in (
        ("DELETE", "/people/admin", None),
        ("PATCH", "/people/admin", {"role": "viewer"}),
        ("PATCH", "/people/admin", {"enabled": False}),
    ):
        assert "administrator" in problem(door.ask(method, path, body), 409)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/people", {"name": "eve", "role": "admin"}),
        ("PATCH", "/people/ann", {"role": "admin"}),
        ("PATCH", "/people/admin", {"shownName": "x"}),
        ("PUT", "/people/admin/password", {"password": LONG}),
        ("DELETE", "/people/admin/second-factor", None),
        ("DELETE", "/people/admin", None),
        ("POST", "/tokens", {"name": "more", "role": "admin"}),
        ("POST", "/tokens", {"name": "more", "scopes": ["security"]}),
    ],
)
def test_nobody_gives_more_than_they_have(door: Door, method: str, path: str, body: object) -> None:
    """Else a token that may only look after people could make itself an administrator."""
    door.services.accounts.add("ann", role=Role.VIEWER)
    few = frozenset({Permission.ADMINISTER, Permission.VIEW})
    _, token = door.services.access.create_token("few", scopes=few)
    assert "nobody may give" in problem(door.ask(method, path, body, token=token), 403)["detail"]
    assert door.ask("PATCH", "/people/ann", {"shownName": "Ann"}, token=token).status_code == 200


def test_a_token_says_what_it_may_do(door: Door) -> None:
    made = door.ask("POST", "/tokens", {"name": "watch", "scopes": ["audit", "view", "view"]}).json()
    assert made["scopes"] == ["view", "audit"]
    assert door.ask("GET", "/audit", token=made["token"]).status_code == 200
    problem(door.ask("POST", "/stations", {"id": "CP1"}, token=made["token"]), 403)
    made = door.ask("POST", "/tokens", {"name": "boss", "role": "admin"}).json()
    assert set(made["scopes"]) == {one.value for one in EVERYTHING}
    assert "role" in faults(door.ask("POST", "/tokens", {"name": "x", "role": "viewer", "scopes": ["view"]}))


# Passwords over REST


def test_any_administrator_makes_tokens_with_a_password_and_nobody_else(door: Door) -> None:
    for name, role in (("root", Role.ADMIN), ("olga", Role.OPERATOR)):
        door.services.accounts.add(name, role=role, password_hash=f"plain:{LONG}")
    assert door.ask("POST", "/tokens", {"name": "t"}, headers=basic("root", LONG)).status_code == 201
    assert "`administer`" in problem(door.ask("GET", "/tokens", headers=basic("olga", LONG)), 403)["detail"]
    door.services.accounts.change("root", is_enabled=False)
    problem(door.ask("GET", "/tokens", headers=basic("root", LONG)), 401)


def test_a_password_alone_is_not_enough_for_an_account_with_a_second_factor(door: Door) -> None:
    accounts = door.services.accounts
    secret = accounts.begin_totp("admin").secret
    accounts.confirm_totp("admin", pyotp.TOTP(secret).at(door.clock.now()))
    response = door.ask("GET", "/tokens", headers=basic("admin", PASSWORD))
    assert "use a token" in problem(response, 403)["detail"]
    problem(door.ask("GET", "/tokens", headers=basic("admin", "wrong")), 401)
    assert door.ask("DELETE", "/people/admin/second-factor").status_code == 204
    assert door.ask("GET", "/tokens", headers=basic("admin", PASSWORD)).status_code == 200


# What is written down


def test_a_change_is_written_down_with_who_and_what(door: Door) -> None:
    door.ask("POST", "/stations", {"id": "CP 1"})
    door.ask("PATCH", "/stations/CP%201", {"description": "x"})
    door.ask("POST", "/stations/CP%201/operations/Reset", {"type": "Soft"})
    door.ask("POST", "/people", {"name": "ann", "role": "viewer", "password": LONG})
    door.ask("POST", "/tokens", {"name": "t"}, headers=basic("admin", PASSWORD))
    assert [(one.who, one.via.value, one.action, one.subject, one.detail) for one in deeds(door)] == [
        ("token tests", "rest", "addStation", "", ""),
        ("token tests", "rest", "changeStation", "CP 1", ""),
        ("token tests", "rest", "ask", "CP 1", "Reset"),
        ("token tests", "rest", "addPerson", "", "ann: viewer"),
        ("admin", "rest", "addToken", "", "t: view, operate, manage"),
    ]
    assert LONG not in repr(door.services.audit.list(AuditFilter(), PageRequest()))


def test_what_is_read_or_refused_is_not_written_down_and_a_wrong_password_is(door: Door) -> None:
    door.get("/stations")
    door.ask("PATCH", "/stations/CP404", {})
    door.ask("POST", "/stations", {"id": ""})
    door.ask("GET", "/tokens", headers=basic("admin", "guess"))
    (deed,) = deeds(door)
    assert (deed.who, deed.action) == ("admin", SignIn.FAILED)
    assert door.addresses[0] in deed.detail
    assert "guess" not in repr(deed)


def test_a_request_about_many_things_is_written_down_once(door: Door) -> None:
    items = [{"id": f"CP{number}"} for number in range(250)]
    assert len(door.ask("POST", "/stations/batch", {"items": items}).json()["created"]) == 250
    door.ask("POST", "/operations/Reset", {"selection": {"all": True}, "parameters": {"type": "Soft"}})
    assert [(one.action, one.subject) for one in deeds(door)] == [("addStations", ""), ("askMany", "Reset")]


def test_the_record_is_listed_sifted_and_downloaded(door: Door) -> None:
    for identity in ("CP1", "CP2"):
        door.a_station(identity)
        door.ask("PATCH", f"/stations/{identity}", {"description": "=1+1"})
    listed = door.get("/audit?subject=CP2")["items"]
    assert [(one["who"], one["via"], one["action"]) for one in listed] == [("token tests", "rest", "changeStation")]
    assert len(door.get("/audit?limit=1")["items"]) == 1
    for query, count in (
        ("who=token%20tests", 2),
        ("who=nobody", 0),
        ("via=page", 0),
        ("action=changeStation", 2),
        ("from=2026-01-02T00:00:00Z", 0),
        ("to=2026-01-02T00:00:00Z", 2),
    ):
        assert len(door.get(f"/audit?{query}")["items"]) == count, query
    csv = door.ask("GET", "/audit.csv?subject=CP1").text.splitlines()
    assert csv[0] == "entry,at,who,via,action,subject,detail"
    assert csv[1].endswith(",token tests,rest,changeStation,CP1,")
    assert "via" in faults(door.ask("GET", "/audit?via=window"))
