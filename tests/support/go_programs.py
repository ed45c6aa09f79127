"""Programs in Go that some long rounds ask: built by the tests from the Go module proxy, into a folder that is kept."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.support.components import not_run

_FOLDER: Final = Path.home() / ".cache" / "forecourt-tests" / "go"
_PLACES: Final = "/usr/local/go/bin:/usr/lib/go/bin"
_BUILD_SECONDS: Final = 1800.0


def go_program(name: str, package: str) -> Path:
    """The program, built when it is not there yet. Where it cannot be built, the test is not run, and says so."""
    built = _FOLDER / name
    if built.exists():
        return built
    compiler = shutil.which("go", path=f"{os.environ.get('PATH', '')}:{_PLACES}")
    if compiler is None:
        not_run(name, "apt-get install golang-go")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"GOBIN": str(_FOLDER), "CGO_ENABLED": "0"}
    command = [compiler, "install", package]
    try:
        made = subprocess.run(command, env=environment, capture_output=True, timeout=_BUILD_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        not_run(name, f"CGO_ENABLED=0 go install {package}")
    if made.returncode != 0:
        print(made.stderr.decode(errors="replace")[-2000:])
        not_run(name, f"CGO_ENABLED=0 go install {package}")
    return built
