"""The key that seals secrets in the database: where it comes from, and whether it is the right one."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

import structlog

from forecourt.app import folder
from forecourt.app.process import StartError, only_one
from forecourt.config import Config
from forecourt.pki.errors import BadKey, BadSeal
from forecourt.pki.sealing import Vault, read_keys
from forecourt.storage.database import Database
from forecourt.storage.errors import Unavailable
from forecourt.storage.resealing import reseal
from forecourt.storage.scrubbing import overwrite_what_is_deleted, scrub
from forecourt.storage.sealed_checks import check_key, forget_key, is_sealed

FILE: Final = "secret.key"
"""In the data folder, where a node with a database of its own keeps the key that it made."""

_SETTING: Final = "FORECOURT_SECRET_KEY"
_NO_KEY: Final = (
    f"{_SETTING} is not set. Secrets in the database are sealed with this key, and all nodes on one PostgreSQL database"
    " need the same. `forecourt secret-key` makes one: keep it as safe as the password of the database, but not in it,"
    " and set it on every node."
)
_WHAT_IS_LOST: Final = (
    "If the key is gone for good, then so are the secrets that are sealed with it: those of errands that stations have"
    " not got yet, which will fail, and the private keys of server certificates, which have to be put in again."
    " `forecourt secret-key --accept-loss` goes on without them."
)
_DAMAGED: Final = f"Put it back from a backup; if there is none, move the file away. {_WHAT_IS_LOST}"

_log = structlog.get_logger(__name__)


def check_setting(config: Config, database: Database) -> None:
    """Raises StartError when a key is needed and not set, or cannot be read."""
    if config.secret_key is not None:
        _read_setting(config.secret_key.reveal())
    elif not database.is_sqlite:
        raise StartError(_NO_KEY)


def open_vault(config: Config, database: Database) -> Vault:
    """The vault that the database was sealed with; a new one for a new database, which must be up to date.

    Raises StartError when the key is missing or another one.
    """
    check_setting(config, database)
    connection = database.connect()
    try:
        keys, place = _keys(config, must_exist=is_sealed(connection))
        vault = Vault(keys)
        if database.is_sqlite:
            overwrite_what_is_deleted(connection)
        try:
            were_plain = check_key(connection, vault)
        except BadSeal:
            raise StartError(_wrong_key(config, place)) from None
    finally:
        connection.close()
    if were_plain:
        _log.info("sealed_what_was_plain", count=were_plain)
        _remove_remains(database)
    return vault


def seal_anew(config: Config) -> None:
    """Seal with the first key what is needed still and was sealed with another one. Raises StartError.

    For a database that was opened with these keys before, and while nobody on this node uses it.
    """
    database = Database(config.database_url)
    keys, _place = _keys(config, must_exist=True)
    if len(keys) == 1:
        return
    connection = database.connect()
    try:
        if database.is_sqlite:
            overwrite_what_is_deleted(connection)
        count = reseal(connection, newest=Vault(keys[:1]), vault=Vault(keys))
    finally:
        connection.close()
    if count:
        _log.info("sealed_with_the_new_key", count=count)
        _remove_remains(database)


def accept_loss(config: Config) -> str:
    """Go on with the key that there is, or with a new one, whatever the database was sealed with. Returns a sentence
    on what happened. Raises StartError, and then the database is as it was."""
    folder.prepare(config.data)
    with only_one(config.data):
        database = Database(config.database_url)
        check_setting(config, database)
        database.migrate()
        keys, place = _keys(config, must_exist=False)
        is_lost = _forget_another(database, Vault(keys))
        open_vault(config, database)
    if not is_lost:
        return f"Nothing was given up: the key in {place} opens the database."
    return (
        f"Secrets are sealed with the key in {place} from now on. Those that were sealed with the lost key cannot be"
        " read any more: errands that no station has got yet fail, and server certificates have to be put in again."
    )


def _forget_another(database: Database, vault: Vault) -> bool:
    """True when the database was sealed with another key, which is none any more."""
    connection = database.connect()
    try:
        if not is_sealed(connection):
            return False
        check_key(connection, vault)
    except BadSeal:
        forget_key(connection)
        return True
    finally:
        connection.close()
    return False


def _keys(config: Config, *, must_exist: bool) -> tuple[list[bytes], str]:
    """The keys, and the name of the place where they are."""
    if config.secret_key is not None:
        return _read_setting(config.secret_key.reveal()), _SETTING
    path = config.data / FILE
    if not path.exists():
        if must_exist:
            raise StartError(
                f"The file {path} is missing. It holds the key that secrets in the database are sealed with: put it"
                f" back from a backup, or set {_SETTING}. {_WHAT_IS_LOST}"
            )
        _make(path)
    _keep_to_owner(path)
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        sentence = f"The file {path}, which holds the secret key, cannot be read: {error}."
        raise StartError(f"{sentence} {_DAMAGED}") from None
    try:
        return read_keys(text), str(path)
    except BadKey as error:
        raise StartError(f"The file {path}, which holds the secret key, is damaged. {error} {_DAMAGED}") from None


def _read_setting(text: str) -> list[bytes]:
    try:
        return read_keys(text)
    except BadKey as error:
        sentence = f"{_SETTING} cannot be used. {error} `forecourt secret-key` makes one; several, with commas between"
        raise StartError(f"{sentence} them, are read too.") from None


def _make(path: Path) -> None:
    """Write a new key, all of it or nothing; one that somebody else has written meanwhile stays."""
    draft = path.with_name(f"{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Vault.new_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)  # a database that is sealed with a key that a power failure took would be lost
    finally:
        os.close(parent)


def _keep_to_owner(path: Path) -> None:
    """A key that a backup or a careless hand put back may be readable by everybody."""
    with contextlib.suppress(OSError):  # whoever reads it next says what is wrong with it
        mode = stat.S_IMODE(path.stat().st_mode)
        if not mode & 0o077:
            return
        advice = "whoever was on this machine may have read the key; a new one makes that one useless"
        try:
            path.chmod(mode & 0o700)
        except OSError as error:
            advice = f"its mode could not be mended ({error.strerror}): take the rights of others away"
        _log.warning("secret_key_readable_by_others", file=str(path), mode=f"{mode:04o}", advice=advice)


def _remove_remains(database: Database) -> None:
    """What was replaced is still in the files, where whoever has them can find it."""
    if not database.is_sqlite:
        return
    try:
        scrub(database)
    except Unavailable as error:
        _log.warning(
            "old_secrets_not_overwritten",
            reason=str(error),
            advice="stop everything that uses the database, and run VACUUM on it with the program sqlite3",
        )


def _wrong_key(config: Config, place: str) -> str:
    file = config.data / FILE
    kept = f", or remove it to use the one in {file}" if place == _SETTING and file.exists() else ""
    return (
        f"The database was sealed with another key than the one in {place}. Put the right one there{kept}; to change"
        f" the key, set {_SETTING} to the new one, a comma, and the old one. {_WHAT_IS_LOST}"
    )
