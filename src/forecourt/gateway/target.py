"""What a request is for: the station in its path, and the version of OCPP in its subprotocols (OCPP-J 1.6 §3.1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.model import check_identity
from forecourt.gateway.refusals import Refused

PATHS: Final = ("/ocpp/", "/steve/websocket/CentralSystemService/")
"""Where stations connect. The second is the path of another central system, so that stations can move here
without a new setting."""


def read_identity(raw_path: str) -> str | Refused:
    """The identity in the path of a request, as sent on the wire and without its query.

    The path is split before it is decoded, and decoded once: an encoded slash belongs to the identity.
    """
    for path in PATHS:
        if raw_path.startswith(path):
            segment = raw_path[len(path) :]
            break
    else:
        return Refused(404, f"stations connect at {PATHS[0]}IDENTITY")
    if "/" in segment:
        return Refused(404, "the identity is one path segment; a slash in it must be percent-encoded")
    try:
        return check_identity(unquote_to_bytes(segment).decode("utf-8"))
    except UnicodeError:
        return Refused(400, "the identity is not percent-encoded UTF-8")
    except DomainError as error:
        return Refused(400, error.sentence)


def choose_subprotocol(offered: Sequence[str], spoken: Collection[str]) -> str | Refused:
    """The first in the station's order that we speak (OCPP-J 1.6 §3.1.3).

    OCPP-J 1.6 §3.2 would finish the handshake and then close. The certification (TC_088) wants it refused before.
    """
    if not offered:
        return Refused(400, f"no Sec-WebSocket-Protocol; this system speaks {', '.join(sorted(spoken))}")
    for name in offered:
        if name in spoken:
            return name
    return Refused(400, f"none of the offered subprotocols is known; this system speaks {', '.join(sorted(spoken))}")


def read_subprotocols(header: str) -> list[str]:
    """The names in a Sec-WebSocket-Protocol header, in the station's order. They are ASCII (RFC 6455 §4.1)."""
    return [name for part in header.split(",") if (name := part.strip()) and name.isascii()]
