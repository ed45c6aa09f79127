"""What lies on the shelf and belongs to nothing is taken off, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from forecourt.config import FilesConfig
from forecourt.domain.alarms.model import AlarmFilter, Topic
from forecourt.domain.files.shelf import Area
from forecourt.domain.paging import PageRequest
from forecourt.files.sweeping import GRACE, sweep
from forecourt.storage.shelf import MARK, DiskShelf
from tests.files.counter import Counter, answer_from, at_the_counter, until

NO_TIME = timedelta(days=-36500)
"""The clock of the tests stands still long before the files of the tests were made."""


def test_the_content_of_a_received_file_stays_and_what_came_without_a_row_goes(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        assert (await counter.ask("PUT", counter.upload_path(), b"kept")).status == 201
        reader, writer = await counter.connect()
        writer.write(f"PUT {counter.upload_path()} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab".encode())
        await until(lambda: len(counter.lying()) == 2)
        counter.workspace.is_available = False
        writer.write(b"cd")
        assert (await answer_from(reader)).status == 503
        writer.close()
        counter.workspace.is_available = True
        assert len(counter.lying()) == 2
        assert await sweep(counter.workspace, counter.shelf, age=NO_TIME) == 1
        [file] = counter.received
        assert counter.lying() == [file.stored_as]
        assert await counter.content(file) == b"kept"

    at_the_counter(tmp_path, story)


def test_the_rest_of_a_transfer_that_a_process_did_not_survive_goes(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        receiving = await counter.shelf.new(Area.RECEIVED, 10)
        await receiving.write(b"half")
        assert await sweep(counter.workspace, counter.shelf, age=NO_TIME) == 1
        assert counter.lying() == []
        await receiving.abort()

    at_the_counter(tmp_path, story)


def test_what_is_new_stays(tmp_path: Path) -> None:
    """It may be on its way into the database, and nobody knows it there yet."""

    async def story(counter: Counter) -> None:
        receiving = await counter.shelf.new(Area.RECEIVED, 10)
        await receiving.write(b"new")
        await receiving.finish()
        assert await sweep(counter.workspace, counter.shelf, age=GRACE) == 0
        assert len(counter.lying()) == 1

    at_the_counter(tmp_path, story)


def test_the_content_of_a_removed_file_goes(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        assert (await counter.ask("PUT", counter.upload_path(), b"log")).status == 201
        counter.services.files.remove(counter.received[0].number, "admin")
        assert await sweep(counter.workspace, counter.shelf, age=NO_TIME) == 1
        assert counter.lying() == []

    at_the_counter(tmp_path, story)


def test_what_cannot_be_taken_off_does_not_keep_the_rest_there(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        names = [(await a_file(counter)) for _ in range(3)]
        (tmp_path / "received" / "ab").mkdir(parents=True, exist_ok=True)
        (tmp_path / "received" / "ab" / ("ab" * 16)).mkdir()
        counter.shelf = Stubborn(counter.folder, names[0])
        assert await sweep(counter.workspace, counter.shelf, age=NO_TIME) == 2
        assert counter.lying() == [names[0]]

    at_the_counter(tmp_path, story)


def test_the_shelf_of_another_system_is_left_alone_with_an_alarm(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        assert await sweep(counter.workspace, counter.shelf, age=NO_TIME) == 0
        other = Counter(tmp_path, FilesConfig())
        name = await a_file(counter)
        assert await sweep(other.workspace, other.shelf, age=NO_TIME) == 0
        assert counter.lying() == [name]
        assert open_alarms(other) == [Topic.FILES]
        (tmp_path / MARK).unlink()
        assert await sweep(other.workspace, other.shelf, age=NO_TIME) == 1
        assert open_alarms(other) == []

    at_the_counter(tmp_path, story)


def open_alarms(counter: Counter) -> list[Topic]:
    found = counter.services.alarms.list(AlarmFilter(is_open=True), PageRequest())
    return [alarm.topic for alarm in found.items]


async def a_file(counter: Counter) -> str:
    receiving = await counter.shelf.new(Area.RECEIVED, 10)
    await receiving.write(b"x")
    return (await receiving.finish()).name


class Stubborn(DiskShelf):
    """A shelf off which one file cannot be taken."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder)
        self._stuck = name

    async def remove(self, name: str) -> None:
        if name == self._stuck:
            raise PermissionError(13, "no")
        await super().remove(name)
