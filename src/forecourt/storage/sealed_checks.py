"""What shows, at every start, that the key that is given is the one that the database was sealed with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Column, Table, Text

from forecourt.pki.sealing import Vault
from forecourt.storage.connection import Connection
from forecourt.storage.resealing import seal_plain
from forecourt.storage.schema import metadata, text

sealed_check: Final = Table(
    "sealed_check",
    metadata,
    Column("name", Text, primary_key=True),
    text("sealed"),
)

_NAME: Final = "vault"
_CONTENT: Final = b"Whoever can read this has the key."
_FIND: Final = "SELECT sealed FROM sealed_check WHERE name = ?"
_ADD: Final = "INSERT INTO sealed_check (name, sealed) VALUES (?, ?) ON CONFLICT DO NOTHING"
_REMOVE: Final = "DELETE FROM sealed_check WHERE name = ?"


def is_sealed(connection: Connection) -> bool:
    """True when the database was ever opened with a key."""
    return _found(connection) is not None


def check_key(connection: Connection, vault: Vault) -> int:
    """Raises BadSeal when the database was sealed with another key. The first key that comes is the database's, and
    what was written before there was one is sealed with it. Returns how much that was."""
    sealed = 0
    found = _found(connection)
    if found is None:
        with _writing(connection):  # both or neither, so that a crash between them leaves nothing open for good
            if connection.execute(_ADD, (_NAME, vault.seal(_CONTENT))):
                sealed = seal_plain(connection, vault)
        found = _found(connection)  # which may be that of another node, which came first
    if found is not None:
        vault.open(found)
    return sealed


def forget_key(connection: Connection) -> None:
    """Take the next key that comes for the database's."""
    with _writing(connection):
        connection.execute(_REMOVE, (_NAME,))


def _found(connection: Connection) -> str | None:
    connection.begin_reading()
    try:
        row = connection.one(_FIND, (_NAME,))
    finally:
        connection.rollback()
    return None if row is None else str(row[0])


@contextlib.contextmanager
def _writing(connection: Connection) -> Iterator[None]:
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
