"""The certification tool's security cases as far as they are messages (security whitepaper A01, M03-M05, N01, L01)."""

from __future__ import annotations

from tests.stories.builders import a_station
from tests.stories.moments import ago
from tests.stories.octt.asking import say
from tests.stories.octt.cases import case
from tests.stories.octt.states import HEARTBEAT_SECONDS, assert_boot_accepted, boot
from tests.support.authority import Authority
from tests.support.peer import Peer
from tests.support.probes import basic, knock
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem

ACCEPTS = {"status": "Accepted"}
ROOT = Authority.root("A root for stations").pem
FILES = "https://files.example/firmware.bin"
UPLOADS = "sftp://files.example/uploads/"


def events_of(rest: Rest, peer: Peer) -> list[Json]:
    return rest.security_events(stationId=peer.identity)


@case("073")
def test_tc_073_csms_password_update(system: RunningSystem, rest: Rest) -> None:
    """Hexadecimal, 20 bytes. The station comes back with these bytes and is let in; the old password is refused, and
    so is none. The new one is shown nowhere."""
    identity = a_station(rest, securityProfile=1, heartbeatInterval=HEARTBEAT_SECONDS)
    old = bytes.fromhex(rest.set_password(identity)["authorizationKey"])
    new = "00112233445566778899AABBCCDDEEFF00112233"
    words = {"key": "AuthorizationKey", "value": new}
    shown = {"key": "AuthorizationKey", "value": "***"}
    with Peer(system.stations_url, identity, password=old) as peer:
        boot(peer)
        say(rest, peer, "ChangeConfiguration", words, ACCEPTS, shown=shown)
        peer.lose_power()
    with Peer(system.stations_url, identity, password=bytes.fromhex(new)) as back:
        assert_boot_accepted(back.boot())
    for headers in ([basic(identity, old)], []):
        assert knock(system.stations_url, identity, *headers).status == 401
    for text in (rest.errands(stationId=identity), rest.configuration(identity), rest.security(identity)):
        assert new not in str(text)
    assert new not in system.log_text()


@case("078")
def test_tc_078_csms_root_refused(rest: Rest, peer: Peer) -> None:
    words = {"certificateType": "CentralSystemRootCertificate", "certificate": ROOT}
    say(rest, peer, "InstallCertificate", words, {"status": "Rejected"}, state="refused")
    at = ago(seconds=1)
    assert rest.held(peer.identity) == []
    assert peer.security_event("InvalidCentralSystemCertificate", at, "not a certificate") == {}
    assert [(one["type"], one["timestamp"], one["techInfo"]) for one in events_of(rest, peer)] == [
        ("InvalidCentralSystemCertificate", at, "not a certificate")
    ]


@case("079")
def test_tc_079_csms_security_log(rest: Rest, peer: Peer) -> None:
    log = {"remoteLocation": UPLOADS, "oldestTimestamp": ago(hours=24), "latestTimestamp": ago(hours=1)}
    words = {"logType": "SecurityLog", "requestId": 61, "retries": 2, "retryInterval": 30, "log": log}
    say(rest, peer, "GetLog", words, {"status": "Accepted", "filename": "security.log"})
    for status in ("Uploading", "Uploaded"):
        assert peer.log_status(status, 61) == {}
    [job] = rest.jobs(stationId=peer.identity)
    assert (job["kind"], job["requestId"], job["state"]) == ("securityLog", 61, "done")


def signed(number: int, signature: str = "c2lnbmF0dXJl") -> Json:
    firmware = {
        "location": FILES,
        "retrieveDateTime": ago(minutes=1),
        "installDateTime": ago(hours=-1),
        "signingCertificate": ROOT,
        "signature": signature,
    }
    return {"requestId": number, "firmware": firmware}


@case("080")
def test_tc_080_csms_signed_firmware(rest: Rest, peer: Peer) -> None:
    say(rest, peer, "SignedUpdateFirmware", signed(71), ACCEPTS)
    for status in ("Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"):
        assert peer.signed_firmware_status(status, 71) == {}
    assert_boot_accepted(peer.boot(firmware_version="2.0.0"))
    at = ago(seconds=1)
    assert peer.security_event("FirmwareUpdated", at) == {}
    assert peer.status(1, "Available", at=at) == {}
    assert peer.signed_firmware_status("Installed", 71) == {}
    assert rest.station(peer.identity)["firmwareVersion"] == "2.0.0"
    assert [one["type"] for one in events_of(rest, peer)] == ["FirmwareUpdated"]
    [job] = rest.jobs(stationId=peer.identity)
    assert (job["kind"], job["requestId"], job["state"]) == ("signedFirmware", 71, "done")


@case("081")
def test_tc_081_csms_signature_is_wrong(rest: Rest, peer: Peer) -> None:
    """The operator must be able to send a signature that does not fit."""
    say(rest, peer, "SignedUpdateFirmware", signed(81, "bm90IGEgc2lnbmF0dXJl"), ACCEPTS)
    for status in ("Downloading", "Downloaded", "InvalidSignature"):
        assert peer.signed_firmware_status(status, 81) == {}
    [job] = rest.jobs(stationId=peer.identity)
    assert (job["kind"], job["requestId"], job["state"]) == ("signedFirmware", 81, "failed")
