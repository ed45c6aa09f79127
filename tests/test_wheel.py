"""What is installed holds everything that runs: also what is not committed, and what is no Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("pyproject.toml", "README.md", "LICENSE", ".gitignore")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of a wheel that was built from a copy, by the build backend alone: no network, no environment."""
    copy = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    code = "from hatchling.build import build_wheel; print(build_wheel('dist'))"
    built = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(copy / "dist" / built.stdout.strip().splitlines()[-1]) as wheel:
        return set(wheel.namelist())


def test_a_wheel_holds_every_file_of_the_sources(names: set[str]) -> None:
    wanted = {
        str(path.relative_to(ROOT / "src"))
        for package in ("forecourt", "forecourt_simulator")
        for path in (ROOT / "src" / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert not wanted - names


@pytest.mark.parametrize(
    "name",
    [
        "forecourt/web/static/vendor/tabler.css",
        "forecourt/web/static/vendor/htmx.js",
        "forecourt/web/static/vendor/idiomorph.js",
        "forecourt/web/static/vendor/icons.svg",
        "forecourt/web/static/vendor/uplot.LICENSE",
        "forecourt/web/static/console.css",
        "forecourt/web/templates/base.html",
        "forecourt/web/locale/de/console.po",
    ],
)
def test_a_wheel_holds_what_browsers_are_given(names: set[str], name: str) -> None:
    assert name in names
