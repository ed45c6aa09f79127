"""Links: which station is connected, where, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NewType

from forecourt.domain.admission.model import SecurityProfile

Epoch = NewType("Epoch", int)
"""Counts the links of one station. The newest link has the highest epoch and ends all others."""

LinkId = NewType("LinkId", int)
"""Names one link among all that ever were: a random number of 63 bits, drawn by the node that has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSecurity:
    """How a station came in."""

    profile: SecurityProfile = SecurityProfile.NONE
    """With which it was let in."""
    listener: str = ""
    is_tls: bool = False
    tls_version: str | None = None
    """As OpenSSL calls it; None without TLS, and where only a proxy knows."""
    cipher: str | None = None
    via_proxy: str | None = None
    """The address of the proxy that handed the connection on."""
    fingerprint: str | None = None
    """SHA-256 of the certificate that the station showed, in hexadecimal."""
    certificate_ends_at: datetime | None = None
    """The end of its validity. The link may outlive it; the next one does not come about."""
    is_onboarding: bool = False
    """Its certificate is its maker's (A00.FR.806)."""


PLAIN: Final = LinkSecurity()
"""Profile 0, and nothing known beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCount:
    """How many stations are connected in the same way."""

    listener: str
    is_tls: bool
    tls_version: str | None
    profile: SecurityProfile
    stations: int
    example: str
    """The identity of one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """One open link."""

    station: str
    link_id: LinkId
    epoch: Epoch
    node: str
    address: str
    """Of the station, behind all proxies."""
    subprotocol: str
    connected_at: datetime
    security: LinkSecurity = PLAIN
    is_to_close: bool = False
    """An operator asked for its end, and the gateway has not closed it yet."""
