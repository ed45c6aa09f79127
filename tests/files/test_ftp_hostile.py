"""What strangers and stations that break off may not do by FTP."""

from __future__ import annotations

import asyncio
import ftplib
import io
import os
import resource
import socket
import ssl
from pathlib import Path

import pytest

from forecourt.files import ftp_files, ftp_session
from forecourt.files.ftp import STRANGERS_OF_ADDRESS, FtpDoor
from forecourt.files.ftp_folder import Folder
from forecourt.files.ftp_library import AbstractedFS
from tests.files.counter import CONTENT, Counter, until
from tests.files.test_ftp import (
    a_certificate,
    at_the_ftp_door,
    break_off,
    credentials,
    download_location,
    send_all,
    sign_in,
    upload_location,
)

LOOKS = ["MDTM", "MFMT 20200101000000", "MLST", "MLSD", "STAT", "LIST", "NLST", "SIZE", "RETR", "RNFR", "DELE", "RMD"]


def test_nothing_of_the_folder_is_the_librarys_own() -> None:
    """Which would answer from the real disk."""
    inherited = {name for name, one in vars(AbstractedFS).items() if callable(one)} - set(vars(Folder))
    assert inherited == set()


@pytest.mark.parametrize("command", LOOKS)
def test_of_files_on_the_disk_nothing_is_told(tmp_path: Path, command: str) -> None:
    (tmp_path / "there").write_text("c0ffee" * 7)
    os.utime(tmp_path / "there", (978307200, 978307200))

    async def story(counter: Counter, door: FtpDoor) -> None:
        def look(name: str) -> str:
            with sign_in(counter, door) as client:
                client.voidcmd("TYPE I")
                try:
                    lines: list[str] = []
                    if command in ("LIST", "NLST", "MLSD"):
                        client.retrlines(f"{command} {tmp_path}/{name}", lines.append)
                    else:
                        lines.append(client.sendcmd(f"{command} {tmp_path}/{name}"))
                except ftplib.Error as refused:
                    lines = [str(refused)]
                return " ".join(lines).replace(str(tmp_path), "").replace(name, "")

        there, not_there = await asyncio.to_thread(look, "there"), await asyncio.to_thread(look, "gone")
        assert there == not_there
        assert not any(sign in there for sign in ("42", "2001", "root", "rw"))

    at_the_ftp_door(tmp_path / "shelf", story)


def test_a_file_goes_over_as_it_is_also_as_a_text(tmp_path: Path) -> None:
    """Stations forget to say that it is none, and ends of lines would be changed (RFC 959 §3.1.1.1)."""
    content = b"\x1f\x8b a packed log\r\nwith\nends\r of lines\n\r\n" * 20_000

    async def story(counter: Counter, door: FtpDoor) -> None:
        location = await download_location(counter, content)

        def station() -> bytes:
            with sign_in(counter, door) as client:
                client.voidcmd("TYPE A")
                data = client.transfercmd("STOR security.log")
                data.sendall(content)
                data.close()
                assert client.voidresp().startswith("226")
            with sign_in(counter, door, location) as client:
                client.voidcmd("TYPE A")
                assert client.size("firmware.bin") == len(content)
                with client.transfercmd("RETR firmware.bin") as data, data.makefile("rb") as file:
                    return file.read()

        assert await asyncio.to_thread(station) == content
        [file] = counter.received
        assert await counter.content(file) == content

    at_the_ftp_door(tmp_path, story)


def test_a_disk_that_becomes_full_is_told_and_nothing_stays(tmp_path: Path) -> None:
    """Told by a limit of this process, which the system enforces as it does the end of a disk."""

    async def story(counter: Counter, door: FtpDoor) -> None:
        def station() -> None:
            with sign_in(counter, door) as client, pytest.raises(ftplib.error_temp, match=r"451 .*not enough room"):
                send_all(client, CONTENT)

        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            await asyncio.to_thread(station)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        counter.assert_nothing_kept()
        assert counter.desk._open.total() == 0

    at_the_ftp_door(tmp_path, story)


def test_what_came_before_the_handshake_does_not_count_in_tls(tmp_path: Path) -> None:
    """Somebody between station and system could write it there."""
    certificate, _root = a_certificate()

    async def story(counter: Counter, door: FtpDoor) -> None:
        def inject() -> bytes:
            with socket.create_connection(("127.0.0.1", door.address.port), 10) as plain:
                assert plain.recv(100).startswith(b"220")
                plain.sendall(b"AUTH TLS\r\nUSER injected\r\nFEAT\r\n")
                return plain.recv(1000)

        assert await asyncio.to_thread(inject) == b""
        await until(lambda: len(counter.noted.notes) == 1)

    at_the_ftp_door(tmp_path, story, certificate=certificate)


def test_who_signed_in_without_tls_signs_in_again_with_it(tmp_path: Path) -> None:
    certificate, root = a_certificate()

    async def story(counter: Counter, door: FtpDoor) -> None:
        user, password = credentials(upload_location(counter))

        def station() -> None:
            context = ssl.create_default_context(cadata=root.certificate.pem)
            with ftplib.FTP_TLS(timeout=10, context=context) as client:
                client.host = "127.0.0.1"
                client.connect("127.0.0.1", door.address.port)
                ftplib.FTP.login(client, user, password)
                client.auth()
                with pytest.raises(ftplib.error_perm, match="530"):
                    client.pwd()
                client.login(user, password, secure=False)
                assert client.pwd() == "/"

        await asyncio.to_thread(station)

    at_the_ftp_door(tmp_path, story, certificate=certificate)


