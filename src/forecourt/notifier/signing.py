"""How webhooks are signed, as Standard Webhooks 1.0 has it: HMAC-SHA256 over the id, the time and the body."""

from __future__ import annotations

import base64
import hashlib
import hmac

from forecourt.domain.notifications.checks import secret_bytes


def signed_headers(secret: str, *, message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows who sent a body, and when; ``seconds`` are those since 1970. Raises
    DomainError for a secret that is none."""
    signed = f"{message_id}.{seconds}.".encode() + body
    digest = hmac.new(secret_bytes(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode('ascii')}",
    }
