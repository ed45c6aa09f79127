"""Asks CAs over HTTP, and never for more than was expected of them."""

from __future__ import annotations

import asyncio
import socket
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from forecourt.gateway.errors import CannotFetch
from forecourt.settings import read_ip

SCHEMES: Final = ("http", "https")
REDIRECTS: Final = 3
CONNECT_SECONDS: Final = 5.0
ALL_SECONDS: Final = 20.0
"""For an answer, all redirects included."""

_CHUNK: Final = 65_536
_REPEATED: Final = (307, 308)
"""Redirects that have the same asked there; after the others a POST would become a GET (RFC 9110 §15.4)."""
_REDIRECTS: Final = (301, 302, 303, *_REPEATED)


class HttpFetcher:
    """A Fetcher. It has no cookies, follows no proxy of the environment, and unpacks nothing."""

    def __init__(self) -> None:
        self._named: aiohttp.ClientSession | None = None
        """For hosts that a certificate names."""
        self._redirected: aiohttp.ClientSession | None = None
        """For hosts that only a redirect names."""

    async def fetch(self, url: str, *, body: bytes | None, kind: str, limit: int) -> bytes:
        """See Fetcher. Redirects are followed a few times, to http and https only, and not to this machine or link: a
        CA is trusted to name its hosts, but not to choose what this machine asks of its neighbours."""
        at = url
        try:
            async with asyncio.timeout(ALL_SECONDS):
                for _ in range(1 + REDIRECTS):
                    session = self._session(urlsplit(at), urlsplit(url))
                    found = await _once(session, at, body, kind, limit)
                    if isinstance(found, bytes):
                        return found
                    at = urljoin(at, found)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise CannotFetch(f"{at[:200]} did not answer: {str(error)[:200] or type(error).__name__}.") from error
        raise CannotFetch(f"{at[:200]} was redirected too often.")

    def _session(self, at: SplitResult, named: SplitResult) -> aiohttp.ClientSession:
        if at.scheme.lower() not in SCHEMES:
            raise CannotFetch(f"{at.geturl()[:200]} is no http or https URL.")
        if at.netloc == named.netloc:
            self._named = self._named or _new_session(aiohttp.TCPConnector())
            return self._named
        if _is_here(at.hostname or ""):
            raise CannotFetch(f"{named.geturl()[:200]} redirects to {at.hostname}, which is this machine or link.")
        self._redirected = self._redirected or _new_session(aiohttp.TCPConnector(resolver=_Elsewhere()))
        return self._redirected

    async def close(self) -> None:
        for session in (self._named, self._redirected):
            if session is not None:
                await session.close()


class _Elsewhere(AbstractResolver):
    """Finds hosts by name, except on this machine and link. Asked at every connection, so that a name cannot mean
    something else when it is connected to than when it was looked at."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if any(_is_here(one["host"]) for one in found):
            raise CannotFetch(f"A redirect leads to {host[:200]}, which is this machine or link.")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _is_here(host: str) -> bool:
    """Of an address, not of a name."""
    address = read_ip(host.partition("%")[0])
    return address is not None and (address.is_loopback or address.is_link_local or address.is_unspecified)


def _new_session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


async def _once(session: aiohttp.ClientSession, url: str, body: bytes | None, kind: str, limit: int) -> bytes | str:
    """What is there, or where it is."""
    headers = {"Accept-Encoding": "identity"} | ({"Content-Type": kind} if body is not None else {})
    method = "GET" if body is None else "POST"
    async with session.request(method, url, data=body, headers=headers, allow_redirects=False) as response:
        if response.status in _REDIRECTS and "Location" in response.headers:
            if body is not None and response.status not in _REPEATED:
                raise CannotFetch(f"{url[:200]} redirects what it is asked, and not so that it may be asked again.")
            return response.headers["Location"]
        if response.status != 200:
            raise CannotFetch(f"{url[:200]} answered with status {response.status}.")
        data = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            data += chunk
            if len(data) > limit:
                raise CannotFetch(f"{url[:200]} sent more than {limit:,} bytes.")
        return bytes(data)
