"""Files that stations uploaded, over REST."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.files.model import Arrival, Carrier, Kept, ReceivedFile
from forecourt.domain.files.shelf import Area
from forecourt.domain.jobs.model import JobDraft, JobKind
from forecourt.domain.provisioning.model import Station
from tests.api.door import Door, problem

CONTENT = bytes(range(256)) * 3000


def a_file(door: Door, station: Station, name: str = "security log.zip", content: bytes = CONTENT) -> ReceivedFile:
    """A file that came for a job of its own."""

    async def lay() -> Kept:
        receiving = await door.shelf.new(Area.RECEIVED, len(content))
        await receiving.write(content)
        return await receiving.finish()

    files = door.services.files
    draft = JobDraft(kind=JobKind.SECURITY_LOG, operation="CollectLog", asked_by="admin", location="http://h/")
    job = door.services.jobs.add(station, draft)
    token = files.offer_upload(station, job=job).partition("/up/")[2].strip("/")
    ticket = files.find_ticket(token)
    assert ticket is not None
    return files.received(ticket, door.run(lay()), Arrival(name=name, address="192.0.2.1", carrier=Carrier.FTPS))


def test_a_received_file_is_shown_with_its_job(door: Door) -> None:
    file = a_file(door, door.a_station())
    shown = door.get("/files/1")
    assert shown == {
        "file": 1,
        "stationId": "CP1",
        "job": 1,
        "name": "security log.zip",
        "size": len(CONTENT),
        "sha256": file.sha256,
        "receivedAt": "2026-01-01T12:00:00Z",
        "address": "192.0.2.1",
        "carrier": "ftps",
    }
    assert door.get("/files")["items"] == [shown]
    assert door.get("/jobs/1")["files"] == [shown]


def test_its_content_is_downloaded_as_it_came(door: Door) -> None:
    a_file(door, door.a_station(), name='"; x="<b>\n.html')
    answer = door.ask("GET", "/files/1/content")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    named = "attachment; filename*=UTF-8''%22%3B%20x%3D%22%3Cb%3E%EF%BF%BD.html"
    assert answer.headers["Content-Disposition"] == named
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_files_are_found_by_station_job_and_time(door: Door) -> None:
    first, second = door.a_station("CP1"), door.a_station("CP2")
    a_file(door, first)
    door.clock.advance(timedelta(hours=1))
    a_file(door, second)
    for query, found in [
        ("", [2, 1]),
        ("?stationId=CP2", [2]),
        ("?job=1", [1]),
        ("?from=2026-01-01T12:30:00Z", [2]),
        ("?to=2026-01-01T12:30:00Z", [1]),
        ("?job=99", []),
    ]:
        assert [one["file"] for one in door.get(f"/files{query}")["items"]] == found, query


def test_the_list_is_downloaded_as_csv(door: Door) -> None:
    a_file(door, door.a_station(), name="=1+1")
    lines = door.ask("GET", "/files.csv").text.splitlines()
    assert lines[0] == "file,stationId,job,name,size,sha256,receivedAt,address,carrier"
    assert lines[1].startswith(f"1,CP1,1,'=1+1,{len(CONTENT)},")
    assert lines[1].endswith(",2026-01-01T12:00:00Z,192.0.2.1,ftps")


def test_a_removed_file_is_gone_with_its_content(door: Door) -> None:
    file = a_file(door, door.a_station())
    answer = door.ask("DELETE", "/files/1")
    assert (answer.status_code, answer.json()["file"]) == (200, 1)
    assert door.get("/files")["items"] == []
    for method, path in [("GET", "/files/1"), ("GET", "/files/1/content"), ("DELETE", "/files/1")]:
        problem(door.ask(method, path), 404)
    lying = door.run(door.shelf.names(Area.RECEIVED))
    assert file.stored_as not in [one.name for one in lying]


def test_a_content_that_is_gone_from_the_shelf_is_told(door: Door) -> None:
    file = a_file(door, door.a_station())
    door.run(door.shelf.remove(file.stored_as))
    assert "does not lie on the shelf" in problem(door.ask("GET", "/files/1/content"), 404)["detail"]


@pytest.mark.parametrize("number", ["0", "99", "9223372036854775808"])
def test_a_number_that_no_file_has_is_not_found(door: Door, number: str) -> None:
    problem(door.ask("GET", f"/files/{number}"), 404)
    problem(door.ask("GET", f"/files/{number}/content"), 404)
