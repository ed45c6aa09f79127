"""Addresses of files: the check that one is a complete URI."""

import re
from urllib.parse import urlsplit

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")


def check_location(location: str) -> None:
    """Raise ValueError unless the text is a URI with a scheme (RFC 3986 §3).

    The error does not repeat the text, because it may hold a password.
    """
    if not _URI.fullmatch(location) or not _is_splittable(location):
        raise ValueError(
            "location is not a complete URI: write it like ftp://host/folder, with other characters percent-encoded"
        )


def _is_splittable(location: str) -> bool:
    try:
        urlsplit(location)
    except ValueError:
        return False
    return True
