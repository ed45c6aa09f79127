"""What decides whether a station may connect, over the REST interface."""

from __future__ import annotations

import pytest

from forecourt.api.station_security import NewPassword
from forecourt.api.station_security_views import NewPasswordView
from forecourt.domain.admission.keys import as_text, check_fast
from forecourt.domain.admission.model import Entry, SecurityProfile
from forecourt.domain.errands.model import Delivery, Order
from forecourt.domain.provisioning.model import Station
from tests.api.door import Door, faults, problem
from tests.support.clock import NOON
from tests.support.workspace import PlainHasher

PATH = "/stations/CP%201"


@pytest.fixture
def station(door: Door) -> Station:
    return door.a_station("CP 1")


def changed(door: Door, **change: object) -> dict[str, object]:
    response = door.ask("PATCH", f"{PATH}/security", change)
    assert response.status_code == 200, response.text
    body: dict[str, object] = response.json()
    return body


def test_a_station_that_nothing_was_decided_about(door: Door, station: Station) -> None:
    assert door.get(f"{PATH}/security") == {
        "id": "CP 1",
        "securityProfile": 0,
        "acceptedProfiles": [0],
        "upgrade": None,
        "passwords": [],
        "leniencies": [],
        "serialNumber": None,
        "reportedSerialNumber": None,
        "trustedOrganisations": [],
        "ownCertificate": False,
        "presented": None,
        "warnings": [],
    }


def test_what_is_changed_and_nothing_else(door: Door, station: Station) -> None:
    changed(door, leniencies=["legacyTls", "basicOverTls"], serialNumber="SN 1", trustedOrganisations=["Maker"])
    body = changed(door, profile=2)
    assert (body["securityProfile"], body["acceptedProfiles"]) == (2, [2])
    assert body["leniencies"] == ["basicOverTls", "legacyTls"]
    assert (body["serialNumber"], body["trustedOrganisations"]) == ("SN 1", ["Maker"])
    assert any("A05.FR.02" in warning for warning in body["warnings"])  # type: ignore[attr-defined]  # it is a list
    body = changed(door, serialNumber=None, leniencies=[])
    assert (body["serialNumber"], body["leniencies"], body["trustedOrganisations"]) == (None, [], ["Maker"])
    assert body == door.get(f"{PATH}/security")


def test_lowering_needs_a_word_of_its_own(door: Door, station: Station) -> None:
    changed(door, profile=2)
    refusal = problem(door.ask("PATCH", f"{PATH}/security", {"profile": 1}), 409)
    assert "lowered" in refusal["detail"]
    assert door.get(f"{PATH}/security")["securityProfile"] == 2
    assert changed(door, profile=1, lower=True)["securityProfile"] == 1
    response = door.ask("PATCH", f"{PATH}/security", {"lower": True, "serialNumber": "SN"})
    assert "profile" in faults(response, 422)
    assert door.get(f"{PATH}/security")["serialNumber"] is None


def test_raised_by_hand_what_is_missing_is_told(door: Door, station: Station) -> None:
    body = changed(door, profile=1)
    assert any("A05.FR.02" in warning for warning in body["warnings"])  # type: ignore[attr-defined]  # it is a list
    assert changed(door, profile=1)["warnings"] == []


def test_another_device_stands_there(door: Door, station: Station) -> None:
    """A00.FR.405, 406."""
    changed(door, serialNumber="SN 1")
    own = Entry(profile=SecurityProfile.TLS_CERTIFICATE, is_tls=True, fingerprint="ab" * 32)
    changed(door, profile=3)
    door.services.admissions.admitted(station, own)
    assert door.get(f"{PATH}/security")["ownCertificate"] is True
    body = changed(door, newDevice=True)
    assert (body["ownCertificate"], body["serialNumber"]) == (False, None)
    body = changed(door, newDevice=True, serialNumber="SN 2")
    assert (body["ownCertificate"], body["serialNumber"]) == (False, "SN 2")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"profile": 4}, "profile"),
        ({"profile": "2"}, "profile"),
        ({"profile": None}, "profile"),
        ({"leniencies": ["everything"]}, "leniencies"),
        ({"password": "x"}, "password"),
    ],
)
def test_a_body_that_says_nothing_that_can_be_is_refused(
    door: Door, station: Station, body: dict[str, object], field: str
) -> None:
    assert any(name.startswith(field) for name in faults(door.ask("PATCH", f"{PATH}/security", body)))


