"""The data folder, as every process and command makes it before anything is put there."""

from __future__ import annotations

import os
from pathlib import Path


def prepare(data: Path) -> None:
    """Make it for its owner alone, and have this process make every file so."""
    os.umask(0o077)  # what is kept here is nobody else's business
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
