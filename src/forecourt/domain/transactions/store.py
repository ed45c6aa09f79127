"""What transactions need from storage."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.authorization.model import Verdict
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.transactions.metering import Reading, Sample, StoredReading
from forecourt.domain.transactions.model import (
    Doubt,
    DoubtfulStop,
    KnownStart,
    Now,
    OperatorStop,
    StartReport,
    Stop,
    StopReport,
    Transaction,
    TransactionFilter,
)


class TransactionStore(Protocol):
    """Transactions and meter values."""

    def count_active(self, id_token: str, *, elsewhere_than: tuple[int, Place]) -> int:
        """How many transactions run on a token (or any of its spellings), at other EVSEs than the one given
        by station key and number."""
        ...

    def find_start(self, station_key: int, report: StartReport) -> KnownStart | None:
        """The transaction that this very start began when it was reported before.

        The same means equal station, EVSE, token, time and register.
        """
        ...

    def start(
        self,
        station_key: int,
        report: StartReport,
        verdict: Verdict,
        doubts: frozenset[Doubt],
        at: datetime,
        *,
        remote_start: int | None = None,
    ) -> int:
        """The id of the new transaction; that of the stored one if the same start was reported at the same time.

        Ids are above 0 and never used again.
        """
        ...

    def find(self, transaction_id: int, *, station_key: int | None = None) -> Transaction | None: ...

    def stop(
        self, transaction_id: int, stop: Stop, doubts: frozenset[Doubt], *, remote_stop: int | None = None
    ) -> None:
        """The station's own stop; it takes the place of one by an operator."""
        ...

    def stop_by_operator(self, transaction_id: int, stop: OperatorStop, doubts: frozenset[Doubt]) -> bool:
        """False when it is stopped already."""
        ...

    def is_online(self, transaction_id: int) -> bool:
        """True when the transaction's station is connected, to any node."""
        ...

    def newest_energy_wh(self, transaction_id: int) -> float | None:
        """The energy register that was read last during a transaction."""
        ...

    def add_doubtful_stop(self, station_key: int, report: StopReport, doubts: frozenset[Doubt], at: datetime) -> bool:
        """Keep a stop that ends nothing. False when the same stop is kept already."""
        ...

    def add_readings(
        self, station_key: int, place: Place, transaction_id: int | None, readings: Sequence[Reading]
    ) -> None: ...

    def list(self, wanted: TransactionFilter, page: PageRequest) -> Page[Transaction]:
        """Newest first: by number, or by the time of the start when times are asked for and little else."""
        ...

    def active_on(self, id_tokens: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The transactions that run on tokens, by the folded token."""
        ...

    def newest_figures(self, transaction_ids: Collection[int]) -> Mapping[int, Now]:
        """What was measured last, of those of which something was."""
        ...

    def span_of_readings(self, transaction_id: int) -> tuple[float, float] | None:
        """When the first and the last reading of a transaction were taken, in seconds since 1970 (UTC). Only those
        are looked at that came first and last."""
        ...

    def figures(self, transaction_id: int) -> Iterator[tuple[float, float | None, float | None, float | None]]:
        """Time (seconds since 1970), energy, power and state of charge, as they came, read bit by bit."""
        ...

    def samples(
        self, transaction_id: int, *, is_newest_first: bool = False
    ) -> Iterator[tuple[float, Sequence[Sample]]]:
        """Time (seconds since 1970) and everything that was sampled then, as it came, read bit by bit."""
        ...

    def readings(self, transaction_id: int, page: PageRequest) -> Page[StoredReading]:
        """Of one transaction, oldest first."""
        ...

    def doubtful_stops(self, page: PageRequest) -> Page[DoubtfulStop]:
        """Newest first."""
        ...
