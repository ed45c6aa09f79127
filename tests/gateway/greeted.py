"""Clients that are greeted, one way or another, and what they are told."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from forecourt.config import GatewayConfig, ProxiesConfig
from tests.gateway.porch import WS, WSS, Porch, came_in

QUICK = GatewayConfig(tls_handshake_seconds=0.5, header_seconds=0.5)
FEW = GatewayConfig(handshakes_at_once=4, tls_handshake_seconds=20.0)
PROXIES = ProxiesConfig(addresses=(ipaddress.ip_network("127.0.0.9"),))
PROXY = "127.0.0.9"
BEHIND = (replace(WS, proxy_protocol=True), replace(WSS, proxy_protocol=True))


def a_client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@asynccontextmanager
async def wss(porch: Porch, source: str = "127.0.0.1", before: bytes = b"") -> AsyncIterator[asyncio.StreamReader]:
    """A client that finished its handshake, after sending something else before."""
    async with porch.raw("wss", before, source) as (reader, writer):
        await writer.drain()
        await writer.start_tls(a_client())
        yield reader


async def told(reader: asyncio.StreamReader) -> dict[str, Any]:
    found = came_in((await asyncio.wait_for(reader.readline(), 20)).decode())
    assert found is not None
    return found


async def is_cut(reader: asyncio.StreamReader) -> bool:
    """The other side ended the connection."""
    try:
        return await asyncio.wait_for(reader.read(), 20) == b""
    except ConnectionError:
        return True
