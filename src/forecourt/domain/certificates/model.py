"""Certificates of stations: from the request to the renewal (A02, A03)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NewType

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.signing.model import SigningNumber
from forecourt.pki.certificate import Certificate

MAX_REQUESTS: Final = 10
"""How many requests of one station are looked at within :data:`REQUESTS_WITHIN`; keys and signatures cost time."""
REQUESTS_WITHIN: Final = timedelta(days=1)

MAX_DELIVERIES: Final = 4
"""How often a certificate is sent to its station by itself: once, and at three boots after that came to nothing."""

MAX_FAILURES: Final = 3
"""How many orders in a row may come to nothing before a station is asked again only because its certificate ends."""

ASKED_FOR: Final = timedelta(minutes=2)
"""How long a station that was asked may take for its request before it is asked again, and twice as long each time: a
request may be lost, or be answered with an error, but keys take minutes on small devices."""
MAX_ASKS: Final = 5
"""How often a station is asked for the request of one order: all together it has an hour."""

OrderNumber = NewType("OrderNumber", int)
"""Numbers the orders of all stations from 1; never used again."""


class OrderState(enum.Enum):
    """The life of an order::

    ASKED ── RECEIVED ── DELIVERING ── INSTALLED ── USED
                           ├── DOUBTFUL ── USED | DELIVERING
                           └── REJECTED
    and from all before INSTALLED: FAILED | REFUSED | SUPERSEDED | CANCELLED
    """

    ASKED = "asked"
    """The station was asked for a request (A02)."""
    RECEIVED = "received"
    """Its request is stored, and an authority is asked."""
    DELIVERING = "delivering"
    """The certificate is stored, and an errand brings it to the station."""
    DOUBTFUL = "doubtful"
    """It was sent, and nobody knows whether the station took it: the next connection decides."""
    INSTALLED = "installed"
    """The station took it, and has not shown it yet; the one before is accepted as well."""
    USED = "used"
    """The station connected with it; the one before is revoked once it has stayed connected."""
    REJECTED = "rejected"
    """The station did not take it, and it was revoked (A02.FR.07)."""
    REFUSED = "refused"
    """The request was refused, here or by the authority."""
    FAILED = "failed"
    """The station could not be asked, or its certificate not be issued or delivered."""
    SUPERSEDED = "superseded"
    """The station sent another request meanwhile."""
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Something is still to come."""
        return self in (OrderState.ASKED, OrderState.RECEIVED, OrderState.DELIVERING, OrderState.DOUBTFUL)


class Taken(enum.Enum):
    """What is known of a station and a certificate that was sent to it."""

    NO = "no"
    """It cannot have it: it was never sent, or the station said so at its first delivery."""
    PERHAPS = "perhaps"
    """It was sent once, and it is not known what became of it. A later refusal proves nothing: a station that has it
    has no key any more that waits for it."""
    YES = "yes"
    """The station accepted it, or showed it."""


class Awaited(enum.Enum):
    """What is looked for as time passes, beside what the station and the authority say by themselves."""

    ERRAND = "errand"
    """The end of the errand that is on its way, and after an asked one the request."""
    RETURN = "return"
    """The station is back without having shown the certificate: it is delivered once more."""
    BOOT = "boot"
    """The station boots: it is delivered once more."""
    SIGNING = "signing"
    """The authority's answer, of which this room is told; and is found when it could not be told."""
    WITHDRAWAL = "withdrawal"
    """The authority is still asked for what nobody wants any more: that is taken back."""
    REVOCATION = "revocation"
    """The station shows the certificate: once it has stayed connected with it, those before it are revoked."""
    REVOCATION_AGAIN = "revocationAgain"
    """The certificate is to be revoked, and could not be: it is tried again."""


