"""Where this node keeps the contents of files."""

from __future__ import annotations

from datetime import timedelta

from forecourt.config import Config
from forecourt.files.sweeping import GRACE
from forecourt.storage.shelf import DiskShelf


def open_shelf(config: Config) -> DiskShelf:
    """The folder of the settings, or ``files`` in the data folder. All nodes must see the same one."""
    files = config.files
    return DiskShelf(files.folder or config.data / "files", keep_free_bytes=files.keep_free_bytes)


def shelf_age(config: Config) -> timedelta:
    """What lies there for longer is not on its way any more."""
    return timedelta(seconds=config.files.transfer_seconds) + GRACE
