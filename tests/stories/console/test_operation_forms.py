"""The form of every operation that is declared, opened, filled in and sent in a real browser.

A new operation is sent, too, without a word here: its fields are filled in from its declaration. Only where it speaks
of something that must be there, that is put there below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from forecourt.dialects.v16 import dialect as v16
from forecourt.operations.catalogue import make_catalogue
from forecourt.web.pages.operations.widgets import Look, flat, widgets_of
from tests.stories.console.conftest import Visitors
from tests.stories.console.furnishing import PROFILE
from tests.stories.moments import ago
from tests.support.authority import Authority
from tests.support.browser import assert_accessible, assert_no_overflow
from tests.support.peer import Peer
from tests.support.rest import Json
from tests.support.root_hashes import named
from tests.support.running import ADMIN, RunningSystem
from tests.web.filling import filled_in

CATALOGUE: Final = make_catalogue([v16.make()])
ACCEPTED: Final = {"status": "Accepted"}
TAG: Final = "FILLED-IN"
ROOT: Final = Authority.root("Root of forms")
ZONE: Final = ZoneInfo("Europe/Berlin")
"""Where the browser is."""

Typed: TypeAlias = dict[str, str]
"""By the names of inputs."""


# What operations speak of: put there for a station, which is off line again afterwards


def a_station(console: RunningSystem, identity: str) -> Peer:
    peer = Peer(console.stations_url, identity)
    for action in ("ReserveNow", "SetChargingProfile"):
        peer.answers(action, ACCEPTED)
    hashes = {**ACCEPTED, "certificateHashData": [named(ROOT.certificate.x509)]}
    peer.answers("GetInstalledCertificateIds", hashes)
    return peer


def desired_values(console: RunningSystem, identity: str) -> Typed:
    console.rest.desire(identity, "HeartbeatInterval", "77")
    return {}


def a_profile(console: RunningSystem, _identity: str) -> Typed:
    number = console.rest.add_charging_profile(PROFILE)["chargingProfileId"]
    return {"chargingProfile": str(number), "connectorId": "1"}


def a_profile_at_the_station(console: RunningSystem, identity: str) -> Typed:
    profile = console.rest.add_charging_profile(PROFILE)["chargingProfileId"]
    with a_station(console, identity) as station:
        station.boot()
        words = {"chargingProfile": profile, "connectorId": 1}
        console.rest.operate(identity, "AssignChargingProfile", words)
    [placed] = console.rest.charging_profiles(identity)
    return {"assignment": str(placed["assignment"])}


def a_password(_console: RunningSystem, _identity: str) -> Typed:
    return {"password": "0123456789abcdefX"}


def a_root_at_the_station(console: RunningSystem, identity: str) -> Typed:
    use = "CentralSystemRootCertificate"
    with a_station(console, identity) as station:
        station.boot()
        console.rest.operate(identity, "ReadRootCertificates", {"use": use})
    [root] = console.rest.get(f"/stations/{identity}/roots")["items"]
    return {"use": use, "number": str(root["number"]), "lastOne": "yes", "needed": "yes"}


def a_root(_console: RunningSystem, _identity: str) -> Typed:
    return {"use": "CentralSystemRootCertificate", "certificate": ROOT.pem, "despite": "yes"}


def an_image(console: RunningSystem, identity: str) -> Typed:
    kept = console.rest.upload_firmware(identity.encode(), name=f"{identity}.bin", version="3.0.0")
    return {"image": str(kept["image"]["image"]), "allowUnsigned": "yes"}


def a_reservation(console: RunningSystem, identity: str) -> Typed:
    with a_station(console, identity) as station:
        station.boot()
        words = {"connectorId": 1, "idTag": TAG, "expiryDate": ago(hours=-2)}
        console.rest.operate(identity, "Reserve", words)
    [reservation] = console.rest.reservations(stationId=identity)
    return {"reservationId": str(reservation["reservationId"])}


def a_serial_number(console: RunningSystem, identity: str) -> Typed:
    console.rest.change_policy(cpoName="Company")
    console.rest.change_security(identity, serialNumber=identity)
    return {}


def a_tag(_console: RunningSystem, _identity: str) -> Typed:
    return {"connectorId": "1", "idTag": TAG}


def a_transaction(console: RunningSystem, identity: str) -> Typed:
    with a_station(console, identity) as station:
        station.boot()
        return {"transactionId": str(station.start(1, TAG, 0, ago(minutes=5))["transactionId"])}


def a_local_list(console: RunningSystem, identity: str) -> Typed:
    console.rest.put_local_list(identity, idTags=[TAG])
    return {"full": "yes"}


SPOKEN_OF: Final[Mapping[str, Callable[[RunningSystem, str], Typed]]] = {
    "ApplyConfiguration": desired_values,
    "AssignChargingProfile": a_profile,
    "ChangePassword": a_password,
    "DeleteRootCertificate": a_root_at_the_station,
    "InstallFirmware": an_image,
    "InstallRootCertificate": a_root,
    "ReleaseReservation": a_reservation,
    "RemoveChargingProfile": a_profile_at_the_station,
    "RenewCertificate": a_serial_number,
    "StartCharging": a_tag,
    "StopCharging": a_transaction,
    "UpdateLocalList": a_local_list,
}
"""Puts there what the operation is about; returns all that is typed."""


@pytest.fixture(scope="module", autouse=True)
def tag(console: RunningSystem) -> None:
    console.rest.add_tag(TAG, maxActiveTransactions=5)


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_the_form_of_an_operation_is_filled_in_and_sent(console: RunningSystem, as_role: Visitors, name: str) -> None:
    operation, identity = CATALOGUE[name], f"FORM-{name}"
    console.rest.add_station(identity)
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    body, typed = filled_in(operation, at=soon, zone=ZONE)
    is_as_declared = name not in SPOKEN_OF
    if not is_as_declared:
        typed = SPOKEN_OF[name](console, identity)

    page = as_role()
    page.goto(f"/operations/{name}?station={identity}")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    assert_no_overflow(page)
    assert_accessible(page)
    fill_in(page, name, typed)
    page.locator("summary", has_text="Delivery").click()
    page.get_by_label("When", exact=True).select_option("whenOnline")
    page.get_by_role("button", name="Go on" if operation.is_dangerous else "Ask for it").click()
    if operation.is_dangerous:
        expect(page.get_by_role("heading", level=1)).to_have_text(f"{name}: go on?")
        for secret in page.locator("input[name=retype]").all():
            secret_name = secret.get_attribute("value") or ""
            page.locator(f'main [name="{secret_name}"]').fill(typed[secret_name])
        page.get_by_role("button", name="Yes, do it to 1 station").click()
    expect(page.get_by_role("status").filter(has_text=f"{name} is asked for.")).to_be_visible()

    errands = [one for one in console.rest.errands(stationId=identity) if one["operation"] == name]
    assert {(one["askedBy"], one["delivery"]) for one in errands} == {(ADMIN, "whenOnline")}
    if is_as_declared and not operation.is_composed:
        assert without_secrets(errands[0]["request"], body) == body


def test_what_is_put_there_is_for_operations_that_there_are() -> None:
    assert set(SPOKEN_OF) <= {name for name, operation in CATALOGUE.items() if operation.is_composed}


def fill_in(page: Page, name: str, typed: Typed) -> None:
    """As a person does: every input by its name, whatever kind it is of."""
    looks = {widget.name: widget.look for widget in flat(widgets_of(CATALOGUE[name]))}
    for field, text in typed.items():
        place = page.locator(f'main [name="{field}"]')
        if looks[field] in (Look.SELECT, Look.FLAG):
            place.select_option(text)
        else:
            place.fill(text)


def without_secrets(request: Json, body: Json) -> Json:
    """The request as it is shown, with what is starred out filled in again."""
    if isinstance(body, dict) and isinstance(request, dict):
        return {key: without_secrets(value, body.get(key)) for key, value in request.items()}
    return body if isinstance(request, str) and "***" in request else request
