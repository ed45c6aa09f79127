"""What nobody foresaw is told to the client in a word, and to the log in full."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.files.counter import CONTENT, Counter, at_the_counter, until


def test_a_shelf_that_cannot_be_used_is_a_matter_of_time(tmp_path: Path) -> None:
    folder = tmp_path / "files"

    async def story(counter: Counter) -> None:
        path = counter.upload_path()
        folder.write_text("this is no folder")
        with capture_logs() as logs:
            answer = await counter.ask("PUT", path, b"log")
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        assert [one["event"] for one in logs] == ["shelf_out_of_order"]
        folder.unlink()
        assert (await counter.ask("PUT", path, b"log")).status == 201
        shutil.rmtree(folder)

    at_the_counter(folder, story)


def test_what_nobody_foresaw_is_logged_and_answered_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(counter: Counter) -> None:
        async def fails(*_words: object, **_more: object) -> None:
            raise RuntimeError("c0ffee")

        monkeypatch.setattr(counter.shelf, "new", fails)
        with capture_logs() as logs:
            answer = await counter.ask("PUT", counter.upload_path(), b"log")
        assert answer.status == 500
        assert b"c0ffee" not in answer.body
        [entry] = logs
        assert (entry["event"], str(entry["exc_info"])) == ("request_failed", "c0ffee")

    at_the_counter(tmp_path, story)


def test_a_download_that_fails_in_its_middle_ends_with_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence in place of the rest would be taken for the rest."""

    async def story(counter: Counter) -> None:
        path = await counter.download_path()
        name = next(iter(counter.lying()))
        (tmp_path / name).write_bytes(CONTENT[:100_000])
        monkeypatch.setattr("forecourt.storage.shelf.DiskReading.size", len(CONTENT))
        answer = await counter.ask("GET", path)
        assert answer.status == 200
        assert CONTENT.startswith(answer.body)
        assert len(answer.body) < int(answer.headers["content-length"])

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("request_", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01 garbage\r\n\r\n"], ids=["good", "bad"])
def test_nobody_is_told_which_library_answers(tmp_path: Path, request_: bytes) -> None:
    async def story(counter: Counter) -> None:
        answer = await counter.say(request_)
        assert answer.headers["server"] == "Forecourt"
        assert b"aiohttp" not in answer.body

    at_the_counter(tmp_path, story)


def test_room_that_was_promised_to_one_is_not_given_to_another(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free

    async def story(counter: Counter) -> None:
        size = int(free * 0.6)
        head = f"PUT {counter.upload_path()} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
        _, writer = await counter.connect()
        writer.write(head.encode() + b"begun")
        await until(lambda: len(counter.lying()) == 1)
        path = counter.upload_path()
        second = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
        assert (await counter.say(second.encode())).status == 507
        writer.close()
        await until(lambda: counter.lying() == [])
        _, writer = await counter.connect()
        writer.write(second.encode() + b"begun")
        await until(lambda: len(counter.lying()) == 1)
        writer.close()

    at_the_counter(tmp_path, story, max_upload_bytes=free)
