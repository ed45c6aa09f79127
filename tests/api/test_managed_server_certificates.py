"""Managed server certificates over REST."""

from __future__ import annotations

import pytest

from tests.api.door import Door, faults, problem

PATH = "/managed-server-certificates"
WISH = {"hostNames": ["CSMS.example.com", "127.0.0.1"], "families": ["ecdsa"], "fastExpiry": True}


def put(door: Door, name: str = "main", **changes: object) -> dict[str, object]:
    response = door.ask("PUT", f"{PATH}/{name}", {**WISH, **changes})
    assert response.status_code == 200, response.text
    body: dict[str, object] = response.json()
    return body


def test_one_is_shown_as_it_is_wished(door: Door) -> None:
    shown = put(door)
    assert shown["managedServerCertificate"] == {
        "name": "main",
        "hostNames": ["csms.example.com", "127.0.0.1"],
        "authority": None,
        "fastExpiry": True,
        "renewBeforeHours": None,
        "members": [
            {
                "family": "ecdsa",
                "state": "wanted",
                "serverCertificate": "main-ecdsa",
                "fingerprint": None,
                "placedAt": None,
                "notAfter": None,
                "renewAt": None,
                "signing": None,
                "reason": None,
                "againAt": None,
            }
        ],
        "changedBy": "token tests",
        "changedAt": "2026-01-01T12:00:00Z",
    }
    assert shown["warnings"]
    assert door.get(f"{PATH}/main") == shown["managedServerCertificate"]


def test_they_are_listed_by_name(door: Door) -> None:
    for name in ("b", "a", "c"):
        put(door, name)
    page = door.get(f"{PATH}?limit=2")
    assert [item["name"] for item in page["items"]] == ["a", "b"]
    assert [item["name"] for item in door.get(f"{PATH}?cursor={page['next']}")["items"]] == ["c"]


def test_both_kinds_of_keys_are_wanted_unless_it_is_said(door: Door) -> None:
    response = door.ask("PUT", f"{PATH}/main", {"hostNames": ["csms.example.com"], "renewBeforeHours": 1.5})
    managed = response.json()["managedServerCertificate"]
    assert [one["serverCertificate"] for one in managed["members"]] == ["main-ecdsa", "main-rsa"]
    assert (managed["renewBeforeHours"], managed["fastExpiry"]) == (1.5, False)


def test_a_renewal_is_asked_for(door: Door) -> None:
    put(door)
    response = door.ask("POST", f"{PATH}/main/renew")
    assert response.status_code == 202
    assert response.json()["members"][0]["state"] == "wanted"
    problem(door.ask("POST", f"{PATH}/none/renew"), 404)


def test_one_is_removed(door: Door) -> None:
    put(door)
    response = door.ask("DELETE", f"{PATH}/main")
    assert (response.status_code, response.json()) == (200, {"warnings": []})
    problem(door.ask("DELETE", f"{PATH}/main"), 404)


@pytest.mark.parametrize(
    ("changes", "field", "status"),
    [
        ({"hostNames": []}, "hostNames", 422),
        ({"hostNames": ["*.example.com"]}, "hostNames", 422),
        ({"authority": "nobody"}, "authority", 422),
        ({"families": []}, "families", 400),
        ({"families": ["dsa"]}, "families[0]", 400),
        ({"renewBeforeHours": 0}, "renewBeforeHours", 400),
        ({"renewBeforeHours": 20}, "renewBeforeHours", 422),
    ],
)
def test_what_cannot_be_wished_is_refused_by_field(
    door: Door, changes: dict[str, object], field: str, status: int
) -> None:
    assert field in faults(door.ask("PUT", f"{PATH}/main", {**WISH, **changes}), status)
