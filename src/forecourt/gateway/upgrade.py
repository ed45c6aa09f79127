"""Whether a request is a complete opening handshake of a WebSocket (RFC 6455 §4.2.1): asked before anything is computed
or written down for it, because one that is not never becomes a link."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from forecourt.gateway.proxy_headers import Headers
from forecourt.gateway.refusals import Refused

VERSION: Final = "13"
"""The only version of the protocol that was ever finished (RFC 6455 §4.1)."""

_KEY_BYTES: Final = 16
_NONE: Final[list[str]] = []
_NO_UPGRADE: Final = Refused(
    426,
    "this is the stations' WebSocket endpoint",
    headers=(("Upgrade", "websocket"), ("Connection", "upgrade, close")),
)
_OTHER_VERSION: Final = Refused(
    426,
    f"only version {VERSION} of the WebSocket protocol is spoken here",
    headers=(*_NO_UPGRADE.headers, ("Sec-WebSocket-Version", VERSION)),
)


def check_upgrade(headers: Headers) -> Refused | None:
    """Why a request cannot become a WebSocket, or None."""
    if [value.strip().lower() for value in headers.getall("Upgrade", _NONE)] != ["websocket"]:
        return _NO_UPGRADE
    options = ",".join(headers.getall("Connection", _NONE)).split(",")
    if "upgrade" not in [option.strip().lower() for option in options]:
        return Refused(400, "the Connection header does not ask for an upgrade")
    if [value.strip() for value in headers.getall("Sec-WebSocket-Version", _NONE)] != [VERSION]:
        return _OTHER_VERSION
    keys = headers.getall("Sec-WebSocket-Key", _NONE)
    if len(keys) != 1 or not _is_key(keys[0].strip()):
        return Refused(400, f"there must be one Sec-WebSocket-Key, {_KEY_BYTES} bytes in base64")
    return None


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):  # ValueError: characters beyond ASCII
        return False
