"""Who an address belongs to, as far as it shows: what every share and every limit at the door is counted by."""

from __future__ import annotations

import ipaddress
from typing import Final, TypeAlias

from forecourt.settings import read_ip

IPV6_SITE_BITS: Final = 64
"""One customer has at least this much of IPv6 to himself; he counts as one source."""

Source: TypeAlias = str
EVERYBODY: Final[Source] = ""
"""The source of those who come through a proxy that does not say for whom: it may take every place."""


def source_of(address: str) -> Source:
    """The address itself, or the network of its customer. What is no address counts as it is written."""
    found = read_ip(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, IPV6_SITE_BITS), strict=False))
    return address if found is None else str(found)
