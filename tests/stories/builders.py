"""Fresh stations and tags, so that stories on one system do not meet."""

from __future__ import annotations

from itertools import count

from tests.support.rest import Json, Rest

_numbers = count(1)


def fresh_identity() -> str:
    return f"CP-{next(_numbers)}"


def fresh_tag() -> str:
    return f"TAG{next(_numbers):08}"


def a_station(rest: Rest, **fields: Json) -> str:
    """The identity of a new station."""
    identity = fresh_identity()
    rest.add_station(identity, **fields)
    return identity


def a_tag(rest: Rest, **fields: Json) -> str:
    tag = fresh_tag()
    rest.add_tag(tag, **fields)
    return tag
