"""Logs and firmware are asked for in the way that a station can, and jobs tell what became of it (security whitepaper
N01, L01; OCPP 1.6 §5.9, §5.19)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errands.model import Delivery, ErrandState
from forecourt.domain.errors import Kind
from forecourt.domain.jobs.model import JobKind, JobState
from tests.domain.world import refused
from tests.support.carrying import Carried, Json
from tests.support.clock import NOON

PLACE = "ftp://user:s3cret@host/logs?key=s3cret"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
SIGNED = {"location": "https://host/fw.bin", "signature": "c2ln", "signingCertificate": PEM}
EVENT = {"type": "StartupOfTheDevice", "timestamp": "2026-01-01T12:00:00Z"}


# Logs


def test_a_station_of_which_nothing_is_known_is_asked_for_diagnostics_in_the_older_way() -> None:
    """OCPP 1.6 §5.9; TC_045_1."""
    door = Carried()
    errand = door.asks(
        "CollectLog",
        location="ftps://host/logs",
        log="Diagnostics",
        retries=3,
        retryInterval=60,
        **{"from": "2026-01-01T01:00:00+01:00", "to": "2026-01-02T00:00:00Z"},
    )
    assert door.sends() == (
        "GetDiagnostics",
        {
            "location": "ftps://host/logs",
            "retries": 3,
            "retryInterval": 60,
            "startTime": "2026-01-01T00:00:00Z",
            "stopTime": "2026-01-02T00:00:00Z",
        },
    )
    door.clock.advance(timedelta(seconds=5))
    door.answers(fileName="d.zip")
    job = door.job()
    assert (job.kind, job.state, job.file_name) == (JobKind.DIAGNOSTICS, JobState.RUNNING, "d.zip")
    assert (job.errand, job.operation, job.asked_by) == (errand.number, "CollectLog", "admin")
    assert (job.request_id, job.asked_at, job.answered_at) == (None, NOON, NOON + timedelta(seconds=5))


def _sent_an_event(door: Carried) -> None:
    door.says("SecurityEventNotification", **EVENT)


def _sent_a_log_status(door: Carried) -> None:
    door.says("LogStatusNotification", status="Idle")


def _sent_a_firmware_status(door: Carried) -> None:
    door.says("SignedFirmwareStatusNotification", status="Idle")


def _answered_a_trigger(door: Carried) -> None:
    door.asks("ExtendedTriggerMessage", requestedMessage="Heartbeat")
    door.sends()
    door.answers(status="Rejected")


def _answered_about_certificates(door: Carried) -> None:
    door.asks("GetInstalledCertificateIds", certificateType="CentralSystemRootCertificate")
    door.sends()
    door.answers(status="NotFound")


def _has_a_profile(door: Carried) -> None:
    door.asks("GetConfiguration", key=["SecurityProfile"])
    door.sends()
    door.answers(configurationKey=[{"key": "SecurityProfile", "readonly": False, "value": "2"}])


@pytest.mark.parametrize(
    "reveal",
    [
        _sent_an_event,
        _sent_a_log_status,
        _sent_a_firmware_status,
        _answered_a_trigger,
        _answered_about_certificates,
        _has_a_profile,
    ],
)
def test_a_station_that_speaks_the_extension_is_asked_with_a_request_id(reveal: Json) -> None:
    door = Carried()
    assert not door.services.security.is_spoken_by(door.station)
    reveal(door)
    assert door.services.security.is_spoken_by(door.station)
    assert not door.services.security.is_spoken_by(door.a_station("CP-2"))
    door.asks("CollectLog", location="ftps://host/logs", log="Diagnostics", **{"from": "2026-01-01T00:00:00Z"})
    action, payload = door.sends()
    assert action == "GetLog"
    assert payload == {
        "logType": "DiagnosticsLog",
        "requestId": door.job().number,
        "log": {"remoteLocation": "ftps://host/logs", "oldestTimestamp": "2026-01-01T00:00:00Z"},
    }


def test_a_station_that_does_not_know_the_setting_does_not_speak_the_extension() -> None:
    door = Carried()
    door.asks("GetConfiguration", key=["SecurityProfile"])
    door.sends()
    door.answers(unknownKey=["SecurityProfile"])
    assert not door.services.security.is_spoken_by(door.station)


@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported"])
def test_diagnostics_fall_back_to_the_older_way_once(code: str) -> None:
    door = Carried()
    _sent_an_event(door)
    first = door.asks("CollectLog", location=PLACE, log="Diagnostics", retries=2)
    door.sends()
    door.answers_with_error(code)
    assert door.services.errands.get(first.number).state is ErrandState.FAILED

    action, payload = door.sends()
    assert (action, payload) == ("GetDiagnostics", {"location": PLACE, "retries": 2})
    job = door.job()
    assert (job.kind, job.state, job.request_id) == (JobKind.DIAGNOSTICS, JobState.ASKED, None)
    assert job.errand == first.number + 1
    again = door.services.errands.get(job.errand)
    assert (again.operation, again.asked_by, again.delivery) == ("CollectLog", "admin", Delivery.WHEN_ONLINE)

    door.answers_with_error(code)
    assert not door.has_something_to_send
    assert (door.job().state, len(door.jobs)) == (JobState.FAILED, 1)
    assert code in (door.job().reason or "")


@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported"])
def test_a_security_log_that_a_station_does_not_have_fails_with_the_reason(code: str) -> None:
    door = Carried()
    door.asks("CollectLog", location=PLACE, log="Security")
    assert door.sends()[0] == "GetLog"
    door.answers_with_error(code)
    assert not door.has_something_to_send
    assert door.job().state is JobState.FAILED
    assert door.job().reason == (
        f"The station has no security log to upload: it does not speak the security extension ({code})."
    )


def test_another_error_is_the_reason_and_nothing_else_is_tried() -> None:
    door = Carried()
    _sent_an_event(door)
    door.asks("CollectLog", location=PLACE, log="Diagnostics")
    door.sends()
    door.answers_with_error("InternalError")
    assert not door.has_something_to_send
    assert (door.job().state, door.job().reason) == (
        JobState.FAILED,
        "The station answered with the error InternalError",
    )


def test_a_station_with_nothing_to_upload_ends_the_job_until_it_reports_all_the_same() -> None:
    """OCPP 1.6 §6.26: no file name means nothing to upload, and some stations merely leave it out."""
    door = Carried()
    door.asks("CollectLog", location=PLACE, log="Diagnostics")
    door.sends()
    door.answers()
    assert door.job().state is JobState.EMPTY
    assert door.job().ended_at is not None
    door.says("DiagnosticsStatusNotification", status="Uploading")
    assert (door.job().state, door.job().ended_at) == (JobState.RUNNING, None)
    door.says("DiagnosticsStatusNotification", status="Uploaded")
    assert door.job().state is JobState.DONE


def test_a_time_that_ends_before_it_begins_is_refused() -> None:
    door = Carried()
    times = {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    with refused(Kind.INVALID, field="from"):
        door.asks("CollectLog", location=PLACE, log="Security", **times)


@pytest.mark.parametrize("operation", ["CollectLog", "InstallFirmware"])
def test_a_location_that_is_none_is_refused_and_nothing_is_stored(operation: str) -> None:
    door = Carried()
    parameters = {"log": "Security"} if operation == "CollectLog" else {}
    with refused(Kind.INVALID, field="location"):
        door.asks(operation, location="host/folder", **parameters)
    assert door.jobs == []
    assert not door.has_something_to_send


# Firmware


def test_signed_firmware_is_sent_with_its_signature_and_its_certificate() -> None:
    """L01.FR.11; TC_080."""
    door = Carried()
    door.asks(
        "InstallFirmware",
        **SIGNED,
        retrieveAt="2026-01-02T01:00:00+01:00",
        installAt="2026-01-03T00:00:00Z",
        retries=1,
        retryInterval=0,
    )
    assert door.sends() == (
        "SignedUpdateFirmware",
        {
            "requestId": door.job().number,
            "retries": 1,
            "retryInterval": 0,
            "firmware": {
                "location": "https://host/fw.bin",
                "retrieveDateTime": "2026-01-02T00:00:00Z",
                "installDateTime": "2026-01-03T00:00:00Z",
                "signingCertificate": PEM,
                "signature": "c2ln",
            },
        },
    )
    door.answers(status="Accepted")
    assert (door.job().kind, door.job().state) == (JobKind.SIGNED_FIRMWARE, JobState.RUNNING)
    assert door.services.security.is_spoken_by(door.station)


def test_firmware_without_a_signature_is_sent_in_the_older_way_at_once() -> None:
    """OCPP 1.6 §5.19; TC_044_1."""
    door = Carried()
    errand = door.asks("InstallFirmware", location="https://host/fw.bin", installAt="2025-01-03T00:00:00Z")
    assert len(errand.warnings) == 2
    assert door.sends() == (
        "UpdateFirmware",
        {"location": "https://host/fw.bin", "retrieveDate": "2026-01-01T12:00:00Z"},
    )
    door.answers()
    assert (door.job().kind, door.job().state) == (JobKind.FIRMWARE, JobState.RUNNING)


def test_a_wrong_signature_is_passed_on_with_a_warning() -> None:
    """TC_081: only the station's own check counts."""
    door = Carried()
    wrong = SIGNED | {"signature": "this is no base64!", "signingCertificate": "nor this PEM"}
    errand = door.asks("InstallFirmware", **wrong)
    assert list(errand.warnings) == ["The signature is not base64.", "The signing certificate is not PEM."]
    _, payload = door.sends()
    assert payload["firmware"]["signature"] == "this is no base64!"


