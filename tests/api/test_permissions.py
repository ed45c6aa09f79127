"""Who may use which address: pinned in the document for people, and asked at the door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from forecourt.api.access import BY_OPERATION, Asker, access, check_access, needed_for
from forecourt.api.problems import Refusal
from forecourt.domain.access.permissions import EVERYTHING, PERMISSIONS, Permission, Role
from forecourt.operations.operation import AnyOperation
from tests.api.door import CATALOGUE, Door, problem

DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"


def handlers(door: Door) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Every handler that the door guards, with its method."""
    for route in door.app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith("/api/v1/"):
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    if handler.operation_id is not None:
                        yield str(method), handler


def scope_of(method: str, handler: HTTPRouteHandler) -> str:
    needed = needed_for(handler, method)
    assert needed is not None, f"{method} {handler.paths}: nobody said who may"
    return str(needed.value)


def table_of(door: Door) -> list[str]:
    """A row for each subject: what looking at it needs, and what changing it needs, with the exceptions."""
    found: dict[str, dict[bool, dict[str, list[str]]]] = {}
    for method, handler in handlers(door):
        (tag,) = handler.resolve_tags()
        scopes = found.setdefault(tag, {True: {}, False: {}})[method == "GET"]
        scopes.setdefault(scope_of(method, handler), []).append(str(handler.operation_id))
    return [f"| {tag} | {_cell(found[tag][True])} | {_cell(found[tag][False])} |" for tag in sorted(found)]


def _cell(scopes: dict[str, list[str]]) -> str:
    if not scopes:
        return "–"
    most, *others = sorted(scopes, key=lambda scope: -len(scopes[scope]))
    exceptions = [f"`{name}`: {scope}" for scope in sorted(others) for name in sorted(set(scopes[scope]))]
    return "; ".join([most, *exceptions])


def operations_of(permission: Permission) -> list[str]:
    return sorted(name for name, operation in CATALOGUE.items() if operation.permission is permission)


def test_the_document_tells_what_every_address_needs(door: Door) -> None:
    text = DOCUMENT.read_text("utf-8")
    rows = "\n".join(table_of(door))
    assert rows in text, f"docs/permissions.md should hold this table:\n{rows}"


def test_the_document_tells_what_every_role_may() -> None:
    text = DOCUMENT.read_text("utf-8")
    for permission in Permission:
        marks = " | ".join("yes" if permission in PERMISSIONS[role] else "no" for role in Role)
        assert f"| `{permission.value}` | {marks} |" in text


def test_the_document_tells_which_operations_need_more() -> None:
    sentence = ", ".join(f"`{name}`" for name in operations_of(Permission.SECURITY))
    assert sentence in " ".join(DOCUMENT.read_text("utf-8").split())
    assert operations_of(Permission.OPERATE) == sorted(CATALOGUE.keys() - set(operations_of(Permission.SECURITY)))


def test_a_handler_of_which_nobody_said_who_may_is_closed_to_all() -> None:
    @get("/x")
    async def forgotten() -> None: ...

    @get("/y", opt=access(view=Permission.VIEW))
    async def declared() -> None: ...

    everybody = Asker("token all", EVERYTHING)
    with pytest.raises(Refusal, match="closed"):
        check_access(everybody, forgotten, "GET")
    check_access(everybody, declared, "GET")
    with pytest.raises(Refusal, match="closed"):
        check_access(everybody, declared, "POST")


def a_token(door: Door, *scopes: Permission) -> str:
    _, secret = door.services.access.create_token("-".join(one.value for one in scopes), scopes=frozenset(scopes))
    return secret


