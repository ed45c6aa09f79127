"""A site that has something of everything, so that every page has something to show."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from tests.stories.moments import ago
from tests.support.authority import Authority
from tests.support.peer import Peer
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem

STATION = "SHOWN-<1>"
"""An identity that pages have to escape."""
TAG = "SHOWN TAG"
DEADLINE_SECONDS = 60.0

DEMO = "DEMO-0001"
PLACES = ("North entrance", "Level 1, lift", "Level 1, ramp", "Level 2, lift", "Fleet yard")

PROFILE: Json = {
    "name": "At night",
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "stackLevel": 0,
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}, {"startPeriod": 3600, "limit": 16.0}],
    },
}


def furnish(system: RunningSystem) -> list[str]:
    """Addresses to begin at, because only they lead to something: other pages of their kind come before them."""
    rest = system.rest
    rest.change_policy(cpoName="Company")
    rest.put("/managed-server-certificates/main", {"hostNames": ["csms.example.com"]})
    driver = rest.post("/drivers", {"firstName": "Ada", "lastName": "Driver"})["number"]
    rest.add_tag(TAG, maxActiveTransactions=5, driver=driver)
    rest.add_station(STATION, description="<b>by the door</b>")
    rest.add_charging_profile(PROFILE)
    rest.post("/people", {"name": "somebody", "role": "viewer"})
    rest.post("/notifications", {"name": "receiver", "channel": "webhook", "url": "https://127.0.0.1:9/"})
    rest.upload_firmware(b"image", name="shown.bin", vendor="Maker", version="2.0.0")
    rest.post("/firmware/keys", {"name": "maker", "make": {"commonName": "Company Firmware", "family": "ecdsa"}})
    rest.post("/authorities", {"name": "city", "kind": "est", "settings": {"url": "https://127.0.0.1:9/"}})
    rest.put_local_list(STATION, idTags=[TAG])
    _station(system)
    rest.ask_many("ClearCache", {"stations": [STATION]})
    rest.ask(STATION, "RenewCertificate", delivery="whenOnline")
    _replace_root(rest)
    _wait_for_server_certificate(rest)
    return [f"/ca/certificates/{_next_root(rest)}"]


def furnish_demo(system: RunningSystem) -> None:
    """What the simulated site of a demonstration has besides, for pictures of it."""
    rest = system.rest
    rest.change_policy(cpoName="Company")
    rest.put("/managed-server-certificates/main", {"hostNames": ["csms.example.com"]})
    for station, place in zip(rest.stations(), PLACES, strict=True):
        rest.change_station(station["id"], description=place)
    rest.add_charging_profile(PROFILE)
    for name in ("Ada", "Grace", "Konrad"):
        rest.post("/drivers", {"firstName": name, "lastName": "Driver"})
    _wait_for_stations(rest)
    rest.ask_many("GetConfiguration", {"all": True})
    rest.ask(DEMO, "TriggerMessage", {"requestedMessage": "Heartbeat"})
    rest.ask(DEMO, "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "300"})
    _wait_for_server_certificate(rest)


def _wait_for_stations(rest: Rest) -> None:
    _wait_for(lambda: len(rest.connections()) >= len(PLACES), "the simulated stations did not connect")


def _station(system: RunningSystem) -> None:
    """Boots, charges twice, reports this and that, and is gone."""
    rest = system.rest
    with Peer(system.stations_url, STATION) as peer:
        peer.answers("ClearCache", {"status": "Accepted"})
        peer.answers("GetDiagnostics", {"fileName": "shown.zip"})
        peer.answers("GetLog", {"status": "Accepted", "filename": "shown.zip"})
        peer.boot(vendor="<Maker>", model="Model", charge_point_serial_number="SHOWN-1")
        peer.status(0, "Available")
        for connector, status in ((1, "Charging"), (2, "Faulted")):
            peer.status(connector, status, error="NoError" if connector == 1 else "GroundFailure")
        done = peer.start(1, TAG, 0, ago(hours=2))["transactionId"]
        peer.meter_values(1, [_metered(90, 2_000, 7_400), _metered(80, 4_000, 7_400)], transaction=done)
        peer.stop(done, 5_000, ago(hours=1))
        peer.start(1, TAG, 5_000, ago(minutes=30))
        peer.security_event("InvalidMessages", ago(minutes=5), tech_info="<i>what it says</i>")
        rest.operate(STATION, "ClearCache")
        rest.operate(STATION, "GetDiagnostics", {"location": "http://127.0.0.1:9/"})
        peer.diagnostics_status("Uploading")
        rest.operate(STATION, "CollectLog", {"log": "Diagnostics"})
        folder = next(words["log"]["remoteLocation"] for action, words in peer.calls if action == "GetLog")
        httpx.put(f"{folder}shown.zip", content=b"log", trust_env=False).raise_for_status()


def _metered(minutes: int, energy_wh: int, power_w: int) -> Json:
    samples = [
        {"value": str(energy_wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
        {"value": str(power_w), "measurand": "Power.Active.Import", "unit": "W"},
    ]
    return {"timestamp": ago(minutes=minutes), "sampledValue": samples}


def _replace_root(rest: Rest) -> None:
    """A plan to replace one root by another at the station, which is not there to begin with it."""
    old, new = Authority.root("Root that goes"), Authority.root("Root that comes")
    for root in (old, new):
        rest.trust(root.pem, "serverChain")
    plan = {"oldRoot": old.certificate.fingerprint, "newRoot": new.certificate.fingerprint}
    rest.post("/root-rollovers", {**plan, "selection": {"stations": [STATION]}})


def _next_root(rest: Rest) -> str:
    """The fingerprint of the root that the own authority is to have next; the present one certifies it, too."""
    rest.post("/own-authority/rolls", {"family": "ecdsa", "rank": "root"})

    def found() -> list[Json]:
        return [one for one in rest.items("/own-authority/certificates", {}) if one["phase"] == "next"]

    _wait_for(lambda: found() != [], "the next root was not made")
    fingerprint: str = found()[0]["certificate"]["fingerprint"]
    return fingerprint


def _wait_for_server_certificate(rest: Rest) -> None:
    """The own authority makes its hierarchy first."""
    _wait_for(lambda: rest.server_certificates() != [], "no server certificate was made")


def _wait_for(holds: Callable[[], bool], trouble: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, trouble
        time.sleep(0.1)
