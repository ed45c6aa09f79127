"""The header of the PROXY protocol, version 2: how a proxy that passes bytes on says from whom they are.

The text form, version 1, is refused: it has no length, so that its end must be searched for in what the station sends.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Final

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
HEAD_BYTES: Final = 16
MAX_BODY_BYTES: Final = 4096
"""Addresses and whatever a proxy likes to add, such as a checksum or what TLS it ended."""

_VERSION: Final = 2
_LOCAL: Final = 0
_PROXY: Final = 1
_UNSPECIFIED: Final = 0
_TCP_IPV4: Final = 0x11
_TCP_IPV6: Final = 0x21


class BadProxyHeader(Exception):
    """What came is no header that is understood here; ``str()`` says why."""


def check_start(start: bytes) -> None:
    """Whether a connection may begin with these bytes, however few. Raises BadProxyHeader."""
    if start.startswith(b"PROXY "):
        raise BadProxyHeader("the header is version 1 of the PROXY protocol; let the proxy send version 2")
    if not SIGNATURE.startswith(start[: len(SIGNATURE)]):
        raise BadProxyHeader("the connection does not begin with a header of the PROXY protocol, version 2")


def read_head(head: bytes) -> int:
    """How many bytes follow the first 16. Raises BadProxyHeader."""
    check_start(head)
    version, length = head[12] >> 4, int.from_bytes(head[14:16], "big")
    if version != _VERSION:
        raise BadProxyHeader(f"the header of the PROXY protocol has version {version}; only 2 is known")
    if length > MAX_BODY_BYTES:
        raise BadProxyHeader(f"the header of the PROXY protocol has {length} bytes; at most {MAX_BODY_BYTES} are read")
    return length


def read_source(head: bytes, body: bytes) -> str | None:
    """The address from which the proxy was spoken to, or None when the proxy speaks for itself (LOCAL): it looks
    whether somebody listens. A connection that it passes on without saying from whom (UNSPEC) is refused.

    Raises BadProxyHeader.
    """
    command, family = head[12] & 0x0F, head[13]
    if command == _LOCAL:
        return None
    if command != _PROXY:
        raise BadProxyHeader(f"the header of the PROXY protocol has the unknown command {command}")
    if family == _UNSPECIFIED:
        raise BadProxyHeader("the header of the PROXY protocol does not say from where the connection came")
    try:
        if family == _TCP_IPV4:
            source, _target, _source_port, _target_port = struct.unpack_from("!4s4sHH", body)
            return str(ipaddress.IPv4Address(source))
        if family == _TCP_IPV6:
            source, _target, _source_port, _target_port = struct.unpack_from("!16s16sHH", body)
            address = ipaddress.IPv6Address(source)
            return str(address.ipv4_mapped or address)
    except struct.error:
        raise BadProxyHeader("the header of the PROXY protocol is too short for its addresses") from None
    raise BadProxyHeader(f"the header of the PROXY protocol is for no TCP connection (0x{family:02x})")
