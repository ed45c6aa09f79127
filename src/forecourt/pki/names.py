"""Names in certificates: what O and CN may be, and which names of hosts are the same."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import Final

from cryptography import x509

Host = str | ipaddress.IPv4Address | ipaddress.IPv6Address
"""A DNS name in lower case, or an address, of which every spelling is equal."""

MAX_NAME: Final = 64
"""Characters of O and CN (RFC 5280 appendix A.1)."""

_MAX_HOST_NAME: Final = 253
_DNS_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)

_DISTURBING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of Unicode that change what stands around them, or that nobody can show. Spaces of all widths are none."""


def name_fault(name: str) -> str | None:
    """Why no certificate can have this as O or CN, as the end of a sentence that begins with it; None when one can."""
    if not 1 <= len(name) <= MAX_NAME:
        return f"has {len(name):,} characters, and 1 to {MAX_NAME} are possible (RFC 5280 appendix A.1)"
    if name != name.strip():
        return "has spaces around it"
    if any(unicodedata.category(character) in _DISTURBING for character in name):
        return "has characters that cannot be shown"
    return None


def station_name_fault(name: str) -> str | None:
    """The same of the CN of a station: it is a serial number, and not shaped like a URL or an address (A00.FR.511)."""
    if "://" in name or is_address(name):
        return "is shaped like a URL or an IP address (A00.FR.511)"
    return name_fault(name)


def is_address(name: str) -> bool:
    """Whether it is an IP address as a certificate can name it: without a zone."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return "%" not in name


def is_host_name(name: str) -> bool:
    """Whether it is a name of one host as DNS writes it, without wildcard (RFC 5280 §4.2.1.6, RFC 1123 §2.1);
    "localhost" too. One that ends with a number is a broken address."""
    labels = name.split(".")
    return len(name) <= _MAX_HOST_NAME and all(map(_DNS_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def host_of(name: str) -> Host:
    """The host that a text names."""
    return ipaddress.ip_address(name) if is_address(name) else name.lower()


def general_name(name: str) -> x509.GeneralName:
    """A host as a subjectAltName says it. Raises ValueError for what no certificate can say."""
    host = host_of(name)
    return x509.DNSName(name) if isinstance(host, str) else x509.IPAddress(host)


def host_in(name: x509.GeneralName) -> Host | None:
    """The host that a part of a subjectAltName names (RFC 5280 §4.2.1.6); None for names of other kinds."""
    match name:
        case x509.DNSName():
            return name.value.lower()
        case x509.IPAddress(value=ipaddress.IPv4Address() | ipaddress.IPv6Address() as address):
            return address
    return None


def is_same_name(one: str, other: str) -> bool:
    """Whether they are the same O or CN: see :func:`in_one_form`."""
    return in_one_form(one) == in_one_form(other)


def in_one_form(name: str) -> str:
    """The spelling in which O and CN are compared: however accents are composed, nobody sees a difference.

    RFC 5280 §7.1 prepares the names of issuers and subjects further, and passes over case, width and spaces as well.
    Here a name says who somebody is, and those may be all that tells two serial numbers apart.
    """
    return unicodedata.normalize("NFC", name)
