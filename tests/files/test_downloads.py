"""What stations fetch: with their ticket, as often as their line breaks, and nothing else (OCPP 1.6 §5.19; security
whitepaper L01)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from forecourt.domain.files.model import DOWNLOAD_USES
from tests.files.counter import CONTENT, Counter, at_the_counter, until

SIZE = len(CONTENT)


def test_a_file_is_given_out_whole(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = await counter.download_path()
        answer = await counter.ask("GET", path)
        assert (answer.status, answer.body) == (200, CONTENT)
        assert answer.headers["content-length"] == str(SIZE)
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert path.endswith("/firmware.bin")

    at_the_counter(tmp_path, story)


def test_head_tells_the_size_and_takes_no_use(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = await counter.download_path()
        for _ in range(DOWNLOAD_USES + 1):
            answer = await counter.ask("HEAD", path)
            assert (answer.status, answer.headers["content-length"]) == (200, str(SIZE))
        assert (await counter.ask("GET", path)).status == 200

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=1000-", 1000, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
        (f"bytes=300000-{SIZE + 5}", 300_000, SIZE - 1),
        (f"bytes=-{SIZE + 5}", 0, SIZE - 1),
        ("BYTES= 5-9 ", 5, 9),
    ],
)
def test_the_rest_of_a_file_is_given_out(tmp_path: Path, asked: str, first: int, last: int) -> None:
    """RFC 9110 §14.2."""

    async def story(counter: Counter) -> None:
        answer = await counter.ask("GET", await counter.download_path(), Range=asked)
        assert answer.status == 206
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
        assert answer.body == CONTENT[first : last + 1]

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("asked", ["bytes=5-4", "bytes=-", "lines=1-2", "bytes=0-1,5-9", "bytes=x-", "bytes=1-2-3"])
def test_what_is_no_range_asks_for_all(tmp_path: Path, asked: str) -> None:
    async def story(counter: Counter) -> None:
        answer = await counter.ask("GET", await counter.download_path(), Range=asked)
        assert (answer.status, answer.body) == (200, CONTENT)

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", "bytes=99999999999999-"])
def test_a_range_behind_the_end_is_refused(tmp_path: Path, asked: str) -> None:
    async def story(counter: Counter) -> None:
        answer = await counter.ask("GET", await counter.download_path(), Range=asked)
        assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{SIZE}")

    at_the_counter(tmp_path, story)


def test_the_rest_is_given_of_the_same_file_only(tmp_path: Path) -> None:
    """RFC 9110 §13.1.5."""

    async def story(counter: Counter) -> None:
        path = await counter.download_path()
        etag = (await counter.ask("HEAD", path)).headers["etag"]
        same = await counter.ask("GET", path, Range="bytes=5-", If_Range=etag)
        other = await counter.ask("GET", path, Range="bytes=5-", If_Range='"other"')
        assert (same.status, same.body) == (206, CONTENT[5:])
        assert (other.status, other.body) == (200, CONTENT)

    at_the_counter(tmp_path, story)


def test_a_station_whose_line_broke_fetches_the_rest(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        content = CONTENT * 40
        path = await counter.download_path(content)
        reader, writer = await counter.connect()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        got = await reader.readexactly(100_000)
        writer.transport.abort()
        rest = await counter.ask("GET", path, Range=f"bytes={len(got)}-")
        assert got + rest.body == content

    at_the_counter(tmp_path, story)


def test_a_client_that_reads_nothing_is_broken_off(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = await counter.download_path(CONTENT * 100)
        _, writer = await counter.connect()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await until(lambda: counter.desk._open.total() == 1)
        await until(lambda: counter.desk._open.total() == 0)
        writer.close()

    at_the_counter(tmp_path, story, idle_seconds=0.3)


def test_a_ticket_has_so_many_uses(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = await counter.download_path(b"firmware")
        for _ in range(DOWNLOAD_USES):
            assert (await counter.ask("GET", path)).status == 200
        answer = await counter.ask("GET", path)
        assert (answer.status, "was used already" in answer.body.decode()) == (410, True)

    at_the_counter(tmp_path, story)


def test_of_a_file_that_is_gone_the_station_is_told(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        path = await counter.download_path()
        for name in counter.lying():
            await counter.shelf.remove(name)
        assert (await counter.ask("GET", path)).status == 404
        assert "does not lie on the shelf" in counter.noted.reasons[0]

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_nothing_is_written_with_the_ticket_of_a_download(tmp_path: Path, method: str) -> None:
    async def story(counter: Counter) -> None:
        path = await counter.download_path()
        assert (await counter.ask(method, path, b"x")).status == 405
        assert (await counter.ask("PUT", path.replace("/down/", "/up/"), b"x")).status == 404
        assert len(counter.lying()) == 1

    at_the_counter(tmp_path, story)


# What else is at the door


def test_a_challenge_of_an_acme_authority_is_answered(tmp_path: Path) -> None:
    """RFC 8555 §8.3."""

    async def story(counter: Counter) -> None:
        counter.challenges["token"] = "token.thumbprint"
        known = await counter.ask("GET", "/.well-known/acme-challenge/token")
        assert (known.status, known.body) == (200, b"token.thumbprint")
        assert (await counter.ask("GET", "/.well-known/acme-challenge/other")).status == 404

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("path", ["/", "/up", "/index.html", "/../../etc/passwd", "//", "/down"])
def test_there_is_nothing_else(tmp_path: Path, path: str) -> None:
    async def story(counter: Counter) -> None:
        assert (await counter.ask("GET", path)).status == 404

    at_the_counter(tmp_path, story)


def test_who_sends_no_whole_request_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.files.door.HEADER_SECONDS", 0.2)

    async def story(counter: Counter) -> None:
        reader, writer = await counter.connect()
        writer.write(b"GET / HTTP/1.1\r\nHost")
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()

    at_the_counter(tmp_path, story)
