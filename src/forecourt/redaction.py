"""What must not be shown, and how it is hidden: the one place that knows."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

HIDDEN: Final = "***"

TOKEN_START: Final = "fct_"
"""How the tokens begin with which stations fetch and upload files, so that they are known wherever they turn up."""

UNDERSCORE: Final = ord("_")
PERCENT: Final = ord("%")
"""One of these bytes is in every message with a token. To look for a byte takes 15 ns, for three in a row 150."""

TOKEN_CHARACTERS: Final = 43
"""Behind the start: 32 random bytes in base64url."""

_SHORTEST: Final = 8
"""Characters of a token that are hidden when the rest was cut off."""

_TOKEN_FORM: Final = rf"fct(?:_|%5[Ff])(?:[A-Za-z0-9_-]|%5[Ff]|%2[Dd]){{{_SHORTEST},}}"
"""Also percent-encoded."""

_TOKEN: Final = re.compile(_TOKEN_FORM)
_TOKEN_BYTES: Final = re.compile(_TOKEN_FORM.encode())

_CALL_HEAD: Final = re.compile(rb'\s*\[\s*\d+\s*,\s*"(?:[^"\\]|\\.)*"\s*,', re.DOTALL)


def without_credentials(url: str) -> str:
    """The URL without what signs somebody in: user and password, the query, which may hold a token, and the tokens of
    our own locations, which stand in the path.

    What is written before an ``@`` is hidden also where it makes no proper URL, because it may be a password that
    should have been percent-encoded.
    """
    scheme, mark, rest = url.partition("//")
    if not mark:
        scheme, rest = "", url
    before, at, after = rest.rpartition("@")
    if any(sign in before for sign in "?#") or not _is_splittable(url):
        return f"{scheme}{mark}{HIDDEN}"
    place, query, _ = after.partition("?")
    place = without_tokens(place.partition("#")[0])
    return f"{scheme}{mark}{HIDDEN + at if at else ''}{place}{query + HIDDEN if query else ''}"


def without_tokens(text: str) -> str:
    """The text without the tokens of our own locations."""
    return _TOKEN.sub(HIDDEN, text)


def frame_without_tokens(frame: bytes) -> bytes:
    """A message of a station without the tokens of our own locations, which some repeat wherever they have room for
    text. Its own number stays: the answer has to name it (OCPP-J 1.6 §4.2)."""
    if frame.find(b"fct") < 0:
        return frame
    found = _CALL_HEAD.match(frame)
    start = 0 if found is None else found.end()
    return frame[:start] + _TOKEN_BYTES.sub(HIDDEN.encode(), frame[start:])


def tokens_in(text: str) -> set[str]:
    """The tokens of our own locations that stand in a text."""
    return set(_TOKEN.findall(text))


def _is_splittable(url: str) -> bool:
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


_SECRET_WORDS: Final = ("password", "passwd", "passphrase", "secret", "psk")


def is_secret_key(name: str) -> bool:
    """True for a configuration key whose value is a secret (security whitepaper A01), or is one by its name: vendors
    have keys of their own for Wi-Fi and mobile networks. Rather a harmless value is hidden than a secret shown."""
    folded = name.lower()
    return folded == "authorizationkey" or any(word in folded for word in _SECRET_WORDS)
