"""What must not be shown, and how it is hidden: the one place that knows."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

HIDDEN: Final = "***"


def without_credentials(url: str) -> str:
    """The URL without what signs somebody in: user and password, and the query, which may hold a token.

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
    return f"{scheme}{mark}{HIDDEN + at if at else ''}{place.partition('#')[0]}{query + HIDDEN if query else ''}"


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
