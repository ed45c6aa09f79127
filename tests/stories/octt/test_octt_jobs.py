"""The certification tool's cases of uploads and firmware by way of CollectLog and InstallFirmware.

They make jobs, which are followed from the request to the last report.
"""

from __future__ import annotations

from tests.stories.moments import ago, is_now
from tests.stories.octt.asking import ASKED_BY, assert_ended, carry_out
from tests.stories.octt.cases import case
from tests.stories.octt.states import assert_boot_accepted
from tests.stories.octt.test_octt_security import ROOT, events_of
from tests.support.peer import Peer
from tests.support.rest import Json, Rest

ACCEPTS = {"status": "Accepted"}
FILES = "https://files.example/firmware.bin"
UPLOADS = "ftps://files.example/uploads/"


def the_job(rest: Rest, peer: Peer) -> Json:
    """The station's only job, with its reports."""
    [job] = rest.jobs(stationId=peer.identity)
    return rest.job(job["job"])


def assert_job(sheet: Json, statuses: list[str], **expected: Json) -> None:
    """The job has these fields and reports, none of which was odd."""
    job, history = dict(sheet["job"]), sheet["history"]
    number, request_id = job["job"], expected.get("requestId")
    assert [(one["status"], one["requestId"], one["doubts"]) for one in history] == [
        (status, request_id, []) for status in statuses
    ]
    assert all(is_now(one["receivedAt"]) for one in history)
    assert is_now(job.pop("askedAt"))
    assert is_now(job.pop("answeredAt"))
    assert is_now(job.pop("endedAt"))
    assert is_now(job.pop("lastStatusAt"))
    of_no_image = {"image": None, "imageName": None}
    assert job == {
        "job": number,
        "askedBy": ASKED_BY,
        "fileName": None,
        "lastStatus": statuses[-1],
        **of_no_image,
        **expected,
    }


def collect(rest: Rest, peer: Peer, outcome: str) -> Json:
    """Have diagnostics uploaded, as a station does it of which nothing else is known."""
    since, until = ago(hours=24), ago(hours=1)
    words = {"location": UPLOADS, "retries": 2, "retryInterval": 60, "startTime": since, "stopTime": until}
    parameters = {
        "location": UPLOADS,
        "log": "Diagnostics",
        "retries": 2,
        "retryInterval": 60,
        "from": since,
        "to": until,
    }
    answer = {"fileName": "diagnostics.zip"}
    errand = carry_out(rest, peer, "CollectLog", parameters, sends=("GetDiagnostics", words), answer=answer)
    assert the_job(rest, peer)["job"]["state"] == "running"
    for status in ("Uploading", outcome):
        assert peer.diagnostics_status(status) == {}
    return errand["errand"]


def diagnostics_job(peer: Peer, errand: int) -> Json:
    return {
        "stationId": peer.identity,
        "kind": "diagnostics",
        "requestId": None,
        "operation": "CollectLog",
        "errand": errand,
        "location": UPLOADS,
        "fileName": "diagnostics.zip",
    }


@case("045_1")
def test_tc_045_1_csms_collect_diagnostics(rest: Rest, peer: Peer) -> None:
    errand = collect(rest, peer, "Uploaded")
    job = diagnostics_job(peer, errand)
    assert_job(the_job(rest, peer), ["Uploading", "Uploaded"], state="done", reason=None, **job)


@case("045_2")
def test_tc_045_2_csms_diagnostics_not_uploaded(rest: Rest, peer: Peer) -> None:
    errand = collect(rest, peer, "UploadFailed")
    sheet = the_job(rest, peer)
    reason = sheet["job"]["reason"]
    assert "UploadFailed" in reason
    assert_job(sheet, ["Uploading", "UploadFailed"], state="failed", reason=reason, **diagnostics_job(peer, errand))


@case("079")
def test_tc_079_csms_collect_the_security_log(rest: Rest, peer: Peer) -> None:
    """The number by which the station reports is the system's own."""
    peer.answers("GetLog", {"status": "Accepted", "filename": "security.log"})
    errand = rest.operate(peer.identity, "CollectLog", {"location": UPLOADS, "log": "Security"})
    number = the_job(rest, peer)["job"]["requestId"]
    words = {"logType": "SecurityLog", "requestId": number, "log": {"remoteLocation": UPLOADS}}
    assert peer.calls == [("GetLog", words)]
    assert_ended(
        errand,
        stationId=peer.identity,
        operation="CollectLog",
        action="GetLog",
        request=words,
        response={"status": "Accepted", "filename": "security.log"},
        state="answered",
    )
    for status in ("Uploading", "Uploaded"):
        assert peer.log_status(status, number) == {}
    assert_job(
        the_job(rest, peer),
        ["Uploading", "Uploaded"],
        stationId=peer.identity,
        kind="securityLog",
        state="done",
        reason=None,
        requestId=number,
        operation="CollectLog",
        errand=errand["errand"],
        location=UPLOADS,
        fileName="security.log",
    )


