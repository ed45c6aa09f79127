"""Who may change a configuration key, whichever way: at a station, or the value that it should have."""

from __future__ import annotations

from forecourt.domain.access.permissions import Permission
from forecourt.domain.configuration.catalogue import known_key


def needed_to_change(name: str) -> Permission:
    """Keys of the security whitepaper decide how a station is let in. A key that nobody here knows is one of many."""
    key = known_key(name)
    return Permission.SECURITY if key is not None and key.is_security else Permission.OPERATE
