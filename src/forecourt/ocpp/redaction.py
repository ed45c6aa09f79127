"""Shows a message without its secrets. Which fields are secret is said where they are declared."""

from __future__ import annotations

import base64
import functools
import json
import re
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from forecourt.ocpp.action import Message
from forecourt.ocpp.payload import is_deep
from forecourt.redaction import HIDDEN, is_secret_key, tokens_in, without_credentials

__all__ = ["URL", "is_secret_key", "scrubbed", "secrets_in", "shown", "without_key_values"]
"""The words import nothing but the protocol, so what they need of secrets is offered here."""

URL: Final = {"is_url": True}
"""``Meta(extra=URL)`` marks a field whose text may hold a user and a password."""

SHORTEST_SECRET: Final = 3
"""Shorter texts are in every other text, and nobody is kept out by them."""

Words = TypeVar("Words", bound=Message)


def shown(words: Words) -> Words:
    """The same message with every secret in it replaced by ``***``."""
    changes: dict[str, object] = {}
    for name in words.secrets():
        if getattr(words, name) is not msgspec.UNSET:
            changes[name] = HIDDEN
    for name in _urls(type(words)):
        value = getattr(words, name)
        if isinstance(value, str):
            changes[name] = without_credentials(value)
    for name in words.__struct_fields__:
        value = getattr(words, name)
        if isinstance(value, Message):
            changes[name] = shown(value)
        elif isinstance(value, list) and value and isinstance(value[0], Message):
            changes[name] = [shown(item) for item in value]
    return msgspec.structs.replace(words, **changes) if changes else words


def secrets_in(words: Message) -> set[str]:
    """The texts in a message that must not be shown, also not where somebody repeats them."""
    found = {value for name in words.secrets() if isinstance(value := getattr(words, name), str)}
    for name in _urls(type(words)):
        value = getattr(words, name)
        if isinstance(value, str) and without_credentials(value) != value:
            found |= tokens_in(value)
            found |= {value, value.partition("?")[2], *value.partition("://")[2].rpartition("@")[0].split(":", 1)}
    for name in words.__struct_fields__:
        value = getattr(words, name)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Message):
                found |= secrets_in(inner)
    found |= {form for text in found for form in _forms(text)}
    return {text for text in found if len(text) >= SHORTEST_SECRET}


def _forms(secret: str) -> set[str]:
    """The other texts by which somebody may tell a secret: what hexadecimal text stands for, and hexadecimal text of
    what is none."""
    if _HEX.fullmatch(secret) is None:
        data = secret.encode("utf-8", "surrogatepass")
        return {data.hex(), base64.b64encode(data).decode()}
    data = bytes.fromhex(secret)
    return {
        data.decode("latin-1"),
        data.decode("utf-8", "replace"),
        data.decode("utf-8", "ignore"),
        base64.b64encode(data).decode(),
        data.hex(" "),
        data.hex(":"),
    }


_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+", re.ASCII)


def scrubbed(text: str, secrets: set[str]) -> str:
    """The text, or the JSON, with every secret in it replaced, in upper or lower case."""
    written = {
        form
        for secret in secrets
        for form in (secret, msgspec.json.encode(secret).decode()[1:-1], json.dumps(secret)[1:-1])
    }
    for form in sorted(written, key=len, reverse=True):
        text = re.sub(re.escape(form), HIDDEN, text, flags=re.IGNORECASE)
    return text


def without_key_values(text: str) -> str:
    """JSON that was not read into words, with the values of secret configuration keys replaced. What is no JSON, or
    holds no such key, stays as it is."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
    if is_deep(value) or not _hide_key_values(value):
        return text
    return msgspec.json.encode(value).decode()


def _hide_key_values(value: object) -> bool:
    """True when something was hidden, in place."""
    if isinstance(value, list):
        return max(map(_hide_key_values, value), default=False)
    if not isinstance(value, dict):
        return False
    key = value.get("key")
    is_hidden = isinstance(key, str) and is_secret_key(key) and "value" in value
    if is_hidden:
        value["value"] = HIDDEN
    return max(map(_hide_key_values, value.values()), default=False) or is_hidden


@functools.cache
def _urls(kind: type[Message]) -> tuple[str, ...]:
    return tuple(name for name, hint in get_type_hints(kind, include_extras=True).items() if _is_url(hint))


def _is_url(hint: Any) -> bool:  # a type hint has no narrower type
    extras = [meta.extra or {} for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
    return any(extra.get("is_url") for extra in extras) or (
        get_origin(hint) is not None and any(_is_url(inner) for inner in get_args(hint))
    )
