"""What this room raises to itself; nothing of it reaches a station."""

from __future__ import annotations


class CannotFetch(Exception):
    """A CA could not be asked; ``str()`` says why."""
