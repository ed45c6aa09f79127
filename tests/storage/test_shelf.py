"""A file lies on the shelf whole or not at all, and under no name but the shelf's own."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.files.shelf import Area, NoRoom, TooLarge
from forecourt.storage.shelf import DiskShelf
from tests.domain.world import refused
from tests.files.counter import until

CONTENT = b"content " * 10_000

Result = TypeVar("Result")


def run(work: Coroutine[None, None, Result]) -> Result:
    return asyncio.run(work)


async def put(shelf: DiskShelf, content: bytes = CONTENT, area: Area = Area.RECEIVED) -> str:
    receiving = await shelf.new(area, len(content))
    await receiving.write(content)
    return (await receiving.finish()).name


def lying(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_what_was_written_is_read_again_and_its_digests_are_known(tmp_path: Path) -> None:
    async def story() -> None:
        shelf = DiskShelf(tmp_path)
        receiving = await shelf.new(Area.FIRMWARE, 2 * len(CONTENT))
        for half in (CONTENT, CONTENT):
            await receiving.write(half)
        kept = await receiving.finish()
        whole = 2 * CONTENT
        assert kept.size == len(whole)
        assert kept.sha256 == hashlib.sha256(whole).hexdigest()
        assert kept.sha384 == hashlib.sha384(whole).hexdigest()
        assert kept.sha512 == hashlib.sha512(whole).hexdigest()
        reading = await shelf.open(kept.name)
        assert reading.size == len(whole)
        assert await reading.read(5, 100) == whole[5:105]
        assert await reading.read(len(whole), 10) == b""
        await reading.close()
        await reading.close()
        assert kept.name.startswith("firmware/")
        assert lying(tmp_path) == [kept.name]

    run(story())


def test_nobody_else_on_the_machine_reads_it(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        name = run(put(DiskShelf(tmp_path / "files")))
    finally:
        os.umask(before)
    assert (tmp_path / "files" / name).stat().st_mode & 0o077 == 0
    assert (tmp_path / "files" / "received").stat().st_mode & 0o077 == 0


def test_what_is_not_finished_is_not_there(tmp_path: Path) -> None:
    async def story() -> None:
        shelf = DiskShelf(tmp_path)
        receiving = await shelf.new(Area.RECEIVED, 100)
        await receiving.write(b"half")
        [one] = await shelf.names(Area.RECEIVED)
        assert one.name.endswith(".part")
        with refused(Kind.NOT_FOUND):
            await shelf.open(one.name)
        await receiving.abort()
        await receiving.abort()
        assert await shelf.names(Area.RECEIVED) == []

    run(story())


def test_more_than_allowed_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        receiving = await DiskShelf(tmp_path).new(Area.RECEIVED, 4)
        await receiving.write(b"abc")
        with pytest.raises(TooLarge, match="more than 4 bytes"):
            await receiving.write(b"de")
        await receiving.abort()
        assert lying(tmp_path) == []

    run(story())


def test_what_is_made_for_somebody_who_is_gone_is_forgotten(tmp_path: Path) -> None:
    """Who waits for a slow disk is cancelled in the end."""

    async def story() -> None:
        shelf = DiskShelf(tmp_path)
        with shelf._room._lock:
            making = asyncio.create_task(shelf.new(Area.RECEIVED, 1000, size=1000))
            await until(lambda: len(lying(tmp_path)) == 1)
            making.cancel()
            with pytest.raises(asyncio.CancelledError):
                await making
        await until(lambda: lying(tmp_path) == [])
        assert shelf._room._promised == {}

    run(story())


def test_what_is_ended_while_it_is_written_takes_no_room(tmp_path: Path) -> None:
    async def story() -> None:
        shelf = DiskShelf(tmp_path)
        receiving = await shelf.new(Area.RECEIVED, 1000, size=1000)
        with shelf._room._lock:
            writing = asyncio.create_task(receiving.write(b"x"))
            await until(receiving._turn.locked)
            writing.cancel()
            ending = asyncio.create_task(receiving.abort())
            await asyncio.sleep(0)
        await ending
        assert lying(tmp_path) == []
        assert shelf._room._promised == {}
        for work in (receiving.write(b"y"), receiving.finish()):
            with pytest.raises(ValueError, match="it has ended"):
                await work

    run(story())


def test_a_full_disk_refuses(tmp_path: Path) -> None:
    """`/dev/full` is a disk without room; a file there is opened and cannot be written."""

    async def story() -> None:
        with pytest.raises(NoRoom):
            await DiskShelf(tmp_path, keep_free_bytes=2**62).new(Area.RECEIVED, 4)
        assert lying(tmp_path) == []
        receiving = await DiskShelf(tmp_path).new(Area.RECEIVED, 1000)
        receiving._file.close()
        receiving._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115  # it never waits
        with pytest.raises(NoRoom):
            await receiving.write(b"x")
        await receiving.abort()
        assert lying(tmp_path) == []

    run(story())


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "/etc/passwd",
        "received/../../secret",
        "received/aa/../../../secret",
        "received/aa/x",
        "",
        "received/aa/" + "a" * 32 + "\0",
        "received/aa/" + "a" * 32 + "\n",
        "other/aa/" + "a" * 32,
    ],
)
def test_a_name_that_is_none_of_its_own_is_not_there(tmp_path: Path, name: str) -> None:
    async def story() -> None:
        (tmp_path / "secret").write_text("secret")
        shelf = DiskShelf(tmp_path / "files")
        with refused(Kind.NOT_FOUND):
            await shelf.open(name)
        with refused(Kind.NOT_FOUND):
            await shelf.remove(name)
        assert (tmp_path / "secret").exists()

    run(story())


def test_a_link_in_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    async def story() -> None:
        shelf = DiskShelf(tmp_path / "files")
        name = await put(shelf)
        (tmp_path / "secret").write_text("secret")
        (tmp_path / "files" / name).unlink()
        (tmp_path / "files" / name).symlink_to(tmp_path / "secret")
        with pytest.raises((OSError, DomainError)):
            await shelf.open(name)

    run(story())


def test_a_file_that_is_removed_stays_readable_for_who_reads_it(tmp_path: Path) -> None:
    async def story() -> None:
        shelf = DiskShelf(tmp_path)
        name = await put(shelf)
        reading = await shelf.open(name)
        await shelf.remove(name)
        await shelf.remove(name)
        assert await reading.read(0, 8) == b"content "
        await reading.close()
        with refused(Kind.NOT_FOUND):
            await shelf.open(name)

    run(story())


def test_all_that_lies_there_is_named_with_its_age(tmp_path: Path) -> None:
    async def story() -> None:
        shelf = DiskShelf(tmp_path)
        name, other = await put(shelf), await put(shelf, area=Area.FIRMWARE)
        part = await shelf.new(Area.RECEIVED, 4)
        (tmp_path / "received" / "stray").write_text("not ours")
        (tmp_path / "received" / name[9:11] / "stray").write_text("not ours")
        found = {one.name: one.changed_at for one in await shelf.names(Area.RECEIVED)}
        assert name in found
        assert other not in found
        assert len(found) == 2
        for at in found.values():
            assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
        for one in found:
            await shelf.remove(one)
        assert await shelf.names(Area.RECEIVED) == []
        await part.abort()

    run(story())
