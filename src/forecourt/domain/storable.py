"""Texts that others wrote, cut and cleaned so that every database keeps them."""

from __future__ import annotations


def storable(text: str, limit: int) -> str:
    """At most ``limit`` characters; no database takes the character NUL or half of a surrogate pair."""
    short = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return short.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
