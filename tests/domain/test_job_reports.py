"""Reports of updates and uploads are recorded as the stations send them (OCPP 1.6 §4.4, §4.5; security whitepaper
N01, L01)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from forecourt.domain.jobs.model import Channel, Doubt, JobNumber, JobState, StoredReport
from forecourt.storage.schema import from_micros
from tests.domain.world import ALL, World
from tests.support.carrying import Carried
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)
PLACE = "ftps://host/logs"
FIRMWARE = {"location": "https://host/fw.bin", "retrieveDate": "2026-01-01T12:00:00Z"}
SIGNED = {"location": "https://host/fw.bin", "signature": "c2ln", "signingCertificate": "-----BEGIN CERTIFICATE-----"}


def reports_of(world: World, kind: str) -> list[tuple[int, str, datetime]]:
    rows = world.unit.all(
        "SELECT station_key, status, received_at FROM job_status WHERE kind = ? ORDER BY key", (kind,)
    )
    return [(key, status, from_micros(at)) for key, status, at in rows]


def strays(world: World) -> list[StoredReport]:
    return list(world.services.jobs.stray_reports(None, ALL).items)


def history(world: World, number: JobNumber) -> list[tuple[str, frozenset[Doubt]]]:
    return [(report.status, report.doubts) for report in world.services.jobs.history(number)]


def a_running_log_job(door: Carried) -> int:
    """The request id of an upload of the security log that has begun."""
    door.asks("CollectLog", location=PLACE, log="Security")
    _, payload = door.sends()
    door.answers(status="Accepted", filename="security.log")
    return int(payload["requestId"])


def a_running_signed_update(door: Carried) -> int:
    door.asks("InstallFirmware", **SIGNED)
    _, payload = door.sends()
    door.answers(status="Accepted")
    return int(payload["requestId"])


def test_any_status_of_an_update_in_any_order_is_recorded() -> None:
    world = World()
    station = world.a_station()
    for status in ("Installed", "Downloading", "Idle"):
        world.services.firmware.report(station, status)
        world.clock.advance(SECOND)

    assert reports_of(world, "firmware") == [
        (station.key, "Installed", NOON),
        (station.key, "Downloading", NOON + SECOND),
        (station.key, "Idle", NOON + 2 * SECOND),
    ]
    sheet = world.services.provisioning.get("CP-1")
    assert (sheet.firmware_status, sheet.diagnostics_status) == ("Idle", None)


def test_any_status_of_an_upload_in_any_order_is_recorded() -> None:
    world = World()
    station = world.a_station()
    for status in ("Uploaded", "Uploading"):
        world.services.diagnostics.report(station, status)
        world.clock.advance(SECOND)

    assert reports_of(world, "diagnostics") == [
        (station.key, "Uploaded", NOON),
        (station.key, "Uploading", NOON + SECOND),
    ]
    sheet = world.services.provisioning.get("CP-1")
    assert (sheet.firmware_status, sheet.diagnostics_status) == (None, "Uploading")


def test_the_sheet_shows_the_newest_status_of_either_kind_of_notification() -> None:
    door = Carried()
    door.says("FirmwareStatusNotification", status="Installed")
    door.says("SignedFirmwareStatusNotification", status="Downloading", requestId=7)
    door.says("DiagnosticsStatusNotification", status="Uploaded")
    door.says("LogStatusNotification", status="PermissionDenied", requestId=7)
    sheet = door.services.provisioning.get("CP-1")
    assert (sheet.firmware_status, sheet.diagnostics_status) == ("Downloading", "PermissionDenied")


# A report belongs to the job whose id it names


def test_an_upload_is_followed_to_its_end() -> None:
    """N01.FR.07 to FR.09; TC_079."""
    door = Carried()
    request_id = a_running_log_job(door)
    door.clock.advance(SECOND)
    assert door.says("LogStatusNotification", status="Uploading", requestId=request_id) == {}
    assert (door.job().state, door.job().last_status, door.job().last_status_at) == (
        JobState.RUNNING,
        "Uploading",
        NOON + SECOND,
    )
    door.clock.advance(SECOND)
    door.says("LogStatusNotification", status="Uploaded", requestId=request_id)
    job = door.job()
    assert (job.state, job.reason, job.ended_at, job.file_name) == (
        JobState.DONE,
        None,
        NOON + 2 * SECOND,
        "security.log",
    )
    assert history(door, job.number) == [("Uploading", frozenset()), ("Uploaded", frozenset())]
    assert strays(door) == []


@pytest.mark.parametrize("status", ["UploadFailure", "BadMessage", "PermissionDenied", "NotSupportedOperation"])
def test_every_failure_of_an_upload_ends_it(status: str) -> None:
    """N01.FR.10."""
    door = Carried()
    request_id = a_running_log_job(door)
    door.says("LogStatusNotification", status=status, requestId=request_id)
    assert (door.job().state, door.job().reason) == (JobState.FAILED, f"The station reported {status}.")


@pytest.mark.parametrize("order", [("Installing", "InstallRebooting"), ("InstallRebooting", "Installing"), ()])
def test_a_signed_update_may_reboot_before_or_after_installing_or_skip_both(order: tuple[str, ...]) -> None:
    """L01.FR.22; TC_080."""
    door = Carried()
    request_id = a_running_signed_update(door)
    steps = ["DownloadScheduled", "Downloading", "DownloadPaused", "Downloading", "Downloaded", "SignatureVerified"]
    for status in (*steps, *order, "Installed"):
        door.says("SignedFirmwareStatusNotification", status=status, requestId=request_id)
    assert door.job().state is JobState.DONE
    assert {doubts for _, doubts in history(door, door.job().number)} == {frozenset()}


@pytest.mark.parametrize(
    "status", ["DownloadFailed", "InvalidSignature", "InstallationFailed", "InstallVerificationFailed"]
)
def test_every_failure_of_a_signed_update_ends_it(status: str) -> None:
    """L01; TC_081."""
    door = Carried()
    request_id = a_running_signed_update(door)
    door.says("SignedFirmwareStatusNotification", status=status, requestId=request_id)
    assert (door.job().state, door.job().reason) == (JobState.FAILED, f"The station reported {status}.")


def test_stations_of_edition_1_say_that_the_certificate_is_verified() -> None:
    """Edition 2 of the whitepaper dropped it (§9)."""
    door = Carried()
    request_id = a_running_signed_update(door)
    for status in ("Downloading", "Downloaded", "CertificateVerified", "SignatureVerified"):
        door.says("SignedFirmwareStatusNotification", status=status, requestId=request_id)
    assert door.job().state is JobState.RUNNING
    assert history(door, door.job().number)[2:] == [
        ("CertificateVerified", frozenset()),
        ("SignatureVerified", frozenset()),
    ]


@pytest.mark.parametrize("status", ["InvalidCertificate", "RevokedCertificate"])
def test_stations_of_edition_1_refuse_a_certificate_late(status: str) -> None:
    door = Carried()
    request_id = a_running_signed_update(door)
    for one in ("Downloading", "Downloaded", status):
        door.says("SignedFirmwareStatusNotification", status=one, requestId=request_id)
    assert (door.job().state, door.job().last_status) == (JobState.FAILED, status)
    assert door.job().reason == f"The station reported {status}."
    assert history(door, door.job().number)[-1] == (status, frozenset())


def test_a_report_out_of_order_is_kept_and_marked() -> None:
    door = Carried()
    request_id = a_running_signed_update(door)
    for status in ("Downloading", "SignatureVerified"):
        assert door.says("SignedFirmwareStatusNotification", status=status, requestId=request_id) == {}
    assert history(door, door.job().number) == [
        ("Downloading", frozenset()),
        ("SignatureVerified", frozenset({Doubt.UNEXPECTED})),
    ]


def test_a_report_that_is_sent_again_is_no_surprise() -> None:
    door = Carried()
    request_id = a_running_log_job(door)
    for status in ("Uploading", "Uploading", "Uploaded", "Uploaded"):
        door.says("LogStatusNotification", status=status, requestId=request_id)
    assert {doubts for _, doubts in history(door, door.job().number)} == {frozenset()}
    assert door.job().state is JobState.DONE


def test_what_is_done_stays_done_when_an_old_report_comes_late() -> None:
    door = Carried()
    request_id = a_running_log_job(door)
    for status in ("Uploading", "Uploaded", "Uploading"):
        door.says("LogStatusNotification", status=status, requestId=request_id)
    assert door.job().state is JobState.DONE
    assert history(door, door.job().number)[-1] == ("Uploading", frozenset({Doubt.UNEXPECTED}))


def test_a_station_that_tries_again_is_followed_again() -> None:
    """It was told how often to retry."""
    door = Carried()
    request_id = a_running_signed_update(door)
    for status in ("Downloading", "DownloadFailed", "Downloading"):
        door.says("SignedFirmwareStatusNotification", status=status, requestId=request_id)
    assert (door.job().state, door.job().reason, door.job().ended_at) == (JobState.RUNNING, None, None)


def test_a_job_of_which_nothing_is_heard_for_days_stays_open() -> None:
    door = Carried()
    a_running_signed_update(door)
    door.clock.advance(timedelta(days=30))
    for room in door.services.timed():
        if room.is_due():
            room.settle()
    assert (door.job().state, door.job().last_status_at) == (JobState.RUNNING, None)


def test_an_id_that_no_job_has_makes_a_stray() -> None:
    door = Carried()
    request_id = a_running_log_job(door)
    other = door.a_station("CP-2")
    assert door.says("LogStatusNotification", status="Uploaded", requestId=request_id + 1) == {}
    assert door.says("SignedFirmwareStatusNotification", status="Installed", requestId=request_id) == {}
    door.station = other
    assert door.says("LogStatusNotification", status="Uploaded", requestId=request_id) == {}
    assert [(one.station, one.channel, one.doubts) for one in strays(door)] == [
        ("CP-2", Channel.LOG, frozenset({Doubt.STRAY})),
        ("CP-1", Channel.SIGNED_FIRMWARE, frozenset({Doubt.STRAY})),
        ("CP-1", Channel.LOG, frozenset({Doubt.STRAY})),
    ]
    assert door.job().last_status is None


# A report without an id


def test_a_report_without_its_id_breaks_the_standard_and_counts_for_the_only_job_at_work() -> None:
    """N01.FR.12."""
    door = Carried()
    a_running_log_job(door)
    assert door.says("LogStatusNotification", status="Uploading") == {}
    assert history(door, door.job().number) == [("Uploading", frozenset({Doubt.WITHOUT_REQUEST_ID}))]
    assert door.job().last_status == "Uploading"


def test_a_report_without_its_id_counts_for_none_of_two() -> None:
    """L01.FR.21."""
    door = Carried()
    a_running_signed_update(door)
    a_running_signed_update(door)
    assert door.says("SignedFirmwareStatusNotification", status="Downloading") == {}
    assert [job.last_status for job in door.jobs] == [None, None]
    [stray] = strays(door)
    assert (stray.status, stray.request_id, stray.doubts) == (
        "Downloading",
        None,
        frozenset({Doubt.WITHOUT_REQUEST_ID}),
    )


@pytest.mark.parametrize(
    "action",
    [
        "LogStatusNotification",
        "SignedFirmwareStatusNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
    ],
)
def test_idle_is_recorded_and_ends_nothing(action: str) -> None:
    """It answers a trigger, and needs no id."""
    door = Carried()
    a_running_log_job(door)
    a_running_signed_update(door)
    assert door.says(action, status="Idle") == {}
    assert {job.state for job in door.jobs} == {JobState.RUNNING}
    [stray] = strays(door)
    assert (stray.status, stray.doubts) == ("Idle", frozenset())


def test_idle_with_an_id_is_shown_at_its_job_and_ends_nothing() -> None:
    door = Carried()
    request_id = a_running_log_job(door)
    door.says("LogStatusNotification", status="Uploading", requestId=request_id)
    door.says("LogStatusNotification", status="Idle", requestId=request_id)
    door.says("LogStatusNotification", status="Uploaded", requestId=request_id)
    assert history(door, door.job().number) == [(status, frozenset()) for status in ("Uploading", "Idle", "Uploaded")]
    assert door.job().state is JobState.DONE


# Reports before the answer


def test_a_job_that_waits_to_be_sent_takes_no_reports() -> None:
    """What the station reports before is about something else."""
    door = Carried(is_online=False)
    door.asks("UpdateFirmware", **FIRMWARE)
    door.asks("InstallFirmware", location=PLACE)
    door.says("FirmwareStatusNotification", status="Installed")
    assert (door.job().state, door.job().last_status) == (JobState.ASKED, None)


def test_a_report_may_come_before_the_answer() -> None:
    door = Carried()
    door.asks("InstallFirmware", location=PLACE)
    door.sends()
    for status in ("Downloading", "Downloaded", "Installing", "Installed"):
        door.says("FirmwareStatusNotification", status=status)
    assert door.job().state is JobState.DONE
    door.answers()
    assert door.job().state is JobState.DONE
