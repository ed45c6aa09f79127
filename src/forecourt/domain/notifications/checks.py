"""What a subscription may be."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from typing import Final
from urllib.parse import urlsplit

from forecourt.domain.errors import check_note, invalid
from forecourt.domain.notifications.model import (
    MAX_ADDRESS,
    MAX_HEADER,
    MAX_NAME,
    MAX_RECIPIENTS,
    MAX_URL,
    SECRET_BYTES,
    SECRET_PREFIX,
    Channel,
    Draft,
)

_ADDRESS: Final = re.compile(r"[^@\s<>()\[\],;:\\\"]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,188}[A-Za-z0-9])?")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS: Final = frozenset(
    {
        "content-type",
        "content-length",
        "host",
        "connection",
        "transfer-encoding",
        "user-agent",
        "expect",
        "te",
        "upgrade",
    }
)
"""Headers that are set here or by HTTP itself; those of signatures begin with ``webhook-``."""


def check(draft: Draft) -> None:
    """Raises DomainError INVALID for what could never be delivered."""
    name = check_note(draft.name, field="name", limit=MAX_NAME)
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise invalid("A name is one line that neither begins nor ends with a space.", field="name")
    if draft.channel is Channel.MAIL:
        _check_recipients(draft.recipients)
    else:
        _check_url(draft.url)
        _check_header(draft.header_name, draft.header_value)
    if any(not kind.may_be_chosen for kind in draft.wish.kinds) or any(
        group.value == "tests" for group in draft.wish.groups
    ):
        raise invalid("Tests are sent when somebody asks for one, and cannot be subscribed to.", field="kinds")


def new_secret() -> str:
    """With which a webhook is signed."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def secret_bytes(secret: str) -> bytes:
    """The key in a secret. Raises DomainError INVALID."""
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("The secret of a webhook is whsec_ and base64.", field="secret") from None


def _check_recipients(recipients: tuple[str, ...]) -> None:
    if not 1 <= len(recipients) <= MAX_RECIPIENTS:
        raise invalid("Between one and {} addresses of people are needed.", MAX_RECIPIENTS, field="recipients")
    for one in recipients:
        if (
            len(one) > MAX_ADDRESS
            or not one.isascii()
            or not one.isprintable()
            or not _ADDRESS.fullmatch(one)
            or ".." in one
        ):
            raise invalid("{!r} is no e-mail address such as operator@example.com.", one, field="recipients")


def _check_url(url: str) -> None:
    check_note(url, field="url", limit=MAX_URL)
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
        parts = urlsplit("")
    if (
        not is_whole
        or parts.scheme not in ("https", "http")
        or not url.isascii()
        or " " in url
        or not url.isprintable()
    ):
        raise invalid("The address must be https://HOST/PATH, in ASCII and without spaces.", field="url")
    if parts.username or parts.password or "@" in parts.netloc:
        raise invalid("The address may hold no user or password; use a header for that.", field="url")
    if parts.fragment:
        raise invalid("The address may hold no fragment (#…): it is never sent.", field="url")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise invalid(
            "Events are sent by HTTPS only; http:// is for receivers on this machine (127.0.0.1, localhost).",
            field="url",
        )


def is_loopback(host: str) -> bool:
    """This machine by its own address."""
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))


def _check_header(name: str, value: str | None) -> None:
    if not name:
        if value:
            raise invalid("A value of a header needs its name.", field="headerName")
        return
    folded = name.lower()
    if not _HEADER.fullmatch(name) or folded in _OURS or folded.startswith(("webhook-", "ce-")):
        raise invalid("{!r} cannot be set as a header here.", name, field="headerName")
    if value is not None and (len(value) > MAX_HEADER or not value.isascii() or not value.isprintable()):
        raise invalid(
            "The value of a header is at most {} printable ASCII characters.", MAX_HEADER, field="headerValue"
        )
