"""What can go wrong in a database, reduced to the difference that matters.

::

    StorageError
    ├── Unavailable   nothing is wrong with the data: locked, full, gone, too slow. Trying again may help
    │   └── Collided  another writer was in the way; trying again at once will do
    └── RowRefused    this data cannot be stored, however often it is tried
"""

from __future__ import annotations


class StorageError(Exception):
    """Base of everything that the stores raise."""

    is_lasting = True
    """Trying again will not help."""


class Unavailable(StorageError):
    """The database did not do it now."""

    is_lasting = False


class Collided(Unavailable):
    """The database ended this transaction in favour of another one."""


class RowRefused(StorageError):
    """The database will never take this row."""
