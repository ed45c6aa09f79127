"""What the pages are told of the settings: their address, the provider to sign in with, and what is around them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from babel.localtime import get_localzone

from forecourt.clock import Clock
from forecourt.config import Config
from forecourt.domain.access.permissions import Role
from forecourt.storage.database import Database
from forecourt.web.oidc import OpenId, Provider
from forecourt.web.shown import Entrance, Surroundings

BACK: Final = "/sign-in/openid/back"
"""Where the provider sends people back to."""


def is_behind_tls(config: Config) -> bool:
    return config.console_url.startswith("https:")


def open_provider(config: Config, clock: Clock) -> OpenId | None:
    """The provider that people may sign in with, if the settings name one."""
    oidc = config.oidc
    if not oidc.is_on:
        return None
    provider = Provider(
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        client_secret=None if oidc.client_secret is None else oidc.client_secret.reveal(),
        redirect_uri=config.console_url + BACK,
        scopes=oidc.scopes,
        role_claim=oidc.role_claim,
        roles=[(word, Role(role.value)) for word, role in oidc.role_of],
        name_claim=oidc.name_claim,
        button=oidc.button,
        roots=oidc.roots,
    )
    return OpenId(provider, clock)


def look_around(config: Config, *, file: str, started_at: datetime) -> Surroundings:
    """Reads the database once."""
    database = Database(config.database_url)
    return Surroundings(
        node=config.node_name,
        entrances=list(_entrances(config)),
        database=f"SQLite, {database.path}" if database.is_sqlite else f"PostgreSQL, {place_of(database)}",
        migration=database.version() or "",
        file=file,
        started_at=started_at,
        zone=str(get_localzone()),
    )


def place_of(database: Database) -> str:
    """Host and name, without who signs in, and without what a query may hold."""
    return Path(database.shown).as_posix().rpartition("@")[2].partition("?")[0]


def _entrances(config: Config) -> Iterator[Entrance]:
    for listener in config.all_listeners:
        yield Entrance(listener.name, "stations", f"{listener.scheme}://{listener.address}/ocpp/IDENTITY")
    files = config.files
    for name, address in files.addresses:
        scheme = {"http": "http", "tls": "https", "ftp": "ftps" if files.ftp_tls_only else "ftp"}[name]
        told = files.ftp_url if name == "ftp" else files.url
        yield Entrance(name, "files", told if told.startswith(f"{scheme}:") else f"{scheme}://{address}")
    yield Entrance("console", "pages", config.console_url or f"http://{config.console}")
    yield Entrance("console", "REST", f"{config.console_url or f'http://{config.console}'}/api/v1")
    if config.pki_url:
        yield Entrance("pki", "certificates", config.pki_url)
