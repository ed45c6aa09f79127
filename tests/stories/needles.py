"""Looks for secrets in anything, in all the forms in which they could be written."""

from __future__ import annotations

import base64
import json
import secrets
from urllib.parse import quote


def a_secret() -> str:
    """20 ASCII characters that are nowhere else: as long as an AuthorizationKey may be (security whitepaper §7)."""
    return secrets.token_urlsafe(15)


class Needles:
    """Secrets by name."""

    def __init__(self) -> None:
        self._forms: dict[str, set[bytes]] = {}
        self._digits: dict[str, bytes] = {}

    def add(self, name: str, secret: str | bytes) -> None:
        content = secret.encode() if isinstance(secret, str) else secret
        assert len(content) >= 12, "a short one could be found by chance"
        text = content.decode("latin-1")
        self._digits[name] = content.hex().encode()
        self._forms[name] = {
            content,
            quote(text, safe="").encode(),
            json.dumps(text)[1:-1].encode(),
            *_in_base64(content),
        }

    def found(self, haystack: str | bytes) -> set[str]:
        """The names of those that are there."""
        content = haystack.encode() if isinstance(haystack, str) else haystack
        folded = content.lower()
        return {
            name
            for name, forms in self._forms.items()
            if self._digits[name] in folded or any(form in content for form in forms)
        }


def _in_base64(content: bytes) -> set[bytes]:
    """What of it is always there, wherever it begins in a longer content, in both alphabets."""
    forms = set()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + content)
        core = encoded[4 if before else 0 : len(encoded) // 4 * 4 - 4]
        forms |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return forms
