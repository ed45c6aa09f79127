"""The openssl command, an independent judge of certificates, requests, lists and answers."""

from __future__ import annotations

import subprocess
from pathlib import Path


def openssl(*arguments: str | Path, must_succeed: bool = True) -> str:
    """What it said, on both of its outputs."""
    command = ["openssl", *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, check=False, text=True)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0 or not must_succeed, said
    return said
