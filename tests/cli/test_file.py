"""Files that stations uploaded, at the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from forecourt.domain.files.model import Arrival, Carrier, Kept, ReceivedFile
from forecourt.domain.files.shelf import Area
from forecourt.storage.shelf import DiskShelf
from tests.cli.shell import Shell

CONTENT = b"log\n" * 100_000


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "shelf")


def a_file(shell: Shell, identity: str = "CP-1") -> ReceivedFile:
    async def lay() -> Kept:
        assert shell.folder is not None
        receiving = await DiskShelf(shell.folder).new(Area.RECEIVED, len(CONTENT))
        await receiving.write(CONTENT)
        return await receiving.finish()

    files = shell.services.files
    location = files.offer_upload(shell.a_station(identity), job=None)
    ticket = files.find_ticket(location.partition("/up/")[2].strip("/"))
    assert ticket is not None
    arrival = Arrival(name="security.log", address="192.0.2.1", carrier=Carrier.HTTP)
    return files.received(ticket, asyncio.run(lay()), arrival)


def test_files_are_listed_and_shown(shell: Shell) -> None:
    first, second = a_file(shell, "CP-1"), a_file(shell, "CP-2")
    [listed] = json.loads(shell.read("file", "list", "--station", "CP-2", "--json"))
    assert listed["file"] == second.number
    shown = json.loads(shell.read("file", "show", str(first.number), "--json"))
    assert (shown["stationId"], shown["name"], shown["size"]) == ("CP-1", "security.log", len(CONTENT))
    assert shell.read("file", "list", "--csv").splitlines()[0] == (
        "file,stationId,job,name,size,sha256,receivedAt,address,carrier"
    )


def test_a_file_is_saved_and_never_over_another(shell: Shell, tmp_path: Path) -> None:
    number = str(a_file(shell).number)
    target = tmp_path / "saved.log"
    shell.read("file", "save", number, str(target))
    assert target.read_bytes() == CONTENT
    code, told = shell.refuse("file", "save", number, str(target))
    assert (code != 0, "cannot be written: File exists" in told) == (True, True)
    assert shell.type("file", "save", number, "-").stdout_bytes == CONTENT


def test_a_file_is_removed_with_its_content_after_a_question(shell: Shell) -> None:
    file = a_file(shell)
    code, told = shell.refuse("file", "remove", str(file.number))
    assert (code != 0, "add --yes" in told) == (True, True)
    shell.read("file", "remove", str(file.number), "--yes")
    assert json.loads(shell.read("file", "list", "--json")) == []
    assert shell.folder is not None
    assert not (shell.folder / file.stored_as).exists()
    code, told = shell.refuse("file", "show", str(file.number))
    assert "There is no file 1." in told
