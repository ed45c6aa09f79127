"""A PKCS#11 token in software, each test with one of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Final

from tests.support.components import not_run

INSTALL_COMMAND: Final = "apt-get install softhsm2"
MODULES: Final = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
LABEL: Final = "forecourt"
PIN: Final = "pin-of-the-tests"


@dataclass(frozen=True)
class SoftToken:
    """Where its library is, and the folder that is the device."""

    module: str
    folder: Path

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """Without the device."""
        away = self.folder.with_name("away")
        self.folder.rename(away)
        self.folder.mkdir()
        try:
            yield
        finally:
            self.folder.rmdir()
            away.rename(self.folder)


@contextmanager
def soft_token(folder: Path) -> Iterator[SoftToken]:
    """A token with one slot. The library reads its settings when it is loaded or begins anew, in this process."""
    module = next((one for one in MODULES if Path(one).exists()), None)
    program = which("softhsm2-util")
    if module is None or program is None:
        not_run("softhsm2", INSTALL_COMMAND)
    tokens = folder / "tokens"
    tokens.mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    environment = {**os.environ, "SOFTHSM2_CONF": str(settings)}
    command = [program, "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "12345678"]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    try:
        yield SoftToken(module, tokens)
    finally:
        if before is None:
            del os.environ["SOFTHSM2_CONF"]
        else:
            os.environ["SOFTHSM2_CONF"] = before
