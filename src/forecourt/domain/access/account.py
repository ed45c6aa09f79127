"""People who may come in: what is kept of them, and which names and passwords they may have."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.access.permissions import PERMISSIONS, Permission, Role
from forecourt.domain.errors import DomainError, Kind, check_note, conflict, invalid

MIN_PASSWORD_CHARACTERS: Final = 12
MAX_PASSWORD_CHARACTERS: Final = 1024
MAX_ACCOUNT_CHARACTERS: Final = 100
MAX_SHOWN_CHARACTERS: Final = 200
MAX_ISSUER_CHARACTERS: Final = 1000

THEMES: Final = ("light", "dark")

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is elsewhere (OpenID Connect Core §5.7): an issuer's subject never becomes somebody else."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may come in, without their secrets."""

    name: str
    shown_name: str
    """Empty where there is none but the name."""
    role: Role
    is_enabled: bool = True
    has_password: bool = False
    """False for one who signs in elsewhere only."""
    has_second_factor: bool = False
    recovery_codes: int = 0
    """How many are left."""
    identity: Identity | None = None
    language: str | None = None
    zone: str | None = None
    """The IANA name of a time zone; None where the browser says it."""
    theme: str | None = None
    created_at: datetime | None = None
    """None for accounts of older versions."""
    signed_in_at: datetime | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        return PERMISSIONS[self.role]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a door checks of somebody who signs in. Only of accounts that are enabled and have a password."""

    account: str
    role: Role
    password_hash: str
    has_second_factor: bool


def check_account_name(name: str) -> str:
    """The name, if an account may have it; raises DomainError. Without spaces, so that nobody is called like a token
    in what is written down, and without the colon, which ends a name in HTTP (RFC 7617)."""
    is_plain = name.isprintable() and not any(one.isspace() or one in "/:" for one in name)
    if not 0 < len(name) <= MAX_ACCOUNT_CHARACTERS or not is_plain:
        raise invalid(
            "A name has 1 to {} printable characters, without spaces, ':' and '/'.",
            MAX_ACCOUNT_CHARACTERS,
            field="name",
        )
    return name


def check_new_password(name: str, password: str) -> str:
    """The password, if an account may have it; raises DomainError, which does not repeat it. To be asked before it is
    hashed, which is slow on purpose and so belongs outside units of work."""
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise invalid("The password needs at least {} characters.", MIN_PASSWORD_CHARACTERS, field="password")
    if len(password) > MAX_PASSWORD_CHARACTERS:
        raise invalid("The password may have at most {} characters.", MAX_PASSWORD_CHARACTERS, field="password")
    if password.casefold() == name.casefold():
        raise invalid("The password may not be the name of the account.", field="password")
    return password


def check_shown_name(text: str) -> str:
    if not text.isprintable():
        raise invalid("The name that is shown may hold printable characters only.", field="shownName")
    return check_note(text.strip(), field="shownName", limit=MAX_SHOWN_CHARACTERS)


def check_manner(*, language: str | None, zone: str | None, theme: str | None) -> None:
    """Raises DomainError INVALID for what no page could show."""
    if language is not None and not _LANGUAGE.fullmatch(language):
        raise invalid("A language is given by its code, such as `en` or `de`.", field="language")
    if zone is not None and not _is_zone(zone):
        raise invalid("There is no such time zone; use an IANA name such as `Europe/Berlin`.", field="zone")
    if theme is not None and theme not in THEMES:
        raise invalid("The theme is one of {}.", ", ".join(THEMES), field="theme")


def check_identity(identity: Identity) -> Identity:
    """The identity, if it can be kept; raises DomainError."""
    for field, text in (("issuer", identity.issuer), ("subject", identity.subject)):
        if not 0 < len(text) <= MAX_ISSUER_CHARACTERS or not text.isprintable():
            raise invalid("The {} has 1 to {} printable characters.", field, MAX_ISSUER_CHARACTERS, field=field)
    return identity


def check_may_give(own: frozenset[Permission], given: frozenset[Permission], *, field: str | None = None) -> None:
    """Nobody gives or takes what they do not have themselves; raises DomainError REFUSED."""
    missing = sorted(permission.value for permission in given - own)
    if missing:
        raise DomainError(
            Kind.REFUSED,
            "This needs the permission {} as well: nobody may give what they do not have.",
            ", ".join(missing),
            field=field,
        )


def name_taken(name: str) -> DomainError:
    return conflict("An account named {!r} exists; names that differ in case only are the same.", name, field="name")


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
