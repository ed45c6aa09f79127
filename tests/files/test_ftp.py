"""Files by FTP and FTPS, as the standard library's client speaks it (RFC 959, RFC 4217; security whitepaper N01)."""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import functools
import io
import socket
import ssl
import time
from collections.abc import Callable, Coroutine
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forecourt.config import FilesConfig
from forecourt.domain.files.model import Carrier
from forecourt.domain.files.shelf import Area
from forecourt.domain.trust.model import ServerCertificate
from forecourt.files.ftp import FtpDoor
from forecourt.settings import Address
from tests.files.counter import CONTENT, DEADLINE_SECONDS, Counter, until
from tests.support.authority import Authority

SECONDS = 10.0


def at_the_ftp_door(
    folder: Path,
    story: Callable[[Counter, FtpDoor], Coroutine[None, None, None]],
    *,
    certificate: ServerCertificate | None = None,
    **settings: float | str | bool,
) -> None:
    config = FilesConfig(**{"idle_seconds": 10.0, "ftp_tls_only": False, **settings})  # type: ignore[arg-type]  # settings of any type

    async def main() -> None:
        counter = Counter(folder, config)
        door = FtpDoor(counter.desk, config, Address("127.0.0.1", 0))
        door.present(certificate)
        door.start()
        try:
            await asyncio.wait_for(story(counter, door), 20)
        finally:
            await door.stop()

    asyncio.run(main())


@functools.cache
def a_certificate() -> tuple[ServerCertificate, Authority]:
    root = Authority.root()
    issued = root.sub().leaf("localhost", key="RSA 2048", dns=["localhost"], addresses=["127.0.0.1"])
    shown = ServerCertificate(
        name="files", chain=issued.chain, is_enabled=True, added_by="admin", added_at=datetime.now(UTC), key=issued.key
    )
    return shown, root


def sign_in(
    counter: Counter, door: FtpDoor, location: str | None = None, client: ftplib.FTP | None = None
) -> ftplib.FTP:
    """For a thread. By default for an upload without a job."""
    user, password = credentials(location or upload_location(counter))
    client = ftplib.FTP(timeout=SECONDS)
    try:
        client.connect("127.0.0.1", door.address.port)
        client.login(user, password)
    except BaseException:
        client.close()
        raise
    return client


def upload_location(counter: Counter) -> str:
    files = counter.services.files
    object.__setattr__(files._policy, "places", ("ftp://127.0.0.1:21",))
    return files.offer_upload(counter.station, job=None, name="SecurityLog")


async def download_location(counter: Counter, content: bytes = CONTENT) -> str:
    files = counter.services.files
    object.__setattr__(files._policy, "places", ("ftp://127.0.0.1:21",))
    receiving = await counter.shelf.new(Area.FIRMWARE, len(content))
    await receiving.write(content)
    kept = await receiving.finish()
    return files.offer_download(counter.station, job=None, file=kept.name, size=kept.size)


def credentials(location: str) -> tuple[str, str]:
    user, _, password = location.removeprefix("ftp://").partition("@")[0].partition(":")
    return user, password