async def leave_broken(counter: Counter, door: FtpDoor, content: bytes = CONTENT[:100_000]) -> str:
    location = upload_location(counter)
    client = await asyncio.to_thread(sign_in, counter, door, location)
    await asyncio.to_thread(break_off, client, content)
    await asyncio.to_thread(client.close)
    ticket = counter.services.files.find_ticket(credentials(location)[1])
    assert ticket is not None
    await until(lambda: door.uploads.size_of(ticket) is not None)
    return location


def test_what_broke_off_takes_no_place_from_others(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        for _ in range(3):
            await leave_broken(counter, door)
        assert counter.desk._open.total() == 0

        def station() -> str:
            with sign_in(counter, door) as client:
                return client.storbinary("STOR x", io.BytesIO(b"log"))

        assert (await asyncio.to_thread(station)).startswith("226")

    at_the_ftp_door(tmp_path, story, transfers_at_once=2)


def test_what_broke_off_is_given_up_after_some_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ftp_files, "HELD_SECONDS", 0.5)
    monkeypatch.setattr(ftp_files, "LOOK_SECONDS", 0.1)

    async def story(counter: Counter, door: FtpDoor) -> None:
        await leave_broken(counter, door)
        await until(lambda: counter.lying() == [])
        assert not door.uploads._held
        assert not door.uploads._watches

    at_the_ftp_door(tmp_path, story)


def test_what_broke_off_ends_with_its_ticket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ftp_files, "LOOK_SECONDS", 0.1)

    async def story(counter: Counter, door: FtpDoor) -> None:
        await leave_broken(counter, door)
        counter.clock.advance(counter.services.files._clock.now() - counter.clock.now())
        counter.services.files._store.remove_tickets(ended_before=counter.clock.now().replace(year=2999))
        await until(lambda: counter.lying() == [])

    at_the_ftp_door(tmp_path, story)


def test_a_station_that_comes_back_too_late_cannot_go_on(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        location = await leave_broken(counter, door)
        client = await asyncio.to_thread(sign_in, counter, door, location)
        counter.services.files._store.remove_tickets(ended_before=counter.clock.now().replace(year=2999))

        def goes_on() -> None:
            with client, pytest.raises(ftplib.error_perm, match="550 There is no ticket"):
                client.storbinary("APPE x", io.BytesIO(b"rest"))

        await asyncio.to_thread(goes_on)
        assert counter.lying() == []
        assert counter.desk._open.total() == 0

    at_the_ftp_door(tmp_path, story)


def test_of_what_broke_off_no_more_is_held_than_there_is_room_for(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        for _ in range(3):
            await leave_broken(counter, door, CONTENT[:90_000])
        await until(lambda: len(counter.lying()) == 2)

    at_the_ftp_door(tmp_path, story, max_upload_bytes=100_000)


def test_a_download_that_nobody_takes_gives_its_place_back_with_the_sign_in(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        location = await download_location(counter)
        client = await asyncio.to_thread(sign_in, counter, door, location)

        def station() -> None:
            for _ in range(6):
                client.makepasv()
                assert client.sendcmd("RETR firmware.bin").startswith("150")
            client.sendcmd("REIN")

        await asyncio.to_thread(station)
        await until(lambda: counter.desk._open.total() == 0)
        client.close()

    at_the_ftp_door(tmp_path, story)


@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "in a handshake"])
def test_who_does_not_sign_in_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_tls: bool) -> None:
    monkeypatch.setattr(ftp_session, "SIGN_IN_SECONDS", 0.3)
    certificate, _root = a_certificate()

    async def story(counter: Counter, door: FtpDoor) -> None:
        def stranger() -> None:
            with socket.create_connection(("127.0.0.1", door.address.port), 10) as plain:
                plain.recv(100)
                if has_tls:
                    plain.sendall(b"AUTH TLS\r\n")
                try:
                    while plain.recv(1000):
                        if not has_tls:
                            plain.sendall(b"NOOP\r\n")
                except ConnectionError:
                    pass

        await asyncio.to_thread(stranger)
        await until(lambda: any("within 0.3 seconds" in reason for reason in counter.noted.reasons))
        assert door.strangers.has_room("127.0.0.1")

    at_the_ftp_door(tmp_path, story, certificate=certificate)


def test_strangers_of_one_address_take_no_place_from_others(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        def many() -> list[socket.socket]:
            found = [
                socket.create_connection(("127.0.0.1", door.address.port), 10) for _ in range(STRANGERS_OF_ADDRESS)
            ]
            for one in found:
                assert one.recv(100).startswith(b"220")
            return found

        strangers = await asyncio.to_thread(many)
        assert not door.strangers.has_room("127.0.0.1")
        assert door.strangers.has_room("127.0.0.2")
        with pytest.raises((EOFError, ConnectionError)):
            await asyncio.to_thread(sign_in, counter, door)
        await until(lambda: any("too many FTP sessions" in reason for reason in counter.noted.reasons))
        for one in strangers:
            one.close()
        await until(lambda: door.strangers.has_room("127.0.0.1"))
        (await asyncio.to_thread(sign_in, counter, door)).close()

    at_the_ftp_door(tmp_path, story)


def test_a_download_ends_when_it_takes_too_long(tmp_path: Path) -> None:
    async def story(counter: Counter, door: FtpDoor) -> None:
        location = await download_location(counter)
        client = await asyncio.to_thread(sign_in, counter, door, location)
        door._handler.transfer_seconds = -1.0

        def fetch() -> None:
            with client:
                with pytest.raises(ftplib.error_temp, match="451 This took too long"):
                    client.retrbinary("RETR firmware.bin", lambda _piece: None)
                assert client.pwd() == "/"

        await asyncio.to_thread(fetch)
        await until(lambda: counter.desk._open.total() == 0)

    at_the_ftp_door(tmp_path, story)
