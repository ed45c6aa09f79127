"""The certification tool's cases of firmware and diagnostics, said exactly as written (OCPP 1.6 §5.9, §5.19)."""

from __future__ import annotations

from tests.stories.moments import ago
from tests.stories.octt.asking import say
from tests.stories.octt.cases import case
from tests.stories.octt.states import assert_boot_accepted, status_of
from tests.support.peer import Peer
from tests.support.rest import Json, Rest

FILES = "ftp://files.example/firmware.bin"
UPLOADS = "ftp://files.example/uploads/"


def update(rest: Rest, peer: Peer) -> Json:
    words = {"location": FILES, "retrieveDate": ago(hours=-1), "retries": 3, "retryInterval": 60}
    return say(rest, peer, "UpdateFirmware", words, {})


def report(rest: Rest, peer: Peer, *statuses: str) -> None:
    """The station reports these states, and its page shows the last one."""
    for status in statuses:
        assert peer.firmware_status(status) == {}
    assert rest.station(peer.identity)["firmwareStatus"] == statuses[-1]
    assert the_job(rest, peer)["lastStatus"] == statuses[-1]


def the_job(rest: Rest, peer: Peer) -> Json:
    """What was asked for raw is followed, too."""
    [job] = rest.jobs(stationId=peer.identity)
    return job


def install(rest: Rest, peer: Peer, outcome: str) -> None:
    """The firmware is downloaded; the station installs it, restarts, and reports how that ended."""
    report(rest, peer, "Downloading", "Downloaded")
    assert peer.status(1, "Unavailable", at=ago(minutes=1)) == {}
    report(rest, peer, "Installing")
    assert status_of(rest, peer) == "Unavailable"
    assert_boot_accepted(peer.boot(firmware_version="2.0.0"))
    assert peer.status(1, "Available", at=ago(seconds=1)) == {}
    report(rest, peer, outcome)
    assert status_of(rest, peer) == "Available"
    assert the_job(rest, peer)["state"] == ("done" if outcome == "Installed" else "failed")


@case("044_1")
def test_tc_044_1_csms_firmware_installed(rest: Rest, peer: Peer) -> None:
    update(rest, peer)
    install(rest, peer, "Installed")
    assert rest.station(peer.identity)["firmwareVersion"] == "2.0.0"


@case("044_2")
def test_tc_044_2_csms_firmware_not_downloaded(rest: Rest, peer: Peer) -> None:
    update(rest, peer)
    report(rest, peer, "Downloading", "DownloadFailed")
    assert the_job(rest, peer)["state"] == "failed"


@case("044_3")
def test_tc_044_3_csms_firmware_not_installed(rest: Rest, peer: Peer) -> None:
    update(rest, peer)
    install(rest, peer, "InstallationFailed")


def upload(rest: Rest, peer: Peer, outcome: str) -> None:
    words = {"location": UPLOADS, "startTime": ago(hours=24), "stopTime": ago(hours=1)}
    say(rest, peer, "GetDiagnostics", words, {"fileName": "diagnostics-1.zip"})
    assert peer.diagnostics_status("Uploading") == {}
    assert peer.diagnostics_status(outcome) == {}
    assert rest.station(peer.identity)["diagnosticsStatus"] == outcome
    job = the_job(rest, peer)
    assert (job["kind"], job["operation"], job["fileName"]) == ("diagnostics", "GetDiagnostics", "diagnostics-1.zip")
    assert (job["state"], job["lastStatus"]) == ("done" if outcome == "Uploaded" else "failed", outcome)


@case("045_1")
def test_tc_045_1_csms_diagnostics_uploaded(rest: Rest, peer: Peer) -> None:
    upload(rest, peer, "Uploaded")


@case("045_2")
def test_tc_045_2_csms_diagnostics_not_uploaded(rest: Rest, peer: Peer) -> None:
    upload(rest, peer, "UploadFailed")


def test_nothing_to_upload_is_a_good_answer(rest: Rest, peer: Peer) -> None:
    """OCPP 1.6 §5.9: without a file name there is nothing to upload."""
    say(rest, peer, "GetDiagnostics", {"location": UPLOADS}, {}, warnings=...)
    assert the_job(rest, peer)["state"] == "empty"


def test_credentials_in_a_location_reach_the_station_and_nobody_else(rest: Rest, peer: Peer) -> None:
    location = "ftps://user:pass%20word@files.example/uploads/?token=abc"
    words = {"location": location}
    shown = {"location": "ftps://***@files.example/uploads/?***"}
    errand = say(rest, peer, "GetDiagnostics", words, {}, shown=shown)
    assert "pass%20word" not in str(errand)
