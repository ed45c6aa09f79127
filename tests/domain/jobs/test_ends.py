"""How jobs end that did not go on as asked for, and jobs of requests that were sent exactly as an operator wrote them
(security whitepaper N01, L01)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errands.model import Delivery, ErrandState
from forecourt.domain.errors import Kind
from forecourt.domain.jobs.model import Doubt, JobKind, JobNumber, JobState
from forecourt.domain.provisioning.model import Registration
from tests.domain.world import refused
from tests.support.carrying import Carried, Json

PLACE = "ftp://user:s3cret@host/logs?key=s3cret"
SAFE_PLACE = "ftp://***@host/logs?***"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
SIGNED = {"location": "https://host/fw.bin", "signature": "c2ln", "signingCertificate": PEM}


def _speaks_the_extension(door: Carried) -> None:
    door.services.security.note_spoken(door.station)


# What a station gives up


@pytest.mark.parametrize("logs", [("Security", "Security"), ("Security", "Diagnostics")])
def test_a_station_that_gives_up_an_upload_for_a_newer_one_ends_its_job(logs: tuple[str, str]) -> None:
    """N01.FR.11: no report of the older one will come."""
    door = Carried()
    _speaks_the_extension(door)
    for log, status in zip(logs, ("Accepted", "AcceptedCanceled"), strict=True):
        door.asks("CollectLog", location=PLACE, log=log)
        door.sends()
        door.answers(status=status, filename="a.log")
    newer, older = door.jobs
    assert (newer.state, older.state) == (JobState.RUNNING, JobState.SUPERSEDED)
    assert older.reason == f"The station gave it up for the job {newer.number}."
    assert older.ended_at is not None

    door.says("LogStatusNotification", status="Uploading", requestId=older.request_id)
    assert door.jobs[1].state is JobState.SUPERSEDED
    [report] = door.services.jobs.history(older.number)
    assert report.doubts == frozenset({Doubt.UNEXPECTED})


def test_a_station_that_gives_up_an_update_ends_no_other_kind_of_job() -> None:
    """L01.FR.26."""
    door = Carried()
    door.asks("CollectLog", location=PLACE, log="Security")
    door.sends()
    door.answers(status="Accepted", filename="a.log")
    for status in ("Accepted", "AcceptedCanceled"):
        door.asks("InstallFirmware", **SIGNED)
        door.sends()
        door.answers(status=status)
    waiting = door.asks("InstallFirmware", **SIGNED)
    assert [job.state for job in door.jobs] == [
        JobState.ASKED,
        JobState.RUNNING,
        JobState.SUPERSEDED,
        JobState.RUNNING,
    ]
    assert door.job().errand == waiting.number


# What does not reach the station


def test_a_station_off_line_fails_the_job_with_the_reason() -> None:
    door = Carried(is_online=False)
    door.delivery = Delivery.NOW
    errand = door.asks("CollectLog", location=PLACE, log="Security")
    assert errand.state is ErrandState.FAILED
    assert (door.job().state, door.job().reason, door.job().errand) == (JobState.FAILED, errand.reason, errand.number)


def test_a_job_whose_errand_is_cancelled_is_cancelled() -> None:
    door = Carried()
    errand = door.asks("InstallFirmware", **SIGNED)
    door.services.errands.cancel(errand.number)
    assert (door.job().state, door.job().reason) == (JobState.CANCELLED, "Cancelled.")


def test_a_job_whose_errand_expires_fails() -> None:
    door = Carried(is_online=False)
    door.asks("InstallFirmware", **SIGNED)
    door.clock.advance(timedelta(days=2))
    door.services.errands.settle()
    assert (door.job().state, door.job().reason) == (JobState.FAILED, "The station was not reached in time.")


def test_a_job_of_which_nobody_knows_whether_it_began_goes_on_when_it_is_reported() -> None:
    door = Carried()
    door.asks("InstallFirmware", **SIGNED)
    _, payload = door.sends()
    door.never_answers()
    job = door.job()
    assert (job.state, job.ended_at) == (JobState.UNKNOWN, None)
    assert "not known" in (job.reason or "")
    door.says("SignedFirmwareStatusNotification", status="Downloading", requestId=payload["requestId"])
    assert (door.job().state, door.job().reason) == (JobState.RUNNING, None)


def test_what_was_reported_holds_when_the_answer_is_lost() -> None:
    door = Carried()
    door.asks("InstallFirmware", location="https://host/fw.bin")
    door.sends()
    for status in ("Downloading", "Downloaded", "Installing", "Installed"):
        door.says("FirmwareStatusNotification", status=status)
    door.never_answers()
    assert (door.job().state, door.job().reason) == (JobState.DONE, None)


def test_a_late_answer_still_counts() -> None:
    door = Carried()
    door.asks("CollectLog", location=PLACE, log="Security")
    door.sends()
    door.never_answers()
    door.answers_late(status="Accepted", filename="a.log")
    assert (door.job().state, door.job().file_name, len(door.jobs)) == (JobState.RUNNING, "a.log", 1)


@pytest.mark.parametrize("answer", [{"status": "Accepted", "filename": "a.log"}, {"status": "Rejected"}])
def test_a_late_answer_counts_for_the_job_of_its_own_errand(answer: Json) -> None:
    door = Carried()
    door.asks("CollectLog", location=PLACE, log="Security")
    door.sends()
    late = door.carrying.sent
    door.never_answers()
    door.asks("CollectLog", location=PLACE, log="Security")
    door.sends()
    door.carrying.hears_late(late, **answer)
    newer, older = door.jobs
    assert (newer.state, newer.answered_at) == (JobState.ASKED, None)
    assert older.state is (JobState.RUNNING if answer["status"] == "Accepted" else JobState.REFUSED)


@pytest.mark.parametrize("operation", ["UpdateFirmware", "InstallFirmware"])
def test_a_late_answer_takes_nothing_from_a_job_that_was_asked_for_after_it(operation: str) -> None:
    door = Carried()
    words = {"location": PLACE} | ({"retrieveDate": "2026-01-01T12:00:00Z"} if operation == "UpdateFirmware" else {})
    door.asks(operation, **words)
    door.sends()
    late = door.carrying.sent
    door.never_answers()
    newest = door.asks("InstallFirmware", location=PLACE)
    door.sends()
    door.answers()
    door.carrying.hears_late(late)
    assert {job.errand: job.state for job in door.jobs} == {
        late[0].number: JobState.SUPERSEDED,
        newest.number: JobState.RUNNING,
    }


def test_a_late_answer_that_gives_others_up_leaves_a_job_that_was_asked_for_after_it() -> None:
    """N01.FR.11."""
    door = Carried()
    door.asks("CollectLog", location=PLACE, log="Security")
    door.sends()
    late = door.carrying.sent
    door.never_answers()
    door.asks("CollectLog", location=PLACE, log="Security")
    door.sends()
    door.answers(status="Accepted", filename="b.log")
    door.carrying.hears_late(late, status="AcceptedCanceled", filename="a.log")
    assert [job.state for job in door.jobs] == [JobState.RUNNING, JobState.RUNNING]


def test_a_raw_request_that_is_answered_late_makes_a_job() -> None:
    door = Carried()
    errand = door.asks("GetLog", logType="SecurityLog", requestId=7, log={"remoteLocation": PLACE})
    door.sends()
    door.never_answers()
    door.answers_late(status="Accepted", filename="a.log")
    job = door.job()
    assert (job.operation, job.asked_by, job.errand) == ("GetLog", "admin", errand.number)


def test_a_fallback_to_a_station_that_was_rejected_meanwhile_fails_the_job() -> None:
    door = Carried()
    _speaks_the_extension(door)
    door.asks("CollectLog", location=PLACE, log="Diagnostics")
    door.sends()
    door.services.provisioning.change(
        "CP-1", description="", registration=Registration.REJECTED, heartbeat_seconds=None
    )
    door.answers_with_error("NotImplemented")
    assert door.job().state is JobState.FAILED
    assert "Rejected" in (door.job().reason or "")


def test_a_fallback_to_a_station_that_was_removed_meanwhile_fails_the_job() -> None:
    door = Carried()
    door.asks("InstallFirmware", **SIGNED, allowUnsigned=True)
    door.sends()
    door.services.provisioning.remove("CP-1")
    door.answers_with_error("NotImplemented")
    assert door.job().state is JobState.FAILED


# What is sent exactly as an operator wrote it


def test_a_raw_request_makes_a_job_with_the_id_that_was_written() -> None:
    door = Carried()
    errand = door.asks("GetLog", logType="SecurityLog", requestId=-5, log={"remoteLocation": PLACE})
    assert len(errand.warnings) == 1
    door.sends()
    assert door.jobs == []
    door.answers(status="Accepted", filename="a.log")
    job = door.job()
    assert (job.kind, job.state, job.request_id, job.location) == (
        JobKind.SECURITY_LOG,
        JobState.RUNNING,
        -5,
        SAFE_PLACE,
    )
    assert (job.operation, job.asked_by, job.errand) == ("GetLog", "admin", errand.number)
    door.says("LogStatusNotification", status="Uploading", requestId=-5)
    assert door.job().last_status == "Uploading"


def test_a_raw_request_that_is_refused_makes_no_job() -> None:
    door = Carried()
    door.asks("GetLog", logType="SecurityLog", requestId=1, log={"remoteLocation": PLACE})
    door.sends()
    door.answers(status="Rejected")
    assert door.jobs == []


def test_raw_signed_firmware_makes_a_job() -> None:
    door = Carried()
    firmware = {"location": "x", "retrieveDateTime": "2026-01-01T12:00:00Z", "signingCertificate": "", "signature": "!"}
    errand = door.asks("SignedUpdateFirmware", requestId=8, firmware=firmware)
    assert len(errand.warnings) == 3
    door.sends()
    door.answers(status="AcceptedCanceled")
    assert (door.job().kind, door.job().request_id, door.job().state) == (JobKind.SIGNED_FIRMWARE, 8, JobState.RUNNING)


def test_an_id_that_is_used_again_belongs_to_the_newer_job() -> None:
    door = Carried()
    for _ in range(2):
        door.asks("GetLog", logType="SecurityLog", requestId=7, log={"remoteLocation": PLACE})
        door.sends()
        door.answers(status="Accepted", filename="a.log")
    door.says("LogStatusNotification", status="Uploaded", requestId=7)
    newer, older = door.jobs
    assert (newer.state, older.state) == (JobState.DONE, JobState.SUPERSEDED)
    assert older.last_status is None


def test_the_system_gives_no_id_that_an_operator_has_used() -> None:
    door = Carried()
    for request_id in (2, 3):
        door.asks("GetLog", logType="SecurityLog", requestId=request_id, log={"remoteLocation": PLACE})
        door.sends()
        door.answers(status="Accepted", filename="a.log")
    assert [job.number for job in door.jobs] == [2, 1]
    door.asks("CollectLog", location=PLACE, log="Security")
    _, payload = door.sends()
    assert payload["requestId"] == door.job().number == 4
    assert [job.request_id for job in door.jobs] == [4, 3, 2]


# Giving up


def test_a_job_is_given_up_by_a_person() -> None:
    door = Carried()
    door.asks("InstallFirmware", location="https://host/fw.bin")
    door.sends()
    with refused(Kind.CONFLICT, about="cancel the errand 1"):
        door.services.jobs.give_up(door.job().number, "admin")
    door.answers()
    job = door.services.jobs.give_up(door.job().number, "admin")
    assert (job.state, job.reason) == (JobState.CANCELLED, "Given up by admin.")
    with refused(Kind.CONFLICT, about="ended already"):
        door.services.jobs.give_up(job.number, "admin")
    with refused(Kind.NOT_FOUND):
        door.services.jobs.give_up(JobNumber(99), "admin")


def test_a_job_whose_errand_ended_unnoticed_is_given_up_too() -> None:
    door = Carried()
    door.asks("InstallFirmware", location="https://host/fw.bin")
    door.sends()
    door.carrying.records("{}", None)
    assert door.job().state is JobState.ASKED
    assert door.services.jobs.give_up(door.job().number, "admin").state is JobState.CANCELLED