def test_a_plausible_request_has_no_warnings() -> None:
    assert Carried().asks("InstallFirmware", **SIGNED).warnings == ()


@pytest.mark.parametrize(
    ("present", "missing"), [("signature", "signingCertificate"), ("signingCertificate", "signature")]
)
def test_half_a_proof_of_origin_is_refused(present: str, missing: str) -> None:
    """L01.FR.11."""
    door = Carried()
    with refused(Kind.INVALID, field=missing):
        door.asks("InstallFirmware", location="https://host/fw.bin", **{present: SIGNED[present]})


@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported"])
def test_a_station_that_cannot_verify_is_not_sent_unsigned_firmware_by_itself(code: str) -> None:
    door = Carried()
    door.asks("InstallFirmware", **SIGNED)
    door.sends()
    door.answers_with_error(code)
    assert not door.has_something_to_send
    assert door.job().state is JobState.FAILED
    assert "Allow an unsigned update" in (door.job().reason or "")


def test_a_station_that_cannot_verify_is_sent_unsigned_firmware_when_that_was_allowed() -> None:
    door = Carried()
    door.asks("InstallFirmware", **(SIGNED | {"location": PLACE}), allowUnsigned=True, retries=4)
    door.sends()
    door.answers_with_error("NotImplemented")
    assert door.sends() == (
        "UpdateFirmware",
        {"location": PLACE, "retrieveDate": "2026-01-01T12:00:00Z", "retries": 4},
    )
    door.answers()
    job = door.job()
    assert (job.kind, job.state, job.request_id) == (JobKind.FIRMWARE, JobState.RUNNING, None)
    door.says("FirmwareStatusNotification", status="Downloading")
    assert door.job().last_status == "Downloading"


def test_a_station_that_wants_signed_firmware_says_so() -> None:
    """L01.FR.20."""
    door = Carried()
    door.asks("InstallFirmware", location="https://host/fw.bin")
    door.sends()
    door.answers_with_error("NotSupported")
    assert door.job().state is JobState.FAILED
    assert "installs signed firmware only" in (door.job().reason or "")


@pytest.mark.parametrize("status", ["Rejected", "InvalidCertificate", "RevokedCertificate"])
def test_a_refusal_is_the_end_of_the_job(status: str) -> None:
    """L01.FR.24, FR.25, FR.27."""
    door = Carried()
    door.asks("InstallFirmware", **SIGNED)
    door.sends()
    door.answers(status=status)
    assert (door.job().state, door.job().reason) == (JobState.REFUSED, f"The station answered {status}.")
