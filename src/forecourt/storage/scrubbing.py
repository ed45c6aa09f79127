"""Makes what a SQLite database no longer says disappear from its files: deleted content stays there until something
else is written in its place."""

from __future__ import annotations

from forecourt.storage.connection import Connection
from forecourt.storage.database import Database
from forecourt.storage.errors import Unavailable
from forecourt.storage.turn import Turn


def overwrite_what_is_deleted(connection: Connection) -> None:
    """From now on, on this connection to SQLite: what is deleted or replaced is overwritten with zeros."""
    connection.all("PRAGMA secure_delete = ON")


def scrub(database: Database) -> None:
    """Write the SQLite database anew, without remains of what was replaced or deleted before, and empty its log.

    Takes as long as copying the file, and as much room; other writers wait. Raises Unavailable when there is no room,
    or when somebody still reads what the log has of the old content.
    """
    turn = Turn(database.path)
    turn.take()
    try:
        connection = database.connect()
        try:
            connection.all("PRAGMA temp_store = FILE")  # the copy may be larger than the memory
            connection.execute("VACUUM")
            is_busy, *_ = connection.all("PRAGMA wal_checkpoint(TRUNCATE)")[0]
        finally:
            connection.close()
    finally:
        turn.give()
        turn.close()
    if is_busy:
        raise Unavailable("another program reads the database, so its log cannot be emptied")
