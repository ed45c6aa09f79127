"""The process of files ends as a whole: half of one would look to its supervisor like a whole one."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from forecourt.app import files
from forecourt.app.node import _prepare
from forecourt.app.process import is_listening
from forecourt.config import Config, FilesConfig
from forecourt.gateway.notes import Notes
from forecourt.settings import Address
from tests.test_app import a_free_address


def test_a_background_task_that_fails_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    http, ftp = (Address("127.0.0.1", int(a_free_address().rpartition(":")[2])) for _ in range(2))
    config = Config(data=tmp_path, files=FilesConfig(http=http, ftp=ftp))

    async def fails(_notes: Notes) -> None:
        while not (await is_listening(http) and await is_listening(ftp)):
            await asyncio.sleep(0.01)
        raise RuntimeError("an imaginary fault")

    monkeypatch.setattr(Notes, "run", fails)

    async def main() -> None:
        await _prepare(config, lambda _line: None)
        with pytest.raises(ExceptionGroup) as told:
            await asyncio.wait_for(files.run(config), 30)
        assert "an imaginary fault" in str(told.value.exceptions)
        assert not await is_listening(http)
        assert not await is_listening(ftp)

    with Path("/dev/null").open() as nothing:  # no supervisor holds its other end
        monkeypatch.setattr("sys.stdin", nothing)
        asyncio.run(main())
    assert not [one for one in threading.enumerate() if one.name == "ftp"]
