"""Who may do what: the one table that REST, the pages and the command line go by."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final


class Permission(enum.Enum):
    """A kind of thing that somebody may do. The value is its name as the scope of a token."""

    VIEW = "view"
    """Look at stations, transactions, tags, certificates, alarms and whatever else is not named below."""
    OPERATE = "operate"
    """Have stations do something: operations, reservations, stops, charging profiles at a station."""
    MANAGE = "manage"
    """Change what is registered: stations, tags, drivers, charging profiles, lists, firmware, files."""
    AUDIT = "audit"
    """Read the security log and the record of who did what."""
    SECURITY = "security"
    """Change what is trusted and how stations are let in: certificates, authorities, passwords, profiles, policy."""
    ADMINISTER = "administer"
    """Change who may come in, tokens, notifications and settings."""


class Role(enum.Enum):
    """What a person is here."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SECURITY_OFFICER = "securityOfficer"
    ADMIN = "admin"


EVERYTHING: Final = frozenset(Permission)

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.VIEWER: frozenset({Permission.VIEW}),
    Role.OPERATOR: frozenset({Permission.VIEW, Permission.OPERATE, Permission.MANAGE}),
    Role.SECURITY_OFFICER: frozenset({Permission.VIEW, Permission.OPERATE, Permission.AUDIT, Permission.SECURITY}),
    Role.ADMIN: EVERYTHING,
}