class Occasion(enum.Enum):
    """Why there is an order."""

    OPERATOR = "operator"
    """An operator asked for a new certificate (A02)."""
    RENEWAL = "renewal"
    """The one before expires (A02, by this system)."""
    STATION = "station"
    """The station asked by itself (A03)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOrder:
    """An order, as people see it, and what is needed to go on with it."""

    number: OrderNumber
    station: str
    station_key: int
    occasion: Occasion
    state: OrderState
    reason: str | None = None
    """Why it ended without success, or what an operator should know, in a sentence."""
    asked_by: str
    asked_at: datetime
    changed_at: datetime
    ask_errand: ErrandNumber | None = None
    asks: int = 0
    """How often the station was asked for its request."""
    is_promised: bool = False
    """It said that it will send one."""
    deliver_errand: ErrandNumber | None = None
    former_errand: ErrandNumber | None = None
    """That of the delivery before, whose answer may still come."""
    signing: SigningNumber | None = None
    authority: str | None = None
    csr_digest: str | None = None
    """SHA-256 of the request in DER, in hexadecimal."""
    key_digest: str | None = None
    """SHA-256 of the public key in a request that was taken (SubjectPublicKeyInfo), in hexadecimal."""
    chain: tuple[Certificate, ...] = ()
    """Leaf first; empty before it is issued."""
    deliveries: int = 0
    """How often the certificate was given to the courier."""
    taken: Taken = Taken.NO
    awaited: Awaited | None = None
    is_revoked: bool = False
    """The register of revoked certificates has it, whoever entered it. Read from there, and never written."""

    @property
    def leaf(self) -> Certificate | None:
        """The station's own certificate, once it is issued."""
        return self.chain[0] if self.chain else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders to list; None means any."""

    station: str | None = None
    group: str | None = None
    """Empty for stations that are in none, here and below."""
    states: frozenset[OrderState] | None = None
    is_open: bool | None = None
    occasion: Occasion | None = None
    since: datetime | None = None
    until: datetime | None = None


class Seen(enum.Enum):
    """How it became known that a station has the certificate that the calendar shows."""

    DELIVERED = "delivered"
    PRESENTED = "presented"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A certificate of a station, as the calendar has it."""

    fingerprint: str
    subject: str
    issuer: str
    issuer_hash: str
    """With the serial number, its name in the register of revoked certificates."""
    serial: str
    key_kind: str
    not_before: datetime
    not_after: datetime
    seen: Seen
    seen_at: datetime
    order: OrderNumber | None
    """The order that brought it; None for one that came in another way, which is not renewed from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is remembered of one station's certificates. Whoever changes anything of its orders holds it."""

    station_key: int
    shown: Shown | None = None
    covered_until: datetime | None = None
    """When the certificate ends with which the station gets by; None when it has none, here and below."""
    cover_issuer_hash: str | None = None
    cover_serial: str | None = None
    """Its name in the register of revoked certificates."""
    waits_for: OrderNumber | None = None
    """The order that brought it, while the station took it and has not shown it."""
    renew_end: datetime | None = None
    """So many days before this, as the policy says, the station is asked for the next request; None for never."""
    renew_third: datetime | None = None
    """And not before this: a third of the life of the certificate is left."""
    retry_at: datetime | None = None
    """When the station is asked again, whatever the policy says: after an attempt that came to nothing, or that was
    begun."""
    alarm_at: datetime | None = None
    """When it is looked next whether somebody has to be told that the certificate ends."""
    alarm_step: int = 0
    """What was told so far; see `calendar`."""
    failures: int = 0
    """Orders in a row that came to nothing."""
    requests: int = 0
    requests_since: datetime | None = None
    """How many requests the station sent, and since when they are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFilter:
    """Which stations to list; None means any."""

    station: str | None = None
    """Only this one."""
    search: str | None = None
    """In the identity of the station, or the subject or fingerprint of its certificate."""
    group: str | None = None
    expires_before: datetime | None = None
    is_renewed: bool | None = None
    """Those that are asked for the next request by themselves, or those that are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A station with the certificate that it has, and what becomes of it."""

    station: str
    group: str
    sheet: Sheet
    order: OrderNumber | None
    """Its newest order."""
    order_state: OrderState | None
    renew_at: datetime | None = None
    """When the station is asked next by itself, as the policy is now; None for never."""
