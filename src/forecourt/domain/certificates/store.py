"""What certificates of stations need from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from forecourt.domain.certificates.model import (
    CalendarEntry,
    CalendarFilter,
    CertificateOrder,
    Occasion,
    OrderFilter,
    OrderNumber,
    Sheet,
)
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.signing.model import SigningNumber


class CertificateStore(Protocol):
    """Orders and sheets of all stations."""

    def hold(self, station_key: int) -> Sheet:
        """The station's sheet; nobody else can change it until this unit of work ends. Whoever changes anything of a
        station's orders looks in this way first."""
        ...

    def sheet(self, station_key: int) -> Sheet:
        """The same without holding it."""
        ...

    def put(self, sheet: Sheet) -> None: ...

    def find_station(self, station_key: int) -> Station | None:
        """The station, unless it was taken off the register."""
        ...

    def group(self, station_key: int) -> str | None:
        """The group of the station; None for none."""
        ...

    def add(self, order: CertificateOrder) -> CertificateOrder:
        """Keep a new order; its number is given here."""
        ...

    def change(self, order: CertificateOrder) -> None:
        """Keep what became of an order."""
        ...

    def find(self, number: OrderNumber) -> CertificateOrder | None: ...

    def unsettled(self, station_key: int) -> Sequence[CertificateOrder]:
        """Orders that are open, or of which something is awaited, oldest first."""
        ...

    def with_request(self, station_key: int, digest: str) -> CertificateOrder | None:
        """The newest order with a request."""
        ...

    def with_certificate(self, station_key: int, fingerprint: str) -> CertificateOrder | None: ...

    def asked_with(self, errand: ErrandNumber) -> CertificateOrder | None:
        """The order whose station is asked with an errand."""
        ...

    def delivered_with(self, errand: ErrandNumber) -> CertificateOrder | None:
        """The order whose certificate an errand brings."""
        ...

    def signed_with(self, signing: SigningNumber) -> CertificateOrder | None: ...

    def former(self, station_key: int, before: OrderNumber, at: datetime) -> Sequence[CertificateOrder]:
        """Older orders with a certificate that is neither revoked nor expired."""
        ...

    def newest_installed(self, station_key: int, after: OrderNumber) -> CertificateOrder | None:
        """The newest order after one that the station took, and whose certificate it has not shown yet, and is not
        revoked."""
        ...

    def was_shown_since(self, station_key: int, fingerprint: str, since: datetime) -> bool:
        """Whether the newest connection of the station began after a moment, with this certificate."""
        ...

    def other_with_key(self, station_key: int, key_digest: str) -> str | None:
        """Another registered station that asked for a certificate for this key."""
        ...

    def uses_key(self, station_key: int, key_digest: str) -> bool:
        """Whether the station used a certificate with this key."""
        ...

    # What time brings, a limited number each; what is asked every few seconds must cost nothing when nothing is due.

    def never_requested(self, at: datetime, patience: timedelta, limit: int) -> Sequence[CertificateOrder]:
        """Asked ones whose errand has ended, and the patience is over at a moment: twice as much for the second time
        that the station was asked, and so on."""
        ...

    def stranded(self, ended_before: datetime, limit: int) -> Sequence[CertificateOrder]:
        """Orders on their way whose errand has ended before a moment, and of which nobody was told."""
        ...

    def returned(self, since: datetime, limit: int) -> Sequence[CertificateOrder]:
        """Orders that await the return of a station that connected before a moment, over a link on which it showed
        another certificate or none, and that are as they are since before that moment."""
        ...

    def booted(self, limit: int) -> Sequence[CertificateOrder]:
        """Orders that await a boot, of stations that have booted since."""
        ...

    def to_withdraw(self, limit: int) -> Sequence[CertificateOrder]: ...

    def untold(self, ended_before: datetime, limit: int) -> Sequence[CertificateOrder]:
        """Orders that wait for an authority, and whose request to it has ended before a moment."""
        ...

    def displaced(self, since: datetime, limit: int) -> Sequence[CertificateOrder]:
        """Orders that await the revocation of those before them, of stations that are connected with their certificate
        since before a moment; without those whose certificate is revoked itself."""
        ...

    def to_revoke_again(self, tried_before: datetime, limit: int) -> Sequence[CertificateOrder]: ...

    def newest_revocation(self) -> int:
        """The key of the newest entry in the register of revoked certificates; 0 for none."""
        ...

    def misjudged(self, after: int, limit: int) -> Sequence[int]:
        """Keys of registered stations whose sheet rests on a certificate that is revoked by an entry after this one, or
        that seem to have none although the one that they showed is not revoked."""
        ...

    def kept_old(self, limit: int) -> Sequence[int]:
        """Keys of registered stations that connected with the certificate that they had after they took a newer one, on
        which their sheet rests."""
        ...

    def to_renew(self, at: datetime, before: timedelta, limit: int) -> Sequence[int]:
        """Keys of registered stations that are to be asked, when certificates are renewed so long before their end."""
        ...

    def to_tell_of(self, at: datetime, limit: int) -> Sequence[int]:
        """Keys of registered stations whose next alarm is due."""
        ...

    def begun_since(self, occasion: Occasion, at: datetime) -> int:
        """How many orders were begun since a moment."""
        ...

    # Questions

    def list(self, wanted: OrderFilter, page: PageRequest) -> Page[CertificateOrder]:
        """Newest first."""
        ...

    def calendar(self, wanted: CalendarFilter, page: PageRequest) -> Page[CalendarEntry]:
        """What ends first, first."""
        ...