# Firmware


def install(rest: Rest, peer: Peer, *statuses: str) -> Json:
    """Have unsigned firmware installed, and the station report these states; it boots before the last one if it got
    so far as to install."""
    at = ago(hours=-1)
    words = {"location": FILES, "retrieveDate": at}
    parameters = {"location": FILES, "retrieveAt": at}
    errand = carry_out(
        rest, peer, "InstallFirmware", parameters, sends=("UpdateFirmware", words), answer={}, warnings=...
    )
    for status in statuses:
        if status.startswith("Install") and status != "Installing":
            assert_boot_accepted(peer.boot(firmware_version="2.0.0"))
        assert peer.firmware_status(status) == {}
    return {
        "stationId": peer.identity,
        "kind": "firmware",
        "requestId": None,
        "operation": "InstallFirmware",
        "errand": errand["errand"],
        "location": FILES,
    }


@case("044_1")
def test_tc_044_1_csms_install_firmware(rest: Rest, peer: Peer) -> None:
    statuses = ["Downloading", "Downloaded", "Installing", "Installed"]
    job = install(rest, peer, *statuses)
    assert_job(the_job(rest, peer), statuses, state="done", reason=None, **job)


@case("044_2")
def test_tc_044_2_csms_firmware_not_downloaded(rest: Rest, peer: Peer) -> None:
    statuses = ["Downloading", "DownloadFailed"]
    job = install(rest, peer, *statuses)
    sheet = the_job(rest, peer)
    assert "DownloadFailed" in sheet["job"]["reason"]
    assert_job(sheet, statuses, state="failed", reason=sheet["job"]["reason"], **job)


@case("044_3")
def test_tc_044_3_csms_firmware_not_installed(rest: Rest, peer: Peer) -> None:
    statuses = ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
    job = install(rest, peer, *statuses)
    sheet = the_job(rest, peer)
    assert "InstallationFailed" in sheet["job"]["reason"]
    assert_job(sheet, statuses, state="failed", reason=sheet["job"]["reason"], **job)


def install_signed(rest: Rest, peer: Peer, signature: str) -> Json:
    at = ago()
    parameters = {"location": FILES, "retrieveAt": at, "signingCertificate": ROOT, "signature": signature}
    peer.answers("SignedUpdateFirmware", ACCEPTS)
    errand = rest.operate(peer.identity, "InstallFirmware", parameters)
    number = the_job(rest, peer)["job"]["requestId"]
    firmware = {"location": FILES, "retrieveDateTime": at, "signingCertificate": ROOT, "signature": signature}
    words = {"requestId": number, "firmware": firmware}
    assert peer.calls == [("SignedUpdateFirmware", words)]
    assert_ended(
        errand,
        stationId=peer.identity,
        operation="InstallFirmware",
        action="SignedUpdateFirmware",
        request=words,
        response=ACCEPTS,
        state="answered",
        warnings=errand["warnings"],
    )
    return {
        "stationId": peer.identity,
        "kind": "signedFirmware",
        "requestId": number,
        "operation": "InstallFirmware",
        "errand": errand["errand"],
        "location": FILES,
    }


@case("080")
def test_tc_080_csms_install_signed_firmware(rest: Rest, peer: Peer) -> None:
    """After the restart the station may report in any order."""
    job = install_signed(rest, peer, "c2lnbmF0dXJl")
    statuses = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"]
    for status in statuses:
        assert peer.signed_firmware_status(status, job["requestId"]) == {}
    assert peer.signed_firmware_status("Installed", job["requestId"]) == {}
    assert peer.security_event("FirmwareUpdated", ago()) == {}
    assert_boot_accepted(peer.boot(firmware_version="2.0.0"))
    assert peer.status(1, "Available", at=ago()) == {}
    assert_job(the_job(rest, peer), [*statuses, "Installed"], state="done", reason=None, **job)
    assert [one["type"] for one in events_of(rest, peer)] == ["FirmwareUpdated"]


@case("081")
def test_tc_081_csms_signature_is_wrong(rest: Rest, peer: Peer) -> None:
    job = install_signed(rest, peer, "bm90IGEgc2lnbmF0dXJl")
    statuses = ["Downloading", "Downloaded", "InvalidSignature"]
    for status in statuses:
        assert peer.signed_firmware_status(status, job["requestId"]) == {}
    sheet = the_job(rest, peer)
    assert "InvalidSignature" in sheet["job"]["reason"]
    assert_job(sheet, statuses, state="failed", reason=sheet["job"]["reason"], **job)
