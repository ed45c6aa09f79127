"""Uploads that are too much, too slow or broken off, and a disk or a database that takes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from pathlib import Path

import pytest

from tests.files.bodies import BOUNDARY, chunked, form
from tests.files.counter import CONTENT, Counter, answer_from, at_the_counter, until

# Too much, too slow, broken off


def test_what_says_that_it_is_too_large_is_refused_before_it_comes(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 104857601\r\n\r\n"
        assert (await counter.say(head.encode())).status == 413
        counter.assert_nothing_kept()
        assert "104857600 bytes" in counter.noted.reasons[0]

    at_the_counter(tmp_path, story)


def test_chunks_without_an_end_are_refused_when_it_is_too_much(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        reader, writer = await counter.connect()
        head = f"PUT {counter.upload_path()} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        answering = asyncio.get_running_loop().create_task(answer_from(reader))
        sent = 0
        while not answering.done() and sent < 5_000_000:
            writer.write(chunked(b"x" * 65536, is_ended=False))
            sent += 65536
            try:
                await writer.drain()
            except ConnectionError:
                break
        with contextlib.suppress(ConnectionError):  # who goes on sending for too long is cut off, and hears nothing
            assert (await answering).status == 413
        writer.close()
        await until(lambda: counter.lying() == [])
        counter.assert_nothing_kept()
        assert "more than 1000000 bytes" in counter.noted.reasons[0]

    at_the_counter(tmp_path, story, max_upload_bytes=1_000_000)


def test_what_says_nothing_for_too_long_is_broken_off(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        reader, writer = await counter.connect()
        writer.write(f"PUT {counter.upload_path()} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab".encode())
        assert (await answer_from(reader)).status == 408
        writer.close()
        counter.assert_nothing_kept()

    at_the_counter(tmp_path, story, idle_seconds=0.2)


def test_what_takes_too_long_altogether_is_broken_off(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        reader, writer = await counter.connect()
        writer.write(f"PUT {counter.upload_path()} HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n".encode())
        for _ in range(10):
            writer.write(b"x")
            await asyncio.sleep(0.05)
        assert (await answer_from(reader)).status == 408
        writer.close()
        counter.assert_nothing_kept()

    at_the_counter(tmp_path, story, transfer_seconds=2.0)


@pytest.mark.parametrize("encoding", ["length", "chunked", "form"])
def test_what_breaks_off_leaves_nothing(tmp_path: Path, encoding: str) -> None:
    async def story(counter: Counter) -> None:
        headers = {
            "length": "Content-Length: 999999",
            "chunked": "Transfer-Encoding: chunked",
            "form": f"Content-Length: 999999\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}",
        }
        body = {
            "length": CONTENT,
            "chunked": chunked(CONTENT, is_ended=False),
            "form": form(('name="file"; filename="d.zip"', CONTENT))[:-30],
        }
        _, writer = await counter.connect()
        writer.write(f"PUT {counter.upload_path()} HTTP/1.1\r\nHost: x\r\n{headers[encoding]}\r\n\r\n".encode())
        writer.write(body[encoding])
        await until(lambda: len(counter.lying()) == 1)
        writer.transport.abort()
        await until(lambda: counter.lying() == [])
        counter.assert_nothing_kept()

    at_the_counter(tmp_path, story)


def test_an_empty_file_is_refused_and_the_ticket_stays_good(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        assert (await counter.ask("PUT", path)).status == 400
        counter.assert_nothing_kept()
        assert (await counter.ask("PUT", path, b"log")).status == 201

    at_the_counter(tmp_path, story)


def test_packed_bytes_are_kept_as_they_come(tmp_path: Path) -> None:
    """Unpacking is for who trusts them."""

    async def story(counter: Counter) -> None:
        answer = await counter.ask("PUT", counter.upload_path(), b"\x1f\x8bno gzip", Content_Encoding="gzip")
        assert answer.status == 201
        [file] = counter.received
        assert await counter.content(file) == b"\x1f\x8bno gzip"

    at_the_counter(tmp_path, story)


# The disk and the database


def test_a_disk_without_room_refuses_before_anything_comes(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        answer = await counter.ask("PUT", counter.upload_path(), CONTENT)
        assert answer.status == 507
        counter.assert_nothing_kept()

    at_the_counter(tmp_path, story, keep_free_bytes=2**60)


def test_a_disk_that_becomes_full_meanwhile_refuses_and_nothing_stays(tmp_path: Path) -> None:
    """Told by a limit of this process, which the system enforces as it does the end of a disk."""

    async def story(counter: Counter) -> None:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            answer = await counter.ask("PUT", counter.upload_path(), CONTENT)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert answer.status == 507
        counter.assert_nothing_kept()
        assert "not enough room" in counter.noted.reasons[0]

    at_the_counter(tmp_path, story)


def test_a_database_that_is_away_at_the_end_of_an_upload_leaves_no_half_of_it(tmp_path: Path) -> None:
    """The station hears that it failed, and comes again. What lies there belongs to nobody and is swept."""

    async def story(counter: Counter) -> None:
        reader, writer = await counter.connect()
        path = counter.upload_path()
        writer.write(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab".encode())
        await until(lambda: len(counter.lying()) == 1)
        counter.workspace.is_available = False
        writer.write(b"cd")
        answer = await answer_from(reader)
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        writer.close()
        counter.workspace.is_available = True
        assert counter.received == []
        assert (await counter.ask("PUT", path, b"abcd")).status == 201
        assert len(counter.received) == 1

    at_the_counter(tmp_path, story)


def test_a_database_that_is_away_at_the_start_is_told(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        counter.workspace.is_available = False
        assert (await counter.ask("PUT", path, b"log")).status == 503
        counter.workspace.is_available = True
        counter.assert_nothing_kept()

    at_the_counter(tmp_path, story)
