"""Files that stations uploaded, and the jobs that they were uploaded for."""

from __future__ import annotations

from typing import Final

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.errors import DomainError
from forecourt.domain.files.model import Arrival, Carrier, FileNumber, Kept, ReceivedFile
from forecourt.domain.files.shelf import Area
from forecourt.domain.jobs.model import Channel, JobDraft, JobKind, JobNumber, Report
from forecourt.domain.provisioning.model import StationDraft
from tests.web.door import Building, Pages

CONTENT: Final = bytes(range(256)) * 3000
NAME: Final = "<i>log\u202e.zip"


@pytest.fixture
def job(pages: Pages) -> JobNumber:
    """A station was asked for its security log."""
    pages.services.provisioning.add(StationDraft(identity="CP-1"))
    station = pages.services.provisioning.get_station("CP-1")
    draft = JobDraft(kind=JobKind.SECURITY_LOG, operation="CollectLog", asked_by="admin", location="http://h/")
    return pages.services.jobs.add(station, draft)


@pytest.fixture
def received(pages: Pages, building: Building, job: JobNumber) -> ReceivedFile:
    """It has uploaded it."""

    async def lay() -> Kept:
        receiving = await building.house.shelf.new(Area.RECEIVED, len(CONTENT))
        await receiving.write(CONTENT)
        return await receiving.finish()

    files = pages.services.files
    station = pages.services.provisioning.get_station("CP-1")
    ticket = files.find_ticket(files.offer_upload(station, job=job).partition("/up/")[2].strip("/"))
    assert ticket is not None
    arrival = Arrival(name=NAME, address="192.0.2.1", carrier=Carrier.FTPS)
    return files.received(ticket, pages.run(lay()), arrival)


def test_without_files_and_jobs_the_pages_say_what_makes_some(pages: Pages) -> None:
    assert pages.get("/files").has("No file yet", "CollectLog")
    assert pages.get("/jobs").has("No job yet", "CollectLog", "InstallFirmware")
    assert pages.get("/jobs/stray-reports").has("No stray report")


def test_files_are_listed_as_they_were_named_and_filtered(pages: Pages, received: ReceivedFile) -> None:
    page = pages.get("/files")
    assert page.has(received.name, "750 KiB", "FTPS, 192.0.2.1")
    assert "<i>log" not in page.html
    for query in (f"job={received.job}", "station=CP-1", "from=2026-01-01T12:00"):
        assert f"/files/{received.number}/content" in pages.get(f"/files?{query}").html, query
    for query in ("job=77", "station=CP-2", "to=2026-01-01T12:00"):
        assert pages.get(f"/files?{query}").has("No file fits"), query
    assert received.sha256 in pages.get("/files.csv").html


def test_a_file_is_downloaded_as_it_came_and_opened_by_no_browser(pages: Pages, received: ReceivedFile) -> None:
    answer = pages.get(f"/files/{received.number}/content").response
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%3Ci%3E")
    assert pages.get("/files/99/content").status == 404


def test_a_file_is_removed_by_who_may(pages: Pages, building: Building, received: ReceivedFile) -> None:
    path = f"/files/{received.number}/remove"
    pages.sign_in(Role.SECURITY_OFFICER)
    assert f'action="{path}"' not in pages.get("/files").html
    assert pages.post(path).status == 403
    pages.sign_in(Role.OPERATOR)
    assert pages.done(path).has("is removed.", "No file yet")
    with pytest.raises(DomainError):
        pages.services.files.get(FileNumber(received.number))
    with pytest.raises(DomainError):
        pages.run(building.house.shelf.open(received.stored_as))


def test_a_job_shows_what_the_station_reported_and_uploaded(
    pages: Pages, job: JobNumber, received: ReceivedFile
) -> None:
    station = pages.services.provisioning.get_station("CP-1")
    request_id = pages.services.jobs.get(job).request_id
    for status in ("Uploading", "<odd>"):
        pages.services.jobs.report(station, Channel.LOG, Report(status=status, request_id=request_id))
    pages.services.jobs.report(station, Channel.LOG, Report(status="Uploaded", request_id=4711))
    page = pages.get(f"/jobs/{job}")
    assert page.has("Security log of the station: job 1", "Asked for by admin", "Uploading", "<odd>", received.name)
    assert "<odd>" not in page.html
    listed = pages.get("/jobs")
    assert listed.has("Security log of the station", "The station is at work")
    stray = pages.get("/jobs/stray-reports?station=CP-1")
    assert stray.has("Uploaded", "4711", "It names a job that this station does not have.")


def test_jobs_are_filtered(pages: Pages, job: JobNumber) -> None:
    assert job == 1
    for query in ("station=CP-1", "kind=securityLog", "open=yes", "from=2026-01-01T12:00"):
        assert 'href="/jobs/1"' in pages.get(f"/jobs?{query}").html, query
    for query in ("station=CP-2", "kind=firmware", "open=no", "image=5", "to=2026-01-01T12:00"):
        assert pages.get(f"/jobs?{query}").has("No job fits"), query
    assert "securityLog" in pages.get("/jobs.csv?kind=securityLog").html


def test_a_job_is_given_up_once_and_by_who_may(pages: Pages, job: JobNumber) -> None:
    path = f"/jobs/{job}/give-up"
    pages.sign_in(Role.VIEWER)
    assert f'action="{path}"' not in pages.get(f"/jobs/{job}").html
    assert pages.post(path).status == 403
    pages.sign_in(Role.OPERATOR)
    assert pages.done(path).has("The job is no longer followed.", "No longer followed")
    assert pages.post(path).status == 422
    assert pages.post("/jobs/99/give-up").status == 404
    assert pages.get("/jobs/99").has("To the jobs")