def test_a_file_is_stored(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        def station() -> str:
            with sign_in(counter, door) as client:
                client.cwd("/logs/of/today")
                return client.storbinary("STOR ../../security.log", io.BytesIO(CONTENT))

        assert (await asyncio.to_thread(station)).startswith("226")
        [file] = counter.received
        assert (file.name, file.carrier, file.address) == ("security.log", Carrier.FTP, "127.0.0.1")
        assert await counter.content(file) == CONTENT
        assert counter.lying() == [file.stored_as]

    at_the_ftp_door(tmp_path, story)


def test_a_file_is_stored_over_tls(tmp_path: Path) -> None:
    """RFC 4217, both connections."""
    certificate, root = a_certificate()

    async def story(counter: Counter, door: FtpDoor) -> None:
        context = ssl.create_default_context(cadata=root.certificate.pem)

        def station() -> str:
            client = ftplib.FTP_TLS(timeout=SECONDS, context=context)
            client.host = "127.0.0.1"
            user, password = credentials(upload_location(counter))
            client.connect("127.0.0.1", door.address.port)
            client.login(user, password)
            client.prot_p()
            with client:
                return client.storbinary("STOR security.log", io.BytesIO(CONTENT))

        assert (await asyncio.to_thread(station)).startswith("226")
        [file] = counter.received
        assert (file.carrier, await counter.content(file)) == (Carrier.FTPS, CONTENT)

    at_the_ftp_door(tmp_path, story, certificate=certificate)


def test_without_a_certificate_tls_is_not_offered(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        def station() -> None:
            client = ftplib.FTP_TLS(timeout=SECONDS)
            client.connect("127.0.0.1", door.address.port)
            with client, pytest.raises(ftplib.error_temp, match="431"):
                client.auth()

        await asyncio.to_thread(station)

    at_the_ftp_door(tmp_path, story)


def test_where_tls_is_demanded_nobody_signs_in_without(tmp_path: Path) -> None:
    certificate, _root = a_certificate()

    async def story(counter: Counter, door: FtpDoor) -> None:
        with pytest.raises(ftplib.error_perm, match="550 SSL/TLS required"):
            await asyncio.to_thread(sign_in, counter, door)

    at_the_ftp_door(tmp_path, story, certificate=certificate, ftp_tls_only=True)


def test_a_file_is_fetched_and_its_rest(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        location = await download_location(counter)

        def station() -> tuple[int | None, bytes, bytes]:
            whole, rest = io.BytesIO(), io.BytesIO()
            with sign_in(counter, door, location) as client:
                client.retrbinary("RETR firmware.bin", whole.write)
                size = client.size("firmware.bin")
                client.retrbinary("RETR firmware.bin", rest.write, rest=300_000)
            return size, whole.getvalue(), rest.getvalue()

        assert await asyncio.to_thread(station) == (len(CONTENT), CONTENT, CONTENT[300_000:])

    at_the_ftp_door(tmp_path, story)


def break_off(client: ftplib.FTP, content: bytes) -> None:
    """Send a part, and lose the line when the door has all of it: what a reset overtakes is lost."""
    client.voidcmd("TYPE I")
    data = client.transfercmd("STOR security.log")
    data.sendall(content)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while f"Total bytes received: {len(content)}\n" not in client.sendcmd("STAT"):
        assert time.monotonic() < deadline, "the door has not read what was sent"
        time.sleep(0.005)
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    data.close()


@pytest.mark.parametrize("how", ["APPE", "REST"])
def test_a_station_whose_line_broke_goes_on_where_it_was(tmp_path: Path, how: str) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        location = upload_location(counter)
        first = await asyncio.to_thread(sign_in, counter, door, location)
        await asyncio.to_thread(break_off, first, CONTENT[:100_000])
        await asyncio.to_thread(first.close)
        ticket = counter.services.files.find_ticket(credentials(location)[1])
        assert ticket is not None
        await until(lambda: door.uploads.size_of(ticket) is not None)

        def comes_back() -> str:
            with sign_in(counter, door, location) as client:
                client.voidcmd("TYPE I")
                size = client.size("security.log") or 0
                assert size == 100_000
                rest = io.BytesIO(CONTENT[size:])
                if how == "APPE":
                    return client.storbinary("APPE security.log", rest)
                return client.storbinary("STOR security.log", rest, rest=size)

        assert (await asyncio.to_thread(comes_back)).startswith("226")
        [file] = counter.received
        assert await counter.content(file) == CONTENT

    at_the_ftp_door(tmp_path, story)


def test_a_broken_upload_leaves_nothing_when_the_door_closes(tmp_path: Path) -> None:
    kept: list[Counter] = []

    async def story(counter: Counter, door: FtpDoor) -> None:
        kept.append(counter)
        client = await asyncio.to_thread(sign_in, counter, door)
        await asyncio.to_thread(break_off, client, CONTENT)
        await asyncio.to_thread(client.close)

    at_the_ftp_door(tmp_path, story)
    kept[0].assert_nothing_kept()


REFUSED = [
    ("RETR firmware.bin", "550"),
    ("DELE x", "500"),
    ("RMD x", "500"),
    ("MKD x", "500"),
    ("RNFR x", "500"),
    ("SITE CHMOD 777 x", "500"),
    ("SIZE x", "550"),
    ("RETR /etc/passwd", "550"),
    ("RETR ../../../../etc/passwd", "550"),
]


@pytest.mark.parametrize(("command", "code"), REFUSED, ids=lambda one: str(one).split(" ")[0])
def test_an_upload_is_all_that_its_ticket_is_good_for(tmp_path: Path, command: str, code: str) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        def station() -> None:
            with sign_in(counter, door) as client:
                client.voidcmd("TYPE I")
                client.makepasv()
                with pytest.raises(ftplib.error_perm, match=code):
                    client.voidcmd(command)
                assert client.nlst() == []

        await asyncio.to_thread(station)
        counter.assert_nothing_kept()

    at_the_ftp_door(tmp_path, story)


def test_a_download_is_all_that_its_ticket_is_good_for(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        location = await download_location(counter)

        def station() -> None:
            with sign_in(counter, door, location) as client, pytest.raises(ftplib.error_perm, match="550"):
                client.storbinary("STOR x", io.BytesIO(b"x"))

        await asyncio.to_thread(station)
        assert counter.received == []

    at_the_ftp_door(tmp_path, story)


def test_a_user_with_the_password_of_another_is_refused(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        one, other = upload_location(counter), upload_location(counter)
        mixed = f"ftp://{credentials(one)[0]}:{credentials(other)[1]}@host/"
        wrong = f"ftp://{credentials(one)[0]}:wrong@host/"
        for location in (mixed, wrong, "ftp://anonymous:guest@host/"):
            with pytest.raises(ftplib.error_perm, match="530"):
                await asyncio.to_thread(sign_in, counter, door, location)
        await until(lambda: len(counter.noted.notes) == 3)

    at_the_ftp_door(tmp_path, story)


def send_all(client: ftplib.FTP, content: bytes) -> str:
    """What the door says of it in the end, also when it does not take all of it."""
    client.voidcmd("TYPE I")
    data = client.transfercmd("STOR security.log")
    with contextlib.suppress(ConnectionError):
        data.sendall(content)
    data.close()
    return client.getresp()


@pytest.mark.parametrize("content", [CONTENT[:2000], CONTENT * 20], ids=["a little", "much"])
def test_what_is_too_large_is_refused(tmp_path: Path, content: bytes) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        def station() -> None:
            with sign_in(counter, door) as client:
                with pytest.raises(ftplib.error_temp, match=r"451 .*1000 bytes"):
                    send_all(client, content)
                assert client.pwd() == "/"

        await asyncio.to_thread(station)
        await until(lambda: counter.lying() == [])
        counter.assert_nothing_kept()
        assert len(counter.noted.notes) == 1

    at_the_ftp_door(tmp_path, story, max_upload_bytes=1000)


def test_a_database_that_is_away_at_the_end_is_told(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        client = await asyncio.to_thread(sign_in, counter, door)

        def send() -> socket.socket:
            client.voidcmd("TYPE I")
            data = client.transfercmd("STOR x")
            data.sendall(b"abc")
            return data

        data = await asyncio.to_thread(send)
        counter.workspace.is_available = False
        data.close()
        with pytest.raises(ftplib.error_temp, match="451 The database"):
            await asyncio.to_thread(client.voidresp)
        client.close()
        counter.workspace.is_available = True
        assert counter.received == []

    at_the_ftp_door(tmp_path, story)


def test_data_comes_over_the_ports_that_are_set(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def story(counter: Counter, door: FtpDoor) -> None:
        def station() -> tuple[str, int]:
            with sign_in(counter, door) as client:
                return client.makepasv()

        assert (await asyncio.to_thread(station))[1] == port

    at_the_ftp_door(tmp_path, story, ftp_passive_ports=f"{port}-{port}")


def test_sessions_end_when_the_door_closes(tmp_path: Path) -> None:
    sessions: list[ftplib.FTP] = []

    async def story(counter: Counter, door: FtpDoor) -> None:
        sessions.append(await asyncio.to_thread(sign_in, counter, door))

    at_the_ftp_door(tmp_path, story)
    with pytest.raises((EOFError, ConnectionError)):
        sessions[0].voidcmd("NOOP")
    sessions[0].close()


def test_a_door_that_cannot_open_names_its_address(tmp_path: Path) -> None:
    async def main() -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            address = Address("127.0.0.1", taken.getsockname()[1])
            door = FtpDoor(Counter(tmp_path, FilesConfig()).desk, FilesConfig(), address)
            with pytest.raises(OSError, match=f"{address}: .*Address already in use"):
                door.start()
            await door.stop()

    asyncio.run(main())
