"""A request without a body: nothing is said in it, or what must be said is named."""

from __future__ import annotations

import pytest

from tests.api.door import Door, faults, problem


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("POST", "/stations", ["id"]),
        ("POST", "/id-tags", ["idTag"]),
        ("POST", "/stations/batch", ["items"]),
        ("PUT", "/stations/CP1/configuration/HeartbeatInterval", ["value"]),
    ],
)
def test_what_must_be_said_is_named(door: Door, method: str, path: str, fields: list[str]) -> None:
    door.a_station()
    response = door.ask(method, path)
    assert faults(response) == dict.fromkeys(fields, "This field is missing.")
    example = ", ".join(f'"{field}": …' for field in fields)
    assert problem(response, 400)["detail"] == f"A JSON body is needed; send {{{example}}}."


@pytest.mark.parametrize(("method", "path"), [("PATCH", "/stations/CP1"), ("PUT", "/data-transfer/vendors/acme")])
def test_where_nothing_must_be_said_no_body_is_an_empty_one(door: Door, method: str, path: str) -> None:
    door.a_station()
    without, empty = door.ask(method, path), door.ask(method, path, {})
    assert (without.status_code, without.json()) == (200, empty.json())