@pytest.mark.parametrize(
    ("method", "path", "body", "needed"),
    [
        ("GET", "/stations", None, Permission.VIEW),
        ("POST", "/stations", {"id": "CP9"}, Permission.MANAGE),
        ("DELETE", "/connections/CP1", None, Permission.OPERATE),
        ("PATCH", "/security-policy", {}, Permission.SECURITY),
        ("POST", "/firmware/images/1/sign", {"key": "k"}, Permission.SECURITY),
        ("PUT", "/stations/CP1/password", {}, Permission.SECURITY),
        ("GET", "/security-log", None, Permission.AUDIT),
        ("GET", "/audit", None, Permission.AUDIT),
        ("GET", "/audit.csv", None, Permission.AUDIT),
        ("GET", "/tokens", None, Permission.ADMINISTER),
        ("POST", "/people", {"name": "x", "role": "viewer"}, Permission.ADMINISTER),
    ],
)
def test_a_token_without_the_scope_is_told_which_one_it_lacks(
    door: Door, method: str, path: str, body: object, needed: Permission
) -> None:
    door.a_station("CP1")
    others = a_token(door, *(one for one in Permission if one is not needed))
    told = problem(door.ask(method, path, body, token=others), 403)
    assert f"`{needed.value}`" in told["detail"]
    enough = {needed, Permission.VIEW}  # whoever gives a role must have what it may do
    assert door.ask(method, path, body, token=a_token(door, *sorted(enough, key=str))).status_code != 403


OPERATIONS: list[tuple[str, dict[str, Any], Permission]] = [
    ("Reset", {"type": "Soft"}, Permission.OPERATE),
    ("ChangePassword", {}, Permission.SECURITY),
    ("RenewCertificate", {}, Permission.SECURITY),
    ("DeleteRootCertificate", {}, Permission.SECURITY),
    ("InstallCertificate", {}, Permission.SECURITY),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}, Permission.OPERATE),
    ("ChangeConfiguration", {"key": "cponame", "value": "Somebody"}, Permission.SECURITY),
    ("ChangeConfiguration", {"key": "AuthorizationKey", "value": "00" * 16}, Permission.SECURITY),
    ("ExtendedTriggerMessage", {"requestedMessage": "Heartbeat"}, Permission.OPERATE),
    ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}, Permission.SECURITY),
]


@pytest.mark.parametrize(("name", "parameters", "needed"), OPERATIONS)
def test_an_operation_needs_what_it_declares(
    door: Door, name: str, parameters: dict[str, Any], needed: Permission
) -> None:
    operation: AnyOperation = CATALOGUE[name]
    other = Permission.OPERATE if needed is Permission.SECURITY else Permission.SECURITY
    if operation.needs is None:
        assert operation.permission is needed
    else:
        door.a_station("CP1")
        path = f"/stations/CP1/operations/{name}"
        assert problem(door.ask("POST", path, parameters, token=a_token(door, other)), 403)
        assert door.ask("POST", path, parameters, token=a_token(door, needed)).status_code == 202
        many = {"selection": {"all": True}, "parameters": parameters}
        assert problem(door.ask("POST", f"/operations/{name}", many, token=a_token(door, other, Permission.VIEW)), 403)


def test_who_may_ask_for_no_operation_learns_that_first(door: Door) -> None:
    viewer = a_token(door, Permission.VIEW)
    assert problem(door.ask("POST", "/stations/CP404/operations/Nonsense", {}, token=viewer), 403)


@pytest.mark.parametrize(
    ("key", "needed"), [("SecurityProfile", Permission.SECURITY), ("MeterValueSampleInterval", Permission.OPERATE)]
)
def test_a_desired_value_needs_what_changing_the_key_needs(door: Door, key: str, needed: Permission) -> None:
    door.a_station("CP1")
    other = Permission.OPERATE if needed is Permission.SECURITY else Permission.SECURITY
    path = f"/stations/CP1/configuration/{key}"
    for method, body in (("PUT", {"value": "1"}), ("DELETE", None)):
        token = a_token(door, other, *([Permission.AUDIT] if method == "PUT" else []))
        assert problem(door.ask(method, path, body, token=token), 403)
        own = a_token(door, needed, *([Permission.AUDIT] if method == "PUT" else []))
        assert door.ask(method, path, body, token=own).status_code != 403


def test_every_handler_is_pinned(door: Door) -> None:
    said = {needed_for(handler, method) for method, handler in handlers(door)}
    assert said == {*Permission, BY_OPERATION}