def test_a_value_that_cannot_be_is_refused_and_nothing_is_changed(door: Door, station: Station) -> None:
    response = door.ask("PATCH", f"{PATH}/security", {"profile": 2, "serialNumber": " x"})
    assert "serialNumber" in faults(response, 422)
    assert door.get(f"{PATH}/security")["securityProfile"] == 0


def test_a_generated_password_is_shown_once(door: Door, station: Station) -> None:
    response = door.ask("PUT", f"{PATH}/password", {})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    secret = body["password"].encode()
    assert bytes.fromhex(body["authorizationKey"]) == secret
    assert (len(secret), body["number"], body["warnings"]) == (20, 1, [])
    hashed = door.services.admissions.access(station).passwords[0].hashed
    assert check_fast(hashed, secret)
    for path in (f"{PATH}/security", PATH, "/security-log"):
        shown = door.ask("GET", path).text
        assert body["password"] not in shown
        assert body["authorizationKey"] not in shown
        assert hashed not in shown


def test_no_body_is_needed_for_it(door: Door, station: Station) -> None:
    assert door.ask("PUT", f"{PATH}/password").json()["password"]


@pytest.mark.parametrize(
    ("body", "secret"),
    [({"password": "gänz : beliebig"}, "gänz : beliebig".encode()), ({"authorizationKey": "00ff3A"}, b"\x00\xff:")],
)
def test_a_password_that_was_given_is_not_shown(
    door: Door, station: Station, body: dict[str, str], secret: bytes
) -> None:
    response = door.ask("PUT", f"{PATH}/password", body)
    answer = response.json()
    assert (answer["password"], answer["authorizationKey"]) == (None, None)
    assert not any(given in response.text for given in body.values())
    hashed = door.services.admissions.access(station).passwords[0].hashed
    assert PlainHasher().is_match(hashed, as_text(secret))
    item = door.get(f"{PATH}/security")["passwords"][0]
    assert item == {
        "number": 1,
        "state": "current",
        "generated": False,
        "form": None,
        "madeAt": NOON.isoformat().replace("+00:00", "Z"),
        "errand": None,
        "askedBy": "token tests",
    }


def test_a_short_one_is_taken_and_warned_of(door: Door, station: Station) -> None:
    assert "A00.FR.205" in door.ask("PUT", f"{PATH}/password", {"password": "short"}).json()["warnings"][0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"authorizationKey": "hunter2"}, "authorizationKey"),
        ({"authorizationKey": ""}, "authorizationKey"),
        ({"password": "hunter2", "authorizationKey": "3031"}, "authorizationKey"),
        ({"password": None}, "password"),
        ({"authorizationKey": None}, "authorizationKey"),
        ({"password": "x" * 256}, "password"),
        ({"authorizationKey": "30" * 256}, "authorizationKey"),
    ],
)
def test_what_is_no_password_is_refused_and_not_repeated(
    door: Door, station: Station, body: dict[str, str], field: str
) -> None:
    response = door.ask("PUT", f"{PATH}/password", body)
    assert field in faults(response, response.status_code)
    assert response.status_code in (400, 422)
    assert not any(given in response.text for given in body.values() if given)
    assert door.get(f"{PATH}/security")["passwords"] == []


def test_a_password_does_not_show_itself() -> None:
    assert "hunter2" not in repr(NewPassword(password="hunter2", authorization_key="hunter2"))
    assert "hunter2" not in repr(NewPasswordView(1, "hunter2", "hunter2", ()))


def test_nothing_and_too_many_bytes_are_refused(door: Door, station: Station) -> None:
    for password in ("", "ä" * 128):
        assert "255" in problem(door.ask("PUT", f"{PATH}/password", {"password": password}), 422)["detail"]


def test_while_one_is_under_way_none_is_set(door: Door, station: Station) -> None:
    order = Order(asked_by="ada", delivery=Delivery.WHEN_ONLINE)
    errand = door.services.passwords.change(station, None, order)
    assert f"errand {errand.number}" in problem(door.ask("PUT", f"{PATH}/password", {}), 409)["detail"]


