"""Files that stations upload by HTTP: how they come, with which ticket, and under which name."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from forecourt.domain.files.model import TICKET_LIFE, UPLOAD_USES, Carrier
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.security_log.model import Kind
from tests.files.bodies import BOUNDARY, FORM, chunked, form
from tests.files.counter import CONTENT, Counter, answer_from, at_the_counter, until


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_file_comes_as_the_body_of_a_request(tmp_path: Path, method: str) -> None:
    async def story(counter: Counter) -> None:
        job = counter.a_job()
        answer = await counter.ask(method, counter.upload_path(job) + "logs/security%20log.zip", CONTENT)
        assert answer.status == 201
        [file] = counter.received
        assert (file.station, file.job, file.name) == ("CP-1", job, "security log.zip")
        assert (file.size, file.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
        assert (file.address, file.carrier) == ("127.0.0.1", Carrier.HTTP)
        assert await counter.content(file) == CONTENT
        assert counter.lying() == [file.stored_as]

    at_the_counter(tmp_path, story)


def test_a_file_comes_in_chunks_of_unknown_number(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        body = chunked(*(CONTENT[start : start + 7000] for start in range(0, len(CONTENT), 7000)))
        answer = await counter.ask("PUT", counter.upload_path(), body, Transfer_Encoding="chunked")
        assert answer.status == 201
        [file] = counter.received
        assert await counter.content(file) == CONTENT
        assert file.name == "SecurityLog", "the station gave it no name"

    at_the_counter(tmp_path, story)


def test_a_file_comes_in_a_form_beside_other_fields(tmp_path: Path) -> None:
    """RFC 7578, as `curl -F` does it."""

    async def story(counter: Counter) -> None:
        body = form(('name="note"', b"hello"), ('name="file"; filename="../../d.zip"', CONTENT))
        answer = await counter.ask("POST", counter.upload_path(), body, **FORM)
        assert answer.status == 201
        [file] = counter.received
        assert (file.name, await counter.content(file)) == ("d.zip", CONTENT)

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize(
    "body",
    [form(('name="note"', b"hello")), b"no form at all", b"", f"--{BOUNDARY}\r\n".encode()],
    ids=["no file", "no form", "nothing", "begun"],
)
def test_a_form_without_a_file_is_refused(tmp_path: Path, body: bytes) -> None:
    async def story(counter: Counter) -> None:
        answer = await counter.ask("POST", counter.upload_path(), body, **FORM)
        assert answer.status == 400
        counter.assert_nothing_kept()

    at_the_counter(tmp_path, story)


def test_a_client_that_waits_for_100_continue_is_told_before_it_sends_anything(tmp_path: Path) -> None:
    """RFC 9110 §10.1.1."""

    async def story(counter: Counter) -> None:
        reader, writer = await counter.connect()
        head = f"PUT {counter.upload_path()} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        writer.write(head.encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abcd")
        assert (await answer_from(reader)).status == 201
        writer.close()

    at_the_counter(tmp_path, story)


def test_a_client_that_waits_for_100_continue_is_refused_without_having_sent_anything(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        head = (
            f"PUT {counter.upload_path()} HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\nExpect: 100-continue\r\n\r\n"
        )
        answer = await counter.say(head.replace("fct_", "fct-").encode())
        assert answer.status == 404

    at_the_counter(tmp_path, story)


def test_a_part_of_a_file_is_refused_and_not_taken_for_the_whole(tmp_path: Path) -> None:
    """A client that goes on with what it sent before says so (RFC 9110 §14.4)."""

    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        answer = await counter.ask("PUT", path, CONTENT[100:], Content_Range=f"bytes 100-{len(CONTENT) - 1}/*")
        assert (answer.status, b"send all of it" in answer.body) == (400, True)
        counter.assert_nothing_kept()
        assert len(counter.noted.notes) == 1
        assert (await counter.ask("PUT", path, CONTENT)).status == 201

    at_the_counter(tmp_path, story)


def test_a_packed_file_is_no_form_whatever_it_is_called(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        answer = await counter.ask("PUT", counter.upload_path(), CONTENT, Content_Type="multipart/x-zip")
        assert answer.status == 201
        [file] = counter.received
        assert await counter.content(file) == CONTENT

    at_the_counter(tmp_path, story)


# Names


@pytest.mark.parametrize(
    ("tail", "name"),
    [
        ("../../../etc/passwd", "passwd"),
        ("%2e%2e%2f%2e%2e%2fetc%2fshadow", "shadow"),
        ("..%5c..%5cboot.ini", "boot.ini"),
        ("a%00b.log", "a�b.log"),
        ("..", "SecurityLog"),
        ("%20.%20", "SecurityLog"),
        ("/", "SecurityLog"),
        ("x" * 300, "x" * 255),
        ("%0d%0aSet-Cookie:%20a", "��Set-Cookie: a"),
        ("%ff%fe", "��"),
        ("log.zip?x=1", "log.zip"),
    ],
)
def test_a_name_is_shown_and_never_used_as_a_path(tmp_path: Path, tail: str, name: str) -> None:
    async def story(counter: Counter) -> None:
        answer = await counter.ask("PUT", counter.upload_path() + tail, b"log")
        assert answer.status == 201
        [file] = counter.received
        assert file.name == name
        assert counter.lying() == [file.stored_as], "there is this file and nothing else"

    at_the_counter(tmp_path / "shelf", story)


# Who may not


def test_a_token_that_does_not_exist_is_refused_and_noted(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        for token in ("fct_" + "A" * 43, "x", "", "%00", "..", "fct_" + "%41" * 43, "fct_" + "A" * 44):
            answer = await counter.ask("PUT", f"/up/{token}/log.zip", b"log")
            assert answer.status == 404, token
        counter.assert_nothing_kept()
        assert {note.kind for note in counter.noted.notes} == {Kind.FILE_REFUSED}
        assert len(counter.noted.notes) == 7
        assert "AAAA" not in str(counter.noted.notes)

    at_the_counter(tmp_path, story)


def test_a_ticket_ends_with_its_job(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        job = counter.a_job()
        path = counter.upload_path(job)
        counter.end(job)
        answer = await counter.ask("PUT", path, b"log")
        assert answer.status == 410
        assert f"the job {job}, which has ended" in answer.body.decode()
        [note] = counter.noted.notes
        assert (note.kind, note.station, note.address) == (Kind.FILE_REFUSED, "CP-1", "127.0.0.1")
        counter.assert_nothing_kept()

    at_the_counter(tmp_path, story)


def test_a_ticket_ends_with_the_station(tmp_path: Path) -> None:
    """And is good again when the station comes back."""

    async def story(counter: Counter) -> None:
        up, down = counter.upload_path(), await counter.download_path()
        counter.services.provisioning.remove("CP-1")
        for answer in (await counter.ask("PUT", up, CONTENT), await counter.ask("GET", down)):
            assert (answer.status, b"was for a station that was removed" in answer.body) == (410, True)
        assert counter.received == []
        assert [note.station for note in counter.noted.notes] == ["CP-1", "CP-1"]
        counter.services.provisioning.add(StationDraft(identity="CP-1"))
        assert (await counter.ask("PUT", up, CONTENT)).status == 201

    at_the_counter(tmp_path, story)


def test_a_ticket_ends_with_time(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        counter.clock.advance(TICKET_LIFE - timedelta(seconds=1))
        assert (await counter.ask("PUT", path, b"log")).status == 201
        counter.clock.advance(timedelta(seconds=1))
        answer = await counter.ask("PUT", path, b"log")
        assert (answer.status, "has expired" in answer.body.decode()) == (410, True)

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "MKCOL"])
def test_nothing_but_an_upload_is_done_with_the_ticket_of_one(tmp_path: Path, method: str) -> None:
    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        answer = await counter.ask(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, "PUT, POST")
        fetched = await counter.ask("GET", path.replace("/up/", "/down/"))
        assert fetched.status == 404

    at_the_counter(tmp_path, story)


# Once


def test_the_same_file_once_more_is_taken_for_the_same(tmp_path: Path) -> None:
    """The station did not hear the answer, and tries again."""

    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        assert (await counter.ask("PUT", path, CONTENT)).status == 201
        assert (await counter.ask("PUT", path, CONTENT)).status == 200
        [file] = counter.received
        assert counter.lying() == [file.stored_as]

    at_the_counter(tmp_path, story)


def test_another_file_with_the_same_ticket_is_taken_while_the_job_runs(tmp_path: Path) -> None:
    """The station wrote more to its log and tries again (N01): the newest counts, and the earlier is kept."""

    async def story(counter: Counter) -> None:
        job = counter.a_job()
        path = counter.upload_path(job)
        assert (await counter.ask("PUT", path, CONTENT)).status == 201
        assert (await counter.ask("PUT", path, b"another")).status == 201
        assert (await counter.ask("PUT", path, b"another")).status == 200
        assert [file.size for file in counter.received] == [len(b"another"), len(CONTENT)]
        counter.end(job)
        assert (await counter.ask("PUT", path, b"a third")).status == 410

    at_the_counter(tmp_path, story)


def test_a_ticket_is_good_for_so_many_files_and_no_more(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        for number in range(UPLOAD_USES):
            assert (await counter.ask("PUT", path, f"log {number}".encode())).status == 201
        assert (await counter.ask("PUT", path, b"one more")).status == 409
        assert len(counter.lying()) == len(counter.received) == UPLOAD_USES

    at_the_counter(tmp_path, story)


def test_of_two_uploads_at_once_each_is_kept_whole(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        answers = await asyncio.gather(counter.ask("PUT", path, b"one" * 999), counter.ask("PUT", path, b"two" * 999))
        assert [answer.status for answer in answers] == [201, 201]
        assert {await counter.content(file) for file in counter.received} == {b"one" * 999, b"two" * 999}

    at_the_counter(tmp_path, story)


def test_only_so_many_uploads_with_one_ticket_begin(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        begun = [await counter.connect() for _ in range(4)]
        for _, writer in begun:
            writer.write(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab".encode())
        await until(lambda: len(counter.lying()) == 4)
        assert (await counter.ask("PUT", path, b"log")).status == 409
        for _, writer in begun:
            writer.close()
        await until(lambda: counter.lying() == [])
        assert (await counter.ask("PUT", path, b"log")).status == 201

    at_the_counter(tmp_path, story)


def test_only_so_many_transfers_are_there_at_all(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        _, writer = await counter.connect()
        writer.write(f"PUT {counter.upload_path()} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab".encode())
        await until(lambda: len(counter.lying()) == 1)
        answer = await counter.ask("PUT", counter.upload_path(), b"log")
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        writer.close()

    at_the_counter(tmp_path, story, transfers_at_once=1)
