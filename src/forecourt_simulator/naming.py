"""How simulated stations are named and where they connect to."""

from __future__ import annotations

from urllib.parse import quote

from yarl import URL


def station_names(prefix: str, count: int) -> list[str]:
    """The identities of a fleet: ``SIM-0001``, ``SIM-0002`` and so on. Whoever registers stations uses it too."""
    return [f"{prefix}{number:04d}" for number in range(1, count + 1)]


def secured(base: str) -> str:
    """The same address with TLS: host, port and path are the safe things to keep when a profile changes."""
    scheme, separator, rest = base.partition("://")
    return f"wss{separator}{rest}" if scheme == "ws" else base


def station_url(base: str, identity: str) -> URL:
    """The base address, a slash and the percent-encoded identity (OCPP-J 1.6 §3.1.1)."""
    return URL(f"{base.rstrip('/')}/{quote(identity, safe='')}", encoded=True)