def test_an_operator_decides_what_is_not_known(door: Door, station: Station) -> None:
    door.ask("PUT", f"{PATH}/password", {"password": "the first of all"})
    door.ask("PUT", f"{PATH}/password", {"password": "the second of all"})
    body = door.ask("POST", f"{PATH}/passwords/1/keep").json()
    assert [(one["number"], one["state"]) for one in body["passwords"]] == [(1, "current"), (2, "former")]
    response = door.ask("POST", f"{PATH}/passwords/2/drop")
    body = response.json()
    assert [one["number"] for one in body["passwords"]] == [1]
    problem(door.ask("POST", f"{PATH}/passwords/1/drop"), 409)
    for number in ("2", "0", "9" * 30):
        problem(door.ask("POST", f"{PATH}/passwords/{number}/keep"), 404)


def test_an_upgrade_is_shown_and_given_up(door: Door, station: Station) -> None:
    order = Order(asked_by="ada", delivery=Delivery.WHEN_ONLINE)
    errand = door.services.profile_upgrades.upgrade(station, SecurityProfile.BASIC, order, despite=True, restarts=True)
    body = door.get(f"{PATH}/security")
    assert body["acceptedProfiles"] == [1, 0]
    shown = body["upgrade"]
    assert (shown["profile"], shown["state"], shown["errand"]) == (1, "offered", errand.number)
    assert (shown["askedBy"], shown["reset"]) == ("ada", True)
    assert changed(door, giveUpUpgrade=True)["acceptedProfiles"] == [0]
    problem(door.ask("PATCH", f"{PATH}/security", {"giveUpUpgrade": True}), 409)
    assert "giveUpUpgrade" in faults(door.ask("PATCH", f"{PATH}/security", {"giveUpUpgrade": True, "profile": 1}), 422)


def test_what_is_missing_for_an_upgrade_is_told(door: Door, station: Station) -> None:
    items = door.get(f"{PATH}/security/preconditions?profile=2")["items"]
    assert [(item["name"], item["met"]) for item in items] == [("key", False), ("root", False), ("listener", None)]
    assert all(item["sentence"] for item in items)
    items = door.get(f"{PATH}/security/preconditions")["items"]
    assert [item["name"] for item in items] == ["key", "listener"], "the next higher one is 1"
    problem(door.ask("GET", f"{PATH}/security/preconditions?profile=7"), 400)


def test_stations_are_registered_and_listed_with_their_profile(door: Door) -> None:
    created = door.ask("POST", "/stations", {"id": "CP2", "securityProfile": 2}).json()
    assert created["securityProfile"] == 2
    door.a_station("CP0")
    assert [item["id"] for item in door.get("/stations?securityProfile=2")["items"]] == ["CP2"]
    assert [item["id"] for item in door.get("/stations?securityProfile=0")["items"]] == ["CP0"]
    assert door.get("/stations/CP2")["securityProfile"] == 2
    [note] = door.get("/security-log?kind=profileSet")["items"]
    assert (note["stationId"], note["askedBy"]) == ("CP2", "token tests")


def test_a_station_comes_back_with_the_profile_that_it_had(door: Door) -> None:
    door.ask("POST", "/stations", {"id": "CP2", "securityProfile": 2})
    door.ask("DELETE", "/stations/CP2")
    assert "profile 2" in problem(door.ask("POST", "/stations", {"id": "CP2", "securityProfile": 1}), 409)["detail"]
    response = door.ask("POST", "/stations/batch", {"items": [{"id": "CP2", "securityProfile": 1}]})
    assert response.json()["created"] == []
    problem(door.ask("GET", "/stations/CP2"), 404)
    assert door.ask("POST", "/stations", {"id": "CP2"}).json()["securityProfile"] == 2


def test_many_are_asked_by_their_profile(door: Door) -> None:
    door.ask("POST", "/stations", {"id": "CP2", "securityProfile": 2})
    door.a_station("CP0")
    body = {"selection": {"filter": {"securityProfile": 2}}, "parameters": {}}
    batch = door.ask("POST", "/operations/ChangePassword?delivery=whenOnline", body).json()
    errands = door.get(f"/errands?batch={batch['batch'] if 'batch' in batch else batch['id']}")["items"]
    assert [errand["stationId"] for errand in errands] == ["CP2"]
