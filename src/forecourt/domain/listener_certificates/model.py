"""Server certificates that this system asks for, puts in place and renews by itself (A00.FR.306, A00.FR.701)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.errors import DomainError, Sentence, invalid
from forecourt.domain.signing.model import SigningNumber
from forecourt.pki.names import host_of, is_address, is_host_name

MAX_NAME: Final = 80
"""Characters; with the key family at its end it is the name of a server certificate."""
MAX_HOST_NAMES: Final = 20
MAX_COMMON_NAME: Final = 64
"""RFC 5280, ub-common-name: the first host name is the common name (A00.FR.510)."""

FAST_DAYS: Final = 20 / 24
"""What is asked for with fast expiry: less than 24 hours, also when it is dated back (A00.FR.701)."""
FAST_LIMIT: Final = timedelta(hours=24)

SHORTEST_RENEW_BEFORE: Final = timedelta(minutes=1)
LONGEST_RENEW_BEFORE: Final = timedelta(days=3650)


class MemberState(enum.Enum):
    """The life of the certificate of one key family, again and again::

    WANTED ── ASKED ── ISSUED ── IN_PLACE
       └────────┴── FAILED ── WANTED
    """

    WANTED = "wanted"
    """A key has to be made."""
    ASKED = "asked"
    """The key is made, and an authority is asked for the certificate."""
    ISSUED = "issued"
    """The authority has signed, and the certificate is checked against its key."""
    IN_PLACE = "inPlace"
    """Listeners present it."""
    FAILED = "failed"
    """It is tried again later; what was in place before stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The certificate of one key family. What is in place stays so while the next one is on its way."""

    name: str
    """Of the server certificate under which it is presented."""
    family: KeyFamily
    state: MemberState
    round: int
    """Counts the certificates that were wanted: what was made for an older one is not used."""
    wanted_at: datetime | None = None
    """Since when a new one is wanted, however often that failed; None when it is in place."""
    signing: SigningNumber | None = None
    reason: str | None = None
    """Why it failed last, in a sentence."""
    attempts: int = 0
    """How often it failed since one was in place last."""
    fingerprint: str | None = None
    """Of what is in place."""
    placed_at: datetime | None = None
    not_after: datetime | None = None
    renew_at: datetime | None = None
    again_at: datetime | None = None
    """When it is tried again, after it failed, or when what was issued begins to be valid."""
    due_at: datetime | None = None
    """When somebody has to look at it next."""

    @property
    def is_under_way(self) -> bool:
        return self.state in (MemberState.WANTED, MemberState.ASKED, MemberState.ISSUED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an operator wants of a managed server certificate."""

    host_names: tuple[str, ...]
    """DNS names and IP addresses that stations use; the first one is the common name (A00.FR.510)."""
    authority: str | None = None
    """Its name; None leaves it to the choice for servers."""
    families: frozenset[KeyFamily] = frozenset(KeyFamily)
    """Both, so that stations can use any of the four suites (A00.FR.317)."""
    is_fast: bool = False
    """It expires within a day and is renewed every few hours, so that stations need not ask whether it was revoked
    (A00.FR.701)."""
    renew_before: timedelta | None = None
    """So long before its end it is renewed; None: after two thirds of its life, with fast expiry after a quarter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """A managed server certificate, as people see it."""

    name: str
    wish: Wish
    members: tuple[Member, ...]
    """One for each key family."""
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A managed server certificate after a change, and what an operator should know."""

    managed: Managed
    warnings: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWanted:
    """A key to be made, and a request for its certificate."""

    name: str
    round: int
    family: KeyFamily
    host_names: tuple[str, ...]
    organisation: str | None
    """A00.FR.509."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A certificate to be put in place, with its key."""

    name: str
    round: int
    chain_pem: str
    key_pem: str | None = field(repr=False)
    """None when it cannot be opened any more."""


def member_name(name: str, family: KeyFamily) -> str:
    return f"{name}-{family.value}"


def check_wish(wish: Wish) -> Wish:
    """The wish with host names as they are compared: in lower case, each once. Raises DomainError INVALID."""
    hosts = tuple(dict.fromkeys(_host_name(one) for one in wish.host_names))
    if not 1 <= len(hosts) <= MAX_HOST_NAMES:
        raise _bad_hosts(
            Sentence("Give 1 to {} host names: those that stations find in their address.", MAX_HOST_NAMES)
        )
    if len(hosts[0]) > MAX_COMMON_NAME:
        raise _bad_hosts(
            Sentence(
                "The first host name becomes the common name, which has at most {} characters (RFC 5280); put a "
                "shorter one first.",
                MAX_COMMON_NAME,
            )
        )
    if not wish.families:
        raise invalid("Choose at least one kind of key: rsa, ecdsa, or both.", field="families")
    before = wish.renew_before
    if before is not None and not SHORTEST_RENEW_BEFORE <= before <= LONGEST_RENEW_BEFORE:
        raise invalid(
            "A certificate is renewed between a minute and ten years before its end.", field="renewBeforeHours"
        )
    if before is not None and wish.is_fast and before >= FAST_LIMIT * FAST_DAYS:
        raise invalid(
            "With fast expiry a certificate lives {:.0f} hours, and cannot be renewed so long before its end. Give "
            "fewer hours, or none: then it is renewed every few hours.",
            FAST_DAYS * 24,
            field="renewBeforeHours",
        )
    return Wish(
        host_names=hosts,
        authority=wish.authority,
        families=wish.families,
        is_fast=wish.is_fast,
        renew_before=before,
    )


def _host_name(text: str) -> str:
    """As it is compared. An IPv6 address may stand in brackets, as in a URL, and a name may end with the dot of the
    root; what is left has to be what certificates can name."""
    spoken = text.strip()
    in_brackets = spoken.removeprefix("[").removesuffix("]")
    if is_address(in_brackets) and spoken in (in_brackets, f"[{in_brackets}]"):
        return str(host_of(in_brackets))
    name = spoken.removesuffix(".").lower()
    if name.startswith("*."):
        raise _bad_hosts(Sentence("{!r} is for any host of a domain, which stations may refuse; name each host.", text))
    if not name.isascii():
        raise _bad_hosts(
            Sentence("{!r} must be written as in the domain name system, such as xn--bcher-kva.example.", text)
        )
    if not is_host_name(name):
        raise _bad_hosts(Sentence("{!r} is neither a host name such as csms.example.com nor an IP address.", text))
    return name


def _bad_hosts(sentence: Sentence) -> DomainError:
    return invalid(sentence, field="hostNames")
