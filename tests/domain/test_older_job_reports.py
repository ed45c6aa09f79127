"""The older reports of updates and uploads, in which nothing says which job they are about (OCPP 1.6 §4.4, §4.5)."""

from __future__ import annotations

import pytest

from forecourt.domain.jobs.model import JobState
from tests.domain.test_job_reports import FIRMWARE, PLACE, a_running_log_job, history, strays
from tests.support.carrying import Carried, Json


def test_an_older_report_counts_for_the_only_older_job() -> None:
    """OCPP 1.6 §4.4; TC_045_1."""
    door = Carried()
    request_id = a_running_log_job(door)
    door.asks("GetDiagnostics", location="ftps://host/logs")
    door.sends()
    door.answers(fileName="diagnostics.zip")
    for status in ("Uploading", "Uploaded"):
        door.says("DiagnosticsStatusNotification", status=status)
    newest, log_job = door.jobs
    assert (newest.state, newest.request_id) == (JobState.DONE, None)
    assert (log_job.state, log_job.request_id, log_job.last_status) == (JobState.RUNNING, request_id, None)
    assert history(door, newest.number) == [("Uploading", frozenset()), ("Uploaded", frozenset())]


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (("Downloading", "Downloaded", "Installing", "Installed"), JobState.DONE),
        (("Downloading", "DownloadFailed"), JobState.FAILED),
        (("Downloading", "Downloaded", "Installing", "InstallationFailed"), JobState.FAILED),
    ],
)
def test_an_older_update_is_followed_to_its_end(statuses: tuple[str, ...], state: JobState) -> None:
    """OCPP 1.6 §4.5; TC_044_1 to TC_044_3."""
    door = Carried()
    door.asks("UpdateFirmware", **FIRMWARE)
    door.sends()
    door.answers()
    for status in statuses:
        door.says("FirmwareStatusNotification", status=status)
    assert door.job().state is state
    assert history(door, door.job().number) == [(status, frozenset()) for status in statuses]


@pytest.mark.parametrize(
    ("asked", "answer", "report"),
    [
        (("UpdateFirmware", FIRMWARE), {}, ("FirmwareStatusNotification", "Downloading")),
        (("InstallFirmware", {"location": PLACE}), {}, ("FirmwareStatusNotification", "Downloading")),
        (
            ("GetDiagnostics", {"location": PLACE}),
            {"fileName": "a.zip"},
            ("DiagnosticsStatusNotification", "Uploading"),
        ),
    ],
)
def test_older_reports_count_for_the_newest_job_that_the_station_agreed_to(
    asked: tuple[str, Json], answer: Json, report: tuple[str, str]
) -> None:
    """Nothing in them says which job they are about (OCPP 1.6 §4.4, §4.5), so that one can be followed."""
    door = Carried()
    for _ in range(2):
        door.asks(asked[0], **asked[1])
        door.sends()
        door.answers(**answer)
    door.says(report[0], status=report[1])
    newer, older = door.jobs
    assert (newer.state, newer.last_status) == (JobState.RUNNING, report[1])
    assert (older.state, older.last_status) == (JobState.SUPERSEDED, None)
    assert f"the newer job {newer.number}" in (older.reason or "")
    assert strays(door) == []


def test_a_station_with_nothing_to_upload_goes_on_with_what_it_uploads() -> None:
    door = Carried()
    for answer in ({"fileName": "a.zip"}, {}):
        door.asks("GetDiagnostics", location=PLACE)
        door.sends()
        door.answers(**answer)
    door.says("DiagnosticsStatusNotification", status="Uploading")
    assert [(job.state, job.last_status) for job in door.jobs] == [
        (JobState.EMPTY, None),
        (JobState.RUNNING, "Uploading"),
    ]


def test_an_older_report_counts_for_none_while_it_may_be_about_two() -> None:
    """It is no violation. The second may have begun, and nobody knows whether it has."""
    door = Carried()
    for _ in range(2):
        door.asks("UpdateFirmware", **FIRMWARE)
        door.sends()
        door.answers()
    door.asks("InstallFirmware", location=PLACE)
    door.sends()
    door.never_answers()
    door.says("FirmwareStatusNotification", status="Downloading")
    assert [job.last_status for job in door.jobs] == [None, None, None]
    assert [(one.status, one.doubts) for one in strays(door)] == [("Downloading", frozenset())]
