"""Jobs and the reports about them over REST."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import Say
from forecourt.domain.errands.model import Delivery, Draft, Order
from forecourt.domain.jobs.model import Answer, Channel, JobKind, Report
from forecourt.domain.provisioning.model import Station
from tests.api.door import Door, faults, problem

PLACE = "ftps://user:s3cret@host/logs"


def accepts(
    door: Door, station: Station, kind: JobKind = JobKind.SECURITY_LOG, *, request_id: int | None = None
) -> None:
    """The station agrees to a job that was asked for raw."""
    draft = Draft(operation="GetLog", intent=Say("GetLog", "{}"), shown=None)
    errand = door.services.errands.ask(station, draft, Order(asked_by="admin", delivery=Delivery.WHEN_ONLINE))
    answer = Answer(kind=kind, location=PLACE, request_id=request_id, file_name="=file.log")
    door.services.jobs.hear(station, answer, errand.number)


def reports(door: Door, station: Station, status: str, request_id: int | None = None) -> None:
    door.services.jobs.report(station, Channel.LOG, Report(status=status, request_id=request_id))


def test_a_job_is_shown_with_its_history(door: Door) -> None:
    station = door.a_station()
    accepts(door, station, request_id=17)
    door.clock.advance(timedelta(seconds=30))
    reports(door, station, "Uploading", 17)
    reports(door, station, "UploadFailure")
    sheet = door.get("/jobs/1")
    assert sheet == {
        "job": {
            "job": 1,
            "stationId": "CP1",
            "kind": "securityLog",
            "state": "failed",
            "reason": "The station reported UploadFailure.",
            "requestId": 17,
            "operation": "GetLog",
            "errand": 1,
            "askedBy": "admin",
            "location": "ftps://***@host/logs",
            "fileName": "=file.log",
            "image": None,
            "imageName": None,
            "askedAt": "2026-01-01T12:00:00Z",
            "answeredAt": "2026-01-01T12:00:00Z",
            "lastStatus": "UploadFailure",
            "lastStatusAt": "2026-01-01T12:00:30Z",
            "endedAt": "2026-01-01T12:00:30Z",
        },
        "history": [
            {"status": "Uploading", "requestId": 17, "doubts": [], "receivedAt": "2026-01-01T12:00:30Z"},
            {
                "status": "UploadFailure",
                "requestId": None,
                "doubts": ["statusWithoutRequestId"],
                "receivedAt": "2026-01-01T12:00:30Z",
            },
        ],
        "files": [],
    }
    assert door.get("/jobs")["items"] == [sheet["job"]]


def test_jobs_are_found_by_what_they_are(door: Door) -> None:
    first, second = door.a_station("CP1"), door.a_station("CP2")
    accepts(door, first, request_id=5)
    door.clock.advance(timedelta(hours=1))
    accepts(door, second, JobKind.FIRMWARE)
    reports(door, first, "Uploaded", 5)

    def numbers(query: str) -> list[int]:
        return [item["job"] for item in door.get(f"/jobs?{query}")["items"]]

    assert numbers("") == [2, 1]
    assert numbers("stationId=CP1") == [1]
    assert numbers("stationId=CP") == []
    assert numbers("kind=firmware") == [2]
    assert numbers("open=true") == [2]
    assert numbers("open=false") == [1]
    assert numbers("from=2026-01-01T12:30:00Z") == [2]
    assert numbers("to=2026-01-01T12:30:00Z") == [1]
    page = door.get("/jobs?limit=1")
    assert [item["job"] for item in page["items"]] == [2]
    assert numbers(f"limit=1&cursor={page['next']}") == [1]
    assert "kind" in faults(door.ask("GET", "/jobs?kind=nothing"))
    assert "from" in faults(door.ask("GET", "/jobs?from=2026-01-01T12:30:00"))


def test_jobs_are_downloaded_safe_to_open(door: Door) -> None:
    accepts(door, door.a_station(), request_id=17)
    response = door.ask("GET", "/jobs.csv?open=true")
    assert response.headers["content-type"].startswith("text/csv")
    header, row = response.text.splitlines()
    assert header.startswith("job,stationId,kind,state,reason,requestId,")
    assert row.startswith("1,CP1,securityLog,running,,17,GetLog,")
    assert ",ftps://***@host/logs,'=file.log," in row
    assert len(door.ask("GET", "/jobs.csv?open=false").text.splitlines()) == 1


@pytest.mark.parametrize("number", ["2", "0", "9223372036854775807", "9223372036854775808", "99999999999999999999"])
def test_a_job_that_does_not_exist_is_a_404(door: Door, number: str) -> None:
    accepts(door, door.a_station())
    problem(door.ask("GET", f"/jobs/{number}"), 404)
    problem(door.ask("DELETE", f"/jobs/{number}"), 404)


def test_a_job_is_given_up_once(door: Door) -> None:
    accepts(door, door.a_station(), JobKind.FIRMWARE)
    response = door.ask("DELETE", "/jobs/1")
    assert response.status_code == 200
    assert (response.json()["state"], response.json()["reason"]) == ("cancelled", "Given up by token tests.")
    assert "ended already" in problem(door.ask("DELETE", "/jobs/1"), 409)["detail"]


def test_reports_that_belong_to_no_job_are_listed_newest_first(door: Door) -> None:
    station = door.a_station()
    reports(door, station, "Uploading", -3)
    reports(door, door.a_station("CP2"), "Uploaded")
    assert door.get("/stray-reports?stationId=CP1")["items"] == [
        {
            "stationId": "CP1",
            "channel": "log",
            "status": "Uploading",
            "requestId": -3,
            "doubts": ["unknownRequestId"],
            "receivedAt": "2026-01-01T12:00:00Z",
        }
    ]
    assert [item["status"] for item in door.get("/stray-reports")["items"]] == ["Uploaded", "Uploading"]


# The tasks, as a program asks for them


@pytest.mark.parametrize(
    ("operation", "body", "field"),
    [
        ("CollectLog", {"location": "ftp://host/"}, "log"),
        ("CollectLog", {"location": "ftp://host/", "log": "Other"}, "log"),
        ("CollectLog", {"location": "no uri", "log": "Security"}, "location"),
        ("CollectLog", {"location": "ftp://host/", "log": "Security", "retries": -1}, "retries"),
        ("CollectLog", {"location": "ftp://host/", "log": "Security", "from": "2026-01-01T12:00:00"}, "from"),
        ("CollectLog", {"location": "ftp://host/", "log": "Security", "since": "2026-01-01T12:00:00Z"}, "since"),
        ("InstallFirmware", {"location": "ftp://host/", "signature": "c2ln"}, "signingCertificate"),
        ("InstallFirmware", {"location": "ftp://host/", "signature": "x" * 801}, "signature"),
        ("InstallFirmware", {"location": "ftp://host/", "allowUnsigned": "yes"}, "allowUnsigned"),
    ],
)
def test_a_task_that_cannot_be_is_a_422_and_nothing_is_stored(
    door: Door, operation: str, body: dict[str, object], field: str
) -> None:
    door.a_station()
    assert set(faults(door.ask("POST", f"/stations/CP1/operations/{operation}", body), 422)) == {field}
    assert door.get("/jobs")["items"] == []
    assert door.get("/errands")["items"] == []


def test_no_password_of_a_task_is_shown_anywhere_while_it_waits(door: Door) -> None:
    door.a_station()
    body = {"location": "ftp://somebody:hunter2@host/?t=hunter2", "log": "Security"}
    response = door.ask("POST", "/stations/CP1/operations/CollectLog?delivery=whenOnline", body)
    assert response.status_code == 202
    for path in ("/jobs", "/jobs/1", "/jobs.csv", "/errands", "/errands/1", "/errands.csv"):
        text = door.ask("GET", path).text
        assert "hunter2" not in text + response.text
        assert "CollectLog" in text
    assert "in clear" in response.json()["warnings"][0]
